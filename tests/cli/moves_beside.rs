//! Two applies at once that both want to move: the second reads again what the first has moved, and has nothing to do.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStderr, Stdio};

use crate::support::Sandbox;

const ALL: &str = "[repos.api]\n[repos.web]\n[builders.a]\nrepos = [\"api\", \"web\"]\nbranch = \"a\"\n";

/// The same file with a repository, with all builders, or with both elsewhere.
fn elsewhere() -> [String; 3] {
    let repository = ALL.replace("[repos.api]\n", "[repos.api]\npath = \"clones/of/api\"\n");
    let builders = "[workspace]\nbuilders_dir = \"all/builders\"\n";
    [repository.clone(), format!("{builders}{ALL}"), format!("{builders}{repository}")]
}

fn made() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(ALL);
    sandbox.apply().ok();
    sandbox
}

/// An apply that waits for a lock, after its first plan.
struct Waiting {
    child: Child,
    rest: Lines<BufReader<ChildStderr>>,
}

impl Waiting {
    fn start(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        let mut command = sandbox.program();
        command.args(arguments).args(["--lock-timeout", "60s"]).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut rest = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = rest.next().unwrap().unwrap();
        assert!(first.starts_with("waiting: another wsctl"), "{first}");
        Waiting { child, rest }
    }

    /// Its exit code, and what it said.
    fn end(self) -> (Option<i32>, String) {
        let said = self.rest.map(|line| line.unwrap() + "\n").collect::<String>();
        let output = self.child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &said)
    }
}

fn hold(sandbox: &Sandbox) -> File {
    let file = File::options().write(true).open(sandbox.builder(".wsctl/lock")).unwrap();
    file.lock().unwrap();
    file
}

#[test]
fn whoever_waited_for_a_move_reads_again_and_finds_nothing_to_do() {
    for file in elsewhere() {
        let sandbox = made();
        sandbox.toml(&file);
        let lock = hold(&sandbox);
        let both = [(); 2].map(|()| Waiting::start(&sandbox, &["apply", "--auto-approve"]));
        drop(lock);
        let ends = both.map(Waiting::end);
        for (code, said) in &ends {
            assert_eq!(*code, Some(0), "{ends:?}");
            assert!(!said.contains("error:"), "{said}");
        }
        assert_eq!(ends.iter().filter(|(_, said)| said.contains("No changes. 1 builder matches")).count(), 1, "{ends:?}");
        assert_eq!(file.contains("builders_dir"), !sandbox.builder("").exists());
        sandbox.apply().ok().says("No changes.");
        let at = if file.contains("builders_dir") { "all/builders" } else { ".builders" };
        assert!(sandbox.git(sandbox.path(at).join("a/api"), &["status", "--short"]).is_empty());
        sandbox.fsck(&["repos/web"]);
    }
}

/// An apply that stands still before it moves anything, and one that came while its journal was open.
#[test]
fn whoever_waited_to_clean_up_after_a_move_finds_nothing_to_do() {
    for file in elsewhere() {
        let sandbox = made();
        let (url, gate) = (sandbox.git(sandbox.path("repos/api"), &["remote", "get-url", "origin"]), sandbox.top().join("gate"));
        assert!(sandbox.command("mkfifo").arg(&gate).status().unwrap().success());
        let more = format!("{file}[repos.a-first]\nurl = \"{}\"\n", url.trim());
        sandbox.toml(&more);
        let real = String::from_utf8(sandbox.command("sh").args(["-c", "command -v git"]).output().unwrap().stdout).unwrap();
        let git = format!(
            "#!/bin/sh\ncase \" $* \" in *' clone '*) read x < '{}';; esac\nexec {} \"$@\"\n",
            gate.display(),
            real.trim()
        );
        let mut first = sandbox.program();
        first.args(["apply", "--auto-approve", "-j", "1"]).env("PATH", sandbox.path_with_git(&git)).stdin(Stdio::null());
        let first = first.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Opens once the git of the first reads.
        let open = File::options().write(true).open(&gate).unwrap();
        let second = Waiting::start(&sandbox, &["apply", "--auto-approve"]);
        drop(open);
        let first = first.wait_with_output().unwrap();
        assert_eq!(first.status.code(), Some(0), "{}", String::from_utf8_lossy(&first.stderr));
        let (code, said) = second.end();
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("No changes. 1 builder matches"), "{said}");
        assert!(sandbox.path("repos/a-first/.git").is_dir());
        sandbox.apply().ok().says("No changes.");
    }
}
