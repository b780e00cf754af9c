//! A sandbox: one temporary directory with a HOME of its own, and real git in it.

#![allow(dead_code, reason = "not every test uses every word")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

pub mod counts;
mod faulty;
mod journal;
mod killer;
mod lfs;
mod program;
pub mod schema;
pub mod server;
mod snapshot;

pub use faulty::{Fault, Faulty, MODES, Mode};
pub use journal::{TOKEN, hash};
pub use killer::{KILLER, KILLER_OF_GIT, arm, killer};
pub use program::{Answer, text};
pub use snapshot::{Snapshot, snapshot};

/// A workspace in a temporary directory. Nothing of the machine's configuration reaches it.
pub struct Sandbox {
    directory: TempDir,
}

impl Sandbox {
    /// An empty workspace root `ws` beside an empty `origin`.
    pub fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("wsctl-test-").tempdir().unwrap();
        let sandbox = Sandbox { directory };
        std::fs::create_dir_all(sandbox.root()).unwrap();
        std::fs::create_dir_all(sandbox.home()).unwrap();
        std::fs::write(
            sandbox.home().join(".gitconfig"),
            "[user]\n\tname = Test\n\temail = test@example.com\n[init]\n\tdefaultBranch = main\n[protocol \"file\"]\n\tallow = always\n[maintenance]\n\tauto = false\n",
        )
        .unwrap();
        sandbox
    }

    /// The temporary directory, as a real path.
    pub fn top(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap()
    }

    /// The workspace root.
    pub fn root(&self) -> PathBuf {
        self.top().join("ws")
    }

    /// HOME of every child.
    pub fn home(&self) -> PathBuf {
        self.top().join("home")
    }

    /// A path below the workspace root.
    pub fn path(&self, tail: impl AsRef<Path>) -> PathBuf {
        self.root().join(tail)
    }

    /// Writes a file below the workspace root, with its parents.
    pub fn write(&self, path: impl AsRef<Path>, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A child with the sandbox's environment.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_DATE", "1700000000 +0000")
            .env("GIT_COMMITTER_DATE", "1700000000 +0000")
            .current_dir(self.root());
        command
    }

    /// Runs git in a directory; it must succeed. Returns its output without the last newline.
    pub fn git(&self, directory: impl AsRef<Path>, arguments: &[&str]) -> String {
        let output = self.try_git(directory, arguments);
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()
    }

    /// Runs git in a directory, whatever comes of it.
    pub fn try_git(&self, directory: impl AsRef<Path>, arguments: &[&str]) -> Output {
        let mut command = self.command("git");
        // The root itself may have moved away.
        command.current_dir(self.top()).arg("-C").arg(self.path(directory)).args(arguments).output().unwrap()
    }

    /// Makes a directory the top of a repository with one commit on `main`: `README.md` and a `.gitignore` of `*.log`.
    pub fn repository(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = self.path(path);
        std::fs::create_dir_all(&path).unwrap();
        self.git(&path, &["init", "-q", "-b", "main"]);
        std::fs::write(path.join("README.md"), format!("# {}\n", path.file_name().unwrap().to_string_lossy())).unwrap();
        std::fs::write(path.join(".gitignore"), "*.log\n").unwrap();
        self.commit(&path, "first");
        path
    }

    /// A bare origin with one commit, and its clone below `repos/`.
    pub fn cloned(&self, name: &str) -> PathBuf {
        let origin = self.origin(name);
        let path = self.path(format!("repos/{name}"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        self.git(self.root(), &["clone", "-q", origin.to_str().unwrap(), path.to_str().unwrap()]);
        path
    }

    /// A bare repository with one commit on `main`, outside the workspace.
    pub fn origin(&self, name: &str) -> PathBuf {
        let seed = self.repository(self.top().join(format!("seed/{name}")));
        let origin = self.top().join(format!("origin/{name}.git"));
        self.git(self.root(), &["clone", "-q", "--bare", seed.to_str().unwrap(), origin.to_str().unwrap()]);
        origin
    }

    /// Commits everything in a work tree.
    pub fn commit(&self, path: impl AsRef<Path>, message: &str) {
        self.git(&path, &["add", "-A"]);
        self.git(&path, &["commit", "-q", "--allow-empty", "-m", message]);
    }
}

/// Says that a test could not be made here, and why.
#[allow(clippy::print_stderr, reason = "a skipped test must be seen")]
pub fn skip(why: &str) {
    eprintln!("skipped: {why}");
}
