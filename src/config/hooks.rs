//! `[hooks]`, `[builders.B.hooks]` and `[repos.R.hooks]`.

use super::decode::{Keys, Table};
use super::fault::fault;
use super::value::duration;
use crate::diagnostic::Fault;
use crate::model::hook::{Hook, Hooks, USUAL_TIMEOUT};

const HOOKS: Keys = &["post_create", "pre_remove", "timeout"];

/// Reads the hooks of one table.
pub(super) fn hooks(table: &Table<'_>, place: &str, faults: &mut Vec<Fault>) -> Hooks {
    let Some(table) = table.table("hooks", place.to_owned(), faults) else { return Hooks::default() };
    table.check_keys(HOOKS, faults);
    let timeout = table.text("timeout", faults).and_then(|text| match duration(&text.value) {
        Ok(seconds) => Some(seconds),
        Err(why) => {
            faults.push(fault(&text.span, format!("`timeout`: {why}"), "", "write e.g. `90s`, `10m` or `1h`"));
            None
        }
    });
    let timeout = timeout.unwrap_or(USUAL_TIMEOUT);
    let mut hook = |key| table.script(key, faults).map(|text| Hook { run: text.value, timeout });
    Hooks { post_create: hook("post_create"), pre_remove: hook("pre_remove") }
}
