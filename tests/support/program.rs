//! The program itself in a sandbox, and the words of a test that drives it.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::{Sandbox, counts, schema, snapshot};

/// What one run of wsctl answered.
#[derive(Debug)]
pub struct Answer {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Answer { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        self.exits(0)
    }

    #[track_caller]
    pub fn fails(self) -> Self {
        self.exits(1)
    }

    /// One of the two streams has this text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text) || self.stderr.contains(text), "no {text:?} in\n{self}");
        self
    }

    /// Neither stream has this text.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Self {
        assert!(!self.stdout.contains(text) && !self.stderr.contains(text), "{text:?} in\n{self}");
        self
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {:?}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

impl Sandbox {
    /// A workspace that is a repository, with clones `repos/api` and `repos/web` of bare origins.
    pub fn workspace() -> Self {
        let sandbox = Sandbox::new();
        sandbox.make_root("repos/\n");
        sandbox.cloned("api");
        sandbox.cloned("web");
        sandbox
    }

    /// Makes the workspace root a repository with this `.gitignore`.
    pub fn make_root(&self, gitignore: &str) {
        self.git(self.root(), &["init", "-q", "-b", "main"]);
        self.write(".gitignore", gitignore);
        self.write("notes.md", "notes\n");
        self.git(self.root(), &["add", ".gitignore", "notes.md"]);
        self.git(self.root(), &["commit", "-q", "-m", "root"]);
    }

    /// Writes builders.toml; the version is written for you.
    pub fn toml(&self, text: &str) {
        self.write("builders.toml", &format!("version = 1\n{text}"));
    }

    /// A child that will be wsctl, started in the workspace's root.
    pub fn program(&self) -> Command {
        self.command(env!("CARGO_BIN_EXE_wsctl"))
    }

    /// Runs wsctl in the workspace's root.
    pub fn wsctl(&self, arguments: &[&str]) -> Answer {
        self.wsctl_in(self.root(), arguments)
    }

    /// Runs wsctl in another directory.
    pub fn wsctl_in(&self, directory: impl AsRef<Path>, arguments: &[&str]) -> Answer {
        self.wsctl_with(directory, &[], arguments)
    }

    /// Runs wsctl with more variables. What it answers in JSON is held to its schema,
    /// a plan to its own numbers.
    #[track_caller]
    pub fn wsctl_with(&self, directory: impl AsRef<Path>, variables: &[(&str, &OsStr)], arguments: &[&str]) -> Answer {
        let mut command = self.program();
        command.current_dir(directory).args(arguments).stdin(Stdio::null());
        let answer = Answer::of(&command.envs(variables.iter().copied()).output().unwrap());
        schema::check(arguments, &answer.stdout);
        counts::check(arguments, answer.code, &answer.stdout);
        answer
    }

    /// Runs wsctl with this on its standard input.
    pub fn wsctl_fed(&self, text: &str, arguments: &[&str]) -> Answer {
        let mut command = self.program();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        Answer::of(&child.wait_with_output().unwrap())
    }

    /// A command that an answer names, as typed by somebody who approves: from the workspace's root, in a shell.
    #[track_caller]
    pub fn type_next(&self, answer: &Answer, words: &str) -> Answer {
        self.type_next_in(self.root(), answer, words)
    }

    /// The same from another directory.
    #[track_caller]
    pub fn type_next_in(&self, directory: impl AsRef<Path>, answer: &Answer, words: &str) -> Answer {
        let lines = answer.stdout.lines().chain(answer.stderr.lines()).filter_map(|line| line.trim().strip_prefix("→ "));
        let next = lines.map(str::to_owned).find(|line| line.contains(words));
        let next = next.unwrap_or_else(|| panic!("no next command with {words:?} in\n{answer}"));
        let asks = next.starts_with("wsctl") && (next.contains(" apply") || next.contains(" destroy"));
        let program = Path::new(env!("CARGO_BIN_EXE_wsctl")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
        let mut shell = self.command("sh");
        shell.arg("-c").arg(if asks { next + " --auto-approve" } else { next });
        Answer::of(&shell.current_dir(directory).env("PATH", path).stdin(Stdio::null()).output().unwrap())
    }

    pub fn plan(&self) -> Answer {
        self.wsctl(&["plan"])
    }

    pub fn apply(&self) -> Answer {
        self.wsctl(&["apply", "--auto-approve"])
    }

    /// Nothing is left to do: apply says so in one line, plan exits 0, and neither touches a byte.
    #[track_caller]
    pub fn converged(&self) {
        let before = snapshot(self.root());
        let answer = self.apply().ok().says("No changes.");
        assert_eq!(answer.stdout.lines().count(), 1, "{answer}");
        assert_eq!(answer.stderr, "", "{answer}");
        self.wsctl(&["plan", "--detailed-exitcode"]).ok();
        before.assert_same(&snapshot(self.root()));
    }

    /// A path in a builder.
    pub fn builder(&self, tail: impl AsRef<Path>) -> PathBuf {
        self.path(".builders").join(tail)
    }

    /// The entries of the trash, oldest first.
    pub fn trash(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.builder(".wsctl/trash")) else { return vec![] };
        let mut entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        entries
    }

    /// The only entry of the trash.
    #[track_caller]
    pub fn trashed(&self) -> PathBuf {
        let mut entries = self.trash();
        assert_eq!(entries.len(), 1, "{entries:?}");
        entries.remove(0)
    }

    pub fn branches(&self, repository: impl AsRef<Path>) -> Vec<String> {
        let text = self.git(self.path(repository), &["for-each-ref", "--format=%(refname:short)", "refs/heads"]);
        text.lines().map(str::to_owned).collect()
    }

    /// Whether git finds nothing wrong with these repositories.
    #[track_caller]
    pub fn fsck(&self, repositories: &[&str]) {
        for repository in repositories {
            let output = self.try_git(self.path(repository), &["fsck", "--strict", "--no-dangling", "--no-progress"]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
            let wrong = |line: &&str| !line.starts_with("notice:") && !line.is_empty();
            assert_eq!(said.lines().find(wrong), None, "{repository}: {said}");
            assert!(output.status.success(), "{repository}: {said}");
        }
    }

    /// Writes a file anywhere in the sandbox and makes it a program.
    pub fn script(&self, path: impl AsRef<Path>, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// A PATH whose `git` is this script.
    pub fn path_with_git(&self, script: &str) -> std::ffi::OsString {
        self.natively(false);
        let git = self.script(self.top().join("bin/git"), script);
        let mut path = git.parent().unwrap().as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        path
    }

    /// Whether wsctl may write without the git command.
    pub fn natively(&self, native: bool) {
        self.git(self.home(), &["config", "--global", "wsctl.native", &native.to_string()]);
    }
}

/// Reads a file as text.
#[track_caller]
pub fn text(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).into_owned()
}
