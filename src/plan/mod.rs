//! (Desired, Actual) → Plan: a pure function. No gix, no file system, no clock, no environment, no view.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod action;
pub mod change;
pub mod removal;
pub mod step;
pub mod write;

pub use action::{Action, Symbol};
pub use change::{Blocker, Change, Note, Plan, Summary, TextChange};
pub use removal::{Removal, RemovedCheckout, Stale};
pub use step::{Part, Step};
pub use write::{
    AnchorWrite, BranchPlan, BuilderWrite, CheckoutTouch, CheckoutWrite, FileContent, FileWrite, Gitlink, MarkWrite,
};

use std::ffi::OsString;

use crate::model::name::RepoName;
use crate::model::policy::OnUnsaved;

/// What the caller asked for beside the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The time, in seconds since 1970.
    pub now: i64,
    /// `--unsaved`: overrides every builder's `on_unsaved`.
    pub unsaved: Option<OnUnsaved>,
    /// `--allow-removals`: the brakes on removals are off.
    pub allow_removals: bool,
    /// `--take-over`: builders that another file declared may be removed.
    pub take_over: bool,
}

/// What plan has to know about files before it can decide; the answers go into `Actual`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The work in a checkout: its repository and the name of its admin directory.
    Work(RepoName, OsString),
    /// What lies beside the checkouts of a builder: the name of its directory.
    Strays(OsString),
}
