//! What git answered, and its reason in one line where it refused.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use anyhow::{Result, anyhow};

use super::told;

/// What came of a call.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

impl Answer {
    pub(super) fn into_result(self) -> Result<Vec<u8>> {
        if self.status.success() { Ok(self.stdout) } else { Err(anyhow!(self.reason())) }
    }

    /// git's reason in one line, without its prefix and without credentials.
    pub(super) fn reason(&self) -> String {
        if let Some(signal) = self.status.signal() {
            return format!("git was killed by signal {signal}");
        }
        match told::reason(&String::from_utf8_lossy(&self.stderr)) {
            Some(reason) => reason,
            None => format!("git ended with {}", self.status),
        }
    }

    /// Whether it refused because another git holds a lock file.
    pub(super) fn met_a_lock(&self) -> bool {
        let text = String::from_utf8_lossy(&self.stderr);
        (text.contains(".lock'") && text.contains("File exists")) || text.contains("could not lock config file")
    }
}
