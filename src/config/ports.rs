//! `ports` of `[workspace]`.

use super::fault::fault;
use super::schema::Spanned;
use crate::diagnostic::Fault;
use crate::model::ports::Ports;

/// The lowest port that needs no rights.
const LOWEST: u16 = 1024;

/// Reads `41000-41999`.
pub(super) fn ports(text: &Spanned<String>, faults: &mut Vec<Fault>) -> Option<Ports> {
    let ends = text.value.split_once('-').and_then(|(first, last)| Some((first.trim().parse().ok()?, last.trim().parse().ok()?)));
    let found = ends.filter(|(first, last)| LOWEST <= *first && first <= last).map(|(first, last)| Ports { first, last });
    if found.is_none() {
        let hint = "write e.g. `ports = \"41000-41999\"`: one for each builder, from 1024 to 65535";
        faults.push(fault(&text.span, "`ports` is no range of ports", "", hint));
    }
    found
}
