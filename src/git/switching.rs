//! Takes a switch back that was cut short: git writes the files first, then the index, then HEAD.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;

use anyhow::{Context as _, Result, bail};

use super::command::{Call, Git};
use super::own_files;
use crate::diagnostic::Diagnostic;
use crate::model::name::ObjectId;
use crate::model::path::AbsPath;
use crate::model::stamp::Stamp;
use crate::plan::shell_word;
use crate::regular;

/// One path that the two commits have differently.
struct Difference {
    path: Vec<u8>,
    old: Side,
    new: Side,
}

/// What one commit, or the index, has at a path.
#[derive(PartialEq, Eq)]
struct Side {
    mode: String,
    id: String,
}

impl Side {
    fn is_file(&self) -> bool {
        self.mode.starts_with("100")
    }

    fn is_link(&self) -> bool {
        self.mode == "120000"
    }

    fn is_nothing(&self) -> bool {
        self.mode == "000000"
    }
}

/// The clock of a file system may be behind that of the journal by so many milliseconds.
const BEHIND: i64 = 20;

/// What lies at a path that the switch went over.
enum State {
    Nothing,
    Old,
    /// The content of one commit or a first part of it, in the file as it was seen.
    Ours(Stamp),
    /// A submodule, or a directory where the other commit has a file: other paths tell of what is in it.
    Directory,
    /// A file that the old commit has not and that was there before the switch, where git refuses before it writes; and
    /// what a sparse checkout leaves out.
    Before,
    /// Somebody's.
    Other,
}

/// Brings index and files back; see `Door::undo_switch`.
pub(super) fn undo(git: &Git, checkout: &AbsPath, (from, to): (&ObjectId, &ObjectId), since: i64) -> Result<()> {
    let between = git.at(checkout)?.args(["diff-tree", "-r", from.as_str(), to.as_str()]);
    let differences = differences(between)?;
    let sparse = left_out(git, checkout)?;
    let look = |difference: &Difference| {
        if sparse.contains(&difference.path) { Ok(State::Before) } else { state(git, checkout, difference, since) }
    };
    let states = differences.iter().map(look).collect::<Result<Vec<_>>>()?;
    let staged = self::differences(git.at(checkout)?.args(["diff-index", "--cached", from.as_str()]))?;
    let missing = |(difference, state): (&Difference, &State)| matches!(state, State::Nothing) && !difference.old.is_nothing();
    let begun = !staged.is_empty()
        || states.iter().any(|state| matches!(state, State::Ours(_)))
        || differences.iter().zip(&states).any(missing);
    if !begun {
        return Ok(());
    }
    let other = differences.iter().zip(&states).find(|(_, state)| matches!(state, State::Other)).map(|(other, _)| other);
    let known = |staged: &Difference| differences.iter().any(|other| other.path == staged.path && other.new == staged.new);
    if let Some(other) = other.or_else(|| staged.iter().find(|staged| !known(staged))) {
        return Err(changed(checkout, &checkout.join(OsStr::from_bytes(&other.path))));
    }
    if !staged.is_empty() {
        git.at(checkout)?.args(["read-tree", "-m", from.as_str()]).patiently()?;
    }
    let sparse = left_out(git, checkout)?;
    let mut wanted = Vec::new();
    for (difference, state) in differences.iter().zip(states) {
        let path = checkout.join(OsStr::from_bytes(&difference.path));
        match state {
            State::Ours(seen) => remove(checkout, &path, &seen)?,
            State::Nothing => {}
            State::Old | State::Directory | State::Before | State::Other => continue,
        }
        if difference.old.is_nothing() {
            remove_empty_parents(checkout, &path);
        } else if !sparse.contains(&difference.path) {
            wanted.extend_from_slice(&difference.path);
            wanted.push(0);
        }
    }
    git.at(checkout)?.args(["checkout-index", "-u", "-z", "--stdin"]).fed(&wanted).map(drop)
}

/// The paths that a sparse checkout leaves out, as its index says.
fn left_out(git: &Git, checkout: &AbsPath) -> Result<BTreeSet<Vec<u8>>> {
    let listed = git.at(checkout)?.args(["ls-files", "-t", "-z"]).run()?;
    Ok(listed.split(|byte| *byte == 0).filter_map(|line| line.strip_prefix(b"S ")).map(<[u8]>::to_vec).collect())
}

/// Removes a file that is still as it was seen.
fn remove(checkout: &AbsPath, path: &AbsPath, seen: &Stamp) -> Result<()> {
    let now = path.as_path().symlink_metadata().with_context(|| format!("{path} cannot be read"))?;
    if Stamp::of(&now) != *seen {
        return Err(changed(checkout, path));
    }
    fs::remove_file(path).with_context(|| format!("{path} cannot be removed"))
}

/// What a `diff-tree` or `diff-index` tells.
fn differences(call: Call<'_>) -> Result<Vec<Difference>> {
    let output = call.args(["-z", "--raw", "--no-renames", "--no-abbrev", "--"]).run()?;
    let mut fields = output.split(|byte| *byte == 0);
    let mut found = Vec::new();
    while let (Some(line), Some(path)) = (fields.next().filter(|line| !line.is_empty()), fields.next()) {
        let text = String::from_utf8_lossy(line).into_owned();
        let words: Vec<&str> = text.trim_start_matches(':').split(' ').collect();
        let [old_mode, new_mode, old_id, new_id, _] = words[..] else { bail!("git lists a difference as `{text}`") };
        let side = |mode: &str, id: &str| Side { mode: mode.into(), id: id.into() };
        found.push(Difference { path: path.to_vec(), old: side(old_mode, old_id), new: side(new_mode, new_id) });
    }
    Ok(found)
}

fn state(git: &Git, checkout: &AbsPath, difference: &Difference, since: i64) -> Result<State> {
    let path = checkout.join(OsStr::from_bytes(&difference.path));
    let found = match path.as_path().symlink_metadata() {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(State::Nothing),
        other => other.with_context(|| format!("{path} cannot be read"))?,
    };
    if found.is_dir() {
        return Ok(State::Directory);
    }
    if own_files::refuse_links(checkout, &path.parent()).is_err() {
        return Ok(State::Other);
    }
    let changed = found.ctime().saturating_mul(1000).saturating_add(found.ctime_nsec() / 1_000_000);
    if difference.old.is_nothing() && changed < since - BEHIND {
        return Ok(State::Before);
    }
    let told = if found.is_symlink() {
        let target = fs::read_link(&path).with_context(|| format!("{path} cannot be read"))?.into_os_string().into_vec();
        let is = |side: &Side| Ok::<_, anyhow::Error>(side.is_link() && blob(git, checkout, &side.id)? == target);
        if is(&difference.old)? { Told::Old } else { Told::ours_if(is(&difference.new)?) }
    } else {
        file(git, checkout, difference, &path, changed >= since - BEHIND)?
    };
    Ok(match told {
        Told::Old => State::Old,
        Told::Ours => State::Ours(Stamp::of(&found)),
        Told::Other => State::Other,
    })
}

fn changed(checkout: &AbsPath, path: &AbsPath) -> anyhow::Error {
    let fact = format!("{path} was changed since the switch was cut short");
    Diagnostic::new(fact, format!("git -C {} status", shell_word(&checkout.to_string()))).into()
}

/// Whose content a file has: of the old commit, of the switch or of its undoing, of somebody else.
enum Told {
    Old,
    Ours,
    Other,
}

impl Told {
    fn ours_if(ours: bool) -> Self {
        if ours { Told::Ours } else { Told::Other }
    }
}

/// A regular file is told by what git would store of it, a part of one by what git would write of it: on the way there,
/// or on a way back that was cut short too.
fn file(git: &Git, checkout: &AbsPath, difference: &Difference, path: &AbsPath, touched: bool) -> Result<Told> {
    let mut as_path = OsStr::new("--path=").to_owned();
    as_path.push(OsStr::from_bytes(&difference.path));
    let id = git.at(checkout)?.arg("hash-object").arg(as_path).arg("--").arg(path).line()?;
    if difference.old.is_file() && id == difference.old.id {
        return Ok(Told::Old);
    }
    if difference.new.is_file() && id == difference.new.id {
        return Ok(Told::Ours);
    }
    let part = regular::read(path).with_context(|| format!("{path} cannot be read"))?;
    let written = |side: &Side| {
        let mut name = OsStr::new("--path=").to_owned();
        name.push(OsStr::from_bytes(&difference.path));
        git.at(checkout)?.args(["cat-file", "--filters"]).arg(name).arg(&side.id).run()
    };
    if difference.new.is_file() && written(&difference.new)?.starts_with(&part) {
        return Ok(Told::Ours);
    }
    Ok(Told::ours_if(difference.old.is_file() && touched && written(&difference.old)?.starts_with(&part)))
}

fn blob(git: &Git, checkout: &AbsPath, id: &str) -> Result<Vec<u8>> {
    git.at(checkout)?.args(["cat-file", "blob", id]).run()
}

fn remove_empty_parents(checkout: &AbsPath, path: &AbsPath) {
    let mut at = path.parent();
    while at != *checkout && checkout.contains(&at) && fs::remove_dir(&at).is_ok() {
        at = at.parent();
    }
}
