//! Hooks: commands that the file declares for the moments after a creation and before a removal.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How long a hook may take where the file does not say, in seconds.
pub const USUAL_TIMEOUT: u64 = 600;

/// A command for a shell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hook {
    /// What `sh -c` gets.
    pub run: String,
    /// When it is ended, in seconds.
    pub timeout: u64,
}

/// The hooks of a builder, or of the checkouts of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hooks {
    /// Once it is there, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_create: Option<Hook>,
    /// Before it moves to the trash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_remove: Option<Hook>,
}

/// What a mark knows of hooks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HookMark {
    /// That `post_create` has not run to its end; `None`: it has, or there was none when it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_create: Option<Outstanding>,
    /// What is to run before it goes, as last applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_remove: Option<Hook>,
}

impl HookMark {
    /// Whether there is nothing to know.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == HookMark::default()
    }

    /// What it knows of the declaration.
    #[must_use]
    pub fn declared(&self) -> Hooks {
        Hooks { post_create: None, pre_remove: self.pre_remove.clone() }
    }

    /// The mark of something that was there, or is there already: what was to be run still is.
    #[must_use]
    pub fn kept(previous: Option<&HookMark>, hooks: &Hooks) -> Self {
        let post_create = previous.and_then(|mark| mark.post_create.clone());
        HookMark { post_create, pre_remove: hooks.pre_remove.clone() }
    }

    /// The mark of something that is made with these hooks.
    #[must_use]
    pub fn new(hooks: &Hooks) -> Self {
        HookMark { post_create: hooks.post_create.as_ref().map(|_| Outstanding::Pending), pre_remove: hooks.pre_remove.clone() }
    }
}

/// Why a `post_create` is still to be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outstanding {
    /// It was not begun, or cut short.
    Pending,
    /// It failed: how, in words. What it was to prepare is tainted.
    Failed(String),
}

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// `post_create`
    PostCreate,
    /// `pre_remove`
    PreRemove,
}

impl Moment {
    /// The key of the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Moment::PostCreate => "post_create",
            Moment::PreRemove => "pre_remove",
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
