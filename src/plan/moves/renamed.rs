//! Checkouts whose marks still call their builder, or their repository, as it was called before.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::address::Address;
use crate::model::name::BuilderName;
use crate::model::path::AbsPath;

use super::super::input::Input;
use super::Renamed;
use super::sources::Source;

/// A builder's name and those that the marks of its checkouts may have: all that it had before.
pub(super) fn names<'a>(input: &Input<'a>, now: &'a BuilderName, was: Option<&'a BuilderName>) -> BTreeSet<&'a BuilderName> {
    let before = input.desired.moved.builders.get(now).into_iter().flatten();
    before.chain(was).chain([now]).collect()
}

/// By their admin directories. Where it lies tells a checkout from one of another builder that has the name by now.
pub(super) fn renamed(input: &Input<'_>, sources: &BTreeMap<BuilderName, Source>) -> BTreeMap<AbsPath, Renamed> {
    let mut places: BTreeMap<&BuilderName, Vec<(AbsPath, &BuilderName)>> = BTreeMap::new();
    let mut lies = |directory: AbsPath, now, was| {
        for name in names(input, now, Some(was)).into_iter().filter(|name| *name != now) {
            places.entry(name).or_default().push((directory.clone(), now));
        }
    };
    for (now, source) in sources {
        lies(input.desired.builders_dir.join(&source.key), now, &source.was);
    }
    // The builder's own mark was written, theirs were not: a run was cut short.
    for builder in input.desired.builders.values().filter(|builder| !sources.contains_key(&builder.name)) {
        if let Some(was) = input.builder_mark(&builder.name).and_then(|mark| mark.moved_from.as_ref()) {
            lies(builder.path.clone(), &builder.name, was);
        }
    }
    let mut renamed = BTreeMap::new();
    for (name, _, registration) in input.registrations() {
        let (Some(mark), Some(worktree)) = (input.our_mark(registration), &registration.worktree) else { continue };
        let inside = |(directory, _): &&(AbsPath, &BuilderName)| directory.contains(worktree);
        let now = places.get(&mark.builder).and_then(|places| places.iter().find(inside)).map(|(_, now)| *now);
        let before = input.desired.moved.repositories.get(name);
        let other = before.is_some_and(|before| before.contains(&mark.repository));
        if now.is_some() || other {
            let was = Address::Checkout(mark.builder.clone(), mark.repository.clone());
            let builder = now.unwrap_or(&mark.builder).clone();
            let repository = if other { name.clone() } else { mark.repository.clone() };
            renamed.insert(registration.admin_dir.clone(), Renamed { was, builder, repository });
        }
    }
    renamed
}
