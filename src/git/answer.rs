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

    /// The file whose lock another git holds, as git names it.
    pub(super) fn locked(&self) -> Option<String> {
        let reason = self.reason();
        // What is to be locked may be named before the lock file.
        let quoted = || {
            let from = reason.split_once("nable to create '").or_else(|| reason.split_once('\''))?.1;
            Some(from.split_once(".lock'")?.0.to_owned())
        };
        // git names the configuration, not its lock, and from where it runs.
        let config = || Some(reason.split_once("config file ")?.1.split_once(": ")?.0.to_owned());
        quoted().or_else(config)
    }

    /// Whether it refused because another git holds a lock file.
    pub(super) fn met_a_lock(&self) -> bool {
        let text = String::from_utf8_lossy(&self.stderr);
        (text.contains(".lock'") && text.contains("File exists")) || text.contains("could not lock config file")
    }
}
