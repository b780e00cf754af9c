//! What lies in `<builders_dir>/.wsctl/trash/`: one directory per removal, with a manifest.

use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};

use super::clock::{Boot, Moment};
use super::mark::{BuilderMark, CheckoutMark};
use super::name::{BranchName, BuilderName, ObjectId, RepoName, WorkspaceId};
use super::path::{AbsPath, RelPath, unescaped};

/// The manifest's name in an entry; `tree` beside it is what was renamed, `admin/<repository>` the admin directories.
pub const MANIFEST: &str = "manifest.json";
/// The manifest's name once everything beside it is deleted: it stays for as long as the removal counts.
pub const EMPTIED: &str = "emptied.json";
/// Where in [`super::mark::OWN_DIRECTORY`] the entries lie.
pub const TRASH: &str = "trash";
/// Where in [`super::mark::OWN_DIRECTORY`] an entry goes, in one rename, before anything of it is deleted.
pub const GONE: &str = "gone";
/// How long a removal counts against `max_removals`, in seconds.
pub const DAY: i64 = 24 * 3600;

/// One entry of the trash, as plan and prune see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrashEntry {
    /// The entry's directory name.
    pub name: String,
    /// The entry.
    pub path: AbsPath,
    /// The manifest; `None` where it is missing or cannot be read.
    pub manifest: Option<Manifest>,
    /// Whether the manifest speaks of the entry that it lies in, and of a `builders_dir` that is this one or gone: the
    /// trash of a copied workspace speaks of the original's repositories.
    pub own: bool,
}

/// What is left of an entry that is being deleted for good, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoneEntry {
    /// The entry, in its new place.
    pub entry: TrashEntry,
    /// What is left of it.
    pub state: GoneState,
}

/// What lies where entries are deleted for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoneState {
    /// An entry whose deletion was cut short: its manifest goes last.
    CutShort,
    /// Only its manifest is left, which still counts.
    Emptied,
    /// An empty directory of an entry's name: even the manifest is gone.
    Hollow,
    /// Nothing says that wsctl put it there.
    Foreign,
}

/// What an entry holds; enough to bring it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always 1.
    pub version: u32,
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// The builder.
    pub builder: BuilderName,
    /// Whole builder, or one checkout of it that lay at this path.
    pub checkout: Option<RelPath>,
    /// Where the tree was.
    pub path: AbsPath,
    /// When it was removed, in seconds since 1970.
    pub removed: i64,
    /// The same by the machine's uptime, where the system tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<Boot>,
    /// How long it is kept, in seconds.
    pub keep: u64,
    /// Whether it counts as a removal: what a killed creation left does not.
    pub counts: bool,
    /// The builder's mark at that time.
    pub mark: Option<BuilderMark>,
    /// Its checkouts.
    pub checkouts: Vec<TrashedCheckout>,
}

/// One checkout of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrashedCheckout {
    /// Its repository.
    pub repository: RepoName,
    /// The repository's common directory.
    pub common_dir: AbsPath,
    /// Its path in the builder.
    pub path: RelPath,
    /// The name of its admin directory, escaped as paths are.
    #[serde(deserialize_with = "component")]
    pub admin_name: String,
    /// The ref that holds its objects.
    pub keeper: String,
    /// Its HEAD's commit.
    pub head: Option<ObjectId>,
    /// Its branch.
    pub branch: Option<BranchName>,
    /// Whether policy lets the branch go when merged.
    pub delete_branch: bool,
    /// Its mark.
    pub mark: Option<CheckoutMark>,
}

/// The escaped name of something in a directory: one component, which leads nowhere else.
fn component<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_one = unescaped(&text).is_some_and(|name| Path::new(&name).file_name() == Some(&name));
    if is_one { Ok(text) } else { Err(serde::de::Error::custom(format!("{text:?} is no name of a directory"))) }
}

/// What a checkout's things are called in an entry and below its keepers: no repository can be named like the root's.
#[must_use]
pub fn part(repository: &RepoName) -> &str {
    if repository.is_root() { "@root" } else { repository.as_str() }
}

/// Whether an entry may be called so: `<builder>[.<repository>]-<seconds>`, with a number where that was taken.
#[must_use]
pub fn is_entry_name(name: &str) -> bool {
    numbers(name).is_some_and(|stem| !stem.is_empty())
}

/// What stands before the one or two numbers that end an entry's name.
fn numbers(name: &str) -> Option<&str> {
    let number = |name: &'_ str| -> Option<usize> {
        let (stem, digits) = name.rsplit_once('-')?;
        (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(stem.len())
    };
    let once = &name[..number(name)?];
    Some(number(once).map_or(once, |end| &once[..end]))
}

impl Manifest {
    /// Whether an entry of that name is the one that it speaks of.
    #[must_use]
    pub fn names(&self, entry: &str) -> bool {
        let Some(rest) = entry.strip_prefix(self.builder.as_str()) else { return false };
        let numbered = |stem: &str| rest.strip_prefix(stem).is_some_and(|number| numbers(number) == Some(""));
        let kept = self.checkouts.iter().all(|checkout| checkout.keeper.split('/').nth(3) == Some(entry));
        kept && (numbered("") || self.checkouts.iter().any(|one| numbered(&format!(".{}", part(&one.repository)))))
    }

    /// How many seconds ago it was removed; negative where that is still to come by this clock.
    #[must_use]
    pub fn age(&self, now: &Moment) -> i64 {
        now.since(&Moment { seconds: self.removed, boot: self.boot.clone() })
    }

    /// How many seconds it is kept still, by its own time or by `older_than` (seconds); `None`: it is due. What is
    /// removed in the future is never due: nobody knows how old it is.
    #[must_use]
    pub fn kept_for(&self, now: &Moment, older_than: Option<u64>) -> Option<i64> {
        let keep = i64::try_from(older_than.unwrap_or(self.keep)).unwrap_or(i64::MAX);
        let age = self.age(now);
        (age < keep || age < 0).then(|| keep.saturating_sub(age))
    }

    /// Whether the entry is past the time that it is kept; with `older_than` (seconds), whether it is older than that.
    #[must_use]
    pub fn is_due(&self, now: &Moment, older_than: Option<u64>) -> bool {
        self.kept_for(now, older_than).is_none()
    }

    /// Whether it counts against today's `max_removals`.
    #[must_use]
    pub fn counts_today(&self, now: &Moment) -> bool {
        self.counts && self.age(now) < DAY
    }
}
