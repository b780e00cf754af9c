//! What the user trusts, in the user's own state directory: `$XDG_STATE_HOME/wsctl/trust.json`, else below `~/.local/state`.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use anyhow::Result;

use crate::diagnostic::Diagnostic;
use crate::model::path::{AbsPath, shell};
use crate::model::trust::{Command, TrustFile};
use crate::regular;

/// Where it is kept; `None`: there is no HOME.
#[must_use]
pub fn trust_place() -> Option<AbsPath> {
    let set = |name: &str| std::env::var_os(name).and_then(|value| AbsPath::new(value).ok());
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?;
    Some(state.join("wsctl/trust.json"))
}

/// Reads it; nothing is trusted where there is none yet.
///
/// # Errors
/// It is there, and cannot be read.
pub fn trust_file(place: &AbsPath) -> Result<TrustFile> {
    let unread = |why: String| {
        let fact = format!("what you trust cannot be read: {place} {why}");
        anyhow::Error::from(Diagnostic::new(fact, format!("mv {0} {0}.away\nwsctl trust", shell(place))))
    };
    match regular::read(place) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(TrustFile::default()),
        Err(error) => Err(unread(error.to_string())),
        Ok(text) => serde_json::from_slice(&text).map_err(|error| unread(format!("is damaged: {error}"))),
    }
}

/// The commands of a file that are trusted. What cannot be read is trusted by nobody.
pub(super) fn trusted(file: &AbsPath) -> BTreeSet<Command> {
    let found = trust_place().and_then(|place| trust_file(&place).ok());
    found.map(|found| found.commands(file)).unwrap_or_default()
}
