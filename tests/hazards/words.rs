//! The words of these tests: a workspace in which one thing is wrong, and what holds of every refusal.

use std::path::{Path, PathBuf};

use crate::support::{Sandbox, Snapshot, snapshot};

/// Builder `b` with `api`, where things go wrong, and builder `other` with `web`, which goes on whatever happens.
pub const TWO: &str = "[repos.api]\n[repos.web]\n[builders.b]\nrepos = [\"api\"]\n[builders.other]\nrepos = [\"web\"]\n";

/// Both builders declared, none made.
pub fn declared() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(TWO);
    sandbox
}

/// Both builders made.
pub fn made() -> Sandbox {
    let sandbox = declared();
    sandbox.apply().ok();
    sandbox
}

/// The lines that tell of one refused address, from its `!` to the next change.
fn told(stdout: &str, address: &str) -> Option<String> {
    let ours = |line: &str| line.strip_prefix("  ! ").is_some_and(|rest| rest.split("   ").next() == Some(address));
    let mut lines = stdout.lines().skip_while(|line| !ours(line));
    let first = lines.next()?;
    let rest = lines.take_while(|line| line.starts_with("      "));
    Some(std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n"))
}

/// Every address that is refused.
fn refused(stdout: &str) -> Vec<&str> {
    let mut found: Vec<_> = stdout.lines().filter_map(|line| line.strip_prefix("  ! ")?.split("   ").next()).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The commands that a refusal tells to type.
fn commands(told: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut below = false;
    for line in told.lines() {
        if let Some(command) = line.trim_start().strip_prefix("→ ") {
            found.push(command.to_owned());
            below = true;
        } else if below && line.starts_with("        ") {
            found.push(line.trim_start().trim_start_matches("or ").to_owned());
        } else {
            below = false;
        }
    }
    found
}

fn picture(path: &Path) -> Option<Snapshot> {
    path.symlink_metadata().is_ok().then(|| snapshot(path))
}

impl Sandbox {
    /// Plan and apply refuse these addresses and no other, the first in these words; `other` is made, nothing at
    /// these paths changes, git finds nothing wrong, and a second apply touches nothing. Returns the commands to type.
    #[track_caller]
    pub fn refuses(&self, addresses: &[&str], words: &[&str], untouched: &[PathBuf]) -> Vec<String> {
        let before: Vec<_> = untouched.iter().map(|path| picture(path)).collect();
        let wrong = self.complaints();
        let planned = self.plan().ok();
        let mut wanted = addresses.to_vec();
        wanted.sort_unstable();
        assert_eq!(refused(&planned.stdout), wanted, "{planned}");
        let answer = self.apply().fails();
        assert_eq!(refused(&answer.stdout), wanted, "{answer}");
        let told = told(&answer.stdout, addresses[0]).unwrap_or_else(|| panic!("nothing of {} in\n{answer}", addresses[0]));
        for word in words {
            assert!(told.contains(word), "no {word:?} in\n{answer}");
        }
        assert!(told.contains("\n      at "), "no path in\n{answer}");
        let commands = commands(&told);
        assert!(!commands.is_empty(), "no command in\n{answer}");
        for (path, before) in untouched.iter().zip(&before) {
            let now = picture(path);
            assert_eq!(before.is_some(), now.is_some(), "{}", path.display());
            if let (Some(before), Some(now)) = (before, now) {
                assert_eq!(before.differences(&now), Vec::<PathBuf>::new(), "{}", path.display());
            }
        }
        self.goes_on();
        let more: Vec<_> = self.complaints().into_iter().filter(|line| !wrong.contains(line)).collect();
        assert_eq!(more, Vec::<String>::new(), "git finds what it did not find before");
        let before = snapshot(self.root());
        assert_eq!(refused(&self.apply().fails().stdout), wanted, "a second time");
        before.assert_same(&snapshot(self.root()));
        commands
    }

    /// The builder where nothing is wrong is whole.
    #[track_caller]
    pub fn goes_on(&self) {
        for checkout in ["other/web", "other/workspace-root"] {
            let path = self.builder(checkout);
            assert!(path.join(".git").is_file(), "{checkout} goes on");
            assert_eq!(self.git(&path, &["branch", "--show-current"]), "builder/other");
            assert_eq!(self.git(&path, &["status", "--porcelain"]), "");
        }
    }

    /// git finds nothing wrong in any repository that it opens.
    #[track_caller]
    pub fn sound(&self) {
        assert_eq!(self.complaints(), Vec::<String>::new());
    }

    /// What git finds wrong, with the repository in front.
    fn complaints(&self) -> Vec<String> {
        let opens = |path: &&str| self.try_git(self.path(path), &["rev-parse", "--git-dir"]).status.success();
        let all = ["", "repos/api", "repos/web", ".builders/b", ".builders/other"];
        let there = all.into_iter().filter(|path| self.path(path).join(".git").is_dir()).filter(opens);
        let find = |path: &str| {
            let output = self.try_git(path, &["fsck", "--strict", "--no-dangling", "--no-progress"]);
            let said = [output.stderr, output.stdout].concat();
            let said = String::from_utf8_lossy(&said).into_owned();
            let wrong = said.lines().filter(|line| !line.starts_with("notice:") && !line.is_empty());
            wrong.map(|line| format!("{path}: {line}")).collect::<Vec<_>>()
        };
        there.flat_map(find).collect()
    }

    /// Types a printed command in the workspace's root; it must succeed.
    #[track_caller]
    pub fn types(&self, command: &str) -> String {
        let output = self.try_types(command);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Types a printed command, whatever comes of it, and approves where it asks.
    pub fn try_types(&self, command: &str) -> std::process::Output {
        let aside = self.top().join("aside");
        std::fs::create_dir_all(&aside).unwrap();
        let command = command.replace("SOMEWHERE", aside.to_str().unwrap()).replace("NEW-NAME", "renamed");
        let asks = command.starts_with("wsctl") && command.contains(" apply") && !command.contains("--auto-approve");
        let command = if asks { command + " --auto-approve" } else { command };
        let program = self.program().get_program().to_owned();
        let mut path = Path::new(&program).parent().unwrap().as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        self.command("sh").env("PATH", path).args(["-ec", &command]).output().unwrap()
    }

    /// One apply does all that is left; then nothing is left, and git finds nothing wrong.
    #[track_caller]
    pub fn settles(&self) {
        self.apply().ok();
        for checkout in ["b/api", "b/workspace-root"] {
            assert_eq!(self.git(self.builder(checkout), &["branch", "--show-current"]), "builder/b", "{checkout}");
        }
        self.goes_on();
        self.sound();
        self.converged();
    }
}
