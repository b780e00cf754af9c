//! Builds a workspace of real git repositories in a temporary directory from `builders.toml.example`, and walks
//! through the life of a builder: plan, apply, what an agent sees, an edit of the file, plan, apply, nothing to do.
//! The directory is left to play with.
//!
//! `cargo run --release --example quickstart`

#![expect(clippy::print_stdout, reason = "an example prints what it does")]

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const EXAMPLE: &str = include_str!("../builders.toml.example");
const REPOSITORIES: [&str; 3] = ["ai-dev", "domain-apis", "k8s-lab"];
const SLACK: &str = "ai-dev-gateway-slack";

fn main() -> Result<()> {
    let top = tempfile::Builder::new().prefix("wsctl-quickstart-").tempdir()?.keep().canonicalize()?;
    let workspace = top.join("workspace");
    make(&top, &workspace)?;

    title("A workspace: shared files, a builders.toml under version control, and two of its three repositories cloned");
    show(&workspace, "ls", &["-1", ".", "repos"])?;
    title("wsctl plan: what is declared and not there yet (nothing is written)");
    wsctl(&workspace, &["plan"])?;
    title("wsctl apply");
    wsctl(&workspace, &["apply", "--auto-approve"])?;

    let builder = workspace.join(".builders").join(SLACK);
    title("What an agent started in a builder sees: every repository, in one project");
    see(&builder);
    fs::write(builder.join("ai-dev/src/main.txt"), "gateway: slack\n")?;
    title("An agent edits a file in it. The builder shows which repositories changed, and how");
    show(&builder, "git", &["status", "--short"])?;
    show(&builder, "git", &["diff"])?;
    title("wsctl status: all builders at once");
    wsctl(&workspace, &["status"])?;

    title("The task is done: its block leaves the file. Unsaved work stops the removal");
    let file = workspace.join("builders.toml");
    fs::write(&file, without_slack(&fs::read_to_string(&file)?))?;
    wsctl(&workspace, &["plan"])?;
    title("So the work is committed, and merged");
    let branch = "feature/TEC-25-slack";
    show(&builder.join("ai-dev"), "git", &["commit", "-qam", "Gateway for Slack"])?;
    show(&workspace.join("repos/ai-dev"), "git", &["merge", "--ff-only", branch])?;
    show(&workspace.join("repos/ai-dev"), "git", &["push", "-q", "origin", "main"])?;
    title("wsctl apply: the builder moves to the trash, merged branches go with it");
    wsctl(&workspace, &["apply", "--auto-approve"])?;
    title("wsctl apply, once more: nothing to do");
    wsctl(&workspace, &["apply", "--auto-approve"])?;

    title("Yours to play with");
    println!("cd {}\nwsctl plan", workspace.display());
    Ok(())
}

/// Origins, clones, the root and its builders.toml.
fn make(top: &Path, workspace: &Path) -> Result<()> {
    let mut text = EXAMPLE.to_owned();
    for name in REPOSITORIES {
        let seed = top.join("seed").join(name);
        fs::create_dir_all(seed.join("src"))?;
        fs::write(seed.join("README.md"), format!("# {name}\n"))?;
        fs::write(seed.join("src/main.txt"), format!("{name}\n"))?;
        fs::write(seed.join(".gitignore"), "*.log\n")?;
        commit_all(&seed)?;
        let origin = top.join("origin").join(format!("{name}.git"));
        git(top, &["clone", "-q", "--bare", &text_of(&seed), &text_of(&origin)])?;
        text = text.replace(&format!("git@example.com:acme/{name}.git"), &text_of(&origin));
        // The third repository is left for wsctl to clone.
        if name != "k8s-lab" {
            let clone = workspace.join("repos").join(name);
            git(top, &["clone", "-q", &text_of(&origin), &text_of(&clone)])?;
            identify(&clone)?;
        }
    }
    fs::remove_dir_all(top.join("seed"))?;
    fs::write(workspace.join("builders.toml"), text)?;
    fs::write(workspace.join("Taskfile.yaml"), "version: \"3\"\n")?;
    fs::write(workspace.join("workspaces.yaml"), "workspaces: [ai-dev, domain-apis, k8s-lab]\n")?;
    fs::write(workspace.join(".gitignore"), "repos/\n")?;
    commit_all(workspace)
}

fn commit_all(directory: &Path) -> Result<()> {
    git(directory, &["init", "-q", "-b", "main"])?;
    identify(directory)?;
    git(directory, &["add", "."])?;
    git(directory, &["commit", "-q", "-m", "First"])
}

fn identify(directory: &Path) -> Result<()> {
    git(directory, &["config", "user.name", "Quickstart"])?;
    git(directory, &["config", "user.email", "quickstart@example.com"])
}

/// The file without the block of one builder.
fn without_slack(text: &str) -> String {
    let start = text.find(&format!("[builders.{SLACK}]")).unwrap_or(text.len());
    let end = text[start..].find("[builders.ai-dev-gateway-backend]").map_or(text.len(), |end| start + end);
    format!("{}{}", &text[..start], &text[end..])
}

/// The files that an agent's search finds: what ripgrep would walk.
fn see(builder: &Path) {
    let walk = ignore::WalkBuilder::new(builder).sort_by_file_name(Ord::cmp).build();
    for entry in walk.flatten().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file())) {
        println!("{}", entry.path().strip_prefix(builder).unwrap_or(entry.path()).display());
    }
}

fn title(text: &str) {
    println!("\n── {text}\n");
}

/// Runs a subcommand of the program as `main` does. What it answers is on the terminal; an exit code of 1 is an answer too.
fn wsctl(workspace: &Path, arguments: &[&str]) -> Result<()> {
    let mut all: Vec<OsString> = vec!["wsctl".into(), "-C".into(), workspace.into()];
    all.extend(arguments.iter().map(OsString::from));
    println!("$ wsctl {}", arguments.join(" "));
    let code = wsctl::cli::main_with(all);
    if code == ExitCode::SUCCESS { Ok(()) } else { Err(format!("wsctl {} failed", arguments.join(" ")).into()) }
}

fn show(directory: &Path, program: &str, arguments: &[&str]) -> Result<()> {
    println!("$ {program} {}", arguments.join(" "));
    run(Command::new(program).args(arguments).current_dir(directory))
}

fn git(directory: &Path, arguments: &[&str]) -> Result<()> {
    run(Command::new("git").args(arguments).current_dir(directory))
}

fn run(command: &mut Command) -> Result<()> {
    let git_variables: Vec<OsString> =
        std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("GIT_")).collect();
    for name in git_variables {
        command.env_remove(name);
    }
    let status = command.env("GIT_PAGER", "cat").env("LC_ALL", "C").status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed").into()) }
}

fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
