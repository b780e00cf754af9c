//! What has to be unique through the file and all that it includes.

use std::collections::BTreeMap;
use std::ops::Range;

use super::decode::printable;
use super::fault::{fault, related};
use super::managed::Target;
use super::schema::Spanned;
use crate::diagnostic::Fault;
use crate::model::name::alike;

/// Names as they are written, in the order of the texts.
#[derive(Default)]
pub(super) struct Names {
    /// Keys of `[repos]`.
    pub(super) repos: Vec<Spanned<String>>,
    /// Keys of `[builders]`.
    pub(super) builders: Vec<Spanned<String>>,
    /// `to` of `[[files]]`, each where it is given first.
    pub(super) targets: BTreeMap<Target, Range<usize>>,
    /// The patterns of `include`.
    pub(super) include: Vec<Spanned<String>>,
}

impl Names {
    /// Reports what is there twice.
    pub(super) fn check(self, faults: &mut Vec<Fault>) {
        unique(self.repos, "repository", faults);
        unique(self.builders, "builder", faults);
    }
}

/// Reports names that are the same, or one to a file system that ignores case or Unicode form.
fn unique(mut names: Vec<Spanned<String>>, what: &str, faults: &mut Vec<Fault>) {
    names.sort_by_key(|name| name.span.start);
    let mut seen: BTreeMap<String, Spanned<String>> = BTreeMap::new();
    for name in names {
        let Some(first) = seen.get(&alike(&name.value)) else {
            seen.insert(alike(&name.value), name);
            continue;
        };
        let (one, other) = (printable(&first.value), printable(&name.value));
        let (message, hint) = if one == other {
            (format!("{what} `{one}` is declared twice"), "keep one of the two")
        } else {
            let hint = "names must differ in more than case and Unicode form: some file systems take them for one";
            (format!("{what} names `{one}` and `{other}` are alike"), hint)
        };
        faults.push(related(fault(&name.span, message, "", hint), &first.span, "first declared here"));
    }
}
