//! Takes a switch back that was cut short: git writes the files first, then the index, then HEAD.

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
use crate::plan::shell_word;

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
    /// The new content, or a first part of it.
    New,
    /// A submodule, or a directory where the other commit has a file: other paths tell of what is in it.
    Directory,
    /// A file that the old commit has not and that was there before the switch: git then refuses before it writes.
    Before,
    /// Somebody's.
    Other,
}

/// Brings index and files back; see `Door::undo_switch`.
pub(super) fn undo(git: &Git, checkout: &AbsPath, (from, to): (&ObjectId, &ObjectId), since: i64) -> Result<()> {
    let between = git.at(checkout)?.args(["diff-tree", "-r", from.as_str(), to.as_str()]);
    let differences = differences(between)?;
    let look = |difference| state(git, checkout, difference, since);
    let states = differences.iter().map(look).collect::<Result<Vec<_>>>()?;
    let staged = self::differences(git.at(checkout)?.args(["diff-index", "--cached", from.as_str()]))?;
    let missing = |(difference, state): (&Difference, &State)| matches!(state, State::Nothing) && !difference.old.is_nothing();
    let begun = !staged.is_empty()
        || states.iter().any(|state| matches!(state, State::New))
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
    let mut wanted = Vec::new();
    for (difference, state) in differences.iter().zip(states) {
        let path = checkout.join(OsStr::from_bytes(&difference.path));
        match state {
            State::New => fs::remove_file(&path).with_context(|| format!("{path} cannot be removed"))?,
            State::Nothing => {}
            State::Old | State::Directory | State::Before | State::Other => continue,
        }
        if difference.old.is_nothing() {
            remove_empty_parents(checkout, &path);
        } else {
            wanted.extend_from_slice(&difference.path);
            wanted.push(0);
        }
    }
    git.at(checkout)?.args(["checkout-index", "-u", "-z", "--stdin"]).fed(&wanted).map(drop)
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
        if is(&difference.old)? { Some(State::Old) } else { is(&difference.new)?.then_some(State::New) }
    } else {
        file(git, checkout, difference, &path)?
    };
    Ok(told.unwrap_or(State::Other))
}

fn changed(checkout: &AbsPath, path: &AbsPath) -> anyhow::Error {
    let fact = format!("{path} was changed since the switch was cut short");
    Diagnostic::new(fact, format!("git -C {} status", shell_word(&checkout.to_string()))).into()
}

/// A regular file is told by what git would store of it, a part of one by what git would write of it.
fn file(git: &Git, checkout: &AbsPath, difference: &Difference, path: &AbsPath) -> Result<Option<State>> {
    let mut as_path = OsStr::new("--path=").to_owned();
    as_path.push(OsStr::from_bytes(&difference.path));
    let id = git.at(checkout)?.arg("hash-object").arg(as_path).arg("--").arg(path).line()?;
    if difference.old.is_file() && id == difference.old.id {
        return Ok(Some(State::Old));
    }
    if !difference.new.is_file() {
        return Ok(None);
    }
    if id == difference.new.id {
        return Ok(Some(State::New));
    }
    let mut name = OsStr::new("--path=").to_owned();
    name.push(OsStr::from_bytes(&difference.path));
    let whole = git.at(checkout)?.args(["cat-file", "--filters"]).arg(name).arg(&difference.new.id).run()?;
    let part = fs::read(path).with_context(|| format!("{path} cannot be read"))?;
    Ok(whole.starts_with(&part).then_some(State::New))
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
