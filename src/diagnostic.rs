//! A fault: what is wrong, where, and the way out.

use std::fmt;
use std::ops::Range;

use crate::model::path::AbsPath;
use crate::model::source::Sources;

/// An error that the user can act on: one line, and the next command to type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong; a lowercase fragment.
    pub message: String,
    /// What to type or to edit; empty where there is nothing to add.
    pub next: String,
}

impl Diagnostic {
    /// A fault with its way out.
    #[must_use]
    pub fn new(message: impl Into<String>, next: impl Into<String>) -> Self {
        Diagnostic { message: message.into(), next: next.into() }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

/// A fault of the file, or of one that it includes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong; a lowercase fragment.
    pub message: String,
    /// Where, in bytes; see [`Sources`].
    pub span: Range<usize>,
    /// What stands under the marked text; may be empty.
    pub label: String,
    /// The way out; may be empty.
    pub hint: String,
    /// A second place that matters (`first declared here`).
    pub related: Option<(Range<usize>, String)>,
}

/// Every fault of one file and of what it includes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    /// The file, what it includes, and their texts.
    pub sources: Sources,
    /// The faults, in the order of the texts; never empty.
    pub faults: Vec<Fault>,
}

impl Faults {
    /// The file.
    #[must_use]
    pub fn file(&self) -> &AbsPath {
        &self.sources.main().file
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.faults.len();
        write!(f, "{}: {count} fault{}", self.file(), if count == 1 { "" } else { "s" })
    }
}

impl std::error::Error for Faults {}

/// What is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A text.
    Text {
        /// Whose.
        file: AbsPath,
        /// What it was.
        old: String,
        /// What it is.
        new: String,
    },
    /// Facts about something, one per line.
    Lines {
        /// What they are about.
        subject: String,
        /// Those that were.
        removed: Vec<String>,
        /// Those that are.
        added: Vec<String>,
    },
}

/// A saved plan that is not what a plan would be by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outrun {
    /// What is wrong; a lowercase fragment.
    pub message: String,
    /// What has changed; never empty.
    pub differences: Vec<Difference>,
    /// What to type.
    pub next: String,
}

impl fmt::Display for Outrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Outrun {}
