//! A command with everything that it started.

use std::process::Child;

use rustix::process::{Pid, Signal, kill_process_group};

/// Asks the whole group to end. It may have ended already.
pub(super) fn signal(child: &Child, number: i32) {
    let signal = Signal::from_named_raw(number).unwrap_or(Signal::TERM);
    if let Some(pid) = pid(child) {
        let _ = kill_process_group(pid, signal);
    }
}

/// Ends the whole group.
pub(super) fn kill(child: &Child) {
    if let Some(pid) = pid(child) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}
