//! What is there, in words.

use crate::model::actual::Head;
use crate::model::builder::Occupant;
use crate::model::mark::{BuilderMark, CheckoutMark, Marked};
use crate::plan::branch::words as goal;

pub(super) fn short(hash: &str) -> &str {
    hash.get(..16).unwrap_or(hash)
}

pub(super) fn lies(occupant: &Occupant) -> String {
    match occupant {
        Occupant::Nothing => "nothing there".into(),
        Occupant::Empty => "an empty directory".into(),
        Occupant::Directory => "a directory".into(),
        Occupant::File => "a file".into(),
        Occupant::Symlink => "a symbolic link".into(),
        Occupant::Repository => "a repository".into(),
        Occupant::Worktree(admin) => format!("a worktree of {admin}"),
        Occupant::Mount => "a mount point".into(),
        Occupant::Unreadable(why) => format!("cannot be read: {why}"),
    }
}

pub(super) fn on(head: &Head) -> String {
    match head {
        Head::Branch(branch, _) | Head::Unborn(branch) => branch.to_string(),
        Head::Detached(_) => "none, HEAD is detached".into(),
        Head::Unreadable(why) => format!("cannot be read: {why}"),
    }
}

pub(super) fn at(head: &Head) -> String {
    match head {
        Head::Branch(branch, id) => format!("branch {branch} at {}", id.short()),
        Head::Unborn(branch) => format!("branch {branch} without a commit"),
        Head::Detached(id) => format!("detached at {}", id.short()),
        Head::Unreadable(why) => format!("cannot be read: {why}"),
    }
}

fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

pub(super) fn builder_mark(mark: &Marked<BuilderMark>) -> String {
    match mark {
        Marked::No => "none".into(),
        Marked::Unreadable(why) => format!("cannot be read: {why}"),
        Marked::Yes(mark) => {
            let protect = if mark.protect { ", protected" } else { "" };
            format!("branch {}{protect}, of {}, made {}", mark.branch, mark.file, time(mark.created))
        }
    }
}

pub(super) fn checkout_mark(mark: &Marked<CheckoutMark>) -> String {
    match mark {
        Marked::No => "none".into(),
        Marked::Unreadable(why) => format!("cannot be read: {why}"),
        Marked::Yes(mark) => {
            let base = mark.base.as_deref().map(|base| format!(", base {base}")).unwrap_or_default();
            let own = if mark.made_branch { ", made by wsctl" } else { "" };
            let (goal, made) = (goal(&mark.goal), time(mark.created));
            format!("{goal}{own}{base}, of {}, made {made}", mark.file)
        }
    }
}
