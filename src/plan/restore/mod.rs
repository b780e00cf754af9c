//! (Desired, Actual, one entry of the trash) → how it comes back, or why it cannot. Pure, like every plan.

mod block;
mod fate;
mod refuse;
mod request;
mod value;

pub(super) use block::time;
pub use block::{Block, block};
pub use fate::{Fate, FateKind};
pub use request::{Asked, asked, find, offered};
pub use value::{Restore, RestoredCheckout};

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::model::actual::{Actual, Directory, Link, Repository};
use crate::model::address::Address;
use crate::model::builder::Occupant;
use crate::model::desired::{Desired, DesiredBuilder, Goal, Shape};
use crate::model::mark::{BuilderMark, CheckoutMark, WrittenFile};
use crate::model::name::{BranchName, BuilderName, RepoName};
use crate::model::path::{AbsPath, RelPath, unescaped};
use crate::model::stored::{Home, Stored, StoredAdmin, StoredCheckout};
use crate::model::trash::{Manifest, TrashEntry, TrashedCheckout, part};

use super::builders::ignore_text;
use super::input::Input;
use super::{Options, again, shell_word};

/// The sentence of a planned creation whose name lies in the trash.
pub(super) fn instead(builder: &BuilderName, repository: Option<&RepoName>) -> String {
    let name = repository.map_or_else(|| builder.to_string(), |repository| format!("{builder}/{repository}"));
    format!("one of that name is in the trash: `wsctl restore {}`", shell_word(&name))
}

/// What is decided about.
struct Case<'a> {
    input: Input<'a>,
    entry: &'a TrashEntry,
    manifest: &'a Manifest,
    stored: &'a Stored,
    home: &'a Home,
}

/// How an entry comes back. `stored` must be of this entry and this home; `None`: its manifest cannot be read, and then
/// this is `None` too.
#[must_use]
pub fn restore(
    desired: &Desired,
    actual: &Actual,
    options: &Options,
    entry: &TrashEntry,
    stored: Option<&Stored>,
    home: &Home,
) -> Option<Restore> {
    let (manifest, stored) = (entry.manifest.as_ref()?, stored?);
    let case = Case { input: Input::new(desired, actual, options), entry, manifest, stored, home };
    let mut restore = case.restore();
    for blocker in &mut restore.blockers {
        blocker.next = again(&blocker.next, options);
    }
    Some(restore)
}

impl<'a> Case<'a> {
    fn restore(&self) -> Restore {
        let desired = self.input.desired;
        let builder_path = desired.builders_dir.join(self.home.builder.as_str());
        let place = self.place();
        let tree = self.entry.path.join("tree");
        let one = self.home.only.as_ref().map(|_| place.clone().unwrap_or_else(RelPath::here));
        let whole = place.is_none();
        let (wanted, others): (Vec<_>, Vec<_>) = self.pairs().partition(|(_, stored)| self.is_wanted(&stored.repository));
        let (gone, mut wanted): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|(_, stored)| whole && self.was_taken(stored));
        wanted.retain(|(_, stored)| self.input.repository(&stored.repository).is_some());
        let finish = self.is_back();
        let mut restore = Restore {
            address: match wanted.first().filter(|_| !whole) {
                Some((checkout, _)) => Address::Checkout(self.home.builder.clone(), checkout.repository.clone()),
                None => Address::Builder(self.home.builder.clone()),
            },
            builder: self.home.builder.clone(),
            whole,
            from: one.as_ref().map_or(tree.clone(), |path| path.under(&tree)),
            to: place.as_ref().map_or(builder_path.clone(), |path| path.under(&builder_path)),
            builder_path,
            empty: self.stored.occupant == Occupant::Empty,
            finish,
            shape: self.stored.shape,
            mark: self.builder_mark().filter(|_| whole),
            files: place.as_ref().map(|path| self.files(path)).unwrap_or_default(),
            ignore: self.ignore(whole),
            checkouts: Vec::new(),
            rest: self.rest(&others),
            details: Vec::new(),
            blockers: Vec::new(),
            entry: self.entry.clone(),
        };
        for (trashed, _) in gone {
            restore.details.push(format!("{}: was brought back before, it is not in the entry any more", trashed.repository));
        }
        self.refuse(&mut restore);
        for (trashed, stored) in wanted {
            self.checkout(trashed, stored, &mut restore);
        }
        restore
    }

    fn pairs(&self) -> impl Iterator<Item = (&'a TrashedCheckout, &'a StoredCheckout)> {
        self.manifest.checkouts.iter().zip(&self.stored.checkouts)
    }

    fn is_wanted(&self, name: &RepoName) -> bool {
        self.home.only.as_ref().is_none_or(|only| only == name)
    }

    /// The path of the one checkout that comes back; `None`: the whole builder does.
    fn place(&self) -> Option<RelPath> {
        let of = |only: &RepoName| self.manifest.checkouts.iter().find(|checkout| checkout.repository == *only);
        let asked = self.home.only.as_ref().and_then(of).map(|checkout| checkout.path.clone());
        asked.or_else(|| self.manifest.checkout.clone())
    }

    /// Whether neither files nor admin directory of a checkout are left in the entry.
    fn was_taken(&self, stored: &StoredCheckout) -> bool {
        !stored.linked && stored.admin == StoredAdmin::Gone && self.stored.tree == Directory::Present
    }

    /// Whether what is wanted is at its place already, and only what a restore clears away last is left.
    fn is_back(&self) -> bool {
        let tree_gone = self.stored.tree == Directory::Missing;
        let mut wanted = self.pairs().filter(|(_, stored)| self.is_wanted(&stored.repository)).peekable();
        let any = wanted.peek().is_some();
        let back = |stored: &StoredCheckout| match &stored.admin {
            StoredAdmin::Registered { link, .. } => *link == Link::Whole,
            // The keepers go before the locks: without both, the rest was done.
            StoredAdmin::Gone => stored.kept == Some(false),
            StoredAdmin::Here => false,
        };
        any && wanted.all(|(_, stored)| (tree_gone || (self.home.only.is_some() && !stored.linked)) && back(stored))
    }

    /// What stays in the entry once one checkout of it is back.
    fn rest(&self, others: &[(&TrashedCheckout, &StoredCheckout)]) -> Option<Manifest> {
        self.home.only.as_ref()?;
        let checkouts = others.iter().map(|(trashed, _)| (*trashed).clone()).collect();
        Some(Manifest { checkouts, ..self.manifest.clone() })
    }

    /// A mark names the builder as it comes back, and this file where the one that it names is gone.
    fn builder_mark(&self) -> Option<BuilderMark> {
        let old = self.manifest.mark.as_ref()?;
        Some(BuilderMark { builder: self.home.builder.clone(), file: self.file(&old.file), ..old.clone() })
    }

    fn file(&self, old: &AbsPath) -> AbsPath {
        if self.stored.file_gone { self.input.desired.file.clone() } else { old.clone() }
    }

    fn files(&self, path: &RelPath) -> BTreeMap<RelPath, WrittenFile> {
        let known = self.manifest.mark.iter().flat_map(|mark| &mark.files);
        known.filter(|(to, _)| path.contains(to)).map(|(to, file)| (to.clone(), file.clone())).collect()
    }

    fn ignore(&self, whole: bool) -> Option<String> {
        let needed = whole && self.stored.shape == Shape::Nested && self.input.actual.ignore.is_none();
        needed.then(|| ignore_text(self.manifest.checkouts.iter().map(|checkout| &checkout.path)))?
    }

    fn checkout(&self, trashed: &TrashedCheckout, stored: &StoredCheckout, restore: &mut Restore) {
        let Some(repository) = self.input.repository(&trashed.repository) else { return };
        if stored.admin == StoredAdmin::Gone {
            return;
        }
        let tree = self.entry.path.join("tree");
        let worktrees = repository.common_dir.join("worktrees");
        let part = part(&trashed.repository);
        let (admin, registration, own) = match &stored.admin {
            StoredAdmin::Registered { admin_dir, .. } => (admin_dir.clone(), admin_dir.clone(), Some(admin_dir)),
            StoredAdmin::Here | StoredAdmin::Gone => {
                let wanted = unescaped(&trashed.admin_name).unwrap_or_else(|| OsString::from(part));
                let names = (0..1000).map(|number| match number {
                    0 => wanted.clone(),
                    number => {
                        let mut name = wanted.clone();
                        name.push(number.to_string());
                        name
                    }
                });
                let mut free = names.filter(|name: &OsString| !repository.registrations.contains_key(name));
                let name = free.next().unwrap_or(wanted.clone());
                (self.entry.path.join("admin").join(part), worktrees.join(&name), None)
            }
        };
        let scene = fate::Scene { repository, own, made: &self.stored.made };
        let fate = match fate::fate(&scene, trashed, stored) {
            Ok(fate) => fate,
            Err(why) => return restore.blockers.push(refuse::unreadable_head(&admin, &trashed.repository, &why)),
        };
        if !restore.finish {
            restore.details.push(format!("{}: {}", trashed.repository, fate.words()));
        }
        let alone = self.manifest.checkout.is_some();
        restore.checkouts.push(RestoredCheckout {
            name: trashed.repository.clone(),
            repository: repository.path.clone(),
            common_dir: repository.common_dir.clone(),
            admin,
            registration,
            tree: if alone { tree } else { trashed.path.under(&tree) },
            worktree: trashed.path.under(&restore.builder_path),
            path: trashed.path.clone(),
            kept: self.entry.path.join("branch").join(part),
            keeper: trashed.keeper.clone(),
            mark: trashed.mark.as_ref().map(|old| self.checkout_mark(old, &fate, repository)),
            fate,
        });
    }

    /// Its branch is what the file has to declare: not one that another builder declares by now, where HEAD was elsewhere.
    fn checkout_mark(&self, old: &CheckoutMark, fate: &Fate, repository: &Repository) -> CheckoutMark {
        let elsewhere = |builder: &&DesiredBuilder| builder.name != self.home.builder;
        let others = self.input.desired.builders.values().filter(elsewhere);
        let declared: Vec<&BranchName> =
            others.filter_map(|builder| builder.checkouts.get(&old.repository)?.goal.branch()).collect();
        let mut goal = old.goal.clone();
        if let Some(branch) = old.goal.branch().filter(|branch| fate.instead().is_none() && declared.contains(branch)) {
            let own = fate.branch().map(|(branch, _)| branch).filter(|own| !declared.contains(own));
            goal = Goal::Branch(own.cloned().unwrap_or_else(|| fate::beside_the(branch, repository)));
        }
        let made_branch = old.made_branch && goal == old.goal;
        CheckoutMark { builder: self.home.builder.clone(), file: self.file(&old.file), goal, made_branch, ..old.clone() }
    }
}
