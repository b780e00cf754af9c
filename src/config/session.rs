//! `[opencode]` and `[session]`.

use super::decode::{Keys, Table};
use super::fault::{fault, related};
use super::schema::{Config, Spanned};
use crate::diagnostic::Fault;
use crate::model::desired::Url;
use crate::model::session::Opener;

const OPENCODE: Keys = &["url"];
const SESSION: Keys = &["preset", "command"];

/// Reads both tables.
pub(super) fn session(top: &Table<'_>, config: &mut Config) {
    let faults = &mut config.faults;
    if let Some(table) = top.table("opencode", "[opencode]".into(), faults) {
        table.check_keys(OPENCODE, faults);
        let url = table.needed("url", "name the server, e.g. `url = \"http://127.0.0.1:4096\"`", faults);
        config.opencode = url.and_then(|url| server(&url, faults));
    }
    if let Some(table) = top.table("session", "[session]".into(), faults) {
        table.check_keys(SESSION, faults);
        config.open = opener(&table, faults);
    }
}

/// An address that a session can be asked for at: `http://HOST[:PORT][/PATH]`.
fn server(url: &Spanned<String>, faults: &mut Vec<Fault>) -> Option<Spanned<Url>> {
    let rest = url.value.strip_prefix("http://");
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).and_then(|authority| authority.rsplit('@').next());
    let (wrong, hint) = match host {
        None if url.value.starts_with("https://") => (
            "`url` is https, which wsctl does not speak to a server",
            "name its address on this machine, such as `http://127.0.0.1:4096`",
        ),
        None => ("`url` is no address of a server", "write e.g. `http://127.0.0.1:4096`"),
        Some("") => ("`url` names no host", "write e.g. `http://127.0.0.1:4096`"),
        Some(_) if url.value.contains(char::is_whitespace) => ("`url` holds a blank", "write e.g. `http://127.0.0.1:4096`"),
        Some(_) => {
            return Some(Spanned { value: Url::new(url.value.trim_end_matches('/')), span: url.span.clone() });
        }
    };
    faults.push(fault(&url.span, wrong, "", hint));
    None
}

fn opener(table: &Table<'_>, faults: &mut Vec<Fault>) -> Option<Opener> {
    let presets = Opener::PRESETS;
    let words: Vec<(&str, &Opener)> = presets.iter().map(|(word, opener)| (*word, opener)).collect();
    let preset = table.word("preset", &words, faults);
    let command = table.texts("command", faults);
    match (preset, command) {
        (Some(preset), Some(_)) => {
            let both = fault(&table.span, "`preset` and `command` exclude each other", "", "keep one of the two");
            faults.push(related(both, &preset.span, "`preset` is here"));
            None
        }
        (Some(preset), None) => Some(preset.value.clone()),
        (None, Some(words)) if words.is_empty() => {
            let hint = "write e.g. `command = [\"opencode\", \"{dir}\"]`";
            faults.push(fault(&table.span, "`command` is empty", "", hint));
            None
        }
        (None, Some(words)) => Some(Opener::Command(words.into_iter().map(|word| word.value).collect())),
        (None, None) => None,
    }
}
