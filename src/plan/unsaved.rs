//! What somebody has in a directory, in words: each finding a fact, and what shows it or leads out.

use crate::model::actual::Operation;
use crate::model::name::ObjectId;
use crate::model::path::AbsPath;
use crate::model::work::{Evidence, Finding, HiddenBy};

use super::Blocker;
use super::blockers::{at, shell, word};

/// Work in the way of a removal or a switch.
pub(super) fn finding(path: &AbsPath, finding: &Finding) -> Blocker {
    let here = shell(path);
    let status = format!("git -C {here} status");
    let (kind, fact, next) = match finding {
        Finding::Edited(paths) => ("edited", counted("changed file", "changed files", paths), status),
        Finding::Hidden(by, paths) => {
            let (fact, shown) = hidden(*by, paths, &here);
            ("edited", fact, format!("{shown}\n{status}"))
        }
        Finding::Staged(paths) => ("staged", counted("staged change", "staged changes", paths), status),
        Finding::Conflicts(paths) => ("conflicts", counted("unmerged file", "unmerged files", paths), status),
        Finding::Untracked(paths) => ("untracked", counted("untracked file", "untracked files", paths), status),
        Finding::Unreferenced(commits) => {
            let shown: Vec<_> = commits.iter().take(3).map(ObjectId::short).collect();
            let fact = format!("commits on no branch or tag: {}", shown.join(", "));
            ("unreferenced-commits", fact, format!("git -C {here} branch NAME"))
        }
        Finding::Stashed(entries) => {
            let fact = counted("stash entry made on its branch", "stash entries made on its branch", entries);
            ("stashed", fact, format!("git -C {here} stash list"))
        }
        Finding::InProgress(operation) => {
            ("in-progress", format!("a {} is in progress", operation.name), ways_to_end(operation, &here))
        }
        Finding::Locked(reason) => {
            let fact = if reason.is_empty() { "locked".into() } else { format!("locked: {reason}") };
            ("locked", fact, format!("git -C {here} worktree unlock {here}"))
        }
        Finding::IndexLock(lock) => {
            let next = format!("wait for that git to end; only if none runs there any more: rm {}", word(lock));
            ("index-lock", "index.lock is held: a git process runs there, or died".into(), next)
        }
        Finding::Nested(paths) => (
            "nested-repository",
            counted("repository or worktree of its own inside", "repositories or worktrees of their own inside", paths),
            out_of(path, paths),
        ),
        Finding::Submodule(paths) => (
            "submodule",
            counted("submodule with work of its own", "submodules with work of their own", paths),
            lines(paths, |inner| in_submodule(path, inner)),
        ),
        Finding::MovedSubmodule(paths) => (
            "submodule-moved",
            counted("submodule on another commit than is recorded", "submodules on other commits than are recorded", paths),
            lines(paths, |inner| recorded(path, inner)),
        ),
        Finding::Mount(paths) => {
            ("mount-point", counted("mount point inside", "mount points inside", paths), format!("findmnt -R {here}"))
        }
        Finding::Process { pid, name, caller: false } => {
            ("process", format!("process {pid} ({name}) works inside"), format!("ps -fp {pid}"))
        }
        Finding::Process { pid, name, caller: true } => {
            let fact = format!("process {pid} ({name}) works inside, from which this wsctl was started");
            ("process", fact, format!("cd {}", shell(&path.parent())))
        }
        Finding::Stray(paths) => {
            ("stray", counted("file beside the checkouts", "files beside the checkouts", paths), format!("ls -la {here}"))
        }
        Finding::EditedManaged(paths) => {
            ("edited-managed-file", counted("managed file edited", "managed files edited", paths), format!("ls -la {here}"))
        }
        Finding::Unknown(why) => ("unknown", format!("could not be checked: {why}"), status),
    };
    at(kind, path, fact, next)
}

/// Whether a finding is work that the trash may hold, rather than something that forbids a rename.
pub(super) fn trash_may_hold(finding: &Finding) -> bool {
    match finding {
        Finding::Edited(_)
        | Finding::Hidden(..)
        | Finding::Staged(_)
        | Finding::Conflicts(_)
        | Finding::Untracked(_)
        | Finding::Unreferenced(_)
        | Finding::Stashed(_)
        | Finding::InProgress(_)
        | Finding::Submodule(_)
        | Finding::MovedSubmodule(_)
        | Finding::Stray(_)
        | Finding::EditedManaged(_) => true,
        Finding::Locked(_)
        | Finding::IndexLock(_)
        | Finding::Nested(_)
        | Finding::Mount(_)
        | Finding::Process { .. }
        | Finding::Unknown(_) => false,
    }
}

/// How an operation ends. Its result may lie in files that were resolved and that giving it up throws away: look first.
fn ways_to_end(operation: &Operation, here: &str) -> String {
    let abort = operation.abort.trim_start_matches("git ");
    let go_on = abort.strip_suffix("--abort").map(|name| format!("to finish it: git -C {here} {name}--continue\n"));
    format!("git -C {here} status\n{}to give up its result: git -C {here} {abort}", go_on.unwrap_or_default())
}

/// One command or more for each path.
fn lines(paths: &Evidence, each: impl Fn(&str) -> String) -> String {
    paths.paths.iter().map(|path| each(path)).collect::<Vec<_>>().join("\n")
}

/// What shows the work of a submodule: its files, and what its remotes do not have. Of one without files only its git
/// directory is left, and what that names as its work tree is gone.
fn in_submodule(path: &AbsPath, inner: &str) -> String {
    let place = path.join(inner);
    let here = shell(&place);
    if !path.contains(&place) {
        return format!("git --git-dir={here} --work-tree=. log --oneline --all --not --remotes");
    }
    format!("git -C {here} status\ngit -C {here} log --oneline HEAD --all --not --remotes")
}

/// How a submodule goes back to the commit that is recorded of it; nothing of it is on no remote.
fn recorded(path: &AbsPath, inner: &str) -> String {
    let place = path.join(inner);
    let name = place.as_path().file_name().map_or_else(String::new, |name| word(&name.to_string_lossy()));
    format!("git -C {} submodule update --checkout -- {name}", shell(&place.parent()))
}

/// How what has a repository of its own leaves a directory.
fn out_of(path: &AbsPath, inside: &Evidence) -> String {
    let whole: Vec<String> = inside.paths.iter().map(|inner| shell(&path.join(inner))).collect();
    let first = whole.first().cloned().unwrap_or_default();
    format!("mv {} SOMEWHERE\nor, of a linked worktree: git -C {first} worktree move {first} SOMEWHERE", whole.join(" "))
}

/// Edits that git does not show, and what makes it show them.
fn hidden(by: HiddenBy, paths: &Evidence, here: &str) -> (String, String) {
    let by = by.word();
    let (one, many) = (format!("changed file that {by} hides from git"), format!("changed files that {by} hides from git"));
    let names: Vec<String> = paths.paths.iter().map(|path| word(path)).collect();
    (counted(&one, &many, paths), format!("git -C {here} update-index --no-{by} -- {}", names.join(" ")))
}

/// `3 untracked files: a, b, c`.
fn counted(one: &str, many: &str, evidence: &Evidence) -> String {
    let what = if evidence.total == 1 { one } else { many };
    let more = evidence.total - evidence.paths.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} {what}: {}{more}", evidence.total, evidence.paths.join(", "))
}
