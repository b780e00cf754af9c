//! The file → `Config`: schema, checks, spans. Every fault is kept, with its place; what has one is left out.
//! I/O only in `load`, `include`, `find`, `facts` and `starter`.

mod builders;
mod commands;
pub(crate) mod decode;
mod documented;
mod facts;
pub(crate) mod fault;
mod find;
mod glob;
mod hooks;
mod include;
mod labels;
mod managed;
mod moved;
mod names;
mod ports;
mod repos;
mod schema;
mod sections;
mod session;
mod starter;
mod trees;
pub(crate) mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::ops::Range;

use anyhow::{Context as _, Result};
use toml::de::DeTable;

pub use commands::commands;
pub use documented::documented;
pub use facts::{Facts, facts};
pub use find::{Found, find};
pub use include::Edited;
pub use managed::{ManagedFile, Origin, Target};
pub use schema::{Builder, Checkout, Config, Defaults, Layout, Moved, Named, PolicyKeys, Repo, Spanned, Workspace};
pub use starter::{declarable_url, starter};
pub use trees::{Tree, Written, fixed, is_pattern};
pub use value::duration;

use crate::diagnostic::{Diagnostic, Fault, Faults};
use crate::model::hook::Hooks;
use crate::model::path::{AbsPath, shell};
use crate::model::source::Sources;
use decode::{Role, Table};
use fault::fault;
pub(crate) use fault::redact;
use names::Names;

/// The most dots in one line, and the most bytes: the parser's tables nest as deep as a key has dots.
const MOST_DOTS: usize = 100;
const MOST_BYTES: usize = 4 << 20;

/// Reads a text whole, with what it includes.
///
/// # Errors
/// Every fault that the text has by itself. What it has together with the disk, [`crate::desired::desired`] says.
pub fn parse(file: &AbsPath, text: &str) -> Result<Config, Faults> {
    let config = gather(file, text);
    if config.faults.is_empty() { Ok(config) } else { Err(config.refusal()) }
}

/// Reads a text, and the files that it includes, as far as they can be read. Their faults stay in the config, so that
/// [`crate::desired::desired`] reports them together with its own.
#[must_use]
pub fn gather(file: &AbsPath, text: &str) -> Config {
    gather_edited(file, text, &Edited::new())
}

/// As [`gather`], with texts that stand in for those of included files, also of files that are not there yet.
#[must_use]
pub fn gather_edited(file: &AbsPath, text: &str, edited: &Edited) -> Config {
    let mut config = Config::empty(file, text);
    let mut names = Names::default();
    read(text, 0, Role::Main, &mut config, &mut names);
    let patterns = std::mem::take(&mut names.include);
    for included in include::read(file, &patterns, edited, &mut config.faults) {
        config.sources.include(included.file, included.text);
        let Some(source) = config.sources.included().last().cloned() else { continue };
        match included.not_utf8 {
            None => read(&source.text, source.start, Role::Included, &mut config, &mut names),
            Some(at) => {
                config.broken = true;
                let at = source.start + at.start..source.start + at.end;
                config.faults.push(not_utf8(&at));
            }
        }
    }
    names.check(&mut config.faults);
    moved::check(&config.moved, &mut config.faults);
    config
}

/// Reads one text, whose first byte is at `start`.
fn read(text: &str, start: usize, role: Role, config: &mut Config, names: &mut Names) {
    let shifted = |fault: Fault| Fault { span: start + fault.span.start..start + fault.span.end, ..fault };
    if let Some(fault) = unreadable(text) {
        config.broken = true;
        config.faults.push(shifted(fault));
        return;
    }
    let earlier = std::mem::take(&mut config.faults);
    if text.starts_with('\u{feff}') {
        let mark = fault(&(0..3), "the file begins with a byte order mark", "", "save it as UTF-8 without one");
        config.faults.push(shifted(mark));
    }
    let (tree, errors) = DeTable::parse_recoverable(text);
    let syntax: Vec<Fault> = errors.iter().map(|error| syntax_fault(error, text)).collect();
    let tree = decode::shift(tree.into_inner(), start);
    let top = Table::top(&tree, start, role, syntax.is_empty());
    sections::sections(&top, role, config, names);
    builders::builders(&top, config, names);
    config.moved.extend(moved::moved(&top, &mut config.faults));
    if !syntax.is_empty() {
        config.broken = true;
        // What stands on a broken line may be the fault of that line.
        config.faults.retain(|fault| !syntax.iter().any(|broken| same_line(broken, fault, text, start)));
        config.faults.extend(syntax.into_iter().map(shifted));
    }
    config.faults.splice(0..0, earlier);
}

fn not_utf8(at: &Range<usize>) -> Fault {
    fault(at, "the file is not UTF-8", "this byte", "save it as UTF-8")
}

/// Reads a file as far as it can be read; see [`gather`].
///
/// # Errors
/// A [`Diagnostic`] when it is missing, unreadable or no file; [`Faults`] when it is not UTF-8.
pub fn load(file: &AbsPath) -> Result<Config> {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            let (why, next) = match error.kind() {
                ErrorKind::NotFound => ("there is no", format!("wsctl -f {} init", shell(file))),
                ErrorKind::IsADirectory => {
                    let inner = file.join("builders.toml");
                    let command = if inner.as_path().is_file() { "validate" } else { "init" };
                    ("this is a directory:", format!("wsctl -f {} {command}", shell(&inner)))
                }
                _ => {
                    return Err(error).context(Diagnostic::new(format!("cannot read {file}"), format!("ls -l {}", shell(file))));
                }
            };
            return Err(Diagnostic::new(format!("{why} {file}"), next).into());
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(gather(file, &text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes());
            // The replacement character takes three bytes.
            Err(fault::all(&Sources::new(file.clone(), text), vec![not_utf8(&(at..at + 3))]).into())
        }
    }
}

impl Config {
    fn empty(file: &AbsPath, text: &str) -> Self {
        Config {
            sources: Sources::new(file.clone(), text),
            faults: Vec::new(),
            broken: false,
            workspace: Workspace::default(),
            defaults: Defaults::default(),
            repos: BTreeMap::new(),
            repo_keys: Some(BTreeSet::new()),
            builders: BTreeMap::new(),
            opencode: None,
            open: None,
            hooks: Hooks::default(),
            files: Vec::new(),
            moved: Vec::new(),
            policy: PolicyKeys::default(),
            max_removals: None,
        }
    }

    /// The faults so far as an error.
    #[must_use]
    pub fn refusal(&self) -> Faults {
        fault::all(&self.sources, self.faults.clone())
    }
}

/// What no parser should be given.
pub(crate) fn unreadable(text: &str) -> Option<Fault> {
    if text.len() > MOST_BYTES {
        return Some(fault(&(0..0), "the file is larger than 4 MiB", "", "split what does not belong here off"));
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.bytes().filter(|b| *b == b'.').count() > MOST_DOTS {
            let end = at + line.trim_end().len();
            return Some(fault(&(at..end), "this line nests too deeply", "", "no key of the file has more than five parts"));
        }
        at += line.len();
    }
    None
}

fn syntax_fault(error: &toml::de::Error, text: &str) -> Fault {
    let span = error.span().unwrap_or(0..0);
    let (mut start, mut end) = (span.start.min(text.len()), span.end.min(text.len()));
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    let message = error.message().lines().collect::<Vec<_>>().join("; ");
    let (message, hint) = message.split_once(", expected ").map_or((message.as_str(), ""), |(what, wanted)| (what, wanted));
    let hint = if matches!(hint, "" | "nothing") { String::new() } else { format!("expected {hint}") };
    fault(&(start..end.max(start)), message, "", hint)
}

/// Whether a fault of a text that begins at `start` stands on the line of one that counts from that text's own begin.
fn same_line(broken: &Fault, fault: &Fault, text: &str, start: usize) -> bool {
    let begin = text[..broken.span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[broken.span.end..].find('\n').map_or(text.len(), |at| broken.span.end + at);
    fault.span.start <= start + end && fault.span.end >= start + begin
}
