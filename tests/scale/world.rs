//! Where it all happens: two directories, a HOME with no configuration of the machine, children and their clocks.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use tempfile::TempDir;

use super::args::{Args, Row};

const CONFIG: &str = "[user]\n\tname = Test\n\temail = test@example.com\n[init]\n\tdefaultBranch = main\n\
                      [protocol \"file\"]\n\tallow = always\n[maintenance]\n\tauto = false\n[gc]\n\tauto = 0\n";

/// The two directories, gone when this is dropped, and what was asked for.
pub struct World<'a> {
    pub args: &'a Args,
    /// The wsctl that is measured.
    pub program: PathBuf,
    memory: TempDir,
    disk: TempDir,
    narrate: fn(&str),
}

impl<'a> World<'a> {
    pub fn new(args: &'a Args, narrate: fn(&str)) -> io::Result<Self> {
        let within = |directory: &Path| {
            fs::create_dir_all(directory)?;
            let mut builder = tempfile::Builder::new();
            builder.prefix("wsctl-scale-").disable_cleanup(args.keep).tempdir_in(directory.canonicalize()?)
        };
        let world = World {
            args,
            program: args.program.canonicalize()?,
            memory: within(&args.memory())?,
            disk: within(&args.disk())?,
            narrate,
        };
        fs::create_dir(world.home())?;
        fs::write(world.home().join(".gitconfig"), CONFIG)?;
        Ok(world)
    }

    /// A new directory in memory.
    pub fn memory(&self, name: &str) -> PathBuf {
        made(self.memory.path().join(name))
    }

    /// A new directory on the disk.
    pub fn disk(&self, name: &str) -> PathBuf {
        made(self.disk.path().join(name))
    }

    /// Deletes what a row built in memory, when its figures are told.
    pub fn clear(&self, name: &str) {
        if self.args.keep {
            self.say(&format!("kept: {}", self.memory(name).display()));
        } else {
            fs::remove_dir_all(self.memory(name)).unwrap();
        }
    }

    fn home(&self) -> PathBuf {
        self.memory.path().join("home")
    }

    pub fn wants(&self, row: Row) -> bool {
        self.args.wants(row)
    }

    /// A number of the corpus at the scale that was asked for.
    pub fn scaled(&self, number: usize) -> usize {
        ((number as f64 * self.args.scale()).round() as usize).max(1)
    }

    pub fn say(&self, line: &str) {
        (self.narrate)(line);
    }

    /// A child that sees nothing of the machine's configuration, and whose answer goes nowhere.
    pub fn command(&self, program: impl AsRef<OsStr>, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_DATE", "1700000000 +0000")
            .env("GIT_COMMITTER_DATE", "1700000000 +0000")
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    pub fn git(&self, directory: &Path, arguments: &[&str]) {
        succeed(self.command("git", directory).args(arguments));
    }

    pub fn wsctl(&self, directory: &Path, arguments: &[&str]) {
        succeed(self.command(&self.program, directory).args(arguments));
    }

    /// What wsctl answers on stdout.
    pub fn answer(&self, directory: &Path, arguments: &[&str]) -> String {
        let output = self.command(&self.program, directory).args(arguments).stdout(Stdio::piped()).output().unwrap();
        assert!(output.status.success(), "wsctl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The most memory that a run of wsctl had resident, in MB; nothing where there is no `/proc` to ask.
    pub fn peak(&self, directory: &Path, arguments: &[&str]) -> Option<f64> {
        let mut child = self.command(&self.program, directory).args(arguments).spawn().unwrap();
        let status = format!("/proc/{}/status", child.id());
        // It only grows, and goes with the last of the process: asked for until then, the last answer is the peak.
        let mut peak = None;
        let code = loop {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            peak = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok()).or(peak);
            match child.try_wait().unwrap() {
                Some(code) => break code,
                None => thread::yield_now(),
            }
        };
        assert!(code.success(), "wsctl {arguments:?}: {code}");
        peak.map(|kibibytes| kibibytes / 1024.0)
    }

    /// Date, machine, programs and file systems, as lines of a heading.
    pub fn heading(&self) -> String {
        let version = |program: &OsStr| {
            let output = self.command(program, self.memory.path()).arg("--version").stdout(Stdio::piped()).output();
            String::from_utf8_lossy(&output.unwrap().stdout).trim().to_owned()
        };
        let now = jiff::Timestamp::now().to_string();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().filter(|load| !load.is_empty()).map(|load| format!(", load {load}"));
        format!(
            "{} UTC, {} cores{}, {}, {}\nscale {}, medians of {} interleaved repeats; {}: {}, {}: {}\n\n",
            now.chars().take(16).collect::<String>().replace('T', " "),
            cores(),
            load.unwrap_or_default(),
            version(OsStr::new("git")),
            version(self.program.as_os_str()),
            self.args.scale(),
            self.args.repeats(),
            self.args.memory().display(),
            file_system(self.memory.path()),
            self.args.disk().display(),
            file_system(self.disk.path()),
        )
    }
}

fn made(path: PathBuf) -> PathBuf {
    fs::create_dir_all(&path).unwrap();
    path
}

/// Runs a command; what it says on stderr is the reason when it fails.
pub fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Seconds that something takes.
pub fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Does this with each, as many at a time as there are cores: what somebody with `xargs -P` would do.
pub fn at_a_time<T: Sync>(items: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..cores() {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(item);
                }
            });
        }
    });
}

/// Everything that was written is on its disk, so that no contender waits for what another wrote.
pub fn settle(directory: &Path) {
    let directory = fs::File::open(directory).unwrap();
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(&directory).unwrap();
    #[cfg(not(target_os = "linux"))]
    directory.sync_all().unwrap();
}

/// The kind of file system that a path is on, where the system has a list of them.
pub fn file_system(path: &Path) -> String {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let around = fields.filter(|fields| fields.len() > 2 && path.starts_with(fields[1]));
    around
        .max_by_key(|fields| fields[1].len())
        .map_or_else(|| "a file system of unknown kind".into(), |fields| fields[2].to_owned())
}
