//! One file per subcommand: `Args` and `run`, wiring only, no decisions.

/// Runs the program.
#[must_use]
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
