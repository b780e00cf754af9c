//! Sessions on an agents' server, and `wsctl open`.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use crate::support::server::{Server, closed_port, silent};
use crate::support::{Answer, Sandbox, text};

const TWO: &str = "[repos.api]\n[repos.web]\n[builders.one]\nrepos = [\"api\"]\n[builders.two]\nrepos = [\"api\"]\n";

/// A workspace whose builders have sessions on this server.
fn with_server(server: &Server) -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("{TWO}[opencode]\nurl = \"{}\"\n", server.url()));
    sandbox
}

#[test]
fn each_builder_gets_a_session_that_is_named_as_it_is() {
    let server = Server::start();
    let sandbox = with_server(&server);
    sandbox.plan().ok().says(&format!("+ builders.one.session   new session on {}", server.url()));
    assert_eq!(server.sessions(), [""; 0], "a plan asks for none");
    sandbox.apply().ok().says("Apply complete: 8 created.");
    assert_eq!(server.sessions(), ["ses_one", "ses_two"]);
    assert_eq!(server.session("ses_one")["directory"], sandbox.builder("one").to_str().unwrap());
    sandbox.converged();
    let printed = sandbox.wsctl(&["open", "one", "--print"]).ok().stdout;
    let one = sandbox.builder("one");
    assert_eq!(printed, format!("cd {0} && opencode attach {1} --dir {0} --session ses_one\n", one.display(), server.url()));

    // A server that lost them gets new ones.
    server.forget();
    let without = sandbox.wsctl(&["open", "one", "--print"]).ok().says("warning: builders.one has no session on the server");
    drop(without.says("wsctl apply --target builders.one.session"));
    sandbox.plan().ok().says("the one it had is gone").says("Plan: 2 to create.");
    sandbox.apply().ok();
    assert_eq!(server.sessions(), ["ses_one", "ses_two"]);
    sandbox.converged();
    // What a killed run asked for, and never noted, is found again.
    sandbox.toml(&format!("{TWO}[builders.three]\nrepos = []\n[opencode]\nurl = \"{}\"\n", server.url()));
    sandbox.apply().ok();
    let mark = sandbox.builder("three/.git/wsctl-builder.json");
    let noted: serde_json::Value = serde_json::from_str(&text(&mark)).unwrap();
    assert_eq!(noted["session"]["id"], "ses_three");
}

#[test]
fn a_renamed_builder_gets_a_session_of_its_own() {
    let server = Server::start();
    let sandbox = with_server(&server);
    sandbox.apply().ok();
    let moved = "[[moved]]\nfrom = \"builders.one\"\nto = \"builders.uno\"\n[[moved]]\nfrom_branch = \"builder/one\"\nto_branch = \"builder/uno\"\n";
    sandbox.toml(&format!("{}[opencode]\nurl = \"{}\"\n{moved}", TWO.replace("builders.one", "builders.uno"), server.url()));
    sandbox.apply().ok().says("builders.uno.session: created");
    assert_eq!(server.session("ses_uno")["directory"], sandbox.builder("uno").to_str().unwrap());
    sandbox.converged();
}

#[test]
fn a_server_that_is_down_is_a_warning_and_the_workspace_is_whole() {
    for (port, why) in [(closed_port(), "refused"), (silent(), "it does not answer in time")] {
        let sandbox = Sandbox::workspace();
        sandbox.toml(&format!("{TWO}[opencode]\nurl = \"http://127.0.0.1:{port}\"\n"));
        let begun = Instant::now();
        let said = sandbox.apply().ok().says("Apply complete: 6 created.");
        assert!(said.to_string().contains("warning: sessions stay as they are") && said.to_string().contains(why), "{said}");
        assert!(begun.elapsed() < Duration::from_secs(120), "{:?}", begun.elapsed());
        sandbox.wsctl(&["plan", "--detailed-exitcode"]).ok().says("No changes.");
        sandbox.wsctl(&["open", "one", "--print"]).ok().says(&format!("opencode {}", sandbox.builder("one").display()));
    }
}

#[test]
fn what_is_no_such_server_is_a_warning_too() {
    let server = Server::asking(Some("Basic b3BlbmNvZGU6c2VjcmV0"));
    let sandbox = with_server(&server);
    sandbox.apply().ok().says("the server asks for a password: set OPENCODE_SERVER_PASSWORD");
    assert_eq!(server.sessions(), [""; 0]);
    sandbox.wsctl(&["doctor"]).fails().says("→ export OPENCODE_SERVER_PASSWORD=…");
    let variables = [("OPENCODE_SERVER_PASSWORD", OsStr::new("secret"))];
    sandbox.wsctl_with(sandbox.root(), &variables, &["apply", "--auto-approve"]).ok();
    assert_eq!(server.sessions(), ["ses_one", "ses_two"]);
    // In the address it is a secret, and never shown.
    let address = server.url().replace("http://", "http://opencode:secret@");
    sandbox.toml(&format!("{TWO}[opencode]\nurl = \"{address}\"\n"));
    let shown = sandbox.wsctl(&["plan", "-v"]).ok().never_says("secret");
    sandbox.apply().ok().never_says("secret");
    sandbox.wsctl(&["open", "one", "--print"]).ok().never_says("secret").says(&server.url());
    assert!(shown.to_string().contains("***@127.0.0.1"), "{shown}");
    for (url, fault) in
        [("https://x", "`url` is https"), ("nonsense", "`url` is no address of a server"), ("http://", "`url` names no host")]
    {
        sandbox.toml(&format!("{TWO}[opencode]\nurl = \"{url}\"\n"));
        sandbox.plan().fails().says(fault);
    }
}

#[test]
fn a_server_of_another_machine_is_not_asked_before_it_is_trusted() {
    let sandbox = Sandbox::workspace();
    // An address for documentation, which nobody has.
    sandbox.toml(&format!("{TWO}[opencode]\nurl = \"http://192.0.2.1:9\"\n"));
    let begun = Instant::now();
    sandbox.apply().ok().says("http://192.0.2.1:9 is not of this machine, and not trusted yet: wsctl trust");
    assert!(begun.elapsed() < Duration::from_secs(30));
    sandbox.wsctl(&["trust", "--list"]).ok().says("+ [opencode] url").says("opencode attach http://192.0.2.1:9");
    sandbox.toml(&format!("{TWO}[opencode]\nurl = \"http://127.0.0.1:9\"\n"));
    sandbox.wsctl(&["trust", "--list"]).ok().says("wants to run nothing");
}

/// A program on PATH that tells how it was started.
fn program(sandbox: &Sandbox, name: &str) -> String {
    let bin = sandbox.top().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let script = "#!/bin/sh\necho \"$(basename \"$0\") $* in $PWD for $WSCTL_BUILDER\"\n";
    std::fs::write(bin.join(name), script).unwrap();
    std::fs::set_permissions(bin.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())
}

#[test]
fn open_becomes_what_the_file_or_the_line_says() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(TWO);
    sandbox.apply().ok();
    let one = sandbox.builder("one").display().to_string();
    for name in ["opencode", "claude", "codex", "code", "mine"] {
        program(&sandbox, name);
    }
    let path = program(&sandbox, "opencode");
    let open = |arguments: &[&str]| sandbox.wsctl_with(sandbox.root(), &[("PATH", OsStr::new(&path))], arguments);
    assert_eq!(open(&["open", "one"]).ok().stdout, format!("opencode {one} in {one} for one\n"));
    assert_eq!(open(&["open", "one", "--with", "claude"]).ok().stdout, format!("claude  in {one} for one\n"));
    assert_eq!(open(&["open", "one", "--with", "codex"]).ok().stdout, format!("codex --cd {one} in {one} for one\n"));
    assert_eq!(open(&["open", "one", "--with", "code"]).ok().stdout, format!("code {one} in {one} for one\n"));
    let inside = sandbox.wsctl_with(sandbox.builder("two/api"), &[("PATH", OsStr::new(&path))], &["-q", "open"]);
    assert!(inside.ok().stdout.ends_with("for two\n"));

    sandbox.toml(&format!("{TWO}[session]\ncommand = [\"mine\", \"--at\", \"{{dir}}\", \"{{builder}}!\"]\n"));
    let refused = open(&["open", "one"]).fails().says("[session] command is not trusted: mine --at '{dir}' '{builder}!'");
    sandbox.type_next(&refused, "wsctl trust").fails();
    sandbox.wsctl(&["trust", "--auto-approve"]).ok().says("+ [session] command");
    assert_eq!(open(&["open", "one"]).ok().stdout, format!("mine --at {one} one! in {one} for one\n"));
    let value: serde_json::Value = serde_json::from_str(&open(&["open", "--all", "--json"]).ok().stdout).unwrap();
    assert_eq!(value["openings"][1]["command"][3], "two!");

    sandbox.toml(&format!("{TWO}[session]\ncommand = [\"mine\", \"{{session}}\", \"{{port}}\"]\n"));
    sandbox.wsctl(&["trust", "--auto-approve"]).ok();
    open(&["open", "one"])
        .fails()
        .says("names {session}, and builders.one has no session")
        .says("wsctl apply --target builders.one.session");
    sandbox.toml(&format!("{TWO}[session]\npreset = \"codex\"\ncommand = [\"x\"]\n"));
    sandbox.plan().fails().says("`preset` and `command` exclude each other");
    sandbox.toml(&format!("{TWO}[session]\npreset = \"clod\"\n"));
    sandbox.plan().fails().says("`preset` must be one of").says("claude");
    sandbox.toml(TWO);
    sandbox.wsctl(&["open", "three"]).fails().says("there is no builder `three`");
    sandbox.wsctl(&["open"]).fails().says("this is not inside a builder");
    let missing = sandbox.wsctl_with(sandbox.root(), &[("PATH", OsStr::new("/nowhere"))], &["open", "one", "--with", "codex"]);
    assert!(missing.to_string().contains("`codex` cannot be run") || missing.to_string().contains("git"), "{missing}");
}

#[test]
fn tmux_has_a_window_for_each_builder_and_nothing_is_started_twice() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(TWO);
    sandbox.apply().ok();
    if sandbox.command("tmux").arg("-V").output().is_err() {
        return crate::support::skip("no tmux here: its windows were not tried");
    }
    let path = program(&sandbox, "opencode");
    let script = "#!/bin/sh\necho \"$WSCTL_BUILDER $*\" >> \"$WSCTL_WORKSPACE/started\"\nexec sleep 1000\n";
    std::fs::write(sandbox.top().join("bin/opencode"), script).unwrap();
    let at = sandbox.top().join("tmux");
    std::fs::create_dir_all(&at).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let mut command = if program == "tmux" { sandbox.command("tmux") } else { sandbox.program() };
        command.env("PATH", &path).env("TMUX_TMPDIR", &at).env("TERM", "xterm").args(arguments);
        Answer::of(&command.stdin(std::process::Stdio::null()).output().unwrap())
    };
    let absent = run("wsctl", &["open", "--all", "--with", "codex"]).fails().says("`codex` cannot be run: no such program");
    drop(absent.says("wsctl open one --with NAME"));
    let said = run("wsctl", &["open", "--all"]).ok().says("2 windows opened, in the tmux session ws.");
    assert_eq!(said.stdout, "tmux attach-session -t =ws\n");
    let windows = run("tmux", &["list-windows", "-t", "=ws", "-F", "#{window_name} #{pane_current_path}"]).ok().stdout;
    assert_eq!(windows, format!("one {}\ntwo {}\n", sandbox.builder("one").display(), sandbox.builder("two").display()));
    run("wsctl", &["open", "--all"]).ok().says("0 windows opened, 2 there already");
    run("wsctl", &["open", "two", "--tmux"]).ok().says("0 windows opened, 1 there already");
    let begun = Instant::now();
    let started = || std::fs::read_to_string(sandbox.path("started")).unwrap_or_default();
    while started().lines().count() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", started());
        std::thread::yield_now();
    }
    run("tmux", &["kill-server"]).ok();
    let mut lines: Vec<String> = started().lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, [format!("one {}", sandbox.builder("one").display()), format!("two {}", sandbox.builder("two").display())]);
}
