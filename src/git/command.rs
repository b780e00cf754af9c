//! Runs the git command: an environment without the caller's `GIT_*`, no questions unless allowed, and its reason
//! in one line when it refuses.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};

use super::answer::Answer;
use super::link;
use super::locks::Shares;
use crate::diagnostic::Diagnostic;
use crate::model::path::{AbsPath, printable, shell_word};

/// The oldest git that has everything we ask for.
const OLDEST: (u32, u32) = (2, 38);

/// What holds for every call: background work would prune registrations, a monitor would outlive us.
pub(super) const SETTINGS: [&str; 7] = [
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "advice.detachedHead=false",
    "color.ui=false",
    "log.showSignature=false",
];

/// How often a held lock file is tried again, and how long between.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(200);

/// The git command with the environment that it gets.
#[derive(Debug)]
pub(super) struct Git {
    environment: Vec<(OsString, OsString)>,
    input: bool,
    locks: Shares,
    /// The repositories whose files of git-lfs stay pointers.
    pointers: Vec<AbsPath>,
}

/// One call of git, not yet made.
#[derive(Debug)]
pub(super) struct Call<'a> {
    git: &'a Git,
    directory: PathBuf,
    git_dir: Option<PathBuf>,
    /// What it makes, where that lies elsewhere.
    about: Option<PathBuf>,
    variables: Vec<(&'static str, OsString)>,
    network: bool,
    arguments: Vec<OsString>,
}

impl Git {
    pub(super) fn new(caller: impl IntoIterator<Item = (OsString, OsString)>, input: bool) -> Self {
        let mut environment: Vec<_> =
            caller.into_iter().filter(|(name, _)| !name.as_bytes().starts_with(b"GIT_") && name != "LC_ALL").collect();
        let mut set = |name: &str, value: &str| environment.push((name.into(), value.into()));
        set("LC_ALL", "C");
        set("GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh");
        set("GIT_ADVICE", "0");
        if !input {
            set("GIT_TERMINAL_PROMPT", "0");
            // ssh asks on the terminal whatever stdin is; this makes it fail instead of stopping for ever.
            set("SSH_ASKPASS_REQUIRE", "force");
            set("SSH_ASKPASS", "false");
        }
        Git { environment, input, locks: Shares::default(), pointers: Vec::new() }
    }

    /// Lets every child keep the lock of what it writes to.
    pub(super) fn hold(&mut self, locks: Shares) {
        self.locks = locks;
    }

    /// Lets the files of git-lfs in these repositories, and in their worktrees, be pointers.
    pub(super) fn leave_pointers(&mut self, repositories: Vec<AbsPath>) {
        self.pointers = repositories;
    }

    /// Whether what git makes in a directory are pointers.
    fn leaves_pointers(&self, directory: &Path) -> bool {
        let lies_in = |place: &Path| self.pointers.iter().any(|repository| place.starts_with(link::real(repository.as_path())));
        !self.pointers.is_empty() && (lies_in(&link::real(directory)) || lies_in(&link::git_dir_of(directory)))
    }

    /// Refuses a machine without git, or with one that is too old.
    pub(super) fn check(&self) -> Result<()> {
        /// The `PATH` that led to a good one.
        static GOOD: Mutex<Option<OsString>> = Mutex::new(None);
        let path = std::env::var_os("PATH");
        let good = || GOOD.lock().unwrap_or_else(PoisonError::into_inner);
        if path.is_some() && *good() == path {
            return Ok(());
        }
        let next = "install git 2.38 or newer and put it on PATH";
        let output = self.anywhere(Path::new("/")).command_of(Path::new("git")).arg("version").output();
        let output = output.map_err(|error| Diagnostic::new(format!("git cannot be run: {error}"), next))?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let numbers: Vec<u32> =
            text.trim_start_matches("git version ").split('.').map_while(|part| part.parse().ok()).take(2).collect();
        match numbers[..] {
            [major, minor] if (major, minor) >= OLDEST => {
                *good() = path;
                Ok(())
            }
            _ => Err(Diagnostic::new(format!("git is too old: `{}`", text.trim()), next).into()),
        }
    }

    /// A call in a repository or worktree, which must be one itself: git must not go up to another.
    pub(super) fn at(&self, directory: impl AsRef<Path>) -> Result<Call<'_>> {
        let directory = directory.as_ref();
        let plain = directory.join(".git").symlink_metadata().is_ok();
        let bare = directory.join("HEAD").exists() && directory.join("objects").is_dir();
        if !plain && !bare {
            bail!("{} is no git repository", printable(directory.as_os_str()));
        }
        Ok(self.anywhere(directory))
    }

    /// A call with this git directory, wherever its worktree is by now.
    pub(super) fn inside(&self, git_dir: impl AsRef<Path>) -> Call<'_> {
        let git_dir = git_dir.as_ref().to_path_buf();
        Call { git_dir: Some(git_dir.clone()), ..self.anywhere(&git_dir) }
    }

    /// A call that needs no repository.
    pub(super) fn anywhere(&self, directory: &Path) -> Call<'_> {
        let directory = directory.to_path_buf();
        Call { git: self, directory, git_dir: None, about: None, variables: Vec::new(), network: false, arguments: Vec::new() }
    }

    /// What a variable of the environment says that git gets.
    pub(super) fn variable(&self, name: &str) -> Option<&OsStr> {
        self.environment.iter().rev().find(|(found, _)| found == name).map(|(_, value)| &**value)
    }
}

impl Call<'_> {
    #[must_use]
    pub(super) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    #[must_use]
    pub(super) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub(super) fn variable(mut self, name: &'static str, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name, value.as_ref().to_owned()));
        self
    }

    /// Says which index it works with.
    #[must_use]
    pub(super) fn index(mut self, index: &AbsPath) -> Self {
        self.variables.push(("GIT_INDEX_FILE", index.as_path().into()));
        self
    }

    /// Says who did it, and when: `NAME <EMAIL>`, seconds and time zone.
    #[must_use]
    pub(super) fn committer(mut self, name: &str, email: &str, date: &str) -> Self {
        let variables = ["GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "GIT_COMMITTER_DATE"];
        self.variables.extend(variables.into_iter().zip([name, email, date].map(OsString::from)));
        self
    }

    /// Says which repository it makes.
    #[must_use]
    pub(super) fn about(mut self, repository: &AbsPath) -> Self {
        self.about = Some(repository.as_path().to_path_buf());
        self
    }

    /// Says that git may ask for a password here.
    #[must_use]
    pub(super) fn network(mut self) -> Self {
        self.network = true;
        self
    }

    /// The same place, other arguments.
    pub(super) fn again(&self, arguments: &[&str]) -> Call<'_> {
        let arguments = arguments.iter().map(Into::into).collect();
        let (directory, git_dir, about) = (self.directory.clone(), self.git_dir.clone(), self.about.clone());
        Call { git: self.git, directory, git_dir, about, variables: self.variables.clone(), network: false, arguments }
    }

    /// A child with its environment, and with the lock of what it writes to.
    pub(super) fn command_of(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.git.environment.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
        command.current_dir(&self.directory);
        if let Some(lock) = self.git.locks.of(&self.directory) {
            command.stdin(lock);
        }
        if self.git.leaves_pointers(self.about.as_deref().unwrap_or(&self.directory)) {
            command.env("GIT_LFS_SKIP_SMUDGE", "1");
        }
        // Ctrl-C on the terminal must not end it in the middle of a write. A question needs the terminal's own group.
        if !(self.network && self.git.input) {
            command.process_group(0);
        }
        command
    }

    pub(super) fn command(&self) -> Command {
        let mut command = self.command_of(Path::new("git"));
        match &self.git_dir {
            // A work tree that certainly exists: the real one may have been renamed away.
            Some(git_dir) => command
                .env("GIT_DIR", git_dir)
                .env("GIT_WORK_TREE", git_dir)
                .env("GIT_NO_REPLACE_OBJECTS", "1")
                .env("GIT_NO_LAZY_FETCH", "1"),
            None => command.env("GIT_CEILING_DIRECTORIES", self.directory.parent().unwrap_or(Path::new("/"))),
        };
        command.envs(self.variables.iter().cloned());
        for setting in SETTINGS {
            command.arg("-c").arg(setting);
        }
        command.args(&self.arguments);
        command
    }

    /// Makes the call, whatever comes of it.
    pub(super) fn answer(&self) -> Result<Answer> {
        let output = self.command().output().context("git cannot be run")?;
        Ok(Answer { status: output.status, stdout: output.stdout, stderr: output.stderr })
    }

    /// Makes the call; its output if it succeeded.
    pub(super) fn run(&self) -> Result<Vec<u8>> {
        self.answer()?.into_result()
    }

    /// As [`Call::run`], with something on its standard input.
    pub(super) fn fed(&self, input: &[u8]) -> Result<Vec<u8>> {
        let mut command = self.command();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let mut stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            // Written beside the reading: neither side may wait for the other. A git that ends early says why itself.
            scope.spawn(move || stdin.take().map(|mut stdin| stdin.write_all(input)));
            child.wait_with_output()
        });
        let output = output.context("git cannot be run")?;
        Answer { status: output.status, stdout: output.stdout, stderr: output.stderr }.into_result()
    }

    /// As [`Call::run`], with one line of output as text.
    pub(super) fn line(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.run()?).trim_end().to_owned())
    }

    /// As [`Call::run`]; waits a little where another git holds a lock file, which is named then and left.
    pub(super) fn patiently(&self) -> Result<Vec<u8>> {
        self.patient_answer()?.into_result()
    }

    /// As [`Call::answer`]; an error where another git still holds a lock file then.
    pub(super) fn patient_answer(&self) -> Result<Answer> {
        let mut answer = self.answer()?;
        for _ in 1..TRIES {
            if answer.status.success() || !answer.met_a_lock() {
                break;
            }
            std::thread::sleep(PAUSE);
            answer = self.answer()?;
        }
        if !answer.status.success() && answer.met_a_lock() {
            return Err(self.locked_out(&answer));
        }
        Ok(answer)
    }

    fn locked_out(&self, answer: &Answer) -> anyhow::Error {
        let reason = answer.reason();
        let Some(file) = answer.locked() else { return anyhow!(reason) };
        let lock = self.directory.join(format!("{file}.lock"));
        let lock = printable(lock.as_os_str());
        let fact = format!("another git holds {lock}, or died with it: {reason}");
        Diagnostic::new(fact, format!("ls -l {}\nthen wsctl apply", shell_word(&lock))).into()
    }
}
