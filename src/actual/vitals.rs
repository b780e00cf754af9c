//! What a look at the health of a workspace reads beside what a plan is made of.

use std::collections::BTreeMap;
use std::path::Path;

use ignore::WalkBuilder;

use super::{git, parallel, usage};
use crate::model::actual::{Actual, RepositoryState};
use crate::model::checkup::Vitals;
use crate::model::desired::Desired;
use crate::model::located::LocatedBuilder;
use crate::model::mark::{OWN_DIRECTORY, REPLACED};
use crate::model::name::{BuilderName, RepoName};
use crate::model::path::AbsPath;
use crate::model::trash::TRASH;

/// Looks at everything. `program` is what `wsctl open` would start.
#[must_use]
pub fn vitals(desired: &Desired, actual: &Actual, builders: &[LocatedBuilder], program: Option<&str>) -> Vitals {
    let own = desired.builders_dir.join(OWN_DIRECTORY);
    let sizes = usage::usage(&[&own.join(TRASH), &own.join(REPLACED)]);
    let version = git::version().map(|(major, minor, patch)| format!("{major}.{minor}.{patch}"));
    let (hidden, tracked) = root(desired, actual);
    Vitals {
        git: Some(version.map_err(|error| format!("{error:#}"))),
        seen: seen(builders),
        hidden,
        tracked,
        program: program.map(|program| (program.to_owned(), is_on_path(program))),
        trash_bytes: sizes[0],
        due: 0,
        replaced_bytes: sizes[1],
    }
}

/// Whether the root ignores `builders_dir`, and how many files in it it tracks.
fn root(desired: &Desired, actual: &Actual) -> (Option<bool>, usize) {
    let inside = desired.root.contains(&desired.builders_dir) && desired.root != desired.builders_dir;
    let repository = actual.repositories.get(&RepoName::root()).and_then(RepositoryState::repository);
    if !inside || repository.is_none() {
        return (None, 0);
    }
    let at = desired.builders_dir.join("x");
    let mut asked = git::command(desired.root.as_path());
    let asked = asked.arg("check-ignore").arg("-q").arg("--").arg(at.as_path()).status();
    let listed = git::run(
        desired.root.as_path(),
        &["ls-files".as_ref(), "-z".as_ref(), "--".as_ref(), desired.builders_dir.as_path().as_os_str()],
    );
    let tracked = listed.map_or(0, |listed| listed.split(|byte| *byte == 0).filter(|path| !path.is_empty()).count());
    (asked.ok().map(|status| status.success()), tracked)
}

/// Which checkouts a search in their builder comes to, by the rules of ripgrep, which agents search with.
fn seen(builders: &[LocatedBuilder]) -> BTreeMap<(BuilderName, RepoName), bool> {
    let looks: Vec<(&LocatedBuilder, &RepoName, &AbsPath)> = builders
        .iter()
        .flat_map(|builder| builder.checkouts.iter().map(move |checkout| (builder, &checkout.repository, &checkout.path)))
        .collect();
    let found = parallel::map(&looks, |(builder, _, path)| sees(builder.path.as_path(), path.as_path()));
    let names = looks.iter().map(|(builder, repository, _)| (builder.name.clone(), (*repository).clone()));
    names.zip(found).collect()
}

/// Whether a search in `top` comes to something in `place`. A place without anything that could be seen counts as seen.
fn sees(top: &Path, place: &Path) -> bool {
    let (Ok(top), Ok(place)) = (top.canonicalize(), place.canonicalize()) else { return false };
    if top == place {
        return true;
    }
    let depth = place.strip_prefix(&top).map_or(0, |below| below.components().count());
    let alone = || WalkBuilder::new(&place).max_depth(Some(1)).build().flatten().any(|entry| entry.depth() == 1);
    let within = place.clone();
    let mut walk = WalkBuilder::new(&top);
    // Only what lies on the way is walked.
    walk.max_depth(Some(depth + 1))
        .filter_entry(move |entry| within.starts_with(entry.path()) || entry.path().starts_with(&within));
    walk.build().flatten().any(|entry| entry.path() != place && entry.path().starts_with(&place)) || !alone()
}

/// Whether a program is to be found, as a shell looks for one.
#[must_use]
pub fn is_on_path(program: &str) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let runs = |path: &Path| path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
    if program.contains('/') {
        return runs(Path::new(program));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| runs(&directory.join(program)))
}
