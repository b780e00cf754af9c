//! The refusals, in words: each a fact and the next command to type.

use crate::model::actual::{Operation, Repository};
use crate::model::address::Address;
use crate::model::builder::Occupant;
use crate::model::desired::DesiredBuilder;
use crate::model::name::{BranchName, BuilderName, RepoName};
use crate::model::obstacle::{Ground, Obstacle};
use crate::model::path::AbsPath;
pub(super) use crate::model::path::shell;
pub use crate::model::path::shell_word as word;

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

/// The command that says what is to be done about something else first.
pub(super) fn see_to(address: &Address) -> String {
    format!("wsctl plan --target {}", word(&address.to_string()))
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
        Obstacle::Beside => return beside(to, from, format!("something else lies there beside {from}")),
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

/// What shall have a place lies there already, with something beside it.
pub(super) fn beside(place: &AbsPath, inside: &AbsPath, fact: String) -> Blocker {
    let next = format!("ls -la {}\nmove what is not {} away\nwsctl apply", shell(place), shell(inside));
    at("in-the-way", place, fact, next)
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
        (format!("{other} has its place and cannot go"), see_to(&other))
    };
    at("place-kept", &builder.path, fact, next)
}

/// A nested builder is nothing without its root.
pub(super) fn blocked_root(builder: &DesiredBuilder) -> Blocker {
    let root = Address::Checkout(builder.name.clone(), RepoName::root());
    at("blocked-root", &builder.path, "the checkout of . that it consists of is blocked", see_to(&root))
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
