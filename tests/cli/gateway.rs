//! What drives wsctl from outside: the gateway and the Taskfile of `examples/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::{Answer, Sandbox, skip, text};

fn examples(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// A PATH on which `wsctl` is the program under test.
fn path() -> std::ffi::OsString {
    let mut path = Path::new(env!("CARGO_BIN_EXE_wsctl")).parent().unwrap().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml("# ours\n[repos.api]\n[repos.web]\n");
    sandbox
}

/// Runs the gateway; `None` where there is no python3.
fn gateway(sandbox: &Sandbox, words: &[&str]) -> Option<Answer> {
    let mut command = sandbox.command("python3");
    command.arg(examples("gateway.py")).args(["--workspace", sandbox.root().to_str().unwrap()]).args(words);
    match command.env("PATH", path()).current_dir(sandbox.top()).stdin(Stdio::null()).output() {
        Ok(output) => Some(Answer::of(&output)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            skip("there is no python3");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_gateway_lives_the_life_of_a_builder() {
    let sandbox = sandbox();
    let before = text(sandbox.path("builders.toml"));
    let words = ["life", "ai-dev", "slack", "--repo", "api", "--repo", "web:fix/web", "--branch", "fix/slack"];
    let Some(answer) = gateway(&sandbox, &words) else { return };
    let answer = answer.ok().says("started ai-dev-slack at ").says("fix/web").says("state: ok");
    answer.says("finished, branches: keep").says("finished, branches: delete");
    assert_eq!(text(sandbox.path("builders.toml")), before);
    assert_eq!(sandbox.branches("repos/api"), ["main"], "the second time they went");
    assert_eq!(sandbox.trash().len(), 2);
    sandbox.converged();
}

#[test]
fn each_step_of_the_gateway_may_be_refused_and_done_again() {
    let sandbox = sandbox();
    let run = |words: &[&str]| gateway(&sandbox, words);
    let Some(answer) = run(&["start", "ai-dev", "slack", "--repo", "apy"]) else { return };
    answer.fails().says("refused: repository `apy` is not declared").says("did you mean `api`?");
    run(&["start", "--", "--apply", "x", "--repo", "api"]).unwrap().code.filter(|code| *code != 0).unwrap();
    run(&["start", "../..", "x", "--repo", "api"]).unwrap().fails().says("builder name `../..-x`");
    for _ in 0..2 {
        run(&["start", "ai-dev", "slack", "--repo", "api"]).unwrap().ok().says("builder/ai-dev-slack");
    }
    sandbox.write(".builders/ai-dev-slack/api/new.txt", "work");
    run(&["state", "ai-dev", "slack"]).unwrap().ok().says("ai-dev-slack: ok");
    run(&["finish", "ai-dev", "slack"]).unwrap().fails().says("1 untracked file: new.txt").says("-> wsctl");
    run(&["finish", "ai-dev", "slack", "--discard"]).unwrap().ok().says("finished");
    run(&["finish", "ai-dev", "slack"]).unwrap().fails().says("is not declared");
    run(&["state", "ai-dev", "slack"]).unwrap().fails().says("there is no builder");
    assert!(sandbox.branches("repos/api").contains(&"builder/ai-dev-slack".to_owned()), "kept unless it is said otherwise");
    assert!(find(&sandbox.trashed(), "new.txt"));
}

fn find(directory: &Path, name: &str) -> bool {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.into_iter().any(|path| path.ends_with(name) || (path.is_dir() && !path.is_symlink() && find(&path, name)))
}

/// The commands of a task, as the file has them.
fn commands(task: &str) -> String {
    let file = text(examples("Taskfile.yaml"));
    let mut lines = file.lines().skip_while(|line| *line != format!("  {task}:")).skip(1);
    let mut found = String::new();
    let mut inside = false;
    for line in lines.by_ref().take_while(|line| line.is_empty() || line.starts_with("    ")) {
        let deep = line.strip_prefix("      - ").or_else(|| line.strip_prefix("        "));
        match deep {
            _ if line == "    cmds:" => inside = true,
            Some("|") => {}
            Some(command) if inside => found.extend([command, "\n"]),
            Some(_) | None => {}
        }
    }
    assert!(found.contains("wsctl "), "{task}: {found}");
    found
}

/// Runs a task as `task` would: its variables are those of the environment.
fn task(sandbox: &Sandbox, name: &str, variables: &[(&str, &str)]) -> Answer {
    let mut command = sandbox.command("sh");
    command.args(["-e", "-c", &commands(name)]).env("PATH", path()).stdin(Stdio::null());
    for known in ["BUILDER_NAME", "REPOS", "BRANCH_NAME"] {
        command.env(known, "");
    }
    command.env("DELETE_BRANCH", "false").envs(variables.iter().copied());
    Answer::of(&command.output().unwrap())
}

#[test]
fn a_taskfile_on_top_of_wsctl() {
    let sandbox = sandbox();
    let before = text(sandbox.path("builders.toml"));
    let slack = ("BUILDER_NAME", "slack");
    let answer = task(&sandbox, "builder:init", &[slack, ("REPOS", "api"), ("BRANCH_NAME", "fix/s")]);
    answer.ok().says("builders.slack.api: created");
    assert_eq!(sandbox.git(sandbox.builder("slack/api"), &["branch", "--show-current"]), "fix/s");
    task(&sandbox, "builder:add-repos", &[slack, ("REPOS", "web,api")]).ok().says("builders.slack.web: created");
    task(&sandbox, "builder:list", &[]).ok().says("slack").says("fix/s");
    task(&sandbox, "builder:init", &[("BUILDER_NAME", "two"), ("REPOS", "api,web")]).ok();
    task(&sandbox, "builder:cleanup", &[slack, ("DELETE_BRANCH", "true")]).ok().says("fix/s is merged and goes too");
    task(&sandbox, "builder:init", &[("BUILDER_NAME", "$(touch x)"), ("REPOS", "a p i;touch y,*")]).fails();
    assert!(!sandbox.path("x").exists() && !sandbox.path("y").exists());
    assert_eq!(sandbox.branches("repos/api"), ["builder/two", "main"]);
    let left = before + "\n[builders.two]\nrepos = [\"api\", \"web\"]\n";
    assert_eq!(text(sandbox.path("builders.toml")), left);
    // The last one is held by a brake, which the answer names.
    task(&sandbox, "builder:cleanup", &[("BUILDER_NAME", "two")]).fails().says("--allow-removals");
}
