//! What a text says, without how it says it: an edit must change this and nothing else.

use std::collections::BTreeMap;

use toml_edit::{Document, Item, Value};

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tree {
    /// A table, whatever its form.
    Table(BTreeMap<String, Tree>),
    /// A list, or a list of tables.
    List(Vec<Tree>),
    /// Anything else, with its type.
    Leaf(String),
}

/// Reads a text; `None`: it is no TOML.
pub(super) fn tree(text: &str) -> Option<Tree> {
    let document = Document::parse(text).ok()?;
    Some(item(document.as_item()))
}

fn item(found: &Item) -> Tree {
    match found {
        Item::None => Tree::Table(BTreeMap::new()),
        Item::Value(found) => value(found),
        Item::Table(table) => Tree::Table(table.iter().map(|(key, found)| (key.to_owned(), item(found))).collect()),
        Item::ArrayOfTables(tables) => Tree::List(
            tables
                .iter()
                .map(|table| Tree::Table(table.iter().map(|(key, found)| (key.to_owned(), item(found))).collect()))
                .collect(),
        ),
    }
}

fn value(found: &Value) -> Tree {
    match found {
        Value::Array(items) => Tree::List(items.iter().map(value).collect()),
        Value::InlineTable(table) => Tree::Table(table.iter().map(|(key, found)| (key.to_owned(), value(found))).collect()),
        Value::String(text) => Tree::text(text.value()),
        Value::Integer(number) => Tree::Leaf(format!("integer {}", number.value())),
        Value::Float(number) => Tree::Leaf(format!("float {}", number.value().to_bits())),
        Value::Boolean(flag) => Tree::flag(*flag.value()),
        Value::Datetime(time) => Tree::Leaf(format!("time {}", time.value())),
    }
}

impl Tree {
    /// A string.
    pub(super) fn text(text: &str) -> Tree {
        Tree::Leaf(format!("string {text}"))
    }

    /// `true` or `false`.
    pub(super) fn flag(flag: bool) -> Tree {
        Tree::Leaf(format!("boolean {flag}"))
    }

    /// The text of a string.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Tree::Leaf(leaf) => leaf.strip_prefix("string "),
            Tree::Table(_) | Tree::List(_) => None,
        }
    }

    /// The members of a list.
    pub(super) fn as_list(&self) -> &[Tree] {
        match self {
            Tree::List(items) => items,
            Tree::Table(_) | Tree::Leaf(_) => &[],
        }
    }

    /// What stands at the end of these keys.
    pub(super) fn get(&self, path: &[&str]) -> Option<&Tree> {
        path.iter().try_fold(self, |tree, key| match tree {
            Tree::Table(entries) => entries.get(*key),
            Tree::List(_) | Tree::Leaf(_) => None,
        })
    }

    /// The same with this at the end of these keys; tables on the way are made.
    pub(super) fn with(self, path: &[&str], value: Option<Tree>) -> Tree {
        let mut entries = match self {
            Tree::Table(entries) => entries,
            Tree::List(_) | Tree::Leaf(_) => BTreeMap::new(),
        };
        let Some((key, rest)) = path.split_first() else { return value.unwrap_or(Tree::Table(entries)) };
        let below = entries.remove(*key);
        if rest.is_empty() {
            entries.extend(value.map(|value| ((*key).to_owned(), value)));
        } else {
            let below = below.unwrap_or_else(|| Tree::Table(BTreeMap::new())).with(rest, value);
            entries.insert((*key).to_owned(), below);
        }
        Tree::Table(entries)
    }

    /// The same without tables at the top that hold nothing: `[builders]` alone declares none.
    pub(super) fn bare(self) -> Tree {
        match self {
            Tree::Table(mut entries) => {
                entries.retain(|_, below| !matches!(below, Tree::Table(below) if below.is_empty()));
                Tree::Table(entries)
            }
            other @ (Tree::List(_) | Tree::Leaf(_)) => other,
        }
    }
}
