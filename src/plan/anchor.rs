//! What a builder's anchor records, and how it differs from that.

use std::collections::BTreeSet;

use crate::model::actual::{ObjectFormat, Place};
use crate::model::address::Address;
use crate::model::builder::{Anchor, AnchorEntry, AnchorState, DiskFile, Occupant};
use crate::model::desired::{DesiredBuilder, DesiredFile, Goal};
use crate::model::name::{ObjectId, RepoName};
use crate::model::path::RelPath;

use super::blockers::shell;
use super::draft::{Drafts, place};
use super::files::content;
use super::input::Input;
use super::members::{in_place, unedited};
use super::{Action, AnchorWrite, CheckoutWrite, FileContent, Gitlink};

/// The anchor as it shall be after this plan.
pub(super) fn write(input: &Input<'_>, builder: &DesiredBuilder, drafts: &Drafts) -> AnchorWrite {
    let found = found(input, builder);
    let format = majority(input, builder);
    let mut gitlinks = Vec::new();
    let mut excluded = Vec::new();
    let here = in_place(input, builder);
    for (name, checkout) in &builder.checkouts {
        let known = recorded(found, &checkout.path).is_some();
        if !known && !here.contains(name) && !will_exist(drafts, builder, name) {
            continue;
        }
        if input.repository(name).is_some_and(|repository| repository.format != format) {
            excluded.push(checkout.path.clone());
            continue;
        }
        let put = || start_of(input, builder, name);
        let commit = match checkout.goal {
            Goal::Branch(_) => recorded(found, &checkout.path).or_else(put),
            Goal::Ref(_) => put().or_else(|| recorded(found, &checkout.path)),
        };
        let write = creation(drafts, builder, name).cloned();
        gitlinks.push(Gitlink { path: checkout.path.clone(), repository: Some(name.clone()), commit, write });
    }
    gitlinks.extend(undeclared(input, builder, found));
    let own = |file: &&DesiredFile| file.checkout.is_none();
    let files = builder.files.values().filter(own);
    let files = files.filter_map(|file| Some((file.to.clone(), recordable(input, builder, file)?)));
    AnchorWrite {
        format,
        branch: builder.branch.clone(),
        expect: found.and_then(|anchor| anchor.head.commit().cloned()),
        gitlinks,
        files: files.filter(|(to, _)| !foreign_file(input, builder, to)).collect(),
        excluded,
    }
}

/// What the anchor says of a managed file: what it shall hold, or what it holds where its change is not asked for.
fn recordable(input: &Input<'_>, builder: &DesiredBuilder, file: &DesiredFile) -> Option<FileContent> {
    if input.selects(&Address::File(builder.name.clone(), file.to.clone())) {
        return content(input, builder, file).ok();
    }
    let written = input.builder_mark(&builder.name)?.files.get(&file.to)?;
    let disk = input.directory(&builder.name)?.files.get(&file.to).filter(|disk| unedited(Some(disk), &written.hash))?;
    match disk {
        DiskFile::File { bytes, executable, .. } => {
            Some(FileContent::Bytes { bytes: bytes.clone(), executable: *executable, private: false })
        }
        DiskFile::Symlink { target, .. } => Some(FileContent::Link(target.clone())),
        DiskFile::Missing | DiskFile::Unusable { .. } => None,
    }
}

/// A file of someone else lies where a managed file shall be: the anchor does not speak of it.
fn foreign_file(input: &Input<'_>, builder: &DesiredBuilder, to: &RelPath) -> bool {
    let disk = input.directory(&builder.name).and_then(|directory| directory.files.get(to));
    let marked = input.builder_mark(&builder.name).is_some_and(|mark| mark.files.contains_key(to));
    !marked && !matches!(disk, None | Some(DiskFile::Missing))
}

fn found<'a>(input: &Input<'a>, builder: &DesiredBuilder) -> Option<&'a Anchor> {
    match &input.directory(&builder.name)?.anchor {
        AnchorState::Ours(anchor) => Some(anchor),
        AnchorState::Missing | AnchorState::Damaged(_) | AnchorState::Foreign(_) => None,
    }
}

/// Whether the anchor is left as it is: somebody committed in it by hand, or it is seen from another mount point,
/// where the checkouts that it records seem to be gone.
pub(super) fn is_left_alone(input: &Input<'_>, builder: &DesiredBuilder) -> bool {
    found(input, builder).is_some_and(|anchor| !anchor.by_wsctl || mounted_elsewhere(input))
}

fn mounted_elsewhere(input: &Input<'_>) -> bool {
    matches!(input.actual.place, Place::Elsewhere(_))
}

fn recorded(found: Option<&Anchor>, path: &RelPath) -> Option<ObjectId> {
    match found?.entries.get(path)? {
        AnchorEntry::Gitlink(commit) => Some(commit.clone()),
        AnchorEntry::Blob { .. } => None,
    }
}

/// The commit that an existing checkout had when it was created, or has now if nobody wrote that down.
fn start_of(input: &Input<'_>, builder: &DesiredBuilder, name: &RepoName) -> Option<ObjectId> {
    let registration = input.registered_at(name, &place(builder, name)?).next()?;
    let marked = input.our_mark(registration).map(|mark| mark.start.clone());
    marked.or_else(|| registration.head.commit().cloned())
}

/// What is recorded and not declared any more stays recorded until nothing is left at its place, also where only the link of
/// a checkout is broken: `git clean` in the builder deletes what is not recorded.
fn undeclared(input: &Input<'_>, builder: &DesiredBuilder, found: Option<&Anchor>) -> Vec<Gitlink> {
    let left = |path: &RelPath| !matches!(input.occupant(&builder.name, path), Occupant::Nothing | Occupant::Empty);
    // Where one lies in the other, only one of them can be recorded.
    let free = |path: &RelPath| {
        let apart = |other: &RelPath| !path.contains(other) && !other.contains(path);
        builder.checkouts.values().all(|checkout| apart(&checkout.path)) && builder.files.keys().all(apart)
    };
    let entries = found.into_iter().flat_map(|anchor| &anchor.entries);
    let links = entries.filter_map(|(path, entry)| match entry {
        AnchorEntry::Gitlink(commit) => Some((path, commit)),
        AnchorEntry::Blob { .. } => None,
    });
    let stay = links.filter(|(path, _)| free(path) && left(path));
    stay.map(|(path, commit)| Gitlink { path: path.clone(), repository: None, commit: Some(commit.clone()), write: None })
        .collect()
}

/// The creation of a checkout in this plan, if it is not blocked.
pub(super) fn creation<'a>(drafts: &'a Drafts, builder: &DesiredBuilder, name: &RepoName) -> Option<&'a CheckoutWrite> {
    let draft = drafts.find(&Address::Checkout(builder.name.clone(), name.clone()))?;
    draft.change.action.creates().filter(|_| !draft.change.is_blocked())
}

/// Whether a declared checkout will be there after this plan because of this plan.
pub(super) fn will_exist(drafts: &Drafts, builder: &DesiredBuilder, name: &RepoName) -> bool {
    let draft = drafts.find(&Address::Checkout(builder.name.clone(), name.clone()));
    creation(drafts, builder, name).is_some()
        || draft.is_some_and(|draft| {
            !draft.change.is_blocked() && matches!(draft.change.action, Action::AdoptCheckout(_) | Action::Repair { .. })
        })
}

/// The object format of most of the builder's repositories; a tie goes to sha1.
fn majority(input: &Input<'_>, builder: &DesiredBuilder) -> ObjectFormat {
    let formats = builder.checkouts.keys().filter_map(|name| input.repository(name)).map(|repository| repository.format);
    let (old, new): (Vec<_>, Vec<_>) = formats.partition(|format| *format == ObjectFormat::Sha1);
    if new.len() > old.len() { ObjectFormat::Sha256 } else { ObjectFormat::Sha1 }
}

/// How an anchor of ours differs from the declaration, in words.
pub(super) fn differences(input: &Input<'_>, builder: &DesiredBuilder, found: &Anchor, drafts: &mut Drafts) -> Vec<String> {
    let mut reasons = Vec::new();
    let address = || Address::Builder(builder.name.clone());
    if !found.by_wsctl {
        let next = format!("git -C {} reset --soft HEAD~1", shell(&builder.path));
        let here = in_place(input, builder);
        let outside = builder.checkouts.values().filter(|checkout| here.contains(&checkout.repository));
        let outside = outside.filter(|checkout| !found.entries.contains_key(&checkout.path));
        let outside: Vec<String> = outside.map(|checkout| checkout.path.to_string()).collect();
        let kept = "a commit was made by hand in the anchor; it is kept";
        let fact = if outside.is_empty() {
            kept.to_owned()
        } else {
            // git takes what the anchor does not record for untracked files of its own.
            format!("{kept}, and `git clean` in the builder would delete what it does not record: {}", outside.join(", "))
        };
        drafts.drift(&address(), fact, Some(next));
        return reasons;
    }
    if mounted_elsewhere(input) {
        return reasons;
    }
    if !found.wrong_keys.is_empty() {
        reasons.push(format!("the anchor's configuration differs: {}", found.wrong_keys.join(", ")));
    }
    if !found.hook {
        reasons.push("the anchor's pre-commit hook is missing or different".into());
    }
    if !found.index {
        reasons.push("the anchor has no index".into());
    }
    if !found.remotes.is_empty() {
        reasons.push(format!("the anchor has a remote: {}", found.remotes.join(", ")));
    }
    if found.format != majority(input, builder) {
        reasons.push("most checkouts have another object format than the anchor".into());
    }
    // A branch that is declared anew is told with the builder's mark.
    let told = input.builder_mark(&builder.name).is_some_and(|mark| mark.branch != builder.branch);
    if !told && found.head.branch() != Some(&builder.branch) {
        let now = found.head.branch().map_or("a detached HEAD".into(), ToString::to_string);
        reasons.push(format!("the anchor is on {now}, not on {}", builder.branch));
    }
    reasons
}

/// What it records and should not, and the other way round, in words.
pub(super) fn records(input: &Input<'_>, builder: &DesiredBuilder, found: &Anchor) -> Vec<String> {
    if !found.by_wsctl || mounted_elsewhere(input) {
        return Vec::new();
    }
    let here = in_place(input, builder);
    let same_format = |name: &RepoName| input.repository(name).is_none_or(|repository| repository.format == found.format);
    let unrecorded = builder
        .checkouts
        .iter()
        .filter(|(name, checkout)| here.contains(*name) && same_format(name) && !found.entries.contains_key(&checkout.path));
    let unrecorded = unrecorded.map(|(_, checkout)| &checkout.path).chain(lost_files(input, builder, found));
    let unrecorded: Vec<&RelPath> = unrecorded.collect();
    let mut reasons: Vec<String> =
        some(&unrecorded).map(|paths| format!("the anchor does not record {paths}")).into_iter().collect();
    reasons.extend(left_behind(input, builder, found));
    reasons.extend(some(&too_much(input, builder, found)).map(|paths| format!("the anchor still records {paths}")));
    reasons
}

/// The first of some paths, and how many more there are.
fn some(paths: &[&RelPath]) -> Option<String> {
    const SHOWN: usize = 3;
    let shown: Vec<&str> = paths.iter().take(SHOWN).map(|path| path.as_str()).collect();
    let more = paths.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!paths.is_empty()).then(|| shown.join(", ") + &more)
}

/// References that are recorded where they were before they were put elsewhere.
fn left_behind(input: &Input<'_>, builder: &DesiredBuilder, found: &Anchor) -> Vec<String> {
    let references = builder.checkouts.iter().filter(|(_, checkout)| checkout.goal.reference().is_some());
    let behind = references.filter_map(|(name, checkout)| {
        let registration = input.registered_at(name, &place(builder, name)?).next()?;
        let mark = input.our_mark(registration).filter(|mark| mark.goal == checkout.goal)?;
        let known = recorded(Some(found), &checkout.path).filter(|known| *known != mark.start)?;
        Some(format!("the anchor records {} at {}", checkout.path, known.short()))
    });
    behind.collect()
}

/// Managed files that were written and that the anchor does not record any more.
fn lost_files<'a>(input: &'a Input<'_>, builder: &'a DesiredBuilder, found: &'a Anchor) -> impl Iterator<Item = &'a RelPath> {
    let written = input.builder_mark(&builder.name).map(|mark| &mark.files);
    let own = builder.files.values().filter(|file| file.checkout.is_none());
    let lost = own.filter(move |file| written.is_some_and(|written| written.contains_key(&file.to)));
    lost.filter(|file| !found.entries.contains_key(&file.to) && recordable(input, builder, file).is_some()).map(|file| &file.to)
}

/// Entries of checkouts and files that are neither declared nor there.
fn too_much<'a>(input: &Input<'_>, builder: &DesiredBuilder, found: &'a Anchor) -> Vec<&'a RelPath> {
    let kept: BTreeSet<RelPath> = undeclared(input, builder, Some(found)).into_iter().map(|link| link.path).collect();
    let link_stays = |path: &RelPath| kept.contains(path) || builder.checkouts.values().any(|checkout| checkout.path == *path);
    let marked = input.builder_mark(&builder.name).map(|mark| &mark.files);
    let file_stays = |path: &RelPath| builder.files.contains_key(path) || marked.is_some_and(|files| files.contains_key(path));
    let extra = found.entries.iter().filter(|(path, entry)| match entry {
        AnchorEntry::Gitlink(_) => !link_stays(path),
        AnchorEntry::Blob { .. } => !file_stays(path),
    });
    extra.map(|(path, _)| path).collect()
}
