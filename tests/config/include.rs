//! What a file includes: which files, their faults, who declares what.

use std::path::PathBuf;

use wsctl::config::{Config, Edited, gather, gather_edited};
use wsctl::desired::desired;
use wsctl::diagnostic::Faults;
use wsctl::model::desired::Desired;
use wsctl::model::path::AbsPath;

use crate::support::Sandbox;

fn abs(path: impl Into<PathBuf>) -> AbsPath {
    AbsPath::new(path).unwrap()
}

fn config(sandbox: &Sandbox, text: &str) -> Config {
    gather(&abs(sandbox.path("builders.toml")), text)
}

fn read(sandbox: &Sandbox, text: &str) -> Result<Desired, Faults> {
    let config = config(sandbox, text);
    desired(&config, &wsctl::config::facts(&config).unwrap())
}

/// `file:marked text: message` of each fault, the file relative to the workspace.
fn told(sandbox: &Sandbox, text: &str) -> Vec<String> {
    let Err(refused) = read(sandbox, text) else { return Vec::new() };
    let place = |span: &std::ops::Range<usize>| {
        let (source, span) = refused.sources.at(span);
        format!("{}:{}", source.file.relative_to(&abs(sandbox.root())).display(), &source.text[span])
    };
    let related = |(span, label): &(std::ops::Range<usize>, String)| format!(" [{} {label}]", place(span));
    let one = |fault: &wsctl::diagnostic::Fault| {
        format!("{}: {}{}", place(&fault.span), fault.message, fault.related.as_ref().map(related).unwrap_or_default())
    };
    refused.faults.iter().map(one).collect()
}

const MAIN: &str = "version = 1\ninclude = [\"builders.d/*.toml\"]\n[repos.a]\n[builders.m]\nrepos = [\"a\", \"b\"]\n";

#[test]
fn what_is_included_joins_the_file() {
    let sandbox = Sandbox::new();
    sandbox.write("builders.d/20.toml", "version = 1\n[builders.y]\nrepos = [\"a\"]\n");
    sandbox.write("builders.d/10.toml", "[repos.b]\n[builders.x]\nrepos = [\"b\"]\n[[files]]\nfrom = \"f\"\nto = \"f\"\n");
    sandbox.write("builders.d/.hidden.toml", "nonsense");
    sandbox.write("builders.d/notes.md", "nonsense");
    let found = read(&sandbox, MAIN).unwrap();
    assert_eq!(found.builders.keys().map(ToString::to_string).collect::<Vec<_>>(), ["m", "x", "y"]);
    assert!(found.builders.values().all(|builder| builder.files.contains_key("f")));
    let files: Vec<_> = found.sources.iter().map(|source| source.file.clone()).collect();
    let expected = ["builders.toml", "builders.d/10.toml", "builders.d/20.toml"].map(|file| abs(sandbox.path(file)));
    assert_eq!(files, expected);
    let config = config(&sandbox, MAIN);
    let file = |name: &str| config.file_of_builder(config.builders.get_key_value(name).unwrap().0).unwrap();
    assert_eq!((file("m"), file("y")), (&expected[0], &expected[2]));
    assert_eq!(config.file_of_repository(config.repos.get_key_value("b").unwrap().0), Some(&expected[1]));
}

#[test]
fn patterns_name_what_they_say() {
    let sandbox = Sandbox::new();
    for path in ["d/a.toml", "d/e/b.toml", "d/e/.c/c.toml", "d/.d.toml", "z.toml"] {
        let name = path.split('/').next_back().unwrap().trim_end_matches(".toml").replace('.', "x");
        sandbox.write(path, &format!("[repos.{name}]\n"));
    }
    std::os::unix::fs::symlink(sandbox.path("d"), sandbox.path("d/e/around")).unwrap();
    std::os::unix::fs::symlink("z.toml", sandbox.path("same.toml")).unwrap();
    let repos = |include: &str| {
        let found = read(&sandbox, &format!("version = 1\ninclude = [{include}]\n")).unwrap();
        found.repositories.keys().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(repos("\"d/*.toml\""), ["a"]);
    assert_eq!(repos("\"d/**/*.toml\""), ["a", "b"]);
    assert_eq!(repos("\"d/?/b.toml\", \"z.toml\", \"./z.toml\", \"same.toml\""), ["b", "z"]);
    assert_eq!(repos("\"nowhere/*.toml\", \"z.toml/*\""), Vec::<String>::new());
    assert_eq!(repos(&format!("\"{}\"", sandbox.path("z.toml").display())), ["z"]);
}

#[test]
fn what_cannot_be_included_is_a_fault() {
    let sandbox = Sandbox::new();
    let only = |include: &str| {
        let told = told(&sandbox, &format!("version = 1\ninclude = [\"{include}\"]\n"));
        assert_eq!(told.len(), 1, "{told:?}");
        told[0].clone().replace(&sandbox.root().display().to_string(), "/ws")
    };
    assert_eq!(only("none.toml"), "builders.toml:\"none.toml\": there is no /ws/none.toml");
    std::fs::create_dir(sandbox.path("dir.toml")).unwrap();
    assert_eq!(only("dir.toml"), "builders.toml:\"dir.toml\": /ws/dir.toml is a directory");
    assert_eq!(only("*.toml"), "builders.toml:\"*.toml\": /ws/dir.toml is a directory");
    std::fs::remove_dir(sandbox.path("dir.toml")).unwrap();
    sandbox.write("builders.toml", "");
    assert_eq!(only("*.toml"), "builders.toml:\"*.toml\": this includes the file itself");
    assert_eq!(only("./builders.toml"), "builders.toml:\"./builders.toml\": this includes the file itself");
    let pipe = sandbox.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(only("pipe"), "builders.toml:\"pipe\": cannot read /ws/pipe: not a regular file");
    std::os::unix::fs::symlink("nowhere", sandbox.path("link.d")).unwrap();
    assert_eq!(only("link.*"), "builders.toml:\"link.*\": the symbolic link /ws/link.d leads nowhere");
    assert_eq!(only("x/**"), "builders.toml:\"x/**\": `**` names directories, not files");
    std::fs::write(sandbox.path("bytes"), b"# \xff\n").unwrap();
    assert_eq!(only("bytes"), "bytes:\u{fffd}: the file is not UTF-8");
}

#[test]
fn all_faults_of_all_files_come_at_once_each_in_its_own_file() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "builders.d/1.toml",
        "[workspace]\nroot = \".\"\n[policy]\ninclude = 1\n[builders.m]\nrepos = [\"a\"]\nprotcet = true\n",
    );
    sandbox.write("builders.d/2.toml", "version = 2\ninclude = [\"x\"]\n[repos.A]\n[builders.z]\nrepos = [\"q\"]\n");
    let expected = [
        "builders.toml:bogus: unknown key `bogus` in the file",
        "builders.toml:\"b\": repository `b` is not declared",
        "builders.d/1.toml:workspace: `workspace` cannot stand in an included file",
        "builders.d/1.toml:policy: `policy` cannot stand in an included file",
        "builders.d/1.toml:m: builder `m` is declared twice [builders.toml:m first declared here]",
        "builders.d/1.toml:protcet: unknown key `protcet` in [builders.m]",
        "builders.d/2.toml:2: `version` must be 1",
        "builders.d/2.toml:include: an included file includes no other",
        "builders.d/2.toml:A: repository names `a` and `A` are alike [builders.toml:a first declared here]",
        "builders.d/2.toml:\"q\": repository `q` is not declared",
    ];
    assert_eq!(told(&sandbox, &format!("bogus = 1\n{MAIN}")), expected);
    // A file that is no TOML hides nothing of the others.
    sandbox.write("builders.d/1.toml", "[builders.x\nrepos = 1\n");
    let told = told(&sandbox, MAIN);
    assert!(told[0].starts_with("builders.d/1.toml:") && told[0].contains("unclosed table"), "{told:?}");
    assert!(told.iter().any(|told| told.starts_with("builders.d/2.toml:2: ")), "{told:?}");
}

#[test]
fn the_same_target_in_two_files_is_a_fault() {
    let sandbox = Sandbox::new();
    let files = "[[files]]\nfrom = \"f\"\nto = \"f\"\n";
    sandbox.write("builders.d/1.toml", files);
    let main = format!("version = 1\ninclude = [\"builders.d/1.toml\"]\n{files}");
    let expected = "builders.d/1.toml:\"f\": the same `to` is given twice [builders.toml:\"f\" first given here]";
    assert_eq!(told(&sandbox, &main), [expected]);
}

#[test]
fn an_edited_text_stands_in_for_the_file_also_for_one_that_is_not_there_yet() {
    let sandbox = Sandbox::new();
    sandbox.write("builders.d/1.toml", "[builders.x]\nrepos = [\"a\"]\n");
    let text = "version = 1\ninclude = [\"builders.d/*.toml\"]\n[repos.a]\n";
    let edited = Edited::from([
        (abs(sandbox.path("builders.d/1.toml")), String::new()),
        (abs(sandbox.path("builders.d/2.toml")), "[builders.y]\nrepos = [\"a\"]\n".to_owned()),
        (abs(sandbox.path("elsewhere/3.toml")), "nonsense".to_owned()),
    ]);
    let config = gather_edited(&abs(sandbox.path("builders.toml")), text, &edited);
    assert_eq!(config.faults, []);
    assert_eq!(config.builders.keys().map(ToString::to_string).collect::<Vec<_>>(), ["y"]);
}

#[test]
fn secrets_of_included_urls_are_masked() {
    let sandbox = Sandbox::new();
    sandbox.write("builders.d/1.toml", "[repos.x]\nurl = \"https://me:geheim@host/x\"\nbogus = 1\n");
    let refused = read(&sandbox, "version = 1\ninclude = [\"builders.d/1.toml\"]\n").unwrap_err();
    assert!(!format!("{refused:?}").contains("geheim"), "{refused:?}");
}
