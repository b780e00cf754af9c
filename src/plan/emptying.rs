//! What `auto_prune` deletes for good at the end of an apply: named in the plan, and nothing else goes.

use crate::model::actual::Place;
use crate::model::address::Address;
use crate::model::path::AbsPath;
use crate::model::trash::Manifest;

use super::input::Input;
use super::restore::time;

/// An entry of the trash that apply deletes for good.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Deletion {
    /// The entry's name.
    pub entry: String,
    /// The entry.
    pub path: AbsPath,
    /// What was removed.
    pub address: Address,
    /// Why; a lowercase fragment, for display only.
    pub reason: String,
}

/// The entries that are due, oldest first: not where the trash is that of another file or workspace.
pub(super) fn deletions(input: &Input<'_>) -> Vec<Deletion> {
    let ours = matches!(input.actual.place, Place::Same | Place::Moved(_) | Place::Relocated(_)) && input.lost().is_none();
    if !ours || input.options.destroy || !input.options.is_whole() {
        return vec![];
    }
    let now = input.options.moment();
    // Both the mark that the builder had and the file of today have to let it go.
    let goes = |manifest: &Manifest| {
        let declared = input.desired.builders.get(&manifest.builder).map_or(&input.desired.policy, |builder| &builder.policy);
        let before = manifest.mark.as_ref().is_none_or(|mark| mark.policy.auto_prune);
        declared.auto_prune && before && manifest.is_due(&now, None)
    };
    let known = input.actual.trash.iter().filter_map(|entry| Some((entry, entry.manifest.as_ref()?)));
    known
        .filter(|(_, manifest)| goes(manifest))
        .map(|(entry, manifest)| Deletion {
            entry: entry.name.clone(),
            path: entry.path.clone(),
            address: address(manifest),
            reason: format!("past the {} that the trash keeps it: delete for good", time(manifest.keep)),
        })
        .collect()
}

/// What an entry was before it was removed.
fn address(manifest: &Manifest) -> Address {
    let one = manifest.checkouts.first().filter(|_| manifest.checkout.is_some());
    match one {
        Some(checkout) => Address::Checkout(manifest.builder.clone(), checkout.repository.clone()),
        None => Address::Builder(manifest.builder.clone()),
    }
}
