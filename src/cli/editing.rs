//! An edit of the file, or of what it includes: read, changed in memory, validated, shown, written.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::globals::Globals;
use super::workspace::{take, wish};
use crate::config::fault::{all, redact};
use crate::config::{self, Config, Edited};
use crate::diagnostic::{Diagnostic, Fault};
use crate::git::{Door as _, GitDoor};
use crate::model::desired::Desired;
use crate::model::name::BuilderName;
use crate::model::path::{AbsPath, RelPath};
use crate::model::source::Sources;
use crate::plan::{TextChange, shell_word};
use crate::view;

/// The file before the edit, and what the edit makes of it.
#[derive(Clone)]
pub(super) struct Editing {
    /// As it was read.
    pub(super) config: Config,
    /// What that asks for.
    pub(super) desired: Desired,
    /// The texts that changed, in the order in which they are to be written.
    changed: Vec<(AbsPath, String)>,
}

impl Editing {
    /// Finds, reads and checks the file.
    pub(super) fn open(globals: &Globals) -> Result<Self> {
        let found = config::find(&Globals::cwd()?, globals.file.as_deref())?;
        if let Some(note) = found.note.filter(|_| !globals.quiet()) {
            view::narrate(&format!("{note}\n"));
        }
        let config = config::load(&found.file)?;
        let desired = wish(&config)?;
        Ok(Editing { config, desired, changed: vec![] })
    }

    /// The file that marks name.
    pub(super) fn main(&self) -> AbsPath {
        self.config.file().clone()
    }

    /// The file that additions go to: the one that is named, else the file itself.
    ///
    /// # Errors
    /// The file does not include it.
    pub(super) fn addition(&self, named: Option<&Path>) -> Result<AbsPath> {
        let Some(named) = named else { return Ok(self.main()) };
        let file = real(&Globals::cwd()?.join(named));
        if let Some(source) = self.config.sources.iter().find(|source| real(&source.file) == file) {
            return Ok(source.file.clone());
        }
        let config = self.with(&[(file.clone(), self.text(&file))]);
        if config.sources.iter().any(|source| source.file == file) {
            return Ok(file);
        }
        let known: Vec<String> = self.config.sources.iter().map(|source| source.file.to_string()).collect();
        let next = format!("name {}, or add a pattern to `include`", known.join(" or "));
        Err(Diagnostic::new(format!("{} does not include {file}", self.main()), next).into())
    }

    /// A text as it is so far; of a file that is not there yet, none.
    pub(super) fn text(&self, file: &AbsPath) -> String {
        let changed = self.changed.iter().find(|(changed, _)| changed == file).map(|(_, text)| text.clone());
        changed.or_else(|| self.before(file).map(str::to_owned)).unwrap_or_default()
    }

    fn before(&self, file: &AbsPath) -> Option<&str> {
        self.config.sources.iter().find(|source| source.file == *file).map(|source| source.text.as_str())
    }

    /// Takes what an edit made of a text.
    pub(super) fn put(&mut self, file: &AbsPath, text: Result<String, Box<Fault>>) -> Result<()> {
        let text = text.map_err(|fault| all(&Sources::new(file.clone(), self.text(file)), vec![*fault]))?;
        if let Some((_, changed)) = self.changed.iter_mut().find(|(changed, _)| changed == file) {
            *changed = text;
        } else {
            self.changed.push((file.clone(), text));
        }
        self.changed.retain(|(changed, text)| self.config.sources.iter().all(|s| s.file != *changed || s.text != *text));
        Ok(())
    }

    /// Whether any text changed.
    pub(super) fn is_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// What the edited file asks for.
    ///
    /// # Errors
    /// [`crate::diagnostic::Faults`]: the edit would make it invalid.
    pub(super) fn after(&self) -> Result<Desired> {
        wish(&self.with(&self.changed))
    }

    fn with(&self, changed: &[(AbsPath, String)]) -> Config {
        let main = self.main();
        let text = changed.iter().find(|(file, _)| *file == main).map_or(&self.config.sources.main().text, |(_, text)| text);
        let included: Edited = changed.iter().filter(|(file, _)| *file != main).cloned().collect();
        config::gather_edited(&main, text, &included)
    }

    /// The changed texts, without what may be a secret.
    pub(super) fn changes(&self) -> Vec<TextChange> {
        let change = |(file, text): &(AbsPath, String)| TextChange {
            path: shown(file, &self.desired.root),
            old: redact(self.before(file).unwrap_or_default()).into_bytes(),
            new: redact(text).into_bytes(),
            private: false,
        };
        self.changed.iter().map(change).collect()
    }

    /// The names of the changed files, as seen from the root.
    pub(super) fn names(&self) -> Vec<String> {
        self.changed.iter().map(|(file, _)| shown(file, &self.desired.root).to_string()).collect()
    }

    /// Writes what changed, under the lock of the workspace.
    ///
    /// # Errors
    /// [`Meanwhile`]: one of the files is not as it was read; it stays as it is.
    pub(super) fn write(&self, globals: &Globals) -> Result<()> {
        if self.changed.is_empty() {
            return Ok(());
        }
        let _locks = take(globals, &self.desired, &[])?;
        let door = GitDoor::of(&self.desired, false)?;
        for (file, text) in &self.changed {
            let written = write(globals, &door, file, self.before(file), text);
            written
                .map_err(|error| error.downcast::<Diagnostic>().map_or_else(|error| error, |found| Meanwhile(found).into()))?;
        }
        Ok(())
    }
}

/// Somebody wrote a file after it was read, and before the edit of it was to be written.
#[derive(Debug)]
struct Meanwhile(Diagnostic);

impl fmt::Display for Meanwhile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Meanwhile {}

/// How often an edit is made again that another was quicker than.
const AGAIN: usize = 50;

/// Makes an edit; where nobody is asked, once more on what others made of the file meanwhile, until it is written.
pub(super) fn repeated(globals: &Globals, unasked: bool, once: impl Fn() -> Result<u8>) -> Result<u8> {
    for _ in 0..if unasked { AGAIN } else { 0 } {
        match once() {
            Err(error) if error.is::<Meanwhile>() => {}
            ended => return ended,
        }
        if !globals.quiet() && !globals.json {
            view::narrate("The file was changed meanwhile; once more, on what it holds now:\n");
        }
    }
    once().map_err(|error| error.downcast::<Meanwhile>().map_or_else(|error| error, |found| found.0.into()))
}

/// Writes one file that was read as `before`; `None`: it was not there.
pub(super) fn write(globals: &Globals, door: &GitDoor, file: &AbsPath, before: Option<&str>, text: &str) -> Result<()> {
    let left = door.replace_file(&real(file), text.as_bytes(), before.map(str::as_bytes)).map_err(|error| {
        let again = |found: &Diagnostic| Diagnostic::new(found.message.clone(), globals.again());
        error.downcast_ref::<Diagnostic>().map(again).map_or(error, Into::into)
    })?;
    for path in left {
        let path = shell_word(&path.to_string());
        let file = shell_word(&file.to_string());
        view::narrate(&format!("warning: {path} is what an edit left that was cut short; compare it: diff {path} {file}\n"));
    }
    Ok(())
}

/// A file as seen from the root; its name alone where it lies elsewhere.
fn shown(file: &AbsPath, root: &AbsPath) -> RelPath {
    let seen = file.as_path().strip_prefix(root).ok().and_then(|path| RelPath::new(path.to_str()?).ok());
    let name = || RelPath::new(&file.as_path().file_name().unwrap_or_default().to_string_lossy()).ok();
    seen.or_else(name).unwrap_or_else(RelPath::here)
}

/// A path whose directories are real ones; what it names may not be there yet.
fn real(path: &AbsPath) -> AbsPath {
    let found = |path: &Path| path.canonicalize().ok().and_then(|path| AbsPath::new(path).ok());
    if let Some(real) = found(path.as_path()) {
        return real;
    }
    let name: PathBuf = path.as_path().file_name().unwrap_or_default().into();
    found(path.parent().as_path()).unwrap_or_else(|| path.parent()).join(name)
}

/// The builder whose directory this is, or lies in.
pub(super) fn here(desired: &Desired) -> Option<BuilderName> {
    let cwd = std::env::current_dir().ok()?.canonicalize().ok()?;
    let first = cwd.strip_prefix(&desired.builders_dir).ok()?.components().next()?;
    BuilderName::new(first.as_os_str().to_str()?).ok()
}
