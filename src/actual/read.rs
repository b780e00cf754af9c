//! The one read: repositories first, each on its own thread, then the builders that their registrations explain.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{builders, disk, files, git, journal, parallel, place, repository, tracked, trash};
use crate::model::actual::{Actual, Directory};
use crate::model::desired::Desired;
use crate::model::mark::{Marked, OWN_DIRECTORY, WORKSPACE_MARK, WorkspaceMark};

/// Reads everything that plan decides by, except the files in checkouts (see [`super::examine()`]).
///
/// # Errors
/// No usable git. What is wrong with one thing on the disk is part of the answer.
pub fn read(desired: &Desired) -> Result<Actual> {
    git::version()?;
    let own = desired.builders_dir.join(OWN_DIRECTORY);
    let workspace: Marked<WorkspaceMark> = disk::mark(own.join(WORKSPACE_MARK).as_path());
    let declared: Vec<_> = desired.repositories.values().collect();
    let states =
        parallel::map(&declared, |declared| repository::repository(declared, &repository::bases(desired, &declared.name)));
    let mut repositories = declared.iter().map(|declared| declared.name.clone()).zip(states).collect();
    let unfinished = journal::journal(desired);
    journal::origins(desired, workspace.mark().map(|mark| &mark.id), &mut repositories);
    let builders_dir = builders::directory(&desired.builders_dir);
    let usable = matches!(builders_dir, Directory::Present | Directory::Missing);
    let text = |name: &str| disk::read(desired.builders_dir.join(name).as_path()).ok().flatten();
    Ok(Actual {
        place: place::place(desired, &workspace),
        gitignore: text(".gitignore"),
        ignore: text(".ignore"),
        unmanaged_repositories: builders::unmanaged_repositories(desired, &journal::clones(unfinished.as_ref())),
        builders: if usable { builders::builders(desired, &repositories) } else { BTreeMap::new() },
        sources: files::sources(desired),
        trash: trash::trash(desired),
        gone: trash::gone(desired, workspace.mark().map(|mark| &mark.id)),
        tracked: tracked::tracked(desired, &repositories),
        workspace,
        repositories,
        builders_dir,
        unfinished,
    })
}
