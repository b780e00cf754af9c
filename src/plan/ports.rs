//! Which port each builder has: the one that its mark names, else a free one of `[workspace] ports`.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::name::BuilderName;

use super::input::Input;

/// The port of every declared builder; none where the file names no ports, and none for a builder for which none is left.
pub(super) fn ports(input: &Input<'_>) -> BTreeMap<BuilderName, u16> {
    let Some(ports) = input.desired.ports else { return BTreeMap::new() };
    let mut given: BTreeMap<BuilderName, u16> = BTreeMap::new();
    let mut taken: BTreeSet<u16> = BTreeSet::new();
    // Who had it first keeps it, also against one that came back from the trash.
    let mut marked: Vec<_> = input.desired.builders.keys().filter_map(|name| Some((input.builder_mark(name)?, name))).collect();
    marked.sort_by_key(|(mark, name)| (mark.created, *name));
    for (mark, name) in marked {
        if let Some(port) = mark.port.filter(|port| ports.contains(*port))
            && taken.insert(port)
        {
            given.insert(name.clone(), port);
        }
    }
    let others = input.actual.builders.values().filter_map(|directory| directory.mark.mark()?.port);
    taken.extend(others.chain(input.actual.listening.iter().copied()));
    for name in input.desired.builders.keys() {
        if !given.contains_key(name)
            && let Some(port) = ports.choose(name, &taken)
        {
            taken.insert(port);
            given.insert(name.clone(), port);
        }
    }
    given
}
