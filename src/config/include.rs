//! `include`: which other files a declaration is made of, and their texts. Reads, never writes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::ops::Range;

use super::facts::{real_path, resolve};
use super::fault::fault;
use super::glob::{fits, is_glob, matches};
use super::schema::Spanned;
use crate::diagnostic::Fault;
use crate::model::path::AbsPath;
use crate::regular;

/// Texts that stand in for those on the disk, by file.
pub type Edited = BTreeMap<AbsPath, String>;

/// One file that is included: its text, or the one byte that is not UTF-8 and the text around it.
pub(super) struct Included {
    pub(super) file: AbsPath,
    pub(super) text: String,
    pub(super) not_utf8: Option<Range<usize>>,
}

/// Reads what the patterns of one file name, each file once, in the order of the patterns and of the names.
pub(super) fn read(file: &AbsPath, patterns: &[Spanned<String>], edited: &Edited, faults: &mut Vec<Fault>) -> Vec<Included> {
    let mut seen = BTreeSet::new();
    let mut included = Vec::new();
    for pattern in patterns {
        for path in named(file, pattern, edited, faults) {
            if real_path(&path) == real_path(file) {
                let hint = "keep what is included in a directory of its own, e.g. `builders.d/*.toml`";
                faults.push(fault(&pattern.span, "this includes the file itself", "", hint));
            } else if seen.insert(real_path(&path)) {
                included.extend(text(path, pattern, edited, faults));
            }
        }
    }
    included
}

/// The files that one pattern names: a plain path whether it is there or not.
fn named(file: &AbsPath, pattern: &Spanned<String>, edited: &Edited, faults: &mut Vec<Fault>) -> Vec<AbsPath> {
    let home = std::env::var_os("HOME").and_then(|home| AbsPath::new(home).ok());
    let Some(path) = resolve(&file.parent(), &pattern.value, home.as_ref()) else {
        faults.push(fault(&pattern.span, "`~` stands for HOME, which is not set", "", "write the whole path"));
        return Vec::new();
    };
    if !is_glob(&pattern.value) {
        return vec![path];
    }
    if path.as_path().ends_with("**") {
        faults.push(fault(&pattern.span, "`**` names directories, not files", "", "write e.g. `builders.d/**/*.toml`"));
        return Vec::new();
    }
    let found = matches(path.as_path()).unwrap_or_else(|error| {
        faults.push(fault(&pattern.span, format!("cannot be looked through: {error}"), "", "look at `ls -ld` of the directory"));
        Vec::new()
    });
    let mut found: BTreeSet<AbsPath> = found.into_iter().filter_map(|path| AbsPath::new(path).ok()).collect();
    found.extend(edited.keys().filter(|edited| fits(path.as_path(), edited.as_path())).cloned());
    found.into_iter().collect()
}

/// What one file holds; `None` where it cannot be read, or was found by a pattern and is gone again.
fn text(path: AbsPath, pattern: &Spanned<String>, edited: &Edited, faults: &mut Vec<Fault>) -> Option<Included> {
    if let Some(text) = edited.get(&path) {
        return Some(Included { file: path, text: text.clone(), not_utf8: None });
    }
    let error = match regular::read(&path) {
        Ok(bytes) => return Some(decoded(path, bytes)),
        Err(error) => error,
    };
    let is_link = path.as_path().symlink_metadata().is_ok();
    let (message, hint) = match error.kind() {
        ErrorKind::NotFound if is_glob(&pattern.value) && !is_link => return None,
        ErrorKind::NotFound if is_link => {
            (format!("the symbolic link {path} leads nowhere"), "take the link away, or put its target there".into())
        }
        ErrorKind::NotFound | ErrorKind::NotADirectory => (
            format!("there is no {path}"),
            "it is relative to this file; a pattern such as `builders.d/*.toml` may fit none".into(),
        ),
        ErrorKind::IsADirectory => {
            (format!("{path} is a directory"), format!("name the files in it: `{}/*.toml`", pattern.value))
        }
        _ => (format!("cannot read {path}: {error}"), format!("look at `ls -l {path}`")),
    };
    faults.push(fault(&pattern.span, message, "included here", hint));
    None
}

fn decoded(file: AbsPath, bytes: Vec<u8>) -> Included {
    match String::from_utf8(bytes) {
        Ok(text) => Included { file, text, not_utf8: None },
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            // The replacement character takes three bytes.
            Included { file, text, not_utf8: Some(at..at + 3) }
        }
    }
}
