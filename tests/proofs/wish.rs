//! A builders.toml as a value that can be edited at random and written down.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::story::{Deed, Dice, Edit};

/// The repositories that the template has, beside the root.
pub(super) const REPOS: [&str; 3] = ["api", "lib", "web"];
const LAYOUTS: [&str; 5] = ["\"sibling\"", "\"sibling\"", "\"nested\"", "\"split\"", "{ root = \"ws\", repo = \"src/{repo}\" }"];
const NAMES: [&str; 6] = ["one", "two", "three", "four", "five", "six"];
const FILES: [&str; 4] = [
    "[[files]]\nfrom = \"shared.md\"\nto = \"shared.md\"\n",
    "[[files]]\nfrom = \"shared.md\"\nto = \"{repo}/.env\"\n",
    "[[files]]\nfrom = \"shared.md\"\nto = \"deep/link.md\"\nmode = \"symlink\"\n",
    "[[files]]\nfrom = \"template.md\"\nto = \"template.md\"\nmode = \"template\"\n",
];

#[derive(Debug, Clone)]
pub(super) struct Wish {
    layout: usize,
    anchor: bool,
    pub(super) root: bool,
    /// Those that exist or can be cloned.
    pub(super) repos: Vec<&'static str>,
    /// Those that have to be cloned, from here.
    pub(super) missing: BTreeSet<&'static str>,
    builders: BTreeMap<String, Builder>,
    files: BTreeSet<usize>,
    max_removals: usize,
}

#[derive(Debug, Clone, Default)]
struct Builder {
    repos: BTreeSet<&'static str>,
    branch: Option<String>,
    base: Option<&'static str>,
    protect: bool,
    trash: bool,
    never: bool,
}

impl Wish {
    pub(super) fn new(dice: &mut Dice) -> Self {
        let repos: Vec<_> = REPOS[..=dice.below(REPOS.len())].to_vec();
        let root = !dice.chance(3);
        let layout = dice.below(LAYOUTS.len());
        let layout = if !root && LAYOUTS[layout].contains("nested") { 0 } else { layout };
        let missing = repos.iter().copied().filter(|_| dice.chance(8)).collect();
        let files = (0..FILES.len()).filter(|_| dice.chance(2)).collect();
        let mut wish = Wish {
            layout,
            anchor: !dice.chance(4),
            root,
            repos,
            missing,
            builders: BTreeMap::new(),
            files,
            max_removals: 1 + dice.below(6),
        };
        for _ in 0..dice.below(5) {
            wish.edit(Deed { what: Edit::AddBuilder, seed: dice.next() });
        }
        wish
    }

    fn some_repos(&self, dice: &mut Dice) -> BTreeSet<&'static str> {
        self.repos.iter().copied().filter(|_| !dice.chance(3)).collect()
    }

    /// Changes one thing, where there is one to change.
    pub(super) fn edit(&mut self, deed: Deed<Edit>) {
        let mut dice = Dice::new(deed.seed);
        let names: Vec<String> = self.builders.keys().cloned().collect();
        let chosen = dice.pick(&names).cloned();
        let all = self.repos.clone();
        match (deed.what, chosen) {
            (Edit::AddBuilder, _) => {
                let free: Vec<_> = NAMES.iter().filter(|name| !self.builders.contains_key(**name)).collect();
                if let Some(name) = dice.pick(&free) {
                    let repos = self.some_repos(&mut dice);
                    let builder = Builder { repos, trash: dice.chance(3), never: dice.chance(4), ..Builder::default() };
                    self.builders.insert((**name).to_owned(), builder);
                }
            }
            (Edit::Files, _) => {
                let file = dice.below(FILES.len());
                if !self.files.remove(&file) {
                    self.files.insert(file);
                }
            }
            (Edit::RemoveBuilder, Some(name)) => drop(self.builders.remove(&name)),
            (Edit::RenameBuilder, Some(name)) => {
                let free: Vec<_> = NAMES.iter().filter(|name| !self.builders.contains_key(**name)).collect();
                if let (Some(new), Some(old)) = (dice.pick(&free), self.builders.remove(&name)) {
                    self.builders.insert((**new).to_owned(), old);
                }
            }
            (Edit::AddCheckout, Some(name)) => {
                let repo = dice.pick(&all).copied();
                self.builders.get_mut(&name).unwrap().repos.extend(repo);
            }
            (Edit::RemoveCheckout, Some(name)) => {
                let builder = self.builders.get_mut(&name).unwrap();
                let there: Vec<_> = builder.repos.iter().copied().collect();
                if let Some(repo) = dice.pick(&there) {
                    builder.repos.remove(repo);
                }
            }
            (what, Some(name)) => alter(self.builders.get_mut(&name).unwrap(), what, &mut dice),
            (_, None) => {}
        }
    }

    /// Leaves out one file, then one builder; whether there was one.
    pub(super) fn simpler(&mut self) -> bool {
        self.files.pop_last().is_some() || self.builders.pop_last().is_some()
    }

    /// The text of builders.toml; `origin` is where clones come from.
    pub(super) fn toml(&self, origin: &str) -> String {
        let mut text = format!("version = 1\n[workspace]\nlayout = {}\nanchor = {}\n", LAYOUTS[self.layout], self.anchor);
        for repo in &self.repos {
            let _ = write!(text, "[repos.{repo}]\nurl = \"{origin}/{repo}.git\"\n");
        }
        let _ = write!(text, "[policy]\nmax_removals = {}\ndisposable = [\"cache/\"]\n", self.max_removals);
        for (name, builder) in &self.builders {
            let repos: Vec<_> = builder.repos.iter().map(|repo| format!("\"{repo}\"")).collect();
            let _ = write!(text, "[builders.{name}]\nrepos = [{}]\nprotect = {}\n", repos.join(", "), builder.protect);
            if let Some(branch) = &builder.branch {
                let _ = writeln!(text, "branch = \"{branch}\"");
            }
            if let Some(base) = builder.base {
                let _ = writeln!(text, "base = \"{base}\"");
            }
            if builder.trash {
                text.push_str("on_unsaved = \"trash\"\n");
            }
            if builder.never {
                text.push_str("delete_branch = \"never\"\n");
            }
        }
        for file in &self.files {
            text.push_str(FILES[*file]);
        }
        text
    }
}

fn alter(builder: &mut Builder, what: Edit, dice: &mut Dice) {
    match what {
        Edit::Branch => {
            let names = ["task/a", "task/b", "task/c", "other"];
            builder.branch = dice.pick(&names).filter(|_| !dice.clone().chance(4)).map(|name| (*name).to_owned());
        }
        Edit::Base => builder.base = dice.pick(&[None, Some("main"), Some("HEAD")]).copied().flatten(),
        Edit::Policy => (builder.trash, builder.never) = (dice.chance(2), dice.chance(2)),
        Edit::Protect => builder.protect = dice.chance(3),
        Edit::AddBuilder | Edit::RemoveBuilder | Edit::RenameBuilder | Edit::AddCheckout | Edit::RemoveCheckout | Edit::Files => {
        }
    }
}
