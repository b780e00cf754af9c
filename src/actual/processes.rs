//! Processes with a working directory, root or open file inside a directory, where the system has `/proc`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::disk;
use crate::model::mark::{OWN_DIRECTORY, REPOSITORY_LOCK, WORKSPACE_LOCK};
use crate::model::path::AbsPath;
use crate::model::work::Finding;

/// The processes of this moment, ourselves and the children that we started among them.
pub(super) struct Processes(Vec<Process>);

/// How long a look at all processes is good for.
const RECENT: Duration = Duration::from_millis(20);

struct Process {
    pid: u32,
    places: Vec<PathBuf>,
}

impl Processes {
    /// Looks at every process that may be looked at; another user's is skipped.
    pub(super) fn read() -> Self {
        let all = disk::list(Path::new("/proc")).unwrap_or_default();
        let pids = all.iter().filter_map(|path| path.file_name()?.to_str()?.parse().ok());
        Processes(pids.map(process).filter(|process| !process.places.is_empty()).collect())
    }

    /// The same of a moment ago, where somebody looked then: reading all of them takes longer than most of what is asked.
    pub(super) fn recent() -> Arc<Self> {
        static LAST: Mutex<Option<(Instant, Arc<Processes>)>> = Mutex::new(None);
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((at, processes)) if at.elapsed() < RECENT => Arc::clone(processes),
            Some(_) | None => {
                let processes = Arc::new(Processes::read());
                *last = Some((Instant::now(), Arc::clone(&processes)));
                processes
            }
        }
    }

    /// Those inside a real path, without those in `leave_out`.
    pub(super) fn inside(&self, directory: &Path, leave_out: &[PathBuf]) -> Vec<Finding> {
        let counts = |place: &&PathBuf| place.starts_with(directory) && !leave_out.iter().any(|other| place.starts_with(other));
        let found = self.0.iter().filter(|process| process.places.iter().any(|place| counts(&place)));
        let finding = |(it, name): (&Process, String)| Finding::Process { pid: it.pid, name, caller: it.is_caller() };
        found.filter_map(|it| Some((it, it.name_of_other()?))).map(finding).collect()
    }
}

/// Who has a file open, and which gits work or have a file open inside these directories, besides ourselves; `None` where
/// the system does not tell. A git that holds a lock file has closed it.
#[must_use]
pub fn users(file: &AbsPath, inside: &[AbsPath]) -> Option<Vec<String>> {
    if !Path::new("/proc/self/fd").exists() {
        return None;
    }
    let processes = Processes::read();
    let real = |path: &AbsPath| disk::real(path).as_path().to_path_buf();
    let (file, inside) = (real(file), inside.iter().map(real).collect::<Vec<_>>());
    // A shell or an editor holds no lock of git's; git holds one while it waits for an editor.
    let uses = |process: &&Process| {
        let within = |at: &PathBuf| inside.iter().any(|directory| at.starts_with(directory));
        process.places.contains(&file) || process.places.iter().any(within)
    };
    let found = processes.0.iter().filter(uses).filter_map(|process| Some((process, process.name_of_other()?)));
    let found = found.filter(|(process, name)| name.starts_with("git") || process.places.contains(&file));
    Some(found.map(|(process, name)| format!("{name} ({})", process.pid)).collect())
}

impl Process {
    /// What it is called; `None`: it is gone, or it is ourselves or a child that we started.
    fn name_of_other(&self) -> Option<String> {
        let name = fs::read(format!("/proc/{}/comm", self.pid)).ok()?;
        let other = !descends(self.pid, std::process::id());
        other.then(|| String::from_utf8_lossy(&name).trim_end().to_owned())
    }

    /// Whether we descend from it.
    fn is_caller(&self) -> bool {
        descends(std::process::id(), self.pid)
    }
}

fn descends(mut pid: u32, from: u32) -> bool {
    for _ in 0..64 {
        if pid == from {
            return true;
        }
        match parent(pid) {
            Some(parent) => pid = parent,
            None => return false,
        }
    }
    false
}

/// The fourth field of `stat`; the second is a name in parentheses that may hold anything.
fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let after = stat.iter().rposition(|byte| *byte == b')')?;
    String::from_utf8_lossy(&stat[after + 1..]).split_whitespace().nth(1)?.parse().ok()
}

fn process(pid: u32) -> Process {
    let of = |tail: &str| PathBuf::from(format!("/proc/{pid}/{tail}"));
    let mut links = vec![of("cwd"), of("root")];
    links.extend(disk::list(&of("fd")).unwrap_or_default());
    let places = links.iter().filter_map(|link| fs::read_link(link).ok());
    let places = places.filter(|place| place.is_absolute() && !is_own_lock(place));
    Process { pid, places: places.collect() }
}

/// Whoever has a lock of ours open waits for it: what is moved meanwhile is read again, and the lock itself stands for who
/// works.
fn is_own_lock(place: &Path) -> bool {
    place.ends_with(Path::new(OWN_DIRECTORY).join(WORKSPACE_LOCK)) || place.ends_with(REPOSITORY_LOCK)
}
