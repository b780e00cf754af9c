//! Walks the spanned tree of the TOML parser and collects every fault on the way.

use std::borrow::Cow;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::fault::{fault, listed, suggestion};
use super::schema::Spanned;
use crate::diagnostic::Fault;

/// A value of the tree.
pub(super) type Value<'a> = toml::Spanned<DeValue<'a>>;

/// One table of the file and where it stands.
pub(super) struct Table<'a> {
    entries: &'a DeTable<'a>,
    /// The header, or the braces of an inline table.
    pub(super) span: Range<usize>,
    /// How people call it: `[workspace]`.
    place: String,
    /// Whether the text is TOML: else what seems to be missing may stand on a broken line.
    whole: bool,
}

/// Which file a table is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The file itself.
    Main,
    /// One that it includes.
    Included,
}

/// The keys that a table may have.
pub(super) type Keys = &'static [&'static str];

impl<'a> Table<'a> {
    /// The table of a whole file, which is `whole` unless its text is broken.
    pub(super) fn top(entries: &'a DeTable<'a>, start: usize, role: Role, whole: bool) -> Self {
        let place = match role {
            Role::Main => "the file",
            Role::Included => "an included file",
        };
        Table { entries, span: start..start, place: place.into(), whole }
    }

    /// A value of this table that has to be a table itself.
    pub(super) fn below(&self, value: &'a Value<'a>, name: &str, place: String, faults: &mut Vec<Fault>) -> Option<Self> {
        match value.get_ref().as_table() {
            Some(entries) => Some(Table { entries, span: value.span(), place, whole: self.whole }),
            None => wrong_type(value, name, "a table", &format!("write it as `{place}`"), faults),
        }
    }

    /// Reports keys that are not known.
    pub(super) fn check_keys(&self, keys: Keys, faults: &mut Vec<Fault>) {
        for key in self.entries.keys() {
            let (name, span) = (key.get_ref().as_ref(), key.span());
            if !keys.contains(&name) {
                let hint = suggestion(name, "known keys", keys.iter().copied());
                faults.push(fault(&span, format!("unknown key `{}` in {}", printable(name), self.place), "not a key here", hint));
            }
        }
    }

    /// Every entry: the key's span, the key, the value.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Spanned<&'a str>, &'a Value<'a>)> {
        self.entries.iter().map(|(key, value)| (Spanned { value: key.get_ref().as_ref(), span: key.span() }, value))
    }

    /// A value, whatever it is.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value<'a>> {
        self.entries.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// A text without control characters, not empty.
    pub(super) fn text(&self, key: &str, faults: &mut Vec<Fault>) -> Option<Spanned<String>> {
        text(self.get(key)?, key, faults)
    }

    /// A text for a shell, which may have several lines.
    pub(super) fn script(&self, key: &str, faults: &mut Vec<Fault>) -> Option<Spanned<String>> {
        let value = self.get(key)?;
        let Some(found) = value.get_ref().as_str() else {
            return wrong_type(value, key, "a string", "write it in quotes", faults);
        };
        let hostile = |c: char| c.is_control() && c != '\n' && c != '\t';
        let wrong = if found.trim().is_empty() {
            "is empty"
        } else if found.chars().any(hostile) {
            "holds a control character"
        } else {
            return Some(Spanned { value: found.into(), span: value.span() });
        };
        faults.push(fault(&value.span(), format!("`{key}` {wrong}"), wrong, ""));
        None
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, key: &str, faults: &mut Vec<Fault>) -> Option<Spanned<bool>> {
        let value = self.get(key)?;
        match value.get_ref().as_bool() {
            Some(flag) => Some(Spanned { value: flag, span: value.span() }),
            None => wrong_type(value, key, "`true` or `false`", "", faults),
        }
    }

    /// A list of texts; those that are none are reported and left out.
    pub(super) fn texts(&self, key: &str, faults: &mut Vec<Fault>) -> Option<Vec<Spanned<String>>> {
        let value = self.get(key)?;
        match value.get_ref().as_array() {
            Some(items) => Some(items.iter().filter_map(|item| text(item, key, faults)).collect()),
            None => wrong_type(value, key, "a list of strings", "write it in brackets: `[\"…\"]`", faults),
        }
    }

    /// One word of a few.
    pub(super) fn word<T: Copy>(&self, key: &str, words: &[(&str, T)], faults: &mut Vec<Fault>) -> Option<Spanned<T>> {
        let found = self.text(key, faults)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == found.value) {
            return Some(Spanned { value: *value, span: found.span });
        }
        let valid = listed(words.iter().map(|(word, _)| *word));
        let hint = suggestion(&found.value, "valid", words.iter().map(|(word, _)| *word));
        let message = format!("`{key}` must be one of {valid}, not `{}`", printable(&found.value));
        faults.push(fault(&found.span, message, "not one of them", hint));
        None
    }

    /// A table below this one.
    pub(super) fn table(&self, key: &str, place: String, faults: &mut Vec<Fault>) -> Option<Table<'a>> {
        self.below(self.get(key)?, key, place, faults)
    }

    /// A list of tables, `[[key]]`; those that are none are reported and left out.
    pub(super) fn tables(&self, key: &str, place: &str, faults: &mut Vec<Fault>) -> Vec<Table<'a>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        if let Some(items) = value.get_ref().as_array() {
            return items.iter().filter_map(|item| self.below(item, key, place.into(), faults)).collect();
        }
        wrong_type(value, key, "a list of tables", &format!("write each as `{place}`"), faults).unwrap_or_default()
    }

    /// A text that the table cannot do without.
    pub(super) fn needed(&self, key: &str, hint: &str, faults: &mut Vec<Fault>) -> Option<Spanned<String>> {
        self.check_present(key, hint, faults);
        self.text(key, faults)
    }

    /// Reports a key that is missing.
    pub(super) fn check_present(&self, key: &str, hint: &str, faults: &mut Vec<Fault>) {
        if self.whole && self.get(key).is_none() {
            faults.push(fault(&self.span, format!("`{key}` is missing in {}", self.place), "", hint));
        }
    }
}

/// The same tree, every place in it `by` bytes further on.
pub(super) fn shift<'a>(table: DeTable<'a>, by: usize) -> DeTable<'a> {
    let entry = |(key, value): (toml::Spanned<Cow<'a, str>>, Value<'a>)| {
        let span = key.span();
        (toml::Spanned::new(span.start + by..span.end + by, key.into_inner()), shift_value(value, by))
    };
    if by == 0 { table } else { table.into_iter().map(entry).collect() }
}

fn shift_value(value: Value<'_>, by: usize) -> Value<'_> {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::Array(items) => DeValue::Array(items.into_iter().map(|item| shift_value(item, by)).collect()),
        DeValue::Table(table) => DeValue::Table(shift(table, by)),
        plain @ (DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_)) => {
            plain
        }
    };
    toml::Spanned::new(span.start + by..span.end + by, value)
}

/// A value that has to be a text.
fn text(value: &Value<'_>, key: &str, faults: &mut Vec<Fault>) -> Option<Spanned<String>> {
    let Some(found) = value.get_ref().as_str() else {
        return wrong_type(value, key, "a string", "write it in quotes", faults);
    };
    let wrong = if found.is_empty() {
        "is empty"
    } else if found.chars().any(char::is_control) {
        "holds a control character"
    } else {
        return Some(Spanned { value: found.into(), span: value.span() });
    };
    faults.push(fault(&value.span(), format!("`{key}` {wrong}"), wrong, ""));
    None
}

/// Reports a value of another type. Always `None`.
pub(super) fn wrong_type<T>(value: &Value<'_>, key: &str, wanted: &str, hint: &str, faults: &mut Vec<Fault>) -> Option<T> {
    let found = match value.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    let message = format!("`{}` must be {wanted}, not {found}", printable(key));
    faults.push(fault(&value.span(), message, format!("this is {found}"), hint));
    None
}

/// A text of the file for one line of a message.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
