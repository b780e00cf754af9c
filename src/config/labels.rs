//! `labels`: what somebody says of a builder, for templates and lists.

use std::collections::BTreeMap;

use super::decode::{Table, printable};
use super::fault::fault;
use crate::diagnostic::Fault;

/// Reads `{ ticket = "TEC-25", team = "gateway" }`.
pub(super) fn labels(table: &Table<'_>, place: &str, faults: &mut Vec<Fault>) -> BTreeMap<String, String> {
    let Some(table) = table.table("labels", place.to_owned(), faults) else { return BTreeMap::new() };
    let mut labels = BTreeMap::new();
    for (key, _) in table.entries() {
        let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if key.value.is_empty() || !key.value.bytes().all(bare) {
            let message = format!("label `{}` is no plain word", printable(key.value));
            faults.push(fault(&key.span, message, "", "a template names it as {label.NAME}: letters, digits, `-` and `_`"));
            continue;
        }
        if let Some(text) = table.text(key.value, faults) {
            labels.insert(key.value.to_owned(), text.value);
        }
    }
    labels
}
