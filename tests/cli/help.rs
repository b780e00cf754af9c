//! Help, man pages and completion: of every command that clap knows, so that a new one is held to it too.

use std::ffi::OsStr;

use clap::Command;

use crate::support::{Answer, Sandbox, text};

/// wsctl and its commands, with what they inherit.
fn all() -> Vec<Command> {
    let mut top = wsctl::cli::command().disable_help_subcommand(true);
    top.build();
    let commands: Vec<_> = top.get_subcommands().cloned().collect();
    assert!(commands.len() >= 11, "{}", commands.len());
    std::iter::once(top).chain(commands).collect()
}

fn words(command: &Command) -> Vec<String> {
    if command.get_name() == "wsctl" { vec![] } else { vec![command.get_name().to_owned()] }
}

/// The lines below `Examples:`.
fn examples(help: &str) -> Vec<String> {
    let Some((_, below)) = help.split_once("Examples:\n") else { return Vec::new() };
    below.lines().take_while(|line| line.starts_with("  ")).map(|line| line.trim_start().to_owned()).collect()
}

/// The words of an example that are for wsctl: without what it is piped into and what stands beside it.
fn typed(example: &str) -> Vec<Vec<String>> {
    let (mut commands, mut word, mut quote, mut in_word) = (vec![Vec::new()], String::new(), None, false);
    let mut chars = example.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (c, Some(_)) => word.push(c),
            ('\'' | '"', None) => (quote, in_word) = (Some(c), true),
            (' ' | '|', None) => {
                if in_word {
                    commands.last_mut().unwrap().push(std::mem::take(&mut word));
                    in_word = false;
                }
                match (c, chars.peek()) {
                    ('|', _) => commands.push(Vec::new()),
                    // What it means, or where its answer goes.
                    (_, Some(' ' | '>' | '<')) => break,
                    (_, _) => {}
                }
            }
            (c, None) => {
                word.push(c);
                in_word = true;
            }
        }
    }
    if in_word {
        commands.last_mut().unwrap().push(word);
    }
    commands.into_iter().filter(|words| words.first().is_some_and(|word| word == "wsctl")).collect()
}

#[test]
fn every_command_has_examples_and_each_can_be_typed() {
    let sandbox = Sandbox::new();
    for command in all() {
        let name = command.get_name().to_owned();
        let raw = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
        let wide: Vec<_> = examples(&raw).into_iter().filter(|line| line.chars().count() > 98).collect();
        assert!(wide.is_empty(), "{name}: broken on a terminal of 100 columns: {wide:#?}");
        let words = words(&command);
        let asked = |flag: &str| {
            let arguments: Vec<&str> = words.iter().map(String::as_str).chain([flag]).collect();
            sandbox.wsctl(&arguments).ok().stdout
        };
        let (long, short) = (asked("--help"), asked("-h"));
        let examples = examples(&long);
        assert!(examples.len() >= 2 || name == "status", "{name} has few examples:\n{long}");
        assert!(!short.contains("Examples:"), "{name} -h is no longer short:\n{short}");
        for example in examples {
            let commands = typed(&example);
            assert!(!commands.is_empty(), "{name}: no command in {example:?}");
            for words in commands {
                let parsed = wsctl::cli::command().try_get_matches_from(&words);
                assert!(parsed.is_ok(), "{name}: {example:?}: {}", parsed.unwrap_err());
                assert!(name == "wsctl" || words.contains(&name), "{name} shows another command: {example:?}");
            }
        }
    }
}

#[test]
fn what_is_typed_in_an_example_is_told_from_what_it_means() {
    let words = |text: &str| typed(text).concat();
    assert_eq!(words("wsctl plan --json | jq '.a | .b'"), ["wsctl", "plan", "--json"]);
    assert_eq!(words("git show HEAD:x | wsctl validate -"), ["wsctl", "validate", "-"]);
    assert_eq!(words("wsctl apply --target 'builders.a b*'   these"), ["wsctl", "apply", "--target", "builders.a b*"]);
    assert_eq!(words("wsctl schema config > x.json"), ["wsctl", "schema", "config"]);
}

#[test]
fn man_has_a_page_for_every_command_and_each_names_every_option() {
    let sandbox = Sandbox::new();
    let told = sandbox.wsctl(&["man", "--out", "man1"]).ok();
    told.says(&format!("Wrote {} pages", all().len()));
    for command in all() {
        let words = words(&command);
        let arguments: Vec<&str> = std::iter::once("man").chain(words.iter().map(String::as_str)).collect();
        let page = sandbox.wsctl(&arguments).ok().stdout;
        let file = words.first().map_or_else(|| "wsctl".to_owned(), |word| format!("wsctl-{word}"));
        assert_eq!(text(sandbox.path(format!("man1/{file}.1"))), page);
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            let name = argument
                .get_long()
                .map_or_else(|| argument.get_id().to_string(), |long| format!("\\-\\-{}", long.replace('-', "\\-")));
            assert!(page.contains(&name) || argument.is_positional(), "{file}: {name} is missing in\n{page}");
        }
        assert!(page.contains(".SH EXAMPLES\n.nf\n") && !page.contains("Examples:"), "{file}: {page}");
        let about = command.get_about().unwrap().to_string();
        assert!(page.contains(about.split(['-', '.', '\'']).next().unwrap()), "{file}: {about}");
    }
    // Again, over the pages of another version and nothing else.
    sandbox.write("man1/wsctl.1", "old\n");
    sandbox.wsctl(&["man", "--out", "man1"]).ok();
    assert_eq!(text(sandbox.path("man1/wsctl.1")), sandbox.wsctl(&["man"]).ok().stdout);
    sandbox.wsctl(&["man", "--out", "man1/wsctl.1"]).fails().says("→ name another directory with `--out`");
    sandbox.wsctl(&["man", "frobnicate"]).fails().says("→ wsctl --help");
}

/// What a shell is offered for the last of these words.
fn offered(sandbox: &Sandbox, directory: &std::path::Path, words: &[&str]) -> Vec<String> {
    let asked = [("WSCTL_COMPLETE", OsStr::new("fish"))];
    let arguments: Vec<&str> = ["--", "wsctl"].iter().chain(words).copied().collect();
    let answer = sandbox.wsctl_with(directory, &asked, &arguments).ok();
    assert_eq!(answer.stderr, "", "{answer}");
    answer.stdout.lines().map(|line| line.split('\t').next().unwrap().to_owned()).filter(|word| !word.starts_with('-')).collect()
}

const TWO: &str = "[repos.api]\n[repos.web]\n[builders.slack]\nrepos = [\"api\"]\n[builders.gateway]\nrepos = [\"web\"]\n";

#[test]
fn names_are_offered_from_the_file_and_the_trash() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(TWO);
    sandbox.apply().ok();
    let at = |words: &[&str]| offered(&sandbox, &sandbox.root(), words);
    assert_eq!(at(&["remove", ""]), ["gateway", "slack"]);
    assert_eq!(at(&["remove", "sl"]), ["slack"]);
    assert_eq!(at(&["add-repo", ""]), ["api", "web"]);
    assert_eq!(at(&["add", "new", "--repo", "w"]), ["web"]);
    assert_eq!(at(&["plan", "--target", "builders.sl"]), ["builders.slack", "builders.slack.api"]);
    assert_eq!(at(&["apply", "--exclude", "repos."]), ["repos.api", "repos.web"]);
    assert_eq!(at(&["pl"]), ["plan"]);
    assert_eq!(at(&["schema", "ev"]), ["events"]);
    // Found upwards, also from inside a checkout, and where the line says.
    assert_eq!(offered(&sandbox, &sandbox.builder("slack/api"), &["remove", "g"]), ["gateway"]);
    let root = sandbox.root();
    assert_eq!(offered(&sandbox, &sandbox.top(), &["-C", root.to_str().unwrap(), "remove", "g"]), ["gateway"]);
    assert_eq!(at(&["restore", ""]), [""; 0]);
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.gateway]\nrepos = [\"web\"]\n");
    sandbox.apply().ok();
    let entry = sandbox.trashed().file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(at(&["restore", ""]), ["slack".into(), "slack/api".into(), entry]);
    assert_eq!(at(&["restore", "slack/"]), ["slack/api"]);
}

#[test]
fn completion_is_silent_where_nothing_can_be_read() {
    let sandbox = Sandbox::workspace();
    for text in ["nonsense = [", "version = 7\n", "version = 1\n[builders.a]\nrepos = [\"no\"]\n"] {
        sandbox.write("builders.toml", text);
        assert_eq!(offered(&sandbox, &sandbox.root(), &["remove", ""]), [""; 0], "{text}");
        assert_eq!(offered(&sandbox, &sandbox.root(), &["va"]), ["validate"]);
    }
    std::fs::remove_file(sandbox.path("builders.toml")).unwrap();
    assert_eq!(offered(&sandbox, &sandbox.root(), &["plan", "--target", ""]), [""; 0]);
    assert!(offered(&sandbox, &sandbox.root(), &["man", "pl"]).contains(&"plan".to_owned()));
    sandbox.toml(TWO);
    assert_eq!(offered(&sandbox, &sandbox.root(), &["apply", "--replace", "builders.s"]), ["builders.slack.api"]);
    // What a shell would take apart is not offered.
    sandbox.toml("[builders.plain]\n[builders.\"x$y\"]\n");
    assert_eq!(offered(&sandbox, &sandbox.root(), &["remove", ""]), ["plain"]);
}

#[test]
fn bash_completes_with_what_is_printed_for_it() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(TWO);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = sandbox.wsctl(&["completions", shell]).ok().stdout;
        assert!(script.contains("WSCTL_COMPLETE") && script.contains("wsctl"), "{script}");
    }
    sandbox.wsctl(&["completions", "cmd"]).fails().says("bash");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_wsctl")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let script = "source <(wsctl completions bash)\nCOMP_WORDS=(wsctl remove sl); COMP_CWORD=2; COMP_TYPE=9\n_clap_complete_wsctl wsctl sl remove\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
    let output = sandbox.command("bash").env("PATH", path).args(["-c", script]).output().unwrap();
    let answer = Answer::of(&output).ok();
    assert_eq!((answer.stdout.trim(), answer.stderr.as_str()), ("slack", ""));
}

#[test]
fn a_shell_that_nobody_knows_is_an_error_and_nothing_else_happens() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(TWO);
    let asked = [("WSCTL_COMPLETE", OsStr::new("cmd"))];
    sandbox.wsctl_with(sandbox.root(), &asked, &["apply", "--auto-approve"]).fails().says("unknown shell");
    assert!(!sandbox.builder("slack").exists());
}
