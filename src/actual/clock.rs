//! Which boot of the machine it is.

use crate::model::clock::Boot;

/// The boot and the time since then; `None` where the system tells neither.
#[must_use]
pub fn boot() -> Option<Boot> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    let seconds = uptime.split(['.', ' ']).next()?.parse().ok()?;
    Some(Boot { id: id.trim().to_owned(), uptime: seconds })
}
