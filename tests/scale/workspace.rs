//! A workspace of builders, as declared, and what people do to the checkouts in it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::corpus;
use super::world::World;

/// A root with clones below `repos/`; `builders` in each of the groups into which its repositories fall.
pub struct Workspace {
    pub root: PathBuf,
    repositories: usize,
    /// How many repositories a builder has; those of one group share their builders.
    group: usize,
    pub builders: usize,
}

impl Workspace {
    /// Clones the repositories; every builder shall have all of them. Nothing is declared yet.
    pub fn new(world: &World, root: PathBuf, origins: &[PathBuf]) -> Self {
        corpus::clone(world, &root, origins);
        fs::write(root.join("notes.md"), "What every builder gets.\n").unwrap();
        Workspace { root, repositories: origins.len(), group: origins.len(), builders: 0 }
    }

    /// Every builder shall have so many of the repositories.
    pub fn in_groups_of(mut self, group: usize) -> Self {
        self.group = group;
        self
    }

    /// Declares so many builders, with a file that wsctl copies into each.
    pub fn declare(&mut self, builders: usize) {
        self.builders = builders;
        let mut text = String::from("version = 1\n\n[workspace]\nbase = \"origin/main\"\n\n[policy]\nmax_removals = 100000\n\n");
        let _ = write!(text, "[[files]]\nfrom = \"notes.md\"\nto = \"notes.md\"\n\n");
        for number in 0..self.repositories {
            let _ = writeln!(text, "[repos.{}]", corpus::name(number));
        }
        for number in 0..builders {
            let names: Vec<_> = self.group(number).map(|number| format!("\"{}\"", corpus::name(number))).collect();
            let _ = write!(text, "\n[builders.{}]\nrepos = [{}]\n", builder(number), names.join(", "));
        }
        fs::write(self.root.join("builders.toml"), text).unwrap();
    }

    /// The repositories of a builder.
    fn group(&self, builder: usize) -> std::ops::Range<usize> {
        let start = builder % (self.repositories / self.group) * self.group;
        start..start + self.group
    }

    /// Declares so many builders and makes them.
    pub fn make(&mut self, world: &World, builders: usize) {
        self.declare(builders);
        world.wsctl(&self.root, &["apply", "--auto-approve"]);
        self.converged(world);
    }

    /// What is declared is there, all of it and nothing else: what is measured was done.
    pub fn converged(&self, world: &World) {
        world.wsctl(&self.root, &["plan", "--detailed-exitcode"]);
        let missing: Vec<_> = self.checkouts().into_iter().filter(|path| !path.join(".git").is_file()).collect();
        assert!(missing.is_empty(), "not there: {missing:?}");
    }

    pub fn repositories(&self) -> Vec<PathBuf> {
        (0..self.repositories).map(|number| self.repository(number)).collect()
    }

    fn repository(&self, number: usize) -> PathBuf {
        self.root.join("repos").join(corpus::name(number))
    }

    /// Builder, repository and path of each checkout, builder by builder.
    pub fn declared(&self) -> Vec<(String, PathBuf, PathBuf)> {
        let checkouts = |number| self.group(number).map(move |repository| (number, repository));
        let path = |number, repository| self.root.join(".builders").join(builder(number)).join(corpus::name(repository));
        let declared = (0..self.builders).flat_map(checkouts);
        declared.map(|(number, of)| (builder(number), self.repository(of), path(number, of))).collect()
    }

    pub fn checkouts(&self) -> Vec<PathBuf> {
        self.declared().into_iter().map(|(_, _, path)| path).collect()
    }

    /// People at work: of a hundred builders ten have edits, ten untracked files, five commits, two are detached, one is
    /// locked, one amid a rebase.
    pub fn work(&self, world: &World) {
        for (number, (_, repository, path)) in self.declared().iter().enumerate() {
            match number / self.group % 100 {
                0..10 => edit(path),
                10..20 => fs::write(path.join("new.txt"), "untracked\n").unwrap(),
                20..25 => {
                    edit(path);
                    world.git(path, &["commit", "-qam", "ahead"]);
                }
                25..27 => world.git(path, &["checkout", "-q", "--detach"]),
                27 => world.git(repository, &["worktree", "lock", "--reason", "on usb", path.to_str().unwrap()]),
                28 => fs::create_dir(admin(path).join("rebase-merge")).unwrap(),
                _ => {}
            }
        }
        self.converged(world);
    }

    /// The trash has all builders that were ever made, and their places are empty.
    pub fn gone(&self, builders: usize) {
        let inside = self.root.join(".builders");
        let left: Vec<_> = (0..builders).map(builder).filter(|name| inside.join(name).exists()).collect();
        assert!(left.is_empty(), "still there: {left:?}");
        let kept = fs::read_dir(inside.join(".wsctl/trash")).unwrap().count();
        assert!(kept >= builders, "{kept} in the trash");
    }
}

/// What the builder of this number is called.
pub fn builder(number: usize) -> String {
    format!("b{number:04}")
}

fn edit(checkout: &Path) {
    let path = checkout.join(corpus::first_file());
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, text + "// edited\n").unwrap();
}

/// The administrative directory of a worktree.
fn admin(checkout: &Path) -> PathBuf {
    let text = fs::read_to_string(checkout.join(".git")).unwrap();
    PathBuf::from(text.trim_end().strip_prefix("gitdir: ").unwrap())
}
