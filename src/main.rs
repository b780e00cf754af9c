//! Parses, calls the library, returns the exit code.

fn main() -> std::process::ExitCode {
    wsctl::cli::main()
}
