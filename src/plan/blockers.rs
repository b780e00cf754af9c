//! The refusals, in words: each a fact and the next command to type.

use crate::model::actual::{Operation, Repository};
use crate::model::address::Address;
use crate::model::builder::Occupant;
use crate::model::desired::DesiredBuilder;
use crate::model::name::{BranchName, BuilderName, ObjectId, RepoName};
use crate::model::obstacle::{Ground, Obstacle};
use crate::model::path::AbsPath;
pub(super) use crate::model::path::shell;
pub use crate::model::path::shell_word as word;
use crate::model::work::{Evidence, Finding, HiddenBy};

use super::Blocker;

/// A refusal at a path.
pub(super) fn at(kind: &'static str, path: &AbsPath, fact: impl Into<String>, next: impl Into<String>) -> Blocker {
    Blocker { kind, fact: fact.into(), path: Some(path.clone()), next: next.into() }
}

/// A refusal that no path says more of.
pub(super) fn plain(kind: &'static str, fact: impl Into<String>, next: impl Into<String>) -> Blocker {
    Blocker { kind, fact: fact.into(), path: None, next: next.into() }
}

/// The command that brings back what somebody changed on the disk.
pub(super) fn replace(address: &Address) -> String {
    format!("wsctl apply --replace {}", word(&address.to_string()))
}

/// One rename does not bring a directory to another place.
#[must_use]
pub fn immovable(obstacle: &Obstacle, from: &AbsPath, to: &AbsPath) -> Blocker {
    let (here, there, then) = (shell(from), shell(to), "wsctl apply");
    let away = |path: &AbsPath| format!("ls -la {0}\nmv {0} SOMEWHERE\n{then}", shell(path));
    let (kind, fact, next) = match obstacle {
        Obstacle::Taken => ("in-the-way", "something is there already".into(), away(to)),
        Obstacle::TakenBy(other) => {
            let other = Address::Repository(other.clone());
            let target = word(&other.to_string());
            let next =
                format!("wsctl apply --target {target}\n{then}\nwhere each waits for the other, give one a third path first");
            ("in-the-way", format!("its place is taken by {other}, which has to move first"), next)
        }
        Obstacle::Beside => {
            let next = format!("ls -la {there}\nmove what is not {here} away\n{then}");
            ("in-the-way", format!("something else lies there beside {from}"), next)
        }
        Obstacle::NoDirectory(path) => ("in-the-way", format!("{path} is no directory"), away(path)),
        Obstacle::Overlap if from.contains(to) => {
            let fact = "it lies in the directory that shall move there".into();
            let above = shell(&to.parent());
            ("in-the-way", fact, format!("mv {here} {here}.moving && mkdir -p {above} && mv {here}.moving {there}\n{then}"))
        }
        Obstacle::Overlap => {
            let fact = "the directory that shall move there lies in it".into();
            (
                "in-the-way",
                fact,
                format!("mv {here} {there}.moving && find {there} -type d -empty -delete && mv {there}.moving {there}\n{then}"),
            )
        }
        Obstacle::Link(path) => {
            let fact = format!("{path} is a symbolic link; nothing is moved through it");
            ("symlink", fact, format!("readlink -f {}\nlet builders.toml name that instead", shell(path)))
        }
        Obstacle::Mounted => {
            let fact = format!("{from} is a mount point");
            ("mount-point", fact, format!("findmnt {here}\nlet builders.toml name it where it is, or mount it there"))
        }
        Obstacle::OtherFileSystem(ground) => {
            let first = match ground {
                Ground::Free => String::new(),
                Ground::Empty => format!("rmdir {there} && "),
                Ground::Nowhere => format!("mkdir -p {} && ", shell(&to.parent())),
            };
            ("other-file-system", "it is on another file system".into(), format!("{first}mv {here} {there}\n{then}"))
        }
        Obstacle::Unreadable(why) => ("unreadable", format!("it cannot be read: {why}"), format!("ls -la {there}")),
    };
    at(kind, to, fact, next)
}

/// Something lies where a checkout or builder shall be.
pub(super) fn occupied(path: &AbsPath, occupant: &Occupant) -> Blocker {
    let away = format!("mv {} SOMEWHERE", shell(path));
    let (kind, fact, next) = match occupant {
        Occupant::Nothing | Occupant::Empty => ("in-the-way", "something is in the way".into(), away),
        Occupant::Directory => ("in-the-way", "a directory that is not ours is in the way".into(), away),
        Occupant::File => ("in-the-way", "a file is in the way".into(), away),
        Occupant::Symlink => {
            ("symlink", "the path is or passes through a symbolic link; nothing is written through it".into(), away)
        }
        Occupant::Repository => ("in-the-way", "a repository of its own is in the way".into(), away),
        Occupant::Worktree(admin) => {
            let fact = format!("a worktree that the repository does not know is in the way (its .git names {admin})");
            ("another-repository", fact, away)
        }
        Occupant::Mount => ("mount-point", "a mount point is in the way".into(), format!("umount {}", shell(path))),
        Occupant::Unreadable(why) => ("unreadable", format!("cannot be read: {why}"), format!("ls -la {}", shell(path))),
    };
    at(kind, path, fact, next)
}

/// A branch that another worktree has.
pub(super) fn branch_in_use(branch: &BranchName, holder: &AbsPath, operation: Option<&Operation>) -> Blocker {
    match operation {
        Some(operation) => at(
            "branch-in-use",
            holder,
            format!("branch {branch} is held by a {} in progress there", operation.name),
            format!("git -C {} status", shell(holder)),
        ),
        None => at(
            "branch-in-use",
            holder,
            format!("branch {branch} is already checked out there"),
            format!("git -C {} switch --detach", shell(holder)),
        ),
    }
}

/// A branch that a registration has whose worktree is not there, or not its own.
pub(super) fn branch_of_a_lost_worktree(branch: &BranchName, path: &AbsPath, admin_dir: &AbsPath) -> Blocker {
    let fact = format!("branch {branch} is registered as checked out at {path}, which is gone or another repository's");
    let back = format!("mv WHERE-IT-IS-NOW {}", shell(path));
    at("branch-in-use", admin_dir, fact, format!("{back}\nor drop the registration: mv {} SOMEWHERE", shell(admin_dir)))
}

/// A branch that another change would give up, which was not asked for.
pub(super) fn branch_left_out(branch: &BranchName, path: Option<&AbsPath>, other: &Address, own: &Address) -> Blocker {
    let fact = format!("branch {branch} is checked out by {other}, whose change is left out");
    let targets = [own, other].map(|address| format!(" --target {}", word(&address.to_string())));
    let next = format!("wsctl apply{}", targets.concat());
    Blocker { kind: "branch-in-use", fact, path: path.cloned(), next }
}

/// A builder that moves has the place still, and cannot go or was not asked to.
pub(super) fn place_kept(builder: &DesiredBuilder, other: &BuilderName, left_out: bool) -> Blocker {
    let [own, other] = [&builder.name, other].map(|name| Address::Builder(name.clone()));
    let (fact, next) = if left_out {
        let targets = [&own, &other].map(|address| format!(" --target {}", word(&address.to_string())));
        (format!("{other} has its place, and its move is left out"), format!("wsctl apply{}", targets.concat()))
    } else {
        (format!("{other} has its place and cannot go"), format!("first see to {other}, as said there"))
    };
    at("place-kept", &builder.path, fact, next)
}

/// A nested builder is nothing without its root.
pub(super) fn blocked_root(builder: &DesiredBuilder) -> Blocker {
    let root = Address::Checkout(builder.name.clone(), RepoName::root());
    let next = format!("first see to {root}, as said there");
    at("blocked-root", &builder.path, "the checkout of . that it consists of is blocked", next)
}

/// A branch that cannot exist beside another one.
pub(super) fn branch_collides(repository: &Repository, branch: &BranchName, other: &BranchName) -> Blocker {
    at(
        "branch-collides",
        &repository.path,
        format!("branch {branch} cannot exist beside branch {other}"),
        format!("git -C {} branch -m {} NEW-NAME", shell(&repository.path), word(other.as_str())),
    )
}

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
            format!("git -C {here} submodule status"),
        ),
        Finding::Mount(paths) => {
            ("mount-point", counted("mount point inside", "mount points inside", paths), format!("findmnt -R {here}"))
        }
        Finding::Process { pid, name } => ("process", format!("process {pid} ({name}) works inside"), format!("ps -fp {pid}")),
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
