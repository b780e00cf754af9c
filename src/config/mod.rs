//! The file → `Config`: schema, checks, spans. Every fault is kept, with its place; what has one is left out.
//! I/O only in `load`, `find`, `facts` and `starter`.

mod builders;
pub(crate) mod decode;
mod facts;
pub(crate) mod fault;
mod find;
mod schema;
mod sections;
mod starter;
pub(crate) mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;

use anyhow::{Context as _, Result};
use toml::de::DeTable;

pub use facts::{Facts, facts};
pub use find::{Found, find};
pub use schema::{Builder, Checkout, Config, Layout, ManagedFile, PolicyKeys, Repo, Spanned, Target, Workspace};
pub use starter::starter;
pub use value::duration;

use crate::diagnostic::{Diagnostic, Fault, Faults};
use crate::model::path::AbsPath;
use decode::Table;
use fault::fault;

/// The most dots in one line, and the most bytes: the parser's tables nest as deep as a key has dots.
const MOST_DOTS: usize = 100;
const MOST_BYTES: usize = 4 << 20;

/// Reads a text whole.
///
/// # Errors
/// Every fault that the text has by itself. What it has together with the disk, [`crate::desired::desired`] says.
pub fn parse(file: &AbsPath, text: &str) -> Result<Config, Faults> {
    let config = gather(file, text);
    if config.faults.is_empty() { Ok(config) } else { Err(config.refusal()) }
}

/// Reads a text as far as it can be read. Its faults stay in the config, so that [`crate::desired::desired`] reports
/// them together with its own.
#[must_use]
pub fn gather(file: &AbsPath, text: &str) -> Config {
    let mut config = Config::empty(file, text);
    if let Some(fault) = unreadable(text) {
        config.broken = true;
        config.faults.push(fault);
        return config;
    }
    if text.starts_with('\u{feff}') {
        config.faults.push(fault(&(0..3), "the file begins with a byte order mark", "", "save it as UTF-8 without one"));
    }
    let (tree, errors) = DeTable::parse_recoverable(text);
    let syntax: Vec<Fault> = errors.iter().map(|error| syntax_fault(error, text)).collect();
    let top = Table::top(tree.get_ref(), syntax.is_empty());
    sections::sections(&top, &mut config);
    builders::builders(&top, &mut config);
    if !syntax.is_empty() {
        config.broken = true;
        // What stands on a broken line may be the fault of that line.
        config.faults.retain(|fault| !syntax.iter().any(|broken| same_line(broken, fault, text)));
        config.faults.extend(syntax);
    }
    config
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
                ErrorKind::NotFound => ("there is no", "`wsctl init` writes a first one, or name one with `-f FILE`".to_owned()),
                ErrorKind::IsADirectory => ("this is a directory:", format!("name the file in it: `-f {file}/builders.toml`")),
                _ => {
                    return Err(error).context(Diagnostic::new(format!("cannot read {file}"), format!("look at `ls -l {file}`")));
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
            let fault = fault(&(at..at + 3), "the file is not UTF-8", "this byte", "save it as UTF-8");
            Err(fault::all(file, &text, vec![fault]).into())
        }
    }
}

impl Config {
    fn empty(file: &AbsPath, text: &str) -> Self {
        Config {
            file: file.clone(),
            text: text.to_owned(),
            faults: Vec::new(),
            broken: false,
            workspace: Workspace::default(),
            repos: BTreeMap::new(),
            repo_keys: Some(BTreeSet::new()),
            builders: BTreeMap::new(),
            files: Vec::new(),
            policy: PolicyKeys::default(),
            max_removals: None,
        }
    }

    /// The faults so far as an error.
    #[must_use]
    pub fn refusal(&self) -> Faults {
        fault::all(&self.file, &self.text, self.faults.clone())
    }
}

/// What no parser should be given.
fn unreadable(text: &str) -> Option<Fault> {
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

fn same_line(broken: &Fault, fault: &Fault, text: &str) -> bool {
    let begin = text[..broken.span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[broken.span.end..].find('\n').map_or(text.len(), |at| broken.span.end + at);
    fault.span.start <= end && fault.span.end >= begin
}
