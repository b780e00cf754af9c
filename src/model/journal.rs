//! The journal: what a run is about to do, durable before its first step, so that the next run knows what of it is
//! half-made. One JSON value a line: the header, the intents, then the number of each intent that is done.

use serde::{Deserialize, Serialize};

use super::clock::Boot;
use super::name::{BranchName, BuilderName, ObjectId, RepoName, WorkspaceId};
use super::path::{AbsPath, RelPath};

/// The journal's name in [`super::mark::OWN_DIRECTORY`]; it is there while a run works, and after one that was cut short.
pub const JOURNAL: &str = "journal";

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Always 1.
    pub version: u32,
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// What the names of this run's temporaries begin with.
    pub token: String,
    /// The process.
    pub pid: u32,
    /// The boot of the machine, where the system tells it.
    pub boot: Option<Boot>,
    /// When the run began, in seconds since 1970: what its trash entries are named by.
    pub started: i64,
    /// How many intents follow; fewer lines than that are a damaged journal.
    pub intents: usize,
}

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
        /// The branch that is made for it and the commit to make it at; `None` where the branch was there.
        makes: Option<(BranchName, ObjectId)>,
    },
    /// A checkout is put on another branch.
    Switch {
        /// The repository's main worktree.
        main: AbsPath,
        /// The admin directory of the checkout.
        admin_dir: AbsPath,
        /// The checkout.
        path: AbsPath,
        /// The commit that it is on before.
        from: ObjectId,
        /// The branch that it goes to.
        branch: BranchName,
        /// The commit of that branch.
        to: Option<ObjectId>,
        /// Whether the branch is made for it.
        makes: bool,
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
    /// A registration is dropped, taken or written again.
    Registration {
        /// The repository's common directory.
        common_dir: AbsPath,
        /// The admin directory.
        admin_dir: AbsPath,
    },
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
    /// The branch that policy lets go, and the commit that it must still be at.
    pub branch: Option<(BranchName, ObjectId)>,
}

/// A journal as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// Who wrote it.
    pub header: Header,
    /// The intents that are not known to be done, in their order.
    pub open: Vec<Intent>,
    /// Whether lines are missing or cannot be read: what it does not say is not known.
    pub damaged: bool,
}

impl Journal {
    /// Reads a journal; `None` without a whole header.
    ///
    /// A last line that is cut short is left out: a run that is killed while it notes what is done leaves one.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
        let header: Header = serde_json::from_slice(lines.next()?).ok()?;
        let mut open: Vec<Option<Intent>> = Vec::new();
        let mut damaged = false;
        for line in lines {
            if open.len() < header.intents {
                let intent = serde_json::from_slice(line).ok();
                damaged |= intent.is_none();
                open.push(intent);
            } else if let Some(done) = std::str::from_utf8(line).ok().and_then(|text| text.parse::<usize>().ok()) {
                open.get_mut(done).map(Option::take);
            } else {
                damaged = true;
            }
        }
        damaged |= open.len() < header.intents;
        Some(Journal { header, open: open.into_iter().flatten().collect(), damaged })
    }

    /// The bytes of a new journal.
    ///
    /// # Errors
    /// A path is no text that JSON can hold.
    pub fn begin(header: &Header, intents: &[Intent]) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec(header)?;
        bytes.push(b'\n');
        for intent in intents {
            serde_json::to_writer(&mut bytes, intent)?;
            bytes.push(b'\n');
        }
        Ok(bytes)
    }
}
