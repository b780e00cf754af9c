//! Hooks through the program: they run only where they are trusted, what they say is told and kept, and what fails is tainted.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Answer, Sandbox, text};

const ONE: &str = "[repos.api]\n[repos.web]\n[builders.one]\nrepos = [\"api\", \"web\"]\n";

/// A workspace whose file has these tables, trusted.
fn trusting(more: &str) -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("{ONE}{more}"));
    sandbox.wsctl(&["trust", "--auto-approve"]).ok();
    sandbox
}

fn log(sandbox: &Sandbox, name: &str) -> PathBuf {
    sandbox.builder(format!(".wsctl/hooks/one/{name}.log"))
}

#[test]
fn nothing_of_the_file_runs_before_it_is_trusted_and_a_changed_text_asks_again() {
    let sandbox = Sandbox::workspace();
    let hook = |text: &str| sandbox.toml(&format!("{ONE}[repos.api.hooks]\npost_create = \"{text}\"\n"));
    hook("touch ran");
    let refused =
        sandbox.apply().fails().says("! builders.one.api.post_create").says("its post_create is not trusted: `touch ran`");
    assert!(sandbox.builder("one/api").is_dir(), "everything else is done");
    assert!(!sandbox.builder("one/api/ran").exists());
    // Whoever cannot be asked is told what to type.
    sandbox.type_next(&refused, "wsctl trust").fails().says("→ wsctl trust --auto-approve");
    let told = sandbox.wsctl(&["trust", "--auto-approve"]).ok();
    told.says("+ [repos.api.hooks] post_create").says("touch ran").says("1 command not trusted.").says("Trusted.");
    sandbox
        .plan()
        .ok()
        .says("~ builders.one.api.post_create   run `touch ran`: it has not run to its end")
        .says("Plan: 1 to update.");
    sandbox.apply().ok().says("Apply complete: 1 updated.");
    assert!(sandbox.builder("one/api/ran").exists());
    std::fs::remove_file(sandbox.builder("one/api/ran")).unwrap();
    sandbox.converged();

    // It ran when it was made. Another text is for what is made next, once it is trusted.
    hook("touch other");
    sandbox.wsctl(&["trust", "--list"]).ok().says("~ [repos.api.hooks] post_create").says("- touch ran").says("+ touch other");
    sandbox.converged();
    sandbox.toml(
        &format!("{ONE}[builders.two]\nrepos = [\"api\"]\n[repos.api.hooks]\npost_create = \"touch other\"\n").replacen(
            "[repos.api]\n",
            "",
            1,
        ),
    );
    sandbox.apply().fails().says("! builders.two.api.post_create").says("its post_create is not trusted: `touch other`");
    assert!(!sandbox.builder("two/api/other").exists());
    sandbox.wsctl(&["trust", "--revoke"]).ok().says("1 trusted no more.");
    let document = sandbox.wsctl(&["trust", "--json"]).ok().stdout;
    let value: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!((&value["commands"][0]["trusted"], &value["commands"][0]["command"]), (&false.into(), &"touch other".into()));
    // Trust is the user's, not the workspace's.
    assert!(sandbox.home().join(".local/state/wsctl/trust.json").is_file());
}

#[test]
fn they_run_in_their_order_with_their_environment_and_what_they_say_is_kept() {
    let more = "[workspace]\nports = \"41000-41099\"\n[hooks]\npost_create = '''\ntest -f api/ran && test -f web/ran\necho whole $WSCTL_BUILDER \
                $WSCTL_PORT$WSCTL_REPOSITORY\n'''\n[repos.web.hooks]\npost_create = \"touch ran; echo web >&2; cat\"\n[repos.api.hooks]\npost_create = \
                \"touch ran; test -f ../env.txt; echo $WSCTL_REPOSITORY on $WSCTL_BRANCH in $WSCTL_CHECKOUT_DIR\"\n[[files]]\nfrom = \"notes.md\"\nto = \
                \"env.txt\"\n";
    let more = more.replace("[repos.web.hooks]", "[repos.web]\n[repos.web.hooks]");
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("[repos.api]\n[builders.one]\nrepos = [\"api\", \"web\"]\n{more}"));
    sandbox.wsctl(&["trust", "--auto-approve"]).ok();
    let said = sandbox.apply().ok();
    let api = sandbox.builder("one/api");
    let said = said.says(&format!("builders.one.api.post_create | api on builder/one in {}", api.display()));
    said.says("builders.one.web.post_create | web").says("builders.one.post_create | whole one 410");
    assert!(text(log(&sandbox, "checkout-api.post_create")).contains("api on builder/one"));
    assert!(text(log(&sandbox, "builder.post_create")).contains("whole one 410"));
    std::fs::remove_file(api.join("ran")).unwrap();
    std::fs::remove_file(sandbox.builder("one/web/ran")).unwrap();
    sandbox.converged();
    // Programs hear every line.
    sandbox.toml(
        &text(sandbox.path("builders.toml"))
            .replace("version = 1\n", "")
            .replace("[builders.one]", "[builders.two]\nrepos = [\"api\"]\n[builders.one]"),
    );
    let out = sandbox.wsctl(&["apply", "--auto-approve", "--json"]);
    assert!(out.stdout.contains("\"hook_output\"") && out.stdout.contains("api on builder/two"), "{out}");
}

#[test]
fn a_hook_that_fails_taints_and_the_next_apply_runs_it_again() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(
        "[repos.api]\n[repos.api.hooks]\npost_create = \"test -f go && echo done || { echo no go; exit 3; }\"\n[repos.web]\n[builders.one]\nrepos = \
         [\"api\", \"web\"]\n[hooks]\npost_create = \"echo whole\"\n",
    );
    sandbox.wsctl(&["trust", "--auto-approve"]).ok();
    let failed = sandbox.apply().fails().says("builders.one.api.post_create: run failed: exit code 3: no go");
    failed.says("builders.one.post_create").never_says("| whole");
    assert!(sandbox.builder("one/web").is_dir(), "the rest is done");
    let again = "~ builders.one.api.post_create   run `test -f go && echo done || { echo no go; exit 3; }` again: it failed: exit code 3: no go";
    sandbox.plan().ok().says(again).says("Plan: 2 to update.");
    sandbox.wsctl(&["status"]).ok().says("api: post_create: run pending");
    sandbox.apply().fails();
    sandbox.write(".builders/one/api/go", "");
    sandbox.apply().ok().says("| done").says("| whole").says("Apply complete: 2 updated.");
    std::fs::remove_file(sandbox.builder("one/api/go")).unwrap();
    sandbox.converged();
}

#[test]
fn a_hook_that_hangs_is_ended_with_all_that_it_started() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(
        "[repos.api]\n[repos.web]\n[builders.one]\nrepos = [\"api\"]\n[hooks]\npost_create = \"sleep 300 & echo $! > pid; echo hanging; wait\"\ntimeout = \"1s\"\n",
    );
    sandbox.wsctl(&["trust", "--auto-approve"]).ok();
    let begun = Instant::now();
    sandbox.apply().fails().says("it took longer than 1s, and was ended: hanging");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    let pid = text(sandbox.builder("one/pid"));
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z"), "what it started lives on: {state}");
    sandbox.plan().ok().says("again: it failed: it took longer than 1s");
}

/// Starts an apply and waits until a file is there.
fn apply_until(sandbox: &Sandbox, file: &str) -> std::process::Child {
    let mut command = sandbox.program();
    let child =
        command.args(["apply", "--auto-approve"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let begun = Instant::now();
    while !sandbox.path(file).exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{file} never came");
        std::thread::yield_now();
    }
    child.unwrap()
}

#[test]
fn an_interrupt_reaches_the_hook_and_it_runs_again() {
    let hook = "test -f $WSCTL_WORKSPACE/go && exit; touch $WSCTL_WORKSPACE/begun; while :; do sleep 0.05; done";
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("[repos.api]\n[repos.web]\n[builders.one]\nrepos = [\"api\"]\n[hooks]\npost_create = \"{hook}\"\n"));
    sandbox.wsctl(&["trust", "--auto-approve"]).ok();
    let child = apply_until(&sandbox, "begun");
    sandbox.command("kill").args(["-INT", &child.id().to_string()]).output().unwrap();
    Answer::of(&child.wait_with_output().unwrap()).exits(130).says("it was interrupted");
    sandbox.plan().ok().says("it has not run to its end");
    sandbox.write("go", "");
    sandbox.apply().ok();
    sandbox.converged();
}

#[test]
fn a_hook_that_outlives_a_killed_wsctl_is_not_run_a_second_time_beside_itself() {
    let hook = "test -f $WSCTL_WORKSPACE/go && exit; echo $$ > $WSCTL_WORKSPACE/pid; mv $WSCTL_WORKSPACE/pid $WSCTL_WORKSPACE/begun; while :; do sleep 0.05; \
                done";
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("[repos.api]\n[repos.web]\n[builders.one]\nrepos = [\"api\"]\n[hooks]\npost_create = \"{hook}\"\n"));
    sandbox.wsctl(&["trust", "--auto-approve"]).ok();
    let mut child = apply_until(&sandbox, "begun");
    child.kill().unwrap();
    child.wait().unwrap();
    let pid = text(sandbox.path("begun"));
    let refused = sandbox.apply().fails().says("! builders.one.post_create").says("it is still running");
    refused.says("→ wait until it has ended, or end it");
    let group = rustix::process::Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    assert!(group.as_raw_pid() > 1);
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
    sandbox.write("go", "");
    let begun = Instant::now();
    while sandbox.plan().stdout.contains("it is still running") {
        assert!(begun.elapsed() < Duration::from_secs(30), "its lock stays");
    }
    sandbox.apply().ok();
    std::fs::remove_file(sandbox.path("go")).unwrap();
    sandbox.converged();
}

#[test]
fn pre_remove_runs_before_anything_goes_and_what_fails_stays() {
    let sandbox = Sandbox::workspace();
    let hooks = "[hooks]\npre_remove = \"test -f ../go && echo bye > ../said\"\n";
    sandbox.toml(&format!("[repos.api]\n[repos.api.hooks]\npre_remove = \"echo $WSCTL_REPOSITORY >> $WSCTL_WORKSPACE/order\"\n[repos.web]\n[builders.one]\nrepos = [\"api\"]\n{hooks}"));
    sandbox.wsctl(&["trust", "--auto-approve"]).ok();
    sandbox.apply().ok();
    sandbox.converged();
    // The declaration is gone, the mark knows what is to run.
    sandbox.toml("[repos.api]\n[builders.other]\nrepos = []\n");
    sandbox
        .plan()
        .ok()
        .says("runs `echo $WSCTL_REPOSITORY >> $WSCTL_WORKSPACE/order` in api first")
        .says("runs `test -f ../go && echo bye > ../said` first");
    let failed = sandbox.apply().fails().says("pre_remove failed, and it stays: exit code 1");
    assert!(sandbox.builder("one/api").is_dir());
    sandbox.write(".builders/go", "");
    sandbox.apply().ok();
    assert!(!sandbox.builder("one").exists());
    assert_eq!(text(sandbox.builder("said")), "bye\n");
    assert_eq!(text(sandbox.path("order")), "api\napi\n");
    assert!(failed.to_string().contains("--skip-hooks"), "{failed}");
}

#[test]
fn an_untrusted_pre_remove_blocks_and_skip_hooks_goes_without() {
    let sandbox = Sandbox::workspace();
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.one]\nrepos = [\"api\"]\n[builders.two]\nrepos = [\"api\"]\n[hooks]\npre_remove = \"touch $WSCTL_WORKSPACE/ran\"\n");
    sandbox.apply().ok();
    sandbox.toml("[repos.api]\n[builders.two]\nrepos = [\"api\"]\n");
    sandbox.apply().fails().says("! builders.one").says("its pre_remove is not trusted: `touch $WSCTL_WORKSPACE/ran`");
    assert!(sandbox.builder("one").exists());
    sandbox.wsctl(&["apply", "--auto-approve", "--skip-hooks"]).ok();
    assert!(!sandbox.builder("one").exists() && !sandbox.path("ran").exists());
    // What was set aside comes back as it was, with what is to run before it goes.
    sandbox.wsctl(&["restore", "one", "--auto-approve"]).ok();
}

#[test]
fn skip_hooks_leaves_a_post_create_to_the_next_apply() {
    let sandbox = trusting("[hooks]\npost_create = \"touch ran\"\n");
    sandbox.wsctl(&["apply", "--auto-approve", "--skip-hooks"]).ok();
    assert!(!sandbox.builder("one/ran").exists());
    sandbox.wsctl(&["plan", "--target", "builders.one.post_create"]).ok().says("~ builders.one.post_create");
    sandbox.apply().ok();
    assert!(sandbox.builder("one/ran").exists());
}

#[test]
fn builders_that_were_there_before_the_hook_are_left_alone() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(ONE);
    sandbox.apply().ok();
    sandbox.toml(&format!("{ONE}[hooks]\npost_create = \"touch ran\"\n"));
    sandbox.wsctl(&["trust", "--auto-approve"]).ok();
    sandbox.converged();
    assert!(!sandbox.builder("one/ran").exists());
    // Only who names the hook itself has it run.
    sandbox.wsctl(&["plan", "--replace", "builders.one"]).ok().says("No changes.");
    let asked = ["--replace", "builders.one.post_create"];
    sandbox.wsctl(&[&["plan"][..], &asked].concat()).ok().says("~ builders.one.post_create   replace: run `touch ran` once more");
    sandbox.wsctl(&[&["apply", "--auto-approve"][..], &asked].concat()).ok();
    assert!(sandbox.builder("one/ran").exists());
    sandbox.wsctl(&["plan", "--replace", "builders.one.api.post_create"]).fails().says("did you mean");
}

#[test]
fn a_hook_waits_for_what_it_needs() {
    let sandbox = Sandbox::workspace();
    sandbox
        .toml("[repos.api]\n[repos.gone]\n[builders.one]\nrepos = [\"api\", \"gone\"]\n[hooks]\npost_create = \"touch ran\"\n");
    sandbox.wsctl(&["trust", "--auto-approve"]).ok();
    sandbox.apply().fails().says("! builders.one.post_create").says("it waits for builders.one.gone, which is blocked");
    assert!(!sandbox.builder("one/ran").exists());
    sandbox.cloned("gone");
    sandbox.apply().ok();
    assert!(sandbox.builder("one/ran").exists());
}

#[test]
fn a_pre_remove_that_changes_is_noted_and_the_new_one_runs() {
    let sandbox = Sandbox::workspace();
    let hooks = |text: &str| {
        format!(
            "[repos.api]\n[repos.api.hooks]\npre_remove = \"echo {text} >> $WSCTL_WORKSPACE/said\"\n[repos.web]\n[builders.keep]\nrepos = []\n[hooks]\npre_remove = \"echo whole {text} >> $WSCTL_WORKSPACE/said\"\n"
        )
    };
    let one = "[builders.one]\nrepos = [\"api\"]\n";
    for text in ["old", "new"] {
        sandbox.toml(&(hooks(text) + one));
        sandbox.wsctl(&["trust", "--auto-approve"]).ok();
        if text == "new" {
            sandbox
                .plan()
                .ok()
                .says("~ builders.one       its pre_remove hook changed")
                .says("~ builders.one.api   its pre_remove hook changed");
        }
        sandbox.apply().ok();
        sandbox.converged();
    }
    sandbox.toml(&hooks("new"));
    sandbox.apply().ok();
    assert_eq!(text(sandbox.path("said")), "new\nwhole new\n");
}

#[test]
fn a_hook_that_is_killed_has_failed() {
    let sandbox = trusting("[hooks]\npost_create = \"echo about to; test -f go || kill -9 $$\"\n");
    sandbox.apply().fails().says("run failed: ended by signal 9: about to");
    sandbox.plan().ok().says("again: it failed: ended by signal 9: about to");
    sandbox.write(".builders/one/go", "");
    sandbox.apply().ok();
    std::fs::remove_file(sandbox.builder("one/go")).unwrap();
    sandbox.converged();
}

#[test]
fn what_a_hook_says_is_written_through_no_link_and_waits_for_no_pipe() {
    let links: [(&str, &str); 2] = [("builder.post_create.log", "ln -s"), ("builder.post_create.running", "ln -s")];
    for (name, make) in
        links.into_iter().chain([("builder.post_create.log", "mkfifo"), ("builder.post_create.running", "mkfifo")])
    {
        let sandbox = trusting("[hooks]\npost_create = \"cat; echo written >&0; echo pwned\"\n");
        std::fs::create_dir_all(sandbox.builder(".wsctl/hooks/one")).unwrap();
        let victim = sandbox.top().join("victim");
        std::fs::write(&victim, "precious\n").unwrap();
        let at = sandbox.builder(format!(".wsctl/hooks/one/{name}"));
        let of = if make == "mkfifo" { String::new() } else { victim.display().to_string() };
        sandbox.command("sh").args(["-c", &format!("{make} {of} {}", at.display())]).output().unwrap();
        sandbox.apply().fails().never_says("precious").says("builders.one.post_create: run failed");
        assert_eq!(text(&victim), "precious\n", "{name}");
    }
}

#[test]
fn a_flood_fills_neither_memory_nor_disk_and_ends_in_time() {
    let sandbox = Sandbox::workspace();
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.one]\nrepos = [\"api\"]\n[hooks]\npost_create = \"yes 0123456789012345678901234567890123456789\"\ntimeout = \"2s\"\n");
    sandbox.wsctl(&["trust", "--auto-approve"]).ok();
    let begun = Instant::now();
    let said = sandbox.apply().fails();
    assert!(
        said.to_string().contains("it took longer than 2s") && begun.elapsed() < Duration::from_secs(60),
        "{:?}",
        begun.elapsed()
    );
    assert!(said.stderr.len() < 8 << 20, "{} bytes", said.stderr.len());
    let kept = text(log(&sandbox, "builder.post_create"));
    assert!(kept.len() < 2 << 20 && kept.contains("what it said further was not kept"), "{} bytes", kept.len());
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(log(&sandbox, "builder.post_create")).unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "it may hold secrets");
}

#[test]
fn a_builder_stays_while_its_hook_still_prepares_it_and_goes_though_a_server_of_it_lives_on() {
    let hook = "test -f $WSCTL_WORKSPACE/go && exit; echo $$ > $WSCTL_WORKSPACE/pid; mv $WSCTL_WORKSPACE/pid $WSCTL_WORKSPACE/begun; cd /; while :; do sleep \
                0.05; done";
    let sandbox = Sandbox::workspace();
    let rest = "[repos.api]\n[repos.web]\n[builders.stays]\nrepos = []\n";
    sandbox.toml(&format!("{rest}[builders.one]\nrepos = [\"api\"]\n[builders.one.hooks]\npost_create = \"{hook}\"\n"));
    sandbox.wsctl(&["trust", "--auto-approve"]).ok();
    let mut child = apply_until(&sandbox, "begun");
    child.kill().unwrap();
    child.wait().unwrap();
    sandbox.toml(rest);
    sandbox.apply().fails().says("! builders.one").says("it is still running");
    let group = rustix::process::Pid::from_raw(text(sandbox.path("begun")).trim().parse().unwrap()).unwrap();
    assert!(group.as_raw_pid() > 1);
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
    let begun = Instant::now();
    while sandbox.plan().stdout.contains("it is still running") {
        assert!(begun.elapsed() < Duration::from_secs(30), "its lock stays");
    }
    sandbox.apply().ok();

    // A server that post_create starts keeps what it was given open; pre_remove ends it.
    let start = "cd /; sleep 300 >/dev/null 2>&1 & echo $! > $WSCTL_WORKSPACE/server";
    let hooks = format!("post_create = \"{start}\"\npre_remove = \"kill $(cat $WSCTL_WORKSPACE/server)\"\n");
    sandbox.toml(&format!("{rest}[builders.two]\nrepos = [\"api\"]\n[builders.two.hooks]\n{hooks}"));
    sandbox.wsctl(&["trust", "--auto-approve"]).ok();
    sandbox.apply().ok();
    sandbox.toml(rest);
    sandbox.apply().ok().says("Apply complete: 1 removed.");
}
