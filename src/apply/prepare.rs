//! Before the first step: `builders_dir`, our own directory in it, the id, the helper files.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};

use crate::diagnostic::Diagnostic;
use crate::git::{Door, Lasts};
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::mark::{AppliedRepository, OWN_DIRECTORY, REPLACED, WORKSPACE_MARK, WorkspaceMark};
use crate::model::name::{RepoName, WorkspaceId};
use crate::model::path::{AbsPath, shell};
use crate::plan::{Action, BuilderWrite, GITIGNORE, Plan};
use crate::regular;

/// Where the workspace is, as the marks remember it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spot {
    /// The path of `builders_dir` inside its file system.
    pub inner_path: Option<AbsPath>,
    /// Its device and inode.
    pub identity: Option<(u64, u64)>,
}

/// Makes what every change relies on, and returns the id of the workspace.
///
/// `spot` reads where `builders_dir` is, once it exists.
///
/// # Errors
/// Something cannot be written.
pub fn prepare(
    door: &dyn Door,
    desired: &Desired,
    plan: &Plan,
    known: Option<&WorkspaceMark>,
    spot: &dyn Fn() -> Spot,
) -> Result<WorkspaceId> {
    let own = desired.builders_dir.join(OWN_DIRECTORY);
    let place = own.join(WORKSPACE_MARK);
    if known.is_none() && place.as_path().symlink_metadata().is_ok() {
        let fact = format!("the workspace's mark {place} cannot be read; a new one would make every builder a stranger's");
        return Err(Diagnostic::new(fact, format!("cat '{place}'")).into());
    }
    door.make_directory(&own)?;
    let left = tokens_in(&own)?;
    if !left.is_empty() {
        door.sweep(&own, &left)?;
    }
    for write in writes(plan) {
        if write.gitignore {
            set_aside(door, desired, ".gitignore", |line| line == GITIGNORE.trim_end().as_bytes())?;
            door.write_own(&desired.builders_dir.join(".gitignore"), GITIGNORE.as_bytes(), Lasts::Now)?;
        }
        if let Some(text) = &write.ignore {
            set_aside(door, desired, ".ignore", |line| line.starts_with(b"!/*/"))?;
            door.write_own(&desired.builders_dir.join(".ignore"), text.as_bytes(), Lasts::Now)?;
        }
    }
    let new = own.join("new");
    if new.as_path().is_dir() {
        door.unlink(&new)?;
    }
    if let Some(known) = known {
        return Ok(known.id.clone());
    }
    let id = plan.workspace.clone().map_or_else(random_id, Ok)?;
    write_mark(door, desired, plan, None, &id, spot())?;
    Ok(id)
}

/// The tokens of the temporaries in our own directory. Nobody else writes there while we have the lock: a run was killed
/// over its journal, so that no journal names them.
fn tokens_in(own: &AbsPath) -> Result<Vec<String>> {
    let failed = || format!("{own} cannot be read");
    let mut tokens = Vec::new();
    for entry in std::fs::read_dir(own).with_context(failed)? {
        let name = entry.with_context(failed)?.file_name();
        let token = name.to_str().and_then(|name| name.strip_prefix(".wsctl-")?.split_once('-')).map(|(token, _)| token);
        let is_token = |token: &&str| token.len() == 16 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        tokens.extend(token.filter(is_token).map(str::to_owned));
    }
    Ok(tokens)
}

/// Moves a helper file with lines of somebody else's to `.wsctl/replaced/`, before ours takes its place.
fn set_aside(door: &dyn Door, desired: &Desired, name: &str, ours: impl Fn(&[u8]) -> bool) -> Result<()> {
    let path = desired.builders_dir.join(name);
    let bytes = match regular::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.with_context(|| format!("{path} cannot be read"))?,
    };
    if bytes.split(|byte| *byte == b'\n').all(|line| line.is_empty() || ours(line)) {
        return Ok(());
    }
    put_aside(door, desired, &path)
}

/// Moves a file that is in the way to `.wsctl/replaced/`.
///
/// # Errors
/// It cannot be moved.
pub fn put_aside(door: &dyn Door, desired: &Desired, path: &AbsPath) -> Result<()> {
    let free = place_aside(door, desired, path)?;
    door.rename(path, &free)
}

/// A free place in `.wsctl/replaced/` for a file of this name. One at a time: nobody else finds it taken before it is.
pub(super) fn place_aside(door: &dyn Door, desired: &Desired, path: &AbsPath) -> Result<AbsPath> {
    let aside = desired.builders_dir.join(OWN_DIRECTORY).join(REPLACED);
    door.make_directory(&aside)?;
    let free = places_aside(&aside, path).find(|path| path.as_path().symlink_metadata().is_err());
    let name = path.as_path().file_name().unwrap_or_default().display();
    let full = || Diagnostic::new(format!("{aside} has no number left for {name}"), format!("mv {0} {0}.old", shell(&aside)));
    free.ok_or_else(|| full().into())
}

/// Where `.wsctl/replaced/` holds these bytes under this name already: of a run that was cut short, or of another builder.
pub(super) fn held_aside(desired: &Desired, path: &AbsPath, bytes: &[u8]) -> Option<AbsPath> {
    let aside = desired.builders_dir.join(OWN_DIRECTORY).join(REPLACED);
    let mut taken = places_aside(&aside, path)
        .map_while(|place| place.as_path().symlink_metadata().ok().map(|found| (place, found)))
        .filter(|(_, found)| found.is_file() && found.len() == bytes.len() as u64);
    taken.find(|(place, _)| regular::read(place).is_ok_and(|held| held == bytes)).map(|(place, _)| place)
}

fn places_aside(aside: &AbsPath, path: &AbsPath) -> impl Iterator<Item = AbsPath> {
    let name = path.as_path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let aside = aside.clone();
    (1..10_000).map(move |number| aside.join(format!("{name}-{number}")))
}

/// Lets the mark of the workspace name this file and this place, once a plan was applied without a failure. Not
/// before: a run that is cut short after a move of the workspace must still know where it was.
///
/// # Errors
/// The mark cannot be written.
pub fn claim(
    door: &dyn Door,
    desired: &Desired,
    plan: &Plan,
    known: Option<&WorkspaceMark>,
    spot: &dyn Fn() -> Spot,
) -> Result<()> {
    match known {
        Some(known) if plan.claims => write_mark(door, desired, plan, Some(known), &known.id, spot()),
        Some(_) | None => Ok(()),
    }
}

fn write_mark(
    door: &dyn Door,
    desired: &Desired,
    plan: &Plan,
    known: Option<&WorkspaceMark>,
    id: &WorkspaceId,
    spot: Spot,
) -> Result<()> {
    let mark = WorkspaceMark {
        version: 1,
        id: id.clone(),
        file: desired.file.clone(),
        inner_path: spot.inner_path,
        identity: spot.identity,
        root_branch: plan.root_branch.clone(),
        builders_dir: Some(desired.builders_dir.clone()),
        repositories: applied(desired, plan, known),
    };
    if known == Some(&mark) {
        return Ok(());
    }
    let text = serde_json::to_vec_pretty(&mark).context("the workspace's mark")?;
    door.write_own(&desired.builders_dir.join(OWN_DIRECTORY).join(WORKSPACE_MARK), &text, Lasts::Now)
}

/// The repositories, for the mark of the workspace. One that could not move is where it was: the next run looks for it there.
fn applied(desired: &Desired, plan: &Plan, known: Option<&WorkspaceMark>) -> BTreeMap<RepoName, AppliedRepository> {
    let mut applied = BTreeMap::new();
    for repository in desired.repositories.values().filter(|repository| !repository.name.is_root()) {
        let now = AppliedRepository { path: repository.path.clone(), url: repository.url.as_ref().map(ToString::to_string) };
        let stays = known.and_then(|known| held(plan, known, &repository.name));
        applied.insert(repository.name.clone(), stays.unwrap_or(now));
    }
    applied
}

/// What was last applied of a repository whose change is refused.
fn held(plan: &Plan, known: &WorkspaceMark, name: &RepoName) -> Option<AppliedRepository> {
    let change = plan.blocked().find(|change| change.address == Address::Repository(name.clone()))?;
    let moves = if let Action::UpdateRepository(write) = &change.action { write.relocation.as_ref() } else { None };
    let from = moves.map(|relocation| &relocation.from);
    let before = known.repositories.values().find(|applied| Some(&applied.path) == from);
    known.repositories.get(name).filter(|own| from.is_none_or(|from| own.path == *from)).or(before).cloned()
}

/// The builders that are made or changed.
fn writes(plan: &Plan) -> impl Iterator<Item = &BuilderWrite> {
    plan.pending().filter_map(|change| change.action.builds())
}

fn random_id() -> Result<WorkspaceId> {
    let mut bytes = [0_u8; 8];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random numbers to be had: {error}"))?;
    let hex = bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    Ok(WorkspaceId::new(&hex)?)
}
