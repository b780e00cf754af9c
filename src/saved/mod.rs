//! A plan in a file: what was shown, what it was made of, and whether any of that has changed since. The file is JSON, and
//! private to the version of the program that wrote it.

mod once;
mod outrun;

pub use once::{KEPT, applied, remember};
pub use outrun::outrun;

use std::fmt;
use std::io::{ErrorKind, Read};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::git;
use crate::model::desired::Desired;
use crate::model::path::{AbsPath, shell, shell_word};
use crate::model::pattern::Pattern;
use crate::model::policy::{DeleteBranch, OnUnsaved};
use crate::model::source::Sources;
use crate::plan::{Compared, FileContent, Options, Plan, Selection};
use crate::regular;

/// The version of the program that can read what it wrote.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What every saved plan begins with.
const BEGIN: &[u8] = b"{\n  \"wsctl_plan\": ";
/// More than this is no plan.
const LARGEST: u64 = 1 << 28;

/// The random name of one saved plan: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlanId(String);

impl PlanId {
    /// A new one.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn random() -> Result<Self> {
        let number = || getrandom::u64().map_err(|error| anyhow::anyhow!("no random numbers to be had: {error}"));
        Ok(PlanId(format!("{:016x}{:016x}", number()?, number()?)))
    }
}

impl TryFrom<String> for PlanId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let hex = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if hex { Ok(PlanId(text)) } else { Err("an id has 32 hexadecimal digits") }
    }
}

impl From<PlanId> for String {
    fn from(id: PlanId) -> String {
        id.0
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the command that made the plan was told.
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the command line")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    unsaved: Option<OnUnsaved>,
    delete_branch: Option<DeleteBranch>,
    allow_removals: bool,
    take_over: bool,
    skip_hooks: bool,
    /// `--destroy`.
    pub destroy: bool,
    selection: Selection,
    replace: Vec<Pattern>,
}

impl Told {
    /// The part of the options that a saved plan keeps.
    #[must_use]
    pub fn of(options: &Options) -> Self {
        // Nothing is left to `..`: what a plan depends on is kept, and what is read anew is named.
        let Options {
            unsaved,
            delete_branch,
            allow_removals,
            take_over,
            skip_hooks,
            destroy,
            selection,
            replace,
            now: _,
            boot: _,
            protected: _,
            refresh_only: _,
            place: _,
        } = options.clone();
        Told { unsaved, delete_branch, allow_removals, take_over, skip_hooks, destroy, selection, replace }
    }

    /// The options of now, told the same.
    #[must_use]
    pub fn again(&self, now: Options) -> Options {
        let Told { unsaved, delete_branch, allow_removals, take_over, skip_hooks, destroy, selection, replace } = self.clone();
        Options { unsaved, delete_branch, allow_removals, take_over, destroy, selection, replace, skip_hooks, ..now }
    }
}

/// The declaration that a plan was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// A hash of what it means: comments and blank lines change nothing.
    meaning: String,
    /// Its texts, without what may be a secret; the file itself first.
    texts: Vec<Text>,
}

/// One file of a declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    file: AbsPath,
    text: String,
}

impl Wish {
    /// The declaration; `shown` are its texts without what may be a secret.
    ///
    /// # Errors
    /// None that can be expected; the hash function itself may refuse.
    pub fn of(desired: &Desired, shown: &Sources) -> Result<Self> {
        let bare = Desired { sources: Sources::new(desired.file.clone(), ""), ..desired.clone() };
        let urls = desired.repositories.values().filter_map(|repository| Some(repository.url.as_ref()?.expose()));
        // A url is shown without its secrets, and means another repository with others.
        let text = urls.fold(format!("{bare:?}"), |text, url| text + "\n" + url);
        let meaning = git::content_hash(&FileContent::Bytes { bytes: text.into_bytes(), executable: false, private: false })?;
        let texts = shown.iter().map(|source| Text { file: source.file.clone(), text: source.text.clone() });
        Ok(Wish { meaning, texts: texts.collect() })
    }
}

/// A plan with everything that it depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// Its name.
    pub id: PlanId,
    /// When it was made, in seconds since 1970.
    pub made: i64,
    /// What the command was told.
    pub told: Told,
    /// What was declared.
    pub wish: Wish,
    /// What was found on the disk, as far as the changes depend on it.
    pub facts: Vec<Compared>,
    /// What was shown.
    pub plan: Plan,
}

#[derive(Serialize)]
struct Envelope<'a> {
    wsctl_plan: u32,
    wsctl_version: &'a str,
    #[serde(flatten)]
    saved: &'a Saved,
}

/// What can be read of any version's.
#[derive(Deserialize)]
struct Header {
    wsctl_plan: u32,
    wsctl_version: String,
}

impl Saved {
    /// Writes the plan to a file that nobody else may read, whole or not at all.
    ///
    /// # Errors
    /// A [`Diagnostic`] where something else than a saved plan is there; it cannot be written.
    pub fn write(&self, file: &AbsPath) -> Result<()> {
        let envelope = Envelope { wsctl_plan: 1, wsctl_version: VERSION, saved: self };
        let mut bytes = serde_json::to_vec_pretty(&envelope).context("the plan cannot be written as JSON")?;
        bytes.push(b'\n');
        let refuse = |what: &str| {
            let fact = format!("{file} {what}, and is not written over");
            anyhow::Error::from(Diagnostic::new(fact, "name another file with `--out`"))
        };
        let directory = file.parent();
        if !directory.as_path().is_dir() {
            let fact = format!("{file} cannot be written: there is no directory {directory}");
            let nearest = directory.as_path().ancestors().find(|above| above.symlink_metadata().is_ok());
            let next = match nearest {
                Some(above) if !above.is_dir() => "name another file with `--out`".into(),
                Some(_) | None => format!("mkdir -p {}", shell(&directory)),
            };
            return Err(Diagnostic::new(fact, next).into());
        }
        let expect = match file.as_path().symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("{file} cannot be written")),
            Ok(found) if !found.is_file() => return Err(refuse("is no regular file")),
            Ok(_) => Some(regular::read(file).with_context(|| format!("{file} cannot be read"))?),
        };
        if expect.as_deref().is_some_and(|old| !old.starts_with(BEGIN)) {
            return Err(refuse("is no saved plan"));
        }
        let written = git::edited::write_private(file, &bytes, expect.as_deref());
        written.map_err(|error| Diagnostic::new(format!("{error:#}"), "name another file with `--out`").into())
    }

    /// Reads a plan that a file holds; `name` is what the user calls it.
    ///
    /// # Errors
    /// A [`Diagnostic`]: it cannot be read, or is no plan, or is one of another version.
    pub fn read(name: &str, from: &mut dyn Read) -> Result<Self> {
        let mut bytes = Vec::new();
        let again = format!("wsctl plan --out {}", if name == "-" { "FILE".into() } else { shell_word(name) });
        let fault = |what: String| anyhow::Error::from(Diagnostic::new(format!("{name}: {what}"), again.clone()));
        let read = from.take(LARGEST + 1).read_to_end(&mut bytes);
        read.map_err(|error| fault(format!("cannot be read: {error}")))?;
        if bytes.len() as u64 > LARGEST {
            return Err(fault("is too large for a saved plan".into()));
        }
        if !bytes.starts_with(BEGIN) {
            // What is none is not written over.
            return Err(Diagnostic::new(format!("{name}: is no saved plan"), "wsctl plan --out FILE").into());
        }
        let torn = |error: serde_json::Error| fault(format!("is no whole saved plan: {error}"));
        let Header { wsctl_plan, wsctl_version } = serde_json::from_slice(&bytes).map_err(torn)?;
        if wsctl_plan != 1 || wsctl_version != VERSION {
            return Err(fault(format!("was saved by wsctl {wsctl_version}, and this is wsctl {VERSION}")));
        }
        serde_json::from_slice(&bytes).map_err(torn)
    }
}
