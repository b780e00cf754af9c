//! What `wsctl exec --json` answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FORMAT_VERSION, WSCTL_VERSION, document};
use crate::child::Ended;
use crate::model::name::{BuilderName, RepoName};
use crate::model::path::AbsPath;
use crate::view::exec::Run;

/// One command in many checkouts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Exec")]
pub struct ExecDocument {
    /// The version of the format, `MAJOR.MINOR`: read on only where you know the first number.
    #[schemars(regex(pattern = "^1\\.[0-9]+$"))]
    pub format_version: String,
    /// The version of the program.
    pub wsctl_version: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// One for each place, in the order of their addresses.
    pub results: Vec<ResultDocument>,
}

/// What came of it in one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Result")]
pub struct ResultDocument {
    /// The builder.
    pub builder: BuilderName,
    /// The repository of the checkout; `null` with `--each builder`.
    pub repository: Option<RepoName>,
    /// Where it ran.
    pub path: AbsPath,
    /// `done`, `failed` (an exit code that is not 0, or a signal), `late` (`--timeout`), `interrupted`, `skipped` (not begun),
    /// or `error` (it could not be started).
    pub outcome: String,
    /// The exit code, where it ended with one.
    pub exit_code: Option<i32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
    /// Why it could not be started.
    pub error: Option<String>,
    /// How long it took.
    pub seconds: f64,
    /// What it wrote to stdout; what is not UTF-8 is replaced.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

/// The answer as one JSON document.
#[must_use]
pub fn exec(command: &[String], runs: &[Run]) -> String {
    document(&ExecDocument {
        format_version: FORMAT_VERSION.into(),
        wsctl_version: WSCTL_VERSION.into(),
        command: command.to_vec(),
        results: runs.iter().map(ResultDocument::from).collect(),
    })
}

impl From<&Run> for ResultDocument {
    fn from(run: &Run) -> Self {
        let (exit_code, signal) = match run.end {
            Some(Ok(Ended::Code(code))) => (Some(code), None),
            Some(Ok(Ended::Signal(signal))) => (None, Some(signal)),
            Some(Ok(Ended::Late | Ended::Interrupted) | Err(_)) | None => (None, None),
        };
        ResultDocument {
            builder: run.builder.clone(),
            repository: run.repository.clone(),
            path: run.path.clone(),
            outcome: run.outcome().into(),
            exit_code,
            signal,
            error: run.end.as_ref().and_then(|end| end.as_ref().err().cloned()),
            seconds: (run.elapsed.as_secs_f64() * 1000.0).round() / 1000.0,
            stdout: String::from_utf8_lossy(&run.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&run.stderr).into_owned(),
        }
    }
}
