//! What people read first: the help, the walk of the README, the commands that it names.

use snapbox::assert_data_eq;
use snapbox::str;

use crate::support::Sandbox;

/// The names of all commands, as clap knows them.
fn commands() -> Vec<String> {
    wsctl::cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

#[test]
fn every_command_of_the_readme_exists() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let mut named = 0;
    for line in readme.lines() {
        for (at, _) in line.match_indices("`wsctl ") {
            let words = line[at + 1..].trim_start_matches("wsctl ");
            let word: String = words.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
            assert!(word.starts_with('-') || commands().contains(&word), "`wsctl {word}` in {line:?}");
            named += 1;
        }
    }
    assert!(named > 3, "the README names commands");
}

#[test]
fn the_walk_reads_as_the_readme_promises() {
    let sandbox = Sandbox::workspace();
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.slack]\nrepos = [\"api\"]\n");
    assert_data_eq!(
        sandbox.wsctl(&["plan"]).ok().stdout,
        str![[r#"
  + builders.slack       new builder with 2 checkouts
  + builders.slack."."   new branch builder/slack from main
  + builders.slack.api   new branch builder/slack from origin/main

Plan: 3 to create.

"#]]
    );
    let applied = sandbox.wsctl(&["apply", "--auto-approve"]).ok();
    assert_data_eq!(
        applied.stderr,
        str![[r"
builders.slack: created in [..]s
builders.slack[..]: created in [..]s
builders.slack[..]: created in [..]s

"]]
    );
    assert!(applied.stdout.ends_with("Apply complete: 3 created.\n"), "{}", applied.stdout);
    assert_data_eq!(
        sandbox.wsctl(&["apply", "--auto-approve"]).ok().stdout,
        str![[r"
No changes. 1 builder matches builders.toml.

"]]
    );
    std::fs::write(sandbox.builder("slack/api").join("notes.txt"), "mine\n").unwrap();
    sandbox.toml("[repos.api]\n[repos.web]\n[policy]\nmax_removals = 9\n");
    assert_data_eq!(
        sandbox.wsctl(&["plan", "--allow-removals"]).ok().stdout,
        str![[r"
  ! builders.slack   remove: 1 untracked file: notes.txt
      at .builders/slack/api
      → git -C [..]/ws/.builders/slack/api status
      → wsctl apply --allow-removals --unsaved=trash

Plan: 1 blocked.

"]]
    );
}
