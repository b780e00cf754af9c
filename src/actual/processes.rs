//! Processes with a working directory, root or open file inside a directory, where the system has `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::disk;
use crate::model::mark::{OWN_DIRECTORY, REPOSITORY_LOCK, WORKSPACE_LOCK};
use crate::model::path::AbsPath;
use crate::model::work::Finding;

/// The processes of this moment, without ourselves and the children that we started.
pub(super) struct Processes(Vec<Process>);

/// How long a look at all processes is good for.
const RECENT: Duration = Duration::from_millis(20);

struct Process {
    pid: u32,
    name: String,
    places: Vec<PathBuf>,
    /// Whether we descend from it.
    caller: bool,
}

impl Processes {
    /// Looks at every process that may be looked at; another user's is skipped.
    pub(super) fn read() -> Self {
        let all = disk::list(Path::new("/proc")).unwrap_or_default();
        let pids: Vec<u32> = all.iter().filter_map(|path| path.file_name()?.to_str()?.parse().ok()).collect();
        let parents: BTreeMap<u32, u32> = pids.iter().filter_map(|pid| Some((*pid, parent(*pid)?))).collect();
        let ours = std::process::id();
        let others = pids.into_iter().filter(|pid| !descends(*pid, ours, &parents));
        let process = |pid| Process { caller: descends(ours, pid, &parents), ..process(pid) };
        Processes(others.map(process).filter(|process| !process.places.is_empty()).collect())
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
        let finding = |it: &Process| Finding::Process { pid: it.pid, name: it.name.clone(), caller: it.caller };
        found.map(finding).collect()
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
        process.places.contains(&file) || (process.name.starts_with("git") && process.places.iter().any(within))
    };
    Some(processes.0.iter().filter(uses).map(|process| format!("{} ({})", process.name, process.pid)).collect())
}

fn descends(mut pid: u32, from: u32, parents: &BTreeMap<u32, u32>) -> bool {
    for _ in 0..64 {
        if pid == from {
            return true;
        }
        match parents.get(&pid) {
            Some(parent) => pid = *parent,
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
    let name = fs::read(of("comm")).unwrap_or_default();
    let places = links.iter().filter_map(|link| fs::read_link(link).ok());
    let places = places.filter(|place| place.is_absolute() && !is_own_lock(place));
    Process { pid, name: String::from_utf8_lossy(&name).trim_end().to_owned(), places: places.collect(), caller: false }
}

/// Whoever has a lock of ours open waits for it: what is moved meanwhile is read again, and the lock itself stands for who
/// works.
fn is_own_lock(place: &Path) -> bool {
    place.ends_with(Path::new(OWN_DIRECTORY).join(WORKSPACE_LOCK)) || place.ends_with(REPOSITORY_LOCK)
}
