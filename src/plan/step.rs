//! What apply does, one step after the other.

use crate::model::name::RepoName;

/// One step of apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The change, by its index in [`super::Plan::changes`].
    pub change: usize,
    /// Which part of it.
    pub part: Part,
    /// Steps that must have succeeded.
    pub needs: Vec<usize>,
    /// Steps that must have ended, whatever came of them.
    pub after: Vec<usize>,
    /// The repositories that it writes to: one writer each.
    pub writes: Vec<RepoName>,
    /// Whether others of its kind may write to them at the same time: each makes, or takes, what is its own, and the door
    /// keeps the rest apart.
    pub beside: bool,
}

/// Which part of a change a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// Make way, so that another one of a swap can take its place: a checkout leaves its branch by detaching HEAD, a
    /// builder's directory waits aside.
    Park,
}
