//! Whose a directory below `builders_dir` is, and which checkouts lie in it.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use crate::model::actual::{Link, Registration, Repository};
use crate::model::builder::{BuilderDirectory, DiskFile, Occupant};
use crate::model::desired::DesiredBuilder;
use crate::model::name::{BuilderName, RepoName};

use super::draft::place;
use super::input::Input;

/// One registration below a builder.
pub(super) type Member<'a> = (&'a RepoName, &'a Repository, &'a Registration);

/// The builder's name, if its directory is ours: its own mark says so, or the mark of a checkout in it. Where a symbolic
/// link stands, nothing behind it is asked: a checkout's mark that names the builder is enough.
pub(super) fn owned(input: &Input<'_>, name: &OsStr, directory: &BuilderDirectory) -> Option<BuilderName> {
    let name = BuilderName::new(name.to_str()?).ok()?;
    let marked = input.builder_mark(&name).is_some();
    let through = || input.registered_in(&directory.path).iter().any(|(_, _, registration)| belongs(input, &name, registration));
    let marks = |member: Member<'_>| input.our_mark(member.2).is_some_and(|mark| mark.builder == name);
    let replaced = || directory.occupant == Occupant::Symlink && input.registrations().any(marks);
    (marked || through() || replaced()).then_some(name)
}

/// Whether a registration is a checkout of ours for this builder, or the half-made beginning of one.
pub(super) fn belongs(input: &Input<'_>, builder: &BuilderName, registration: &Registration) -> bool {
    if let Some(mark) = input.our_mark(registration) {
        return mark.builder == *builder;
    }
    let begun = registration.begun_by().is_some_and(|workspace| Some(workspace) == input.id());
    registration.mark.mark().is_none() && begun
}

/// The names of the repositories that have a checkout of ours in a builder which was read.
pub(super) fn present<'a>(input: &Input<'a>, builder: &BuilderName) -> BTreeSet<&'a RepoName> {
    let Some(directory) = input.directory(builder) else { return BTreeSet::new() };
    let here = input.registered_in(&directory.path).into_iter().filter(|(_, _, registration)| registration.link == Link::Whole);
    here.filter(|(_, _, registration)| belongs(input, builder, registration)).map(|(name, _, _)| name).collect()
}

/// The same for a declared builder: a declared checkout counts where it is declared, and nowhere else.
pub(super) fn in_place<'a>(input: &Input<'a>, builder: &DesiredBuilder) -> BTreeSet<&'a RepoName> {
    let at_home = |name: &RepoName| place(builder, name).is_some_and(|path| input.registered_at(name, &path).next().is_some());
    let here = present(input, &builder.name).into_iter();
    here.filter(|name| !builder.checkouts.contains_key(*name) || at_home(name)).collect()
}

/// Whether a managed file is still as it was last written.
pub(super) fn unedited(file: Option<&DiskFile>, hash: &str) -> bool {
    match file {
        Some(DiskFile::File { hash: now, .. } | DiskFile::Symlink { hash: now, .. }) => now == hash,
        Some(DiskFile::Missing | DiskFile::Unusable { .. }) | None => false,
    }
}
