//! What people do to a workspace by git and by hand. Whatever git refuses simply does not happen.

use std::fs;
use std::path::{Path, PathBuf};

use super::copy::copy_tree;
use super::end::list;
use super::story::{Deed, Dice, Mess};
use super::tokens::text;
use crate::support::Sandbox;

/// The workspace of a case and how many tokens it has had.
pub(super) struct Scene<'a> {
    pub(super) sandbox: &'a Sandbox,
    pub(super) tokens: usize,
}

impl Scene<'_> {
    fn token(&mut self) -> String {
        self.tokens += 1;
        text(&format!("t{}", self.tokens))
    }

    /// The linked worktrees below `builders_dir`.
    fn checkouts(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for builder in self.builders() {
            find_checkouts(&builder, 3, &mut found);
        }
        found
    }

    fn builders(&self) -> Vec<PathBuf> {
        let all = list(&self.sandbox.builder(""));
        all.into_iter().filter(|path| path.is_dir() && !path.ends_with(".wsctl")).collect()
    }

    fn repositories(&self) -> Vec<PathBuf> {
        let repos = list(&self.sandbox.path("repos")).into_iter();
        repos.chain([self.sandbox.root()]).filter(|path| path.join(".git").is_dir()).collect()
    }

    fn git(&self, directory: &Path, arguments: &[&str]) -> bool {
        self.sandbox.try_git(directory, arguments).status.success()
    }

    fn write(&mut self, directory: &Path, name: &str) {
        let token = self.token();
        let _ = fs::write(directory.join(name), token);
    }

    /// A commit in a work tree, with a file of its own.
    fn commit(&mut self, directory: &Path, more: &[&str]) {
        let name = format!("file{}.txt", self.tokens);
        self.write(directory, &name);
        let _ = self.git(directory, &["add", &name]);
        // The file may be found elsewhere too; the message is nowhere but in the commit.
        let message = self.token();
        let _ = self.git(directory, &[&["commit", "-q", "-m", &message], more].concat());
    }

    pub(super) fn make(&mut self, deed: Deed<Mess>) {
        let mut dice = Dice::new(deed.seed);
        match deed.what {
            Mess::Gc | Mess::WorktreePrune | Mess::CommitInMain => self.in_a_repository(deed.what, &mut dice),
            Mess::Stray | Mess::ForeignFile | Mess::ForeignBuilder | Mess::DeleteBuilder | Mess::CommitInAnchor => {
                self.in_builders_dir(deed.what, &mut dice);
            }
            Mess::ChangeSource => {
                let path = self.sandbox.path("shared.md");
                let _ = fs::write(path, format!("version {}\n", dice.next()));
            }
            what => {
                if let Some(checkout) = dice.pick(&self.checkouts()).cloned() {
                    self.in_a_checkout(what, &checkout, &mut dice);
                }
            }
        }
    }

    fn in_a_repository(&mut self, what: Mess, dice: &mut Dice) {
        let Some(repository) = dice.pick(&self.repositories()).cloned() else { return };
        match what {
            Mess::Gc => drop(self.git(&repository, &["gc", "-q", "--prune=now"])),
            Mess::WorktreePrune => drop(self.git(&repository, &["worktree", "prune"])),
            _ => self.commit(&repository, &[]),
        }
    }

    fn in_builders_dir(&mut self, what: Mess, dice: &mut Dice) {
        let builder = dice.pick(&self.builders()).cloned();
        match (what, builder) {
            (Mess::ForeignFile, _) if self.sandbox.builder("").is_dir() => self.write(&self.sandbox.builder(""), "notes.txt"),
            (Mess::ForeignBuilder, _) => {
                let place = self.sandbox.builder(["five", "six", "mine"][dice.below(3)]);
                if fs::create_dir_all(&place).is_ok() {
                    self.write(&place, "mine.txt");
                }
            }
            (Mess::Stray, Some(builder)) => self.write(&builder, "stray.txt"),
            (Mess::DeleteBuilder, Some(builder)) => drop(fs::remove_dir_all(builder)),
            (Mess::CommitInAnchor, Some(builder)) if builder.join(".git").is_dir() => {
                self.commit(&builder, &["--no-verify"]);
            }
            _ => {}
        }
    }

    fn in_a_checkout(&mut self, what: Mess, checkout: &Path, dice: &mut Dice) {
        let name = format!("new{}.txt", self.tokens);
        match what {
            Mess::Commit => self.commit(checkout, &[]),
            Mess::Amend => self.commit(checkout, &["--amend"]),
            Mess::DetachedCommit => {
                let _ = self.git(checkout, &["switch", "-q", "--detach"]);
                self.commit(checkout, &[]);
            }
            Mess::Stage => {
                self.write(checkout, &name);
                let _ = self.git(checkout, &["add", &name]);
                if !dice.chance(3) {
                    self.write(checkout, &name);
                }
            }
            Mess::Edit => self.write(checkout, "README.md"),
            Mess::HiddenEdit => {
                let flag = ["--assume-unchanged", "--skip-worktree"][dice.below(2)];
                let _ = self.git(checkout, &["update-index", flag, "README.md"]);
                self.write(checkout, "README.md");
            }
            Mess::Ignored => self.write(checkout, "only.log"),
            Mess::Disposable => {
                let _ = fs::create_dir_all(checkout.join("cache"));
                let _ = fs::write(checkout.join("cache/fast"), "made again at any time\n");
            }
            Mess::Untracked => self.write(checkout, &name),
            Mess::Stash => {
                self.write(checkout, &name);
                let _ = self.git(checkout, &["stash", "-q", "-u"]);
            }
            Mess::EditManaged => {
                let files = ["shared.md", "template.md", "../shared.md", "../template.md", ".env"];
                let there: Vec<_> = files.iter().map(|file| checkout.join(file)).filter(|path| path.is_file()).collect();
                if let Some(path) = dice.pick(&there) {
                    self.write(path.parent().unwrap(), path.file_name().unwrap().to_str().unwrap());
                }
            }
            Mess::IndexLock => {
                if let Ok(link) = fs::read_to_string(checkout.join(".git")) {
                    let admin = link.trim_end().trim_start_matches("gitdir: ");
                    let _ = fs::write(Path::new(admin).join("index.lock"), "");
                }
            }
            Mess::Lock => drop(self.git(checkout, &["worktree", "lock", "--reason", "mine", checkout.to_str().unwrap()])),
            what => self.moves(what, checkout, dice),
        }
    }

    fn moves(&mut self, what: Mess, checkout: &Path, dice: &mut Dice) {
        let sibling = |name: &str| checkout.with_file_name(name);
        match what {
            Mess::Rebase | Mess::Merge => {
                let _ = self.git(checkout, &["branch", "-q", "-f", "theirs", "HEAD"]);
                self.write(checkout, "README.md");
                let _ = self.git(checkout, &["commit", "-q", "-a", "-m", "ours"]);
                let _ = self.git(checkout, &["switch", "-q", "theirs"]);
                self.write(checkout, "README.md");
                let _ = self.git(checkout, &["commit", "-q", "-a", "-m", "theirs"]);
                let _ = self.git(checkout, &["switch", "-q", "-"]);
                let operation = if what == Mess::Merge { "merge" } else { "rebase" };
                let _ = self.git(checkout, &[operation, "-q", "theirs"]);
            }
            Mess::SwitchBranch => {
                let name = ["task/a", "mine", "task/b"][dice.below(3)];
                let _ = self.git(checkout, &["switch", "-q", "-c", name]) || self.git(checkout, &["switch", "-q", name]);
            }
            Mess::RenameBranch => drop(self.git(checkout, &["branch", "-q", "-m", "renamed"])),
            Mess::DeleteBranch => {
                let name = ["mine", "theirs", "renamed", "task/a"][dice.below(4)];
                let _ = self.git(checkout, &["branch", "-q", "-D", name]);
            }
            Mess::MoveWorktree => drop(fs::rename(checkout, sibling("moved"))),
            Mess::CopyWorktree if !sibling("copied").exists() => copy_tree(checkout, &sibling("copied")),
            Mess::DeleteWorktree => drop(fs::remove_dir_all(checkout)),
            _ => {}
        }
    }
}

fn find_checkouts(directory: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if directory.join(".git").is_file() {
        found.push(directory.to_path_buf());
    }
    for path in list(directory) {
        if depth > 0 && path.is_dir() && !path.is_symlink() && !path.ends_with(".git") {
            find_checkouts(&path, depth - 1, found);
        }
    }
}
