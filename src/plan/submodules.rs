//! The submodules of a checkout that is to have them.

use crate::model::actual::Registration;
use crate::model::desired::DesiredCheckout;
use crate::model::path::RelPath;
use crate::model::submodule::Strayed;

use super::Blocker;
use super::blockers::{at, shell};
use super::checkouts::Case;
use super::contents::Filling;
use super::draft::Drafts;

/// Compares what is declared with what is there.
pub(super) fn fill(case: &Case<'_>, registration: &Registration, filling: &mut Filling, drafts: &mut Drafts) {
    let Some(found) = &registration.submodules else { return };
    for Strayed { path, at, recorded } in &found.strayed {
        let fact = format!("submodule {path} is at {}, recorded is {}", at.short(), recorded.short());
        let next = format!("git -C {} switch --detach {}", shell(&path.under(&case.path)), recorded.short());
        drafts.drift(&case.address, fact, Some(next));
    }
    let (missing, in_the_way) = (&found.missing, &found.in_the_way);
    let wanted: Vec<&RelPath> = missing.iter().chain(in_the_way).collect();
    filling.blockers.extend(in_the_way.iter().map(|path| blocker(case, path)));
    if let Some(why) = &found.unknown {
        let next = format!("git -C {} submodule status --recursive", shell(&case.path));
        filling.blockers.push(at("unknown", &case.path, format!("its submodules could not be looked at: {why}"), next));
    }
    filling.reasons.extend(match wanted.as_slice() {
        [] => found.unknown.as_ref().map(|_| "look at its submodules".to_owned()),
        [path] => Some(format!("submodule {path} is not there")),
        [first, more @ ..] => {
            let names = more.iter().fold(first.to_string(), |names, path| format!("{names}, {path}"));
            Some(format!("submodules {names} are not there"))
        }
    });
}

fn blocker(case: &Case<'_>, path: &RelPath) -> Blocker {
    let place = path.under(&case.path);
    let next = format!("mv {} SOMEWHERE", shell(&place));
    at("in-the-way", &place, "something is where a submodule shall be", next)
}

/// What a creation says of them.
pub(super) fn details(checkout: &DesiredCheckout) -> Option<String> {
    checkout.contents.submodules.then(|| "with its submodules, if it has any".to_owned())
}
