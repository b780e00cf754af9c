//! The journal: what a run is about to do, durable before its first step, so that the next run knows what of it is
//! half-made. One JSON value a line: the header, the intents, then `+N` when the intent of that number begins and `-N`
//! when it is done.

use serde::{Deserialize, Serialize};

use super::clock::Boot;
use super::name::{BranchName, BuilderName, ObjectId, RepoName};
use super::path::{AbsPath, RelPath};

pub use super::journal_header::Header;
pub use super::relocating::{Followed, Leap, Relocating};

/// The journal's name in [`super::mark::OWN_DIRECTORY`]; it is there while a run works, and after one that was cut short.
pub const JOURNAL: &str = "journal";

/// One thing that a run is about to do, with what it takes to finish or to undo it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "intent", rename_all = "kebab-case")]
pub enum Intent {
    /// A repository is cloned beside this path, then renamed to it.
    Clone {
        /// Where it will be.
        path: AbsPath,
    },
    /// A builder's directory, anchor or mark is written.
    Builder {
        /// Which.
        builder: BuilderName,
        /// Its directory.
        path: AbsPath,
    },
    /// A checkout is added.
    Checkout {
        /// Its builder.
        builder: BuilderName,
        /// Its repository.
        repository: RepoName,
        /// The repository's main worktree.
        main: AbsPath,
        /// Where it will be.
        path: AbsPath,
        /// What the name of a trash entry begins with that an attempt which failed goes to.
        stem: String,
        /// Its branch; `None`: a reference is on none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        branch: Option<BranchName>,
        /// Whether the branch is made for it.
        makes: bool,
        /// The commit that it starts at; `None`: only the clone before it tells.
        start: Option<ObjectId>,
    },
    /// A checkout is put on another branch, or on none.
    Switch {
        /// Its repository.
        repository: RepoName,
        /// The repository's main worktree.
        main: AbsPath,
        /// The admin directory of the checkout.
        admin_dir: AbsPath,
        /// The checkout.
        path: AbsPath,
        /// The commit that it is on before.
        from: ObjectId,
        /// The branch that it goes to; `None`: a reference is on none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        branch: Option<BranchName>,
        /// The commit that it goes to.
        to: Option<ObjectId>,
        /// Whether the branch is made for it.
        makes: bool,
        /// Where a later journal carries it on: when the one was written that noted it first, as [`Header::opened`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opened: Option<i64>,
    },
    /// A branch gets another name.
    Rename {
        /// Its repository.
        repository: RepoName,
        /// The repository's main worktree.
        main: AbsPath,
        /// The admin directory of the checkout that is on it.
        admin_dir: AbsPath,
        /// The checkout.
        path: AbsPath,
        /// Its name before.
        from: BranchName,
        /// Its name after.
        to: BranchName,
        /// Where it is.
        commit: ObjectId,
    },
    /// Gits of ours write to the configuration of a repository, or to a checkout that stays on its branch: its directories,
    /// what it holds beside its own files.
    Touch {
        /// The repository.
        repository: RepoName,
        /// Its main worktree.
        main: AbsPath,
        /// The checkout, its admin directory first; `None`: only the repository.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        checkout: Option<(AbsPath, AbsPath)>,
    },
    /// A managed file is written or removed.
    File {
        /// The builder's directory.
        builder: AbsPath,
        /// The file in it.
        to: RelPath,
        /// The hash of what is there before; `None`: nothing.
        old: Option<String>,
        /// The hash of what will be there; `None`: nothing.
        new: Option<String>,
    },
    /// Something moves to the trash.
    Remove {
        /// What its entry's name begins with; a number may follow.
        stem: String,
        /// What is renamed.
        path: AbsPath,
        /// Its checkouts.
        checkouts: Vec<Leaving>,
        /// Files of our own that go with it: a plain builder's mark, the helper file of the last nested builder.
        own_files: Vec<AbsPath>,
    },
    /// A builder, or checkouts in it, go to another place.
    Relocate(Relocating),
    /// An entry of the trash is brought back.
    Restore {
        /// Its name.
        entry: String,
        /// Where its tree goes.
        path: AbsPath,
        /// Branches that are made for it: the main worktree of the repository, the branch, the commit.
        makes: Vec<(AbsPath, BranchName, ObjectId)>,
    },
}

impl Intent {
    /// The same for a later journal, which another one leaves it to that was written at this time.
    #[must_use]
    pub fn carried(mut self, written: i64) -> Self {
        if let Intent::Switch { opened, .. } = &mut self {
            opened.get_or_insert(written);
        }
        self
    }
}

/// A checkout on its way to the trash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaving {
    /// Its repository.
    pub repository: RepoName,
    /// The repository's main worktree.
    pub main: AbsPath,
    /// The repository's common directory.
    pub common_dir: AbsPath,
    /// Its admin directory.
    pub admin_dir: AbsPath,
    /// The reason of our own lock that it had before, if it had one.
    pub lock: Option<String>,
    /// The branch that policy lets go, and the commit that it must still be at.
    pub branch: Option<(BranchName, ObjectId)>,
}

/// A journal as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// Who wrote it.
    pub header: Header,
    /// The intents that may be half done, in their order.
    pub open: Vec<Intent>,
    /// Whether lines are missing or cannot be read: what it does not say is not known.
    pub damaged: bool,
}

/// What the journal's place holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfinished {
    /// The journal of a run that is at work.
    Running(Header),
    /// The journal of a run that was cut short.
    CutShort(Journal),
    /// Something that cannot be read: why.
    Unreadable(String),
}

/// How far an intent is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Noted,
    Begun,
    Done,
}

impl Journal {
    /// Reads a journal; `None` without a whole header.
    ///
    /// `boot` is today's. In the same boot nothing that was written is lost, so what is not noted as begun has not begun;
    /// after another one, and in a damaged journal, only the intents themselves are certain. After another boot not even what
    /// is noted as done is. A last line that is cut short is left out.
    #[must_use]
    pub fn parse(bytes: &[u8], boot: Option<&Boot>) -> Option<Self> {
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
        let header: Header = serde_json::from_slice(lines.next()?).ok()?;
        let mut intents: Vec<(Option<Intent>, Stage)> = Vec::new();
        let mut damaged = false;
        for line in lines {
            if intents.len() < header.intents {
                let intent = serde_json::from_slice(line).ok();
                damaged |= intent.is_none();
                intents.push((intent, Stage::Noted));
            } else if let Some((stage, number)) = note(line)
                && let Some(intent) = intents.get_mut(number)
            {
                intent.1 = stage;
            } else {
                damaged = true;
            }
        }
        damaged |= intents.len() < header.intents;
        let same = header.is_of(boot);
        let open = |stage: Stage| match stage {
            // A line that cannot be read may have said that it begins.
            Stage::Noted => !same || damaged,
            Stage::Begun => true,
            // What it wrote may not have been on the disk by then.
            Stage::Done => !same,
        };
        let open = intents.into_iter().filter(|(_, stage)| open(*stage)).filter_map(|(intent, _)| intent).collect();
        Some(Journal { header, open, damaged })
    }

    /// The bytes of a new journal.
    ///
    /// # Errors
    /// None that can be expected; the writer of JSON may refuse.
    pub fn begin(header: &Header, intents: &[Intent]) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec(header)?;
        bytes.push(b'\n');
        for intent in intents {
            serde_json::to_writer(&mut bytes, intent)?;
            bytes.push(b'\n');
        }
        Ok(bytes)
    }

    /// The line that notes that an intent begins.
    #[must_use]
    pub fn begun(intent: usize) -> String {
        format!("+{intent}\n")
    }

    /// The line that notes that an intent is done.
    #[must_use]
    pub fn done(intent: usize) -> String {
        format!("-{intent}\n")
    }
}

fn note(line: &[u8]) -> Option<(Stage, usize)> {
    let text = std::str::from_utf8(line).ok()?;
    let begun = text.strip_prefix('+').map(|number| (Stage::Begun, number));
    let (stage, number) = begun.or_else(|| Some((Stage::Done, text.strip_prefix('-')?)))?;
    Some((stage, number.parse().ok()?))
}
