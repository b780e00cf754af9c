//! `builders.B.files."TO"`: managed files, by what is on the disk and what was last written.

mod content;
mod own;
mod template;
mod values;
mod way;

use crate::model::actual::Source;
use crate::model::address::Address;
use crate::model::builder::{BuilderDirectory, DiskFile};
use crate::model::desired::{DesiredBuilder, DesiredFile, FileMode, Shape};
use crate::model::mark::{OWN_DIRECTORY, REPLACED, WrittenFile};
use crate::model::name::RepoName;
use crate::model::path::{AbsPath, RelPath, printable};

use super::anchor::{creation, will_exist};
use super::blockers::{at, replace, shell};
use super::draft::Drafts;
use super::input::Input;
use super::members::{in_place, unedited};
use super::obstacle::obstacle;
use super::tracked::tracks;
use super::{Action, Aside, Blocker, FileContent, FileWrite, Symbol, TextChange};
pub(super) use content::content;
use content::content_at;

pub(super) fn plan(input: &Input<'_>, builder: &DesiredBuilder, drafts: &mut Drafts) {
    if obstacle(input, builder).is_some() {
        return;
    }
    let blocked = drafts.find(&Address::Builder(builder.name.clone())).is_some_and(|draft| draft.change.is_blocked());
    let here = in_place(input, builder);
    let root = RepoName::root();
    // A nested builder is its root: while that is elsewhere, and its mark with it, there is nowhere to write.
    if builder.shape == Shape::Nested && !here.contains(&root) && !will_exist(drafts, builder, &root) {
        return;
    }
    // What lies in a root that is made again goes along when that is put aside.
    let anew = builder.shape == Shape::Nested && creation(drafts, builder, &root).is_some();
    let stays = |name: &RepoName| here.contains(name) && !anew;
    for file in builder.files.values().filter(|_| !blocked) {
        let reachable = file.checkout.as_ref().is_none_or(|name| stays(name) || will_exist(drafts, builder, name));
        if reachable {
            declared(input, builder, file, drafts);
        }
    }
    undeclared(input, builder, drafts);
}

fn declared(input: &Input<'_>, builder: &DesiredBuilder, file: &DesiredFile, drafts: &mut Drafts) {
    let address = Address::File(builder.name.clone(), file.to.clone());
    // What was made of it stays.
    if is_gone(input, file) {
        return;
    }
    let reason = made_of(input, file);
    let content = match content(input, builder, file) {
        Ok(content) => content,
        Err(blocker) => return drafts.refuse(address, Action::Nothing(Symbol::Create), reason, vec![blocker]),
    };
    let missing = DiskFile::Missing;
    let found = input.directory(&builder.name).and_then(|directory| directory.files.get(&file.to));
    let cleared = way::cleared(input, builder, &file.to);
    let disk = found.filter(|_| cleared.is_empty()).unwrap_or(&missing);
    // Of what a pattern or a directory names, what git brings into the checkout anyhow is no managed file.
    let member = file.from.as_ref().is_some_and(|from| from.member && from.repository == file.checkout);
    let comes = member && file.checkout.as_ref().is_some_and(|name| tracks(input, builder, name, &file.to, drafts));
    if comes || (member && matches!(disk, DiskFile::File { tracked: true, .. } | DiskFile::Symlink { tracked: true, .. })) {
        return;
    }
    let written = input.builder_mark(&builder.name).and_then(|mark| mark.files.get(&file.to));
    let same = is_already(disk, &content);
    let Judged { expect, mut refusal, edited } = judge(builder, file, disk, written, same);
    let replaced = edited && input.replaces(&address);
    if replaced {
        refusal = None;
    }
    if same
        && refusal.is_none()
        && written.is_some_and(|written| written.mode == file.mode && unedited(Some(disk), &written.hash))
    {
        return;
    }
    let diff = if same { None } else { text_change(file, disk, &content) };
    let adopted = written.map_or(same, |written| written.adopted);
    let somebodys = replaced || (adopted && expect.is_some());
    let (path, to) = (builder.path.clone(), file.to.clone());
    let sole = file.from.as_ref().is_some_and(|from| from.repository.is_some()) && file.mode != FileMode::Symlink;
    let source = file.from.as_ref().and_then(|from| input.actual.sources.get(&from.path));
    let unkept =
        sole || matches!((file.mode, source), (FileMode::Copy | FileMode::Template, Some(Source::File { kept: false, .. })));
    let keep = match (somebodys, unkept && expect.is_some()) {
        (true, _) => Aside::Told,
        (false, true) => Aside::Quietly,
        (false, false) => Aside::No,
    };
    let write = Box::new(FileWrite { builder: path, to, mode: file.mode, content, expect, adopted, keep, sole });
    let action = if same { Action::AdoptFile(write) } else { Action::WriteFile(write) };
    let moves = content_at(input, builder, file, &builder.path).is_ok_and(|now| is_already(disk, &now));
    let reason = match (same, moves) {
        (true, _) => "adopt: already as declared".into(),
        (false, true) => format!("its place changes: {reason}"),
        (false, false) => why(file, disk, written, replaced) + &reason,
    };
    let tracked = file.checkout.as_ref().is_some_and(|name| tracks(input, builder, name, &file.to, drafts));
    let refusal = refusal.or_else(|| tracked.then(|| tracked_file(&file.to.under(&builder.path))));
    let draft = drafts.add(address, action, reason);
    draft.behind = cleared;
    draft.change.diff = diff;
    draft.change.blockers.extend(refusal);
    if replaced {
        let aside = input.desired.builders_dir.join(OWN_DIRECTORY).join(REPLACED);
        let aside = aside.relative_to(&input.desired.root);
        draft.change.details.push(format!("replace: what was edited is kept in {}", printable(aside.as_os_str())));
    }
}

/// Whether the source is one that a repository may have, and this one has not.
fn is_gone(input: &Input<'_>, file: &DesiredFile) -> bool {
    let of_repository = file.from.as_ref().filter(|from| from.repository.is_some());
    of_repository.is_some_and(|from| matches!(input.actual.sources.get(&from.path), None | Some(Source::Missing)))
}

/// What a file is made of; a lowercase fragment.
fn made_of(input: &Input<'_>, file: &DesiredFile) -> String {
    let from = file.from.as_ref().map(|from| from.path.relative_to(&input.desired.root));
    let source = from.map(|from| printable(from.as_os_str())).unwrap_or_default();
    match file.mode {
        FileMode::Copy => format!("copy of {source}"),
        FileMode::Symlink => format!("link to {source}"),
        FileMode::Template => format!("from template {source}"),
        FileMode::Agents => "which repositories are here, for agents".into(),
        FileMode::CodeWorkspace => "every repository as a folder, for editors".into(),
    }
}

/// Why a file is written that was written before; nothing for a new one, and for one that is refused.
fn why(file: &DesiredFile, disk: &DiskFile, written: Option<&WrittenFile>, replaced: bool) -> String {
    match (disk, written) {
        (_, Some(_)) if replaced => "replace: ".into(),
        (DiskFile::Missing, Some(_)) => "it is gone: ".into(),
        (_, Some(written)) if !unedited(Some(disk), &written.hash) => String::new(),
        (_, Some(written)) if written.mode != file.mode => format!("it was a {}: ", written.mode.as_str()),
        (_, Some(_)) => match file.mode {
            FileMode::Copy | FileMode::Symlink => "its source changed: ".into(),
            FileMode::Template => "its source, or a value in it, changed: ".into(),
            FileMode::Agents | FileMode::CodeWorkspace => "what it tells of changed: ".into(),
        },
        (_, None) => String::new(),
    }
}

/// What may become of a file that is there.
struct Judged {
    /// The hash that it must still have when it is replaced.
    expect: Option<String>,
    /// Why it may not be.
    refusal: Option<Blocker>,
    /// Whether that is only because somebody edited it.
    edited: bool,
}

fn judge(builder: &DesiredBuilder, file: &DesiredFile, disk: &DiskFile, written: Option<&WrittenFile>, same: bool) -> Judged {
    let path = file.to.under(&builder.path);
    let (hash, tracked) = match disk {
        DiskFile::Missing => return Judged { expect: None, refusal: None, edited: false },
        DiskFile::Unusable { what, at: obstacle, .. } => {
            let obstacle = obstacle.under(&builder.path);
            let next = format!("mv {0} {0}.mine", shell(&obstacle));
            return Judged { expect: None, refusal: Some(at("in-the-way", &obstacle, what, next)), edited: false };
        }
        DiskFile::File { hash, tracked, .. } | DiskFile::Symlink { hash, tracked, .. } => (hash, *tracked),
    };
    let mut edited = false;
    let refusal = match written {
        Some(_) | None if tracked => Some(tracked_file(&path)),
        Some(_) | None if same => None,
        Some(written) if written.hash == *hash => None,
        Some(_) => {
            edited = true;
            let next = replace(&Address::File(builder.name.clone(), file.to.clone()));
            Some(at("edited-managed-file", &path, "it was edited since wsctl wrote it", next))
        }
        None => {
            let away = format!("mv {0} {0}.mine", shell(&path));
            Some(at("in-the-way", &path, "a file that is not ours is in the way", away))
        }
    };
    Judged { expect: Some(hash.clone()), refusal, edited }
}

fn tracked_file(path: &AbsPath) -> Blocker {
    at("tracked-file", path, "the checkout tracks a file of that name", "choose another `to` in builders.toml")
}

/// Whether the disk already holds what is declared.
fn is_already(disk: &DiskFile, content: &FileContent) -> bool {
    match (disk, content) {
        (
            DiskFile::File { bytes, executable, private, .. },
            FileContent::Bytes { bytes: wanted, executable: may, private: closed },
        ) => bytes == wanted && executable == may && (*private || !closed),
        (DiskFile::Symlink { target, .. }, FileContent::Link(wanted)) => target == wanted,
        (DiskFile::Missing | DiskFile::Unusable { .. }, _)
        | (DiskFile::File { .. }, FileContent::Link(_))
        | (DiskFile::Symlink { .. }, FileContent::Bytes { .. }) => false,
    }
}

fn text_change(file: &DesiredFile, disk: &DiskFile, content: &FileContent) -> Option<TextChange> {
    let new = match content {
        FileContent::Bytes { bytes, .. } => bytes.clone(),
        FileContent::Link(target) => format!("→ {}\n", target.display()).into_bytes(),
    };
    let old = match disk {
        DiskFile::File { bytes, .. } => bytes.clone(),
        DiskFile::Symlink { target, .. } => format!("→ {}\n", target.display()).into_bytes(),
        DiskFile::Missing | DiskFile::Unusable { .. } => return None,
    };
    let private = file.from.as_ref().is_some_and(|from| from.repository.is_some()) && file.mode != FileMode::Symlink;
    Some(TextChange { path: file.to.clone(), old, new, private })
}

/// Files that were written and are declared no more.
fn undeclared(input: &Input<'_>, builder: &DesiredBuilder, drafts: &mut Drafts) {
    let Some(mark) = input.builder_mark(&builder.name) else { return };
    let Some(directory) = input.directory(&builder.name) else { return };
    let leaving = leaving(input, builder, directory, drafts);
    // What was made of a directory stays while nobody can tell what is in it.
    let untold = |to: &RelPath| {
        let above = to.as_str().match_indices('/').filter_map(|(end, _)| RelPath::new(&to.as_str()[..end]).ok());
        above.filter_map(|above| builder.files.get(&above)).any(|file| content(input, builder, file).is_err())
    };
    let forgotten =
        |to: &RelPath| !builder.files.contains_key(to) && !untold(to) && !leaving.iter().any(|path| path.contains(to));
    for (to, written) in mark.files.iter().filter(|(to, _)| forgotten(to)) {
        let disk = directory.files.get(to);
        let gone = matches!(disk, None | Some(DiskFile::Missing));
        let tracked = is_tracked(disk);
        let stays = gone || way::stays(disk, written);
        let expect = (!stays).then(|| written.hash.clone());
        let action = Action::RemoveFile { builder: builder.path.clone(), to: to.clone(), expect };
        let reason = match (gone, tracked, written.adopted, written.sole) {
            (true, ..) => "no longer declared, and already gone",
            (false, true, ..) => "no longer declared: it stays, the checkout tracks it",
            (false, false, true, _) => "no longer declared: it stays, it was there before",
            (false, false, false, true) => {
                "no longer declared: it stays, it may be the last copy of a file that git does not keep"
            }
            (false, false, false, false) => "no longer declared",
        };
        let draft = drafts.add(Address::File(builder.name.clone(), to.clone()), action, reason);
        if !stays && !unedited(disk, &written.hash) {
            let path = to.under(&builder.path);
            let next = format!("mv {0} {0}.mine", shell(&path));
            draft.change.blockers.push(at(
                "edited-managed-file",
                &path,
                "it is no longer declared, and was edited since wsctl wrote it",
                next,
            ));
        }
    }
}

fn is_tracked(disk: Option<&DiskFile>) -> bool {
    matches!(disk, Some(DiskFile::File { tracked: true, .. } | DiskFile::Symlink { tracked: true, .. }))
}

/// The paths of checkouts that this plan removes: what is in them goes along.
fn leaving(input: &Input<'_>, builder: &DesiredBuilder, directory: &BuilderDirectory, drafts: &Drafts) -> Vec<RelPath> {
    let removal = |name: &RepoName| {
        let draft = drafts.find(&Address::Checkout(builder.name.clone(), name.clone()))?;
        let Action::RemoveCheckout(removal) = &draft.change.action else { return None };
        removal.checkout.clone().filter(|_| !draft.change.is_blocked())
    };
    input.registered_in(&directory.path).into_iter().filter_map(|(name, _, _)| removal(name)).collect()
}
