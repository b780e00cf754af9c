//! Each fault: its message, the text it marks, its hint.

use super::{abs, facts, faults, read, told};
use wsctl::config::Facts;

/// One fault: a part of its message, the marked text, a part of its hint.
type Expected<'a> = (&'a str, &'a str, &'a str);

/// Checks every fault of `text` in order; `version = 1` is put in front.
fn check(text: &str, facts: &Facts, expected: &[Expected<'_>]) {
    let text = format!("version = 1\n{text}");
    let found = faults(&text, facts);
    let told = told(&text, &found);
    let fits = told.len() == expected.len()
        && told.iter().zip(expected).all(|(a, b)| a.0.contains(b.0) && a.1 == b.1 && a.2.contains(b.2));
    assert!(fits, "\n{text}\n  found {told:#?}\n  expected {expected:#?}");
    for fault in &found {
        assert!(!fault.message.contains('\n'), "{}", fault.message);
        assert!(fault.message.starts_with(|c: char| c.is_lowercase() || c == '`'), "{}", fault.message);
    }
}

fn one(text: &str, message: &str, marked: &str, hint: &str) {
    check(text, &facts(), &[(message, marked, hint)]);
}

const A: &str = "[repos.a]\n";

#[test]
fn version() {
    for (text, message, marked) in [
        ("", "`version` is missing", ""),
        ("version = 2", "`version` must be 1", "2"),
        ("version = \"1\"", "`version` must be 1, not a string", "\"1\""),
        ("version = 99999999999999999999", "`version` must be 1", "99999999999999999999"),
    ] {
        let found = faults(text, &facts());
        let told = told(text, &found);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].0.contains(message) && told[0].1 == marked, "{told:?}");
        assert!(told[0].2.contains("version = 1"));
    }
}

#[test]
fn keys() {
    one("[workspace]\nbrnach = \"x\"", "unknown key `brnach` in [workspace]", "brnach", "did you mean `branch`?");
    one("zzz = 1", "unknown key `zzz` in the file", "zzz", "known keys: `version`, `include`, `workspace`");
    one("[repos.a]\nurll = \"x\"", "unknown key `urll` in [repos.a]", "urll", "`url`");
    one("[repos.a]\n[builders.b]\nrepo = [\"a\"]", "unknown key `repo` in [builders.b]", "repo", "`repos`");
    one("[builders.b.checkout.\".\"]\nbas = \"x\"", "unknown key `bas` in [builders.b.checkout..]", "bas", "`base`");
    one("[[files]]\nfrom = \"a\"\nto = \"a\"\nmod = \"copy\"", "unknown key `mod` in [[files]]", "mod", "`mode`");
    one("[policy]\nkeep = \"3d\"", "unknown key `keep` in [policy]", "keep", "`trash_keep`");
    one("[builders.b]\nmax_removals = 3", "unknown key `max_removals` in [builders.b]", "max_removals", "known keys");
    one("[builders.b]\nanchor = false", "unknown key `anchor` in [builders.b]", "anchor", "known keys");
    one("[workspace.layout]\nroot = \"x\"\nrepo = \"{repo}\"\nx = 1", "unknown key `x` in `layout`", "x", "`root`, `repo`");
}

#[test]
fn flags() {
    one("[repos.a]\nlfs = \"yes\"", "`lfs` must be", "\"yes\"", "");
    one("[repos.a]\nsubmodules = 1", "`submodules` must be", "1", "");
}

#[test]
fn types() {
    one("[workspace]\nroot = 1", "`root` must be a string, not an integer", "1", "quotes");
    one("[workspace]\nanchor = \"yes\"", "`anchor` must be `true` or `false`, not a string", "\"yes\"", "");
    one("[workspace]\nfetch = 1.5", "`fetch` must be `true` or `false`, not a float", "1.5", "");
    one("workspace = []", "`workspace` must be a table, not a list", "[]", "[workspace]");
    one("[repos]\na = \"git@x:y\"", "`a` must be a table, not a string", "\"git@x:y\"", "[repos.a]");
    one("[repos.a]\n[builders.b]\nrepos = \"a\"", "`repos` must be a list of strings, not a string", "\"a\"", "brackets");
    one("[repos.a]\n[builders.b]\nrepos = [\"a\", 1]", "`repos` must be a string, not an integer", "1", "");
    one("files = true", "`files` must be a list of tables, not a boolean", "true", "[[files]]");
    one("[files]\nto = \"x\"", "`files` must be a list of tables, not a table", "[files]", "[[files]]");
    one("[workspace]\nlayout = 3", "`layout` must be a string or a table", "3", "`sibling`");
    one("[policy]\ntrash_keep = 14", "`trash_keep` must be a string", "14", "");
    one("[workspace]\nbranch = 2020-01-01", "`branch` must be a string, not a date", "2020-01-01", "");
    one("[workspace]\nroot = \"\"", "`root` is empty", "\"\"", "");
    one("[workspace]\nrepos_dir = \"a\\nb\"", "`repos_dir` holds a control character", "\"a\\nb\"", "");
    one("[workspace]\nrepos_dir = \"a\\u0000b\"", "`repos_dir` holds a control character", "\"a\\u0000b\"", "");
}

#[test]
fn values() {
    one("[policy]\ndelete_branch = \"nver\"", "`delete_branch` must be one of `never`, `merged`", "\"nver\"", "`never`?");
    one("[policy]\non_unsaved = \"x\"", "`on_unsaved` must be one of `block`, `trash`", "\"x\"", "valid: `block`, `trash`");
    one("[workspace]\nlayout = \"flat\"", "`flat` is no layout", "\"flat\"", "`sibling`, `split`, `nested`");
    one("[[files]]\nfrom = \"a\"\nto = \"a\"\nmode = \"link\"", "`mode` must be one of", "\"link\"", "`symlink`");
    one("[policy]\ntrash_keep = \"soon\"", "`soon` is no duration such as `14d`, `12h` or `30s`", "\"soon\"", "14d");
    one("[policy]\ntrash_keep = \"-3d\"", "not at least a second", "\"-3d\"", "14d");
    for bad in ["-1", "\"x\"", "\"0%\"", "\"101%\"", "\"-1%\"", "\"25\"", "99999999999"] {
        one(&format!("[policy]\nmax_removals = {bad}"), "`max_removals` must be 0 or more", bad, "25%");
    }
    one("[policy]\nmax_removals = true", "`max_removals` must be a number or a string", "true", "25%");
    one("[workspace]\nbase = \"-x\"", "`-x` starts with a dash", "\"-x\"", "origin/main");
    one("[repos.a]\nbase = \"a..b\"", "`a..b` is no single commit", "\"a..b\"", "origin/main");
}

#[test]
fn names() {
    one("[repos.\"a/b\"]", "repository name `a/b` must be one path component", "\"a/b\"", "");
    one("[repos.files]", "repository name `files` is a word that addresses need", "files", "");
    one("[repos.checkout]", "repository name `checkout` is a word", "checkout", "");
    one("[repos.\".\"]", "repository name `.` must start with", "\".\"", "no declaration");
    one("[builders.-x]", "builder name `-x` must start with a letter", "-x", "");
    one("[builders.\"\"]", "builder name `` is empty", "\"\"", "");
    one("[builders.\"a b\"]", "builder name `a b` holds ' '", "\"a b\"", "");
    one("[repos.api]\n[repos.API]", "repository names `api` and `API` are alike", "API", "case");
    one("[builders.\"caf\u{e9}\"]\n[builders.\"cafe\u{301}\"]", "are alike", "\"cafe\u{301}\"", "Unicode form");
}

#[test]
fn urls() {
    for bad in ["ext::sh -c x", "fd::7", "-oProxyCommand=x", "--upload-pack=x", "gopher://x/y", "ssh://-x/y"] {
        let marked = format!("\"{bad}\"");
        check(&format!("[repos.a]\nurl = \"{bad}\""), &facts(), &[("url `", &marked, "")]);
    }
    let text = "version = 1\n[repos.a]\nurl = \"ftp://me:geheim@host/x?token=geheim\"";
    let refused = read(text, &facts()).unwrap_err();
    assert_eq!(refused.sources.main().text.len(), text.len());
    assert!(!format!("{refused:?}").contains("geheim"), "{refused:?}");
}

#[test]
fn branches() {
    one("[builders.b]\nbranch = \"-x\"", "branch `-x` starts with a dash", "\"-x\"", "");
    one("[builders.b]\nbranch = \"a..b\"", "branch `a..b` holds `..`", "\"a..b\"", "");
    one("[builders.b]\nbranch = \"x.lock\"", "ends with `.lock`", "\"x.lock\"", "");
    one("[workspace]\nbranch = \"t/{ticket}\"", "unknown variable `{ticket}`", "\"t/{ticket}\"", "`{builder}`, `{repo}`");
    one("[workspace]\nbranch = \"t/{builder\"", "a brace without its partner", "\"t/{builder\"", "`{builder}`");
    one("[workspace]\nbranch = \"{builder}\"\n[builders.HEAD]", "branch `HEAD` is git's own word", "HEAD", "`branch`");
    // In one repository, by two builders; pointed at both.
    let text =
        "version = 1\n[repos.a]\n[builders.x]\nrepos = [\"a\"]\nbranch = \"f\"\n[builders.y]\nrepos = [\"a\"]\nbranch = \"f\"\n";
    let found = faults(text, &facts());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "branch `f` is wanted twice in repositories `.`, `a`, by builders `x` and `y`");
    let (related, label) = found[0].related.clone().unwrap();
    assert_eq!((&text[found[0].span.clone()], &text[related.clone()]), ("\"f\"", "\"f\""));
    assert!(related.start < found[0].span.start && label.contains("`x`"));
    // A template that is the same for every builder.
    one("[workspace]\nbranch = \"same\"\n[builders.x]\n[builders.y]", "branch `same` is wanted twice in repository `.`", "y", "");
    one("[workspace]\nbranch = \"w/{repo}\"\n[builders.x]\n[builders.y]", "branch `w/root` is wanted twice", "y", "{builder}");
    let text = "[builders.x]\nbranch = \"w/a\"\n[builders.y]\nbranch = \"w/a/b\"";
    one(text, "branches `w/a` and `w/a/b` cannot exist side by side in repository `.`", "\"w/a/b\"", "rename");
    let text = "[builders.x]\nbranch = \"w/a/b/c\"\n[builders.y]\nbranch = \"w\"";
    one(text, "branches `w/a/b/c` and `w` cannot exist side by side", "\"w\"", "rename");
    // The same name in different repositories is no fault.
    let text = format!(
        "{A}[repos.b]\n[builders.x]\nrepos = [\"a\"]\ninclude_root = false\nbranch = \"f\"\n[builders.y]\nrepos = [\"b\"]\nbranch = \"f\""
    );
    check(&text, &facts(), &[]);
    let text = format!("{A}[builders.x]\nrepos = [\"a\"]\n[builders.y]\nrepos = [\"a\"]\ncheckout.a.branch = \"builder/x\"");
    one(&text, "branch `builder/x` is wanted twice in repository `a`", "\"builder/x\"", "");
}

#[test]
fn repositories_of_builders() {
    let a = |tail: &str| format!("[repos.alpha]\n[builders.b]\n{tail}");
    one(&a("repos = [\"alhpa\"]"), "repository `alhpa` is not declared", "\"alhpa\"", "did you mean `alpha`?");
    one(&a("repos = [\"zzz\"]"), "repository `zzz` is not declared", "\"zzz\"", "declared repositories: `alpha`");
    one("[builders.b]\nrepos = [\"zzz\"]", "is not declared", "\"zzz\"", "there are no declared repositories");
    one(&a("repos = [\"alpha\", \"alpha\"]"), "named twice in builder `b`", "\"alpha\"", "keep one");
    one(&a("[builders.b.checkout.alpha]"), "builder `b` has no repository `alpha`", "alpha", "its repositories: `.`");
    one(&a("repos = [\".\"]\ninclude_root = false"), "`.` is named, and `include_root` is false", "\".\"", "");
    check(&a("repos = [\".\", \"alpha\"]\ncheckout.\".\".base = \"x\""), &facts(), &[]);
    let bare = Facts::plain(abs("/ws"));
    check(&a("repos = [\".\"]"), &bare, &[("`.` is named, and the root /ws is no git repository", "\".\"", "git init")]);
    check(&a("repos = [\"alpha\"]\ninclude_root = true"), &bare, &[("the root /ws is no git repository", "true", "git init")]);
    check("[builders.b]", &bare, &[("builder `b` has no repository", "b", "repos")]);
    // A repository with a fault of its own is declared all the same.
    one("repos = 3\n[builders.b]\nrepos = [\"a\"]", "`repos` must be a table", "3", "");
    one("[repos.\"a b\"]\n[builders.b]\nrepos = [\"a b\"]", "repository name `a b`", "\"a b\"", "");
}

#[test]
fn managed_files() {
    let file = |to: &str| format!("[repos.a]\n[builders.b]\nrepos = [\"a\"]\n[[files]]\nfrom = \"f\"\nto = \"{to}\"");
    let refused = [
        ("/etc/x", "`to` is absolute"),
        ("../x", "`to` leaves its directory"),
        (".git/hooks/x", "`to` reaches into a `.git`"),
        ("x/.GIT/config", "`to` reaches into a `.git`"),
        (".", "`to` names no file"),
        ("a", "`to` takes the place of the checkout of `a`"),
        (".gitmodules", "`to` may not be `.gitmodules`"),
        ("x/{repo}", "`{repo}` can only be the first part"),
        ("{repo}", "`to` names no file"),
        ("{builder}/x", "unknown variable `{builder}`"),
        ("{repo}/../x", "`to` leaves its directory"),
    ];
    for (to, message) in refused {
        one(&file(to), message, &format!("\"{to}\""), "");
    }
    one("[[files]]\nfrom = \"f\"", "`to` is missing in [[files]]", "[[files]]", "");
    one("[[files]]\nto = \"f\"", "`from` is missing in [[files]]", "[[files]]", "");
    one("[[files]]\nfrom = \"../f\"\nto = \"f\"", "`from` leaves its directory", "\"../f\"", "");
    one("[[files]]\nfrom = \"/f\"\nto = \"f\"", "`from` is absolute", "\"/f\"", "");
    one("[[files]]\nfrom = \".\"\nto = \"f\"", "`from` is the workspace itself", "\".\"", "");
    one(&format!("{}\n[[files]]\nfrom = \"g\"\nto = \"./x//y\"", file("x/y")), "the same `to` is given twice", "\"./x//y\"", "");
    one(&format!("{}\n[[files]]\nfrom = \"g\"\nto = \"a/x\"", file("{repo}/x")), "two files go to `a/x`", "\"a/x\"", "");
    one(&format!("{}\n[[files]]\nfrom = \"g\"\nto = \"x/y\"", file("x")), "`x` would be a file and a directory", "\"x/y\"", "");
    let twice = format!("{}\n[[files]]\nfrom = \"/g\"\nto = \"x\"\nmode = \"y\"", file("x"));
    let expected = [("`from` is absolute", "\"/g\"", ""), ("given twice", "\"x\"", ""), ("`mode` must be", "\"y\"", "")];
    check(&twice, &facts(), &expected);
    let split = format!("[workspace]\nlayout = \"split\"\n{}", file("repos"));
    one(&split, "`to` takes the place of the checkout of `a`, at `repos/a`", "\"repos\"", "");
}

#[test]
fn directories() {
    let builders = |dir: &str| format!("[workspace]\nbuilders_dir = \"{dir}\"\n[repos.a]");
    let refused = [
        ("/", "is the root of the file system"),
        (".", "is the workspace root itself"),
        ("sub/..", "is the workspace root itself"),
        ("~", "is HOME"),
        ("~/", "is HOME"),
        ("/home", "holds HOME"),
        (".git/x", "reaches into a `.git`"),
        ("repos", "is `repos_dir`"),
        ("repos/a", "lies in repository `a`"),
        ("repos/a/x", "lies in repository `a`"),
    ];
    for (dir, message) in refused {
        one(&builders(dir), message, &format!("\"{dir}\""), "directory of their own");
    }
    check("[workspace]\nbuilders_dir = \"..\"", &Facts::plain(abs("/x/ws")), &[("holds the workspace root", "\"..\"", "")]);
    let text = "[workspace]\nbuilders_dir = \"/x\"\nrepos_dir = \"/x/r\"";
    one(text, "holds `repos_dir`", "\"/x\"", "");
    one("[workspace]\nbuilders_dir = \"/x\"\n[repos.a]\npath = \"/x/a\"", "holds repository `a`", "\"/x\"", "");
    let inside = Facts { inside_repository: Some(abs("/other")), ..facts() };
    check(&builders("/other/b"), &inside, &[("lies in the git repository /other", "\"/other/b\"", "")]);
    let homeless = Facts { home: None, ..facts() };
    check("[workspace]\nrepos_dir = \"~/r\"", &homeless, &[("`~` stands for HOME, which is not set", "\"~/r\"", "")]);
    check("[repos.a]\npath = \"~/a\"", &homeless, &[("`~` stands for HOME", "\"~/a\"", "")]);
    one(
        "[repos.a]\n[repos.b]\npath = \"repos/a\"",
        "repositories `a` and `b` have the same path, /ws/repos/a",
        "\"repos/a\"",
        "",
    );
    one("[repos.a]\npath = \".\"", "repository `a` lies at the workspace root", "\".\"", "");
    let linked = Facts { real_paths: [(abs("/ws/b"), abs("/ws/repos/a"))].into(), ..facts() };
    check("[repos.a]\n[repos.b]\npath = \"b\"", &linked, &[("have the same path", "\"b\"", "")]);
}

#[test]
fn layouts() {
    let custom = |root: &str, repo: &str| {
        format!("[repos.a]\n[workspace]\nlayout = {{ root = \"{root}\", repo = \"{repo}\" }}\n[builders.b]\nrepos = [\"a\"]")
    };
    one(&custom("ws", "src"), "`repo` lacks `{repo}`", "\"src\"", "src/{repo}");
    one(&custom("../ws", "{repo}"), "`root` leaves its directory", "\"../ws\"", "");
    one(&custom("ws", "/x/{repo}"), "`repo` is absolute", "\"/x/{repo}\"", "");
    one(&custom("ws", "{name}"), "unknown variable `{name}`", "\"{name}\"", "`{repo}`");
    one(&custom("{repo}", "x/{repo}"), "unknown variable `{repo}`", "\"{repo}\"", "no variables");
    one(&custom("ws", "ws/{repo}"), "take each other's place", "{ root = \"ws\", repo = \"ws/{repo}\" }", "layout");
    let dotted = "[repos.git]\n[workspace]\nlayout = { root = \"ws\", repo = \".{repo}\" }\n[builders.b]\nrepos = [\"git\"]\n[builders.c]\nrepos = [\"git\"]";
    one(dotted, "the path of repository `git` reaches into a `.git`", "{ root = \"ws\", repo = \".{repo}\" }", "another name");
    one("[workspace]\nlayout = { root = \"x\" }", "`repo` is missing in `layout`", "{ root = \"x\" }", "{repo}");
    let text = "[repos.Workspace-Root]\n[builders.x]\nrepos = [\"Workspace-Root\"]\n[builders.y]\nrepos = [\"Workspace-Root\"]";
    one(text, "take each other's place: `workspace-root` and `Workspace-Root`", "Workspace-Root", "another name");
    let nested = "[workspace]\nlayout = \"nested\"\n[repos.a]\n[builders.b]\nrepos = [\"a\"]";
    check(nested, &Facts::plain(abs("/ws")), &[("needs the root as a repository, and /ws is none", "\"nested\"", "git init")]);
    one(&format!("{nested}\ninclude_root = false"), "it cannot do without", "false", "sibling");
}

#[test]
fn every_fault_of_a_file_comes_at_once_and_in_order() {
    let text = "bogus = 1\n[workspace]\nlayout = \"flat\"\nbuilders_dir = \"/\"\n[repos.a]\nurl = \"ext::x\"\n[builders.b]\nrepos = [\"a\", \"c\"]\nprotect = 1\n";
    check(
        text,
        &facts(),
        &[
            ("unknown key `bogus`", "bogus", ""),
            ("no layout", "\"flat\"", ""),
            ("root of the file system", "\"/\"", ""),
            ("helper `ext`", "\"ext::x\"", ""),
            ("`c` is not declared", "\"c\"", "`a`"),
            ("`protect` must be", "1", ""),
        ],
    );
}

#[test]
fn broken_text_is_told_with_what_is_certain() {
    let text = "version = 1\n[workspace]\nroot = = 1\nbogus = 1\n[repos.a\nurl = 3\nx = \"\n";
    let found = faults(text, &facts());
    assert!(found.len() >= 4, "{found:#?}");
    assert!(found.iter().any(|fault| fault.message.contains("unknown key `bogus`")), "{found:#?}");
    assert!(found.is_sorted_by_key(|fault| fault.span.start));
    let table = [
        ("version = 1\nx = [ai-dev]\n", "string values must be quoted", "ai-dev", "expected literal string"),
        ("version = 1\n[builders.b\n", "unclosed table", "", "expected `]`"),
        ("x", "key with no value", "", "expected `=`"),
        ("version = 1\n[a]\n[a]\n", "duplicate key", "a", ""),
    ];
    for (text, message, marked, hint) in table {
        assert_eq!(told(text, &faults(text, &facts())), [(message.into(), marked, hint.into())]);
    }
    let text = "version = 1\nversion = 1\n";
    let found = faults(text, &facts());
    assert_eq!(told(text, &found), [("duplicate key".into(), "version", String::new())]);
}

#[test]
fn defaults() {
    one("[defaults]\nprotcet = true", "unknown key `protcet` in [defaults]", "protcet", "did you mean `protect`?");
    one("[defaults]\nmax_removals = 3", "unknown key `max_removals` in [defaults]", "max_removals", "known keys");
    one("[defaults]\nrepos = [\"q\"]", "repository `q` is not declared", "\"q\"", "there are no declared repositories");
    // Once, however many builders go by it.
    let two = |defaults: &str| format!("[repos.a]\n[defaults]\n{defaults}\n[builders.b]\n[builders.c]\n");
    one(&two("repos = [\"a\", \"q\"]"), "repository `q` is not declared", "\"q\"", "`a`");
    one(&two("repos = [\"a\", \"a\"]"), "repository `a` is named twice in [defaults]", "\"a\"", "");
    one(&two("repos = [\".\"]\ninclude_root = false"), "`.` is named, and `include_root` is false", "\".\"", "");
    one(&two("base = \"a..b\""), "`a..b` is no single commit", "\"a..b\"", "");
    one(&two("branch = \"x y\""), "branch `x y`", "\"x y\"", "");
    one(&two("trash_keep = \"x\""), "`trash_keep`", "\"x\"", "");
    let plain = Facts::plain(abs("/ws"));
    check(&two("include_root = true\nrepos = [\"a\"]"), &plain, &[("is no git repository", "true", "")]);
    check("[defaults]\nrepos = []\n[builders.b]", &plain, &[("builder `b` has no repository", "b", "repos")]);
    let alone = "[defaults]\nrepos = [\".\"]\n[builders.b]\ninclude_root = false";
    one(alone, "builder `b` has no repository", "b", "repos");
    // Who joins by default has overrides too.
    one("[repos.a]\n[defaults]\nrepos = [\"a\"]\n[builders.b.checkout.qqq]", "has no repository `qqq`", "qqq", "`a`");
}

#[test]
fn moved() {
    let b = "[repos.a]\n[builders.b]\nrepos = [\"a\"]\n[builders.c]\nrepos = [\"a\"]\n";
    let moved = |entries: &str| format!("{b}[[moved]]\n{entries}");
    let one = |entries: &str, message: &str, marked: &str, hint: &str| one(&moved(entries), message, marked, hint);
    one("from = \"builders.x\"", "`to` is missing in [[moved]]", "[[moved]]", "go together");
    one("from = \"x\"\nto = \"builders.b\"", "`x` is not the address", "\"x\"", "`builders.NAME`");
    one("from = \"builders.x.a\"\nto = \"builders.b\"", "`builders.x.a` names none", "\"builders.x.a\"", "`layout`");
    one("from = \"builders.x\"\nto = \"repos.a\"", "a builder cannot become a repository", "\"repos.a\"", "both");
    one("from = \"builders.b\"\nto = \"builders.b\"", "both names are the same", "\"builders.b\"", "take the entry out");
    one("from = \"builders.b\"\nto = \"builders.c\"", "`builders.b` is declared still", "\"builders.b\"", "one of the two");
    one("from_branch = \"a..b\"\nto_branch = \"c\"", "branch `a..b` ", "\"a..b\"", "without variables");
    one("form = \"x\"", "unknown key `form`", "form", "`from`");
    one(
        "from = \"builders.x\"\nto = \"builders.y\"\n[[moved]]\nfrom = \"builders.y\"\nto = \"builders.x\"",
        "go round in a circle",
        "\"builders.x\"",
        "all of them are declared",
    );
    one(
        "from = \"builders.x\"\nto = \"builders.b\"\n[[moved]]\nfrom = \"builders.x\"\nto = \"builders.c\"",
        "`builders.x` is moved twice",
        "\"builders.x\"",
        "one of the two",
    );
    one(
        "from = \"builders.x\"\nto = \"builders.b\"\n[[moved]]\nfrom = \"builders.y\"\nto = \"builders.b\"",
        "two things are moved to `builders.b`",
        "\"builders.b\"",
        "one of the two",
    );
    // Names that are exchanged, and what was moved long ago.
    let fine = "from = \"builders.b\"\nto = \"builders.c\"\n[[moved]]\nfrom = \"builders.c\"\nto = \"builders.b\"\n\
                [[moved]]\nfrom = \"repos.old\"\nto = \"repos.gone\"";
    check(&moved(fine), &facts(), &[]);
}

#[test]
fn references() {
    let checkout = |keys: &str| format!("[repos.a]\n[builders.b]\nrepos = [\"a\"]\n[builders.b.checkout.a]\n{keys}");
    one(&checkout("ref = \"v1\"\nbranch = \"x\""), "`branch` and `ref` exclude each other", "\"x\"", "detached");
    one(&checkout("ref = \"v1\"\nbase = \"x\""), "`base` and `ref` exclude each other", "\"x\"", "");
    one(&checkout("ref = \"-x\""), "starts with a dash", "\"-x\"", "");
    one(&checkout("ref = \"a..b\""), "is no single commit", "\"a..b\"", "");
    one(&checkout("ref = 1"), "`ref` must be a string", "1", "");
}

#[test]
fn what_clones_and_checkouts_leave_out() {
    one("[repos.a]\ndepth = 0", "`depth` must be 1 or more", "0", "");
    one("[repos.a]\ndepth = \"1\"", "`depth` must be a number", "\"1\"", "");
    one("[repos.a]\nfilter = \"blobs\"", "`blobs` is no filter of git", "\"blobs\"", "blob:none");
    one("[repos.a]\nfilter = \"sparse:oid=x\"", "is no filter of git", "\"sparse:oid=x\"", "");
    check("[repos.a]\ndepth = 1\nfilter = \"blob:limit=1m\"", &facts(), &[]);
    let sparse = |list: &str| format!("[repos.a]\n[builders.b]\nrepos = [\"a\"]\ncheckout.a.sparse = {list}");
    one(&sparse("[\"../x\"]"), "`sparse` leaves its directory", "\"../x\"", "");
    one(&sparse("[\"src/*\"]"), "`sparse` names a pattern", "\"src/*\"", "");
    one(&sparse("[\".\"]"), "`sparse` names the whole repository", "\".\"", "");
    one(&sparse("\"src\""), "`sparse` must be a list of strings", "\"src\"", "");
}
