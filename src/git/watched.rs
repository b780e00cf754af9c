//! Makes a call of git that tells its progress.

use std::io::Read as _;
use std::process::Stdio;

use anyhow::{Context as _, Result};

use super::answer::Answer;
use super::command::Call;
use super::told;

impl Call<'_> {
    /// Makes the call and tells its progress: stage and percent.
    pub(super) fn watched(&self, progress: &(dyn Fn(&str, Option<u8>) + Sync)) -> Result<()> {
        let mut command = self.command();
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().context("git cannot be run")?;
        let mut kept = Vec::new();
        if let Some(mut stderr) = child.stderr.take() {
            let mut buffer = [0; 4096];
            let mut line = Vec::new();
            loop {
                let count = stderr.read(&mut buffer).context("git's progress cannot be read")?;
                if count == 0 {
                    break;
                }
                for &byte in &buffer[..count] {
                    if byte == b'\r' || byte == b'\n' {
                        take_line(&line, progress, &mut kept);
                        line.clear();
                    } else {
                        line.push(byte);
                    }
                }
            }
            take_line(&line, progress, &mut kept);
        }
        let status = child.wait().context("git cannot be waited for")?;
        Answer { status, stdout: Vec::new(), stderr: kept }.into_result().map(drop)
    }
}

fn take_line(line: &[u8], progress: &(dyn Fn(&str, Option<u8>) + Sync), kept: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    if let Some((stage, percent)) = told::stage(text.strip_prefix("remote: ").unwrap_or(text)) {
        progress(stage, percent);
    } else if !text.is_empty() {
        kept.extend_from_slice(text.as_bytes());
        kept.push(b'\n');
    }
}
