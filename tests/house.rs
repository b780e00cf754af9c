//! The rules of the house, read from the source itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Who may use whom. A name with `::` allows only that one item.
const ARROWS: [(&str, &[&str]); 18] = [
    ("model", &[]),
    ("diagnostic", &["model"]),
    ("regular", &[]),
    ("config", &["model", "regular", "diagnostic"]),
    ("desired", &["config", "model", "diagnostic"]),
    ("edit", &["config::fault", "model", "diagnostic"]),
    ("plan", &["model"]),
    ("actual", &["model", "regular", "diagnostic", "plan::Question"]),
    ("git", &["model", "regular", "plan", "diagnostic"]),
    ("child", &["model"]),
    ("doctor", &["model", "plan"]),
    ("agent", &["model"]),
    ("trash", &["git", "model"]),
    ("saved", &["git", "model", "regular", "plan", "diagnostic"]),
    ("apply", &["model", "regular", "plan", "git", "actual", "child", "agent", "diagnostic"]),
    ("view", &["model", "plan", "apply::event", "child::Ended", "child::Stream", "diagnostic"]),
    (
        "cli",
        &[
            "actual",
            "agent",
            "apply",
            "child",
            "config",
            "desired",
            "diagnostic",
            "doctor",
            "edit",
            "git",
            "model",
            "plan",
            "regular",
            "saved",
            "trash",
            "view",
        ],
    ),
    ("lib", &[]),
];

/// What may lie at the top of the repository, beside dot-files.
const TOP: [&str; 9] = [
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "examples",
    "tests",
    "builders.toml.example",
    "README.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
];

const LONGEST: usize = 300;

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file with its path below `src`, and its text.
pub(crate) fn sources() -> Vec<(String, String)> {
    let root = here().join("src");
    let mut found = Vec::new();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(found.len() > 50, "only {} files: is this src?", found.len());
    found
}

/// The module of the map that a file belongs to.
fn module(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// The code of a file, without comments.
fn code(text: &str) -> String {
    text.lines()
        .map(|line| line.split_once("//").map_or(line, |(code, _)| code))
        .fold(String::new(), |all, line| all + line + "\n")
}

/// Every `crate::…` path of a file, as `module::item`; a list `{a::x, b}` gives each of its members.
fn paths(text: &str) -> BTreeSet<String> {
    let code = code(text);
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        // `$crate::` and `my_crate::` are others.
        if code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
            continue;
        }
        found.extend(members(&code[at + "crate::".len()..]));
    }
    found
}

/// The first two names of a path, or of each member where it is a list.
fn members(rest: &str) -> Vec<String> {
    if let Some(list) = rest.strip_prefix('{') {
        return split(list).into_iter().flat_map(members).collect();
    }
    let (module, rest) = name(rest);
    let Some(rest) = rest.strip_prefix("::") else { return vec![module.into()] };
    match rest.strip_prefix('{') {
        Some(list) => split(list).into_iter().map(|item| format!("{module}::{}", name(item).0)).collect(),
        None => vec![format!("{module}::{}", name(rest).0)],
    }
}

fn name(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len()))
}

/// The members of a list up to the brace that ends it.
fn split(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' => {
                parts.push(list[start..at].trim());
                break;
            }
            ',' if depth == 0 => {
                parts.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn allowed(from: &str, path: &str) -> bool {
    let rule = ARROWS.iter().find(|(module, _)| *module == from).map(|(_, uses)| *uses);
    let uses = rule.unwrap_or_else(|| panic!("module {from} is not on the map: draw it on the map in src/lib.rs and here"));
    let to = path.split("::").next().unwrap();
    to == from || uses.iter().any(|used| *used == to || *used == path)
}

#[test]
fn no_arrow_runs_backwards() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (file, text) in sources() {
        let from = module(&file);
        if from == "main" {
            continue;
        }
        for path in paths(&text) {
            seen += 1;
            if !allowed(from, &path) {
                wrong.push(format!("src/{file}: crate::{path}"));
            }
        }
    }
    assert!(seen > 300, "only {seen} paths were read");
    assert!(wrong.is_empty(), "against the map:\n{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_arrows_sees_every_way_to_write_one() {
    let read = |text: &str| paths(text).into_iter().collect::<Vec<_>>();
    assert_eq!(read("use crate::model::path::AbsPath;"), ["model::path"]);
    assert_eq!(read("use crate::{actual, cli::run};"), ["actual", "cli::run"]);
    assert_eq!(read("use crate::plan::{Question, draft::{A, B}, Plan};"), ["plan::Plan", "plan::Question", "plan::draft"]);
    assert_eq!(read("use crate::{\n    view::{self, text},\n    git,\n};"), ["git", "view::self", "view::text"]);
    assert_eq!(read("fn f() -> crate::git::Door { pub(crate) }"), ["git::Door"]);
    assert_eq!(read("// crate::cli::x\nlet a = other_crate::cli::x;"), Vec::<String>::new());
    assert!(!allowed("view", "git::Door") && !allowed("view", "apply::Run") && allowed("view", "apply::event"));
    assert!(!allowed("actual", "plan::Plan") && !allowed("plan", "actual::read") && !allowed("apply", "cli::run"));
}

#[test]
fn no_file_is_too_long_and_each_says_what_it_owns() {
    for (file, text) in sources() {
        assert!(text.lines().count() <= LONGEST, "src/{file} passes {LONGEST} lines: split it by subject");
        assert!(text.starts_with("//! "), "src/{file} does not begin with `//!`");
    }
}

#[test]
fn nothing_is_left_for_later() {
    let words = ["todo!", "unimplemented!", "dbg!", "#[ignore", "TODO", "FIXME"];
    for (file, text) in sources() {
        for word in words {
            assert!(!text.contains(word), "src/{file} holds {word}");
        }
    }
    for file in tests() {
        let text = fs::read_to_string(&file).unwrap();
        for word in ["todo!(", "unimplemented!(", "dbg!(", "#[ignore"] {
            let used = text.lines().any(|line| line.trim_start().starts_with(word));
            assert!(!used, "{} holds {word}", file.display());
        }
    }
}

/// Every file of tests/.
fn tests() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![here().join("tests")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { directories.push(path) } else { found.push(path) }
        }
    }
    found.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    found
}

/// Who reads without asking what it is: what the kernel shows, and the file that the user names, which may be a pipe.
const PLAIN_READERS: [&str; 5] =
    ["actual/clock.rs", "actual/place.rs", "actual/processes.rs", "config/mod.rs", "cli/workspace.rs"];

#[test]
fn nothing_that_may_be_a_pipe_is_opened_as_a_file() {
    for (file, text) in sources().iter().filter(|(file, _)| !PLAIN_READERS.contains(&file.as_str())) {
        for word in ["fs::read(", "fs::read_to_string("] {
            let code = code(text);
            let mut places = code.match_indices(word);
            let read = places.any(|(at, _)| !code[..at].ends_with(char::is_alphanumeric));
            assert!(!read, "src/{file} holds {word}: read by `crate::regular`");
        }
    }
}

#[test]
fn only_the_view_prints() {
    let words = ["println!", "print!", "eprintln!", "eprint!"];
    for (file, text) in sources().iter().filter(|(file, _)| module(file) != "view") {
        for word in words {
            assert!(!code(text).contains(word), "src/{file} prints: {word}");
        }
    }
}

#[test]
fn no_enum_of_ours_is_matched_with_an_empty_arm_in_plan() {
    for (file, text) in sources().iter().filter(|(file, _)| module(file) == "plan") {
        let arms = code(text).lines().filter(|line| line.trim_start().starts_with("_ =>")).count();
        // A byte in the search for rings is no enum.
        assert_eq!(arms, usize::from(file == "plan/order.rs"), "src/{file} has a `_ =>` arm");
    }
}

#[test]
fn the_top_of_the_repository_holds_what_belongs_there() {
    let root: &Path = &here();
    if !root.join(".git").exists() {
        crate::support::skip("this is no git work tree");
        return;
    }
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output().unwrap();
    assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let listed = String::from_utf8(listed.stdout).unwrap();
    let top: BTreeSet<&str> = listed.split_terminator('\0').map(|path| path.split('/').next().unwrap()).collect();
    let other: Vec<_> = top.iter().filter(|name| !name.starts_with('.') && !TOP.contains(name)).collect();
    assert!(other.is_empty(), "at the top of the repository: {other:?}");
    assert!(top.contains("Cargo.toml"), "git ls-files listed {top:?}");
}
