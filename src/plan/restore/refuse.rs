//! Why an entry cannot come back, each with the way out.

use std::collections::BTreeSet;

use super::{Case, Restore};
use crate::model::actual::{Directory, Link, Place, Registration, RepositoryState};
use crate::model::address::Address;
use crate::model::builder::Occupant;
use crate::model::name::{RepoName, alike};
use crate::model::path::AbsPath;
use crate::model::stored::{StoredAdmin, StoredCheckout, Unfinished};
use crate::model::trash::TrashedCheckout;
use crate::plan::blockers::{at, occupied, plain, shell};
use crate::plan::members::{belongs, owned};
use crate::plan::{Blocker, shell_word};

/// HEAD says nothing.
pub(super) fn unreadable_head(admin: &AbsPath, name: &RepoName, why: &str) -> Blocker {
    at("unreadable-head", admin, format!("{name}: its HEAD cannot be read: {why}"), format!("cat {}", shell(&admin.join("HEAD"))))
}

impl Case<'_> {
    /// Gathers what speaks against it.
    pub(super) fn refuse(&self, restore: &mut Restore) {
        if let Some(blocker) = self.foreign() {
            restore.blockers.push(blocker);
            return;
        }
        restore.blockers.extend(self.contents(restore));
        if restore.finish {
            return;
        }
        restore.blockers.extend(self.target(restore));
        for (trashed, stored) in self.pairs().filter(|(_, stored)| self.is_wanted(&stored.repository)) {
            if !(restore.whole && self.was_taken(stored)) {
                let blocker = self.repository(trashed, stored).or_else(|| self.in_its_place(trashed, stored, restore));
                restore.blockers.extend(blocker);
            }
        }
    }

    /// The entry, or the whole trash, is not this workspace's to touch.
    fn foreign(&self) -> Option<Blocker> {
        let path = &self.entry.path;
        let look = || format!("ls -la {}", shell(path));
        let (input, manifest) = (&self.input, self.manifest);
        if let Directory::Unusable(what) = &input.actual.builders_dir {
            return Some(at("unusable-builders-dir", path, format!("builders_dir cannot be used: {what}"), look()));
        }
        if let Place::Elsewhere(was) = &input.actual.place {
            let fact = format!("the workspace is known as that of {was}, under another path");
            return Some(at("mounted-elsewhere", path, fact, format!("run wsctl where {was} exists")));
        }
        let copied = matches!(input.actual.place, Place::Copied(_));
        if copied || !self.entry.own || Some(&manifest.workspace) != input.id() {
            let fact = format!("it speaks of another workspace's repositories: it was at {}", manifest.path);
            let next = "run `wsctl restore` in that workspace; the files of this copy lie in `tree` there";
            return Some(at("another-workspace", path, fact, next));
        }
        if !manifest.counts {
            let fact = "it is what a killed creation left, and is made anew by apply; its files lie in `tree` there";
            return Some(at("half-made", path, fact, look()));
        }
        let (fact, next) = match self.stored.unfinished.as_ref()? {
            Unfinished::Apply => ("an apply was cut short and has to be finished first".into(), "wsctl apply".into()),
            Unfinished::Restore(other) => {
                (format!("a restore of {other} was cut short"), format!("wsctl restore {}\nor wsctl apply", shell_word(other)))
            }
        };
        Some(plain("cut-short", fact, next))
    }

    /// What the entry should hold and does not.
    fn contents(&self, restore: &Restore) -> Option<Blocker> {
        let path = &self.entry.path;
        let look = format!("ls -la {}", shell(path));
        if restore.finish {
            return None;
        }
        match &self.stored.tree {
            Directory::Present => {}
            Directory::Missing => return Some(at("no-tree", path, "its files are not in the trash any more", look)),
            Directory::Unusable(what) => return Some(at("no-tree", path, format!("its tree {what}"), look)),
        }
        let taken = self.pairs().find(|(_, stored)| restore.whole && !stored.linked && stored.admin != StoredAdmin::Gone);
        if let Some((trashed, StoredCheckout { admin: StoredAdmin::Registered { link: Link::Whole, .. }, .. })) = taken {
            let name = format!("{}/{}", self.manifest.builder, trashed.repository);
            let fact = format!("a restore of {name} was cut short");
            return Some(at("cut-short", path, fact, format!("wsctl restore {}", shell_word(&name))));
        }
        None
    }

    /// Where it would go.
    fn target(&self, restore: &Restore) -> Option<Blocker> {
        let to = &restore.to;
        let name = &restore.builder;
        if !restore.whole {
            if restore.to == restore.builder_path {
                let fact = format!("it is the builder itself, with its other checkouts in it: {name} comes back whole");
                return Some(plain("whole-builder", fact, format!("wsctl restore {}", shell_word(name.as_str()))));
            }
            let directory = self.input.directory(name);
            let ours = directory.and_then(|it| owned(&self.input, std::ffi::OsStr::new(name.as_str()), it)).is_some();
            if !ours {
                let was = restore.entry.manifest.as_ref().map(|manifest| &manifest.builder).filter(|was| *was != name);
                let whole = shell_word(was.unwrap_or(name).as_str());
                let renamed = was.map_or_else(String::new, |_| format!(" --as {}", shell_word(name.as_str())));
                let next = format!(
                    "declare [builders.{name}] and `wsctl apply` first\nor bring the whole builder back: wsctl restore {whole}{renamed}"
                );
                return Some(at("no-builder", &restore.builder_path, format!("there is no builder {name} to put it in"), next));
            }
        }
        if let Some(blocker) = self.alike(restore) {
            return Some(blocker);
        }
        if matches!(self.stored.occupant, Occupant::Nothing | Occupant::Empty) {
            return None;
        }
        if !restore.whole {
            return Some(self.live_checkout(restore).unwrap_or_else(|| occupied(to, &self.stored.occupant)));
        }
        let aside = self.beside();
        if self.ours_is_there(restore) {
            let next = format!("{aside}\nor {}", self.instead_of(&Address::Builder(name.clone())));
            return Some(at("in-the-way", to, format!("builder {name} is there"), next));
        }
        let mut blocker = occupied(to, &self.stored.occupant);
        blocker.next = format!("{aside}\n{}", blocker.next);
        Some(blocker)
    }

    /// A worktree of the same repository is where the checkout would go.
    fn live_checkout(&self, restore: &Restore) -> Option<Blocker> {
        let Address::Checkout(builder, name) = &restore.address else { return None };
        let live = self.input.registered_at(name, &restore.to).find(|found| found.link == Link::Whole)?;
        let what = format!("{builder}/{name}");
        if !belongs(&self.input, builder, live) {
            let main = &self.input.repository(name)?.path;
            let next = format!("git -C {} worktree move {} SOMEWHERE", shell(main), shell(&restore.to));
            return Some(at("in-the-way", &restore.to, format!("a worktree that is not ours is at the place of {what}"), next));
        }
        let instead = self.instead_of(&restore.address);
        let next = if self.home.only.is_some() { format!("{}\nor {instead}", self.beside()) } else { instead };
        Some(at("in-the-way", &restore.to, format!("checkout {what} is there"), next))
    }

    /// The whole entry under a name that is free.
    fn beside(&self) -> String {
        format!("wsctl restore {} --as {}", shell_word(&self.entry.name), self.other_name())
    }

    /// How what is there gives up its place: by way of the file, so that nothing of it is lost.
    fn instead_of(&self, there: &Address) -> String {
        let block = Address::Builder(self.home.builder.clone());
        let declared = self.input.desired.builders.get(&self.home.builder);
        let out = match there.repository() {
            None => declared.map(|_| format!("take [{block}] out of the file, ")),
            Some(name) => declared.filter(|it| it.checkouts.contains_key(name)).map(|_| {
                if name.is_root() {
                    format!("set include_root = false in [{block}], ")
                } else {
                    format!("take {name} out of [{block}] in the file, ")
                }
            }),
        };
        let only = self.home.only.as_ref().map(|only| format!("/{only}")).unwrap_or_default();
        let name = shell_word(&format!("{}{only}", self.entry.name));
        let home = &self.home.builder;
        let other = if *home == self.manifest.builder { String::new() } else { format!(" --as {home}") };
        format!("in its place: {}`wsctl apply`, then `wsctl restore {name}{other}`", out.unwrap_or_default())
    }

    fn ours_is_there(&self, restore: &Restore) -> bool {
        let name = std::ffi::OsStr::new(restore.builder.as_str());
        self.input.directory(&restore.builder).is_some_and(|directory| owned(&self.input, name, directory).is_some())
    }

    /// The names of the builders that are declared, and of what lies in `builders_dir`.
    fn names(&self) -> impl Iterator<Item = String> {
        let declared = self.input.desired.builders.keys().map(|name| name.as_str().to_owned());
        declared.chain(self.input.actual.builders.keys().map(|name| name.to_string_lossy().into_owned()))
    }

    /// A builder's name that nothing has.
    fn other_name(&self) -> String {
        let name = &self.home.builder;
        let taken: BTreeSet<String> = self.names().map(|name| alike(&name)).collect();
        let mut names = (2..1000).map(|number| format!("{name}-{number}"));
        names.find(|name| !taken.contains(&alike(name))).unwrap_or_else(|| format!("{name}-2"))
    }

    /// A builder of a name that some file systems take for the same: no file may declare both.
    fn alike(&self, restore: &Restore) -> Option<Blocker> {
        let name = restore.builder.as_str();
        let other = self.names().find(|other| other != name && alike(other) == alike(name))?;
        let fact = format!("some file systems take the names {name} and {other} for one, and {other} is there");
        Some(at("alike", &restore.builder_path, fact, self.beside()))
    }

    /// The repository must be there, and prove to be the same.
    fn repository(&self, trashed: &TrashedCheckout, stored: &StoredCheckout) -> Option<Blocker> {
        let name = &trashed.repository;
        let was = &trashed.common_dir;
        let main = if was.as_path().ends_with(".git") { was.parent() } else { was.clone() };
        let Some(declared) = self.input.desired.repositories.get(name) else {
            let fact = format!("repository {name} is not declared any more; it was at {main}");
            let next = format!("declare it again: [repos.{name}] with path = \"{main}\"");
            return Some(plain("undeclared-repository", fact, next));
        };
        let path = &declared.path;
        match self.input.actual.repositories.get(name) {
            Some(RepositoryState::Present(_)) => {}
            Some(RepositoryState::Missing | RepositoryState::Occupied(_)) | None => {
                let next = format!("mv WHERE-IT-IS-NOW {}", shell(path));
                return Some(at("no-repository", path, format!("repository {name}, which it was made from, is gone"), next));
            }
            Some(RepositoryState::Unusable { fact, next }) => return Some(at("no-repository", path, fact, next)),
        }
        if stored.kept != Some(true) {
            let fact = format!("repository {name} is another one than before: it does not have {}", trashed.keeper);
            let next = format!("put the one back that was at {main}: git -C WHERE-IT-IS show-ref {}", trashed.keeper);
            return Some(at("another-repository", path, fact, next));
        }
        None
    }

    /// Its two ends must be in the entry, or where a killed run left them, and its place unknown to its repository.
    fn in_its_place(&self, trashed: &TrashedCheckout, stored: &StoredCheckout, restore: &Restore) -> Option<Blocker> {
        let name = &trashed.repository;
        let path = &self.entry.path;
        let look = format!("ls -la {}", shell(path));
        let own = match &stored.admin {
            StoredAdmin::Registered { admin_dir, .. } => Some(admin_dir),
            StoredAdmin::Here => None,
            StoredAdmin::Gone => {
                return Some(at("incomplete", path, format!("{name}: its git directory is not in the entry"), look));
            }
        };
        if !stored.linked {
            return Some(at("incomplete", path, format!("{name}: its files, or the .git file in them, are gone"), look));
        }
        if !stored.has_head {
            let fact = format!("{name}: the commit that it was on is gone from its repository");
            return Some(at("incomplete", path, fact, look));
        }
        let worktree = trashed.path.under(&restore.builder_path);
        // One that is in its place is in the way itself, and was said to be.
        let other = |found: &&Registration| Some(&found.admin_dir) != own && found.link != Link::Whole;
        let mut others = self.input.registered_at(name, &worktree).filter(other);
        let other = others.next()?;
        let fact = format!("{name}: its repository still has a registration for {worktree}, {}", other.admin_dir);
        let next = if self.input.our_mark(other).is_some() || other.begun_by().is_some() {
            "wsctl apply".into()
        } else {
            let main = &self.input.repository(name)?.path;
            format!("git -C {} worktree remove {}", shell(main), shell(&worktree))
        };
        Some(at("registered", &worktree, fact, next))
    }
}
