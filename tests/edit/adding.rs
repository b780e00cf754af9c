//! Builders and repositories come, and join.

use toml_edit::Document;
use wsctl::edit::{Added, add_builder, add_repository, join, remove_builder};

use super::{NASTY, builder, member, new, on, repo, repository, text};

fn names(text: &str, path: &[&str]) -> Vec<String> {
    let document = Document::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut item = document.as_item();
    for key in path {
        item = item.get(*key).unwrap_or_else(|| panic!("no {key} in {text}"));
    }
    item.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_builder_comes_into_every_form_and_goes_again_without_a_trace() {
    for before in NASTY {
        let added = new("new", vec![on("x", "fix/x", "origin/r"), member("y")]);
        let after = text(add_builder(before, &added).unwrap_or_else(|fault| panic!("{fault:?}\n{before}")));
        assert_eq!(names(&after, &["builders", "new", "repos"]), ["x", "y"], "{after}");
        assert_eq!(add_builder(&after, &added), Ok(Added::Same));
        let again = remove_builder(&after, &builder("new")).unwrap();
        let lines = |text: &str| text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(&again), lines(before), "{after}");
    }
}

#[test]
fn a_builder_stands_behind_the_last_one() {
    let before = "version = 1\n\n[builders.a]\nrepos = [\"x\"]\n#base = \"m\"\n\n# --- files ---\n\n[[files]]\nto = \"f\"\n";
    let mut added = new("fix-1", vec![member("x"), on("y", "", "origin/r")]);
    (added.branch, added.base, added.protect, added.include_root) = (Some("fix/1".into()), Some("m".into()), true, Some(false));
    let after = "\
version = 1

[builders.a]
repos = [\"x\"]
#base = \"m\"

[builders.fix-1]
repos = [\"x\", \"y\"]
branch = \"fix/1\"
base = \"m\"
protect = true
include_root = false

[builders.fix-1.checkout.y]
base = \"origin/r\"

# --- files ---

[[files]]
to = \"f\"
";
    assert_eq!(text(add_builder(before, &added).unwrap()), after);
}

#[test]
fn what_is_there_is_the_same_or_another() {
    let before = "[builders.a]\nrepos = [\"y\", \"x\"]\n";
    assert_eq!(add_builder(before, &new("a", vec![member("x"), member("y")])), Ok(Added::Same));
    assert_eq!(add_builder(before, &new("a", vec![member("x")])), Ok(Added::Other(0..12)));
    let before = "builders = { b = {}, a = { repos = [] } }\n";
    assert_eq!(add_builder(before, &new("a", vec![member("x")])), Ok(Added::Other(0..41)));
}

#[test]
fn the_first_repository_stands_behind_the_workspace() {
    let before = "version = 1\n[workspace]\nlayout = \"split\"\n\n[builders.a]\n";
    let after = text(add_repository(before, &repository("k8s.io", "git@h:k.git")).unwrap());
    assert_eq!(
        after,
        "version = 1\n[workspace]\nlayout = \"split\"\n\n[repos.\"k8s.io\"]\nurl = \"git@h:k.git\"\n\n[builders.a]\n"
    );
    let last = text(add_repository(&after, &repository("b", "../b")).unwrap());
    assert!(last.contains("url = \"git@h:k.git\"\n\n[repos.b]\nurl = \"../b\"\n\n[builders.a]\n"), "{last}");
    assert_eq!(add_repository(&last, &repository("b", "../b")), Ok(Added::Same));
    assert!(matches!(add_repository(&last, &repository("b", "../c")), Ok(Added::Other(_))));
    let inline = text(add_repository("repos = { a = {} }\n", &repository("b", "../b")).unwrap());
    assert_eq!(inline, "repos = { a = {}, b = { url = \"../b\" } }\n");
}

#[test]
fn a_repository_joins_in_the_style_of_the_list() {
    let table = [
        ("[builders.a]\nrepos = [\"x\"]\n", "[builders.a]\nrepos = [\"x\", \"y\", \"z\"]\n"),
        ("[builders.a]\nrepos = [\"x\", ]\n", "[builders.a]\nrepos = [\"x\", \"y\", \"z\", ]\n"),
        ("[builders.a]\nrepos = []\n", "[builders.a]\nrepos = [\"y\", \"z\"]\n"),
        ("[builders.a] # c\n", "[builders.a] # c\nrepos = [\"y\", \"z\"]\n"),
        ("[builders.a]", "[builders.a]\nrepos = [\"y\", \"z\"]\n"),
        ("builders.a.repos = [\"x\"]\n", "builders.a.repos = [\"x\", \"y\", \"z\"]\n"),
        ("builders = { a = { repos = [\"x\"] } }\n", "builders = { a = { repos = [\"x\", \"y\", \"z\"] } }\n"),
        ("builders = { a = {} }\n", "builders = { a = { repos = [\"y\", \"z\"] } }\n"),
        ("[builders.a]\nrepos = [\n  \"x\", # why\n]\n", "[builders.a]\nrepos = [\n  \"x\", # why\n  \"y\",\n  \"z\",\n]\n"),
        (
            "[builders.a]\nrepos = [\n  \"w\",\n  \"x\" # why\n] # all\n",
            "[builders.a]\nrepos = [\n  \"w\",\n  \"x\", # why\n  \"y\",\n  \"z\"\n] # all\n",
        ),
        ("[builders.a]\nrepos = [\"w\",\n         \"x\"]\n", "[builders.a]\nrepos = [\"w\",\n         \"x\", \"y\", \"z\"]\n"),
    ];
    for (before, after) in table {
        let joined = join(before, &builder("a"), &[member("y"), member("z")], &[]);
        assert_eq!(joined.as_deref(), Ok(after), "{before}");
        assert_eq!(join(after, &builder("a"), &[member("z"), member("y")], &[]).as_deref(), Ok(after));
    }
}

#[test]
fn a_repository_joins_with_a_branch_of_its_own() {
    let before = "[builders.a]\nrepos = [\"x\"]\n\n[[builders.a.files]]\nto = \"f\"\n\n[builders.b]\n";
    let after = join(before, &builder("a"), &[on("y", "fix/y", ""), member("z")], &[]).unwrap();
    assert_eq!(
        after,
        "[builders.a]\nrepos = [\"x\", \"y\", \"z\"]\n\n[[builders.a.files]]\nto = \"f\"\n\n\
         [builders.a.checkout.y]\nbranch = \"fix/y\"\n\n[builders.b]\n"
    );
    assert_eq!(join(&after, &builder("a"), &[on("y", "fix/y", "")], &[]).as_deref(), Ok(after.as_str()));
    let refused = join(&after, &builder("a"), &[on("y", "fix/z", "")], &[]).unwrap_err();
    assert!(after[refused.span.clone()].starts_with("[builders.a.checkout.y]"), "{refused:?}");
    assert!(join(&after, &builder("a"), &[on("x", "fix/x", "")], &[]).is_err());

    let inline = "builders = { a = { repos = [\"x\"] } }\n";
    assert_eq!(
        join(inline, &builder("a"), &[on("y", "b", "c"), on("z", "d", "")], &[]).unwrap(),
        "builders = { a = { repos = [\"x\", \"y\", \"z\"], checkout.y = { branch = \"b\", base = \"c\" }, checkout.z = { branch = \"d\" } } }\n"
    );
    let inner = "[builders.a]\nrepos = [\"x\"]\ncheckout = { x = { base = \"m\" } }\n";
    assert_eq!(
        join(inner, &builder("a"), &[on("y", "b", "")], &[]).unwrap(),
        "[builders.a]\nrepos = [\"x\", \"y\"]\ncheckout = { x = { base = \"m\" }, y = { branch = \"b\" } }\n"
    );
}

#[test]
fn what_a_builder_inherits_it_does_not_lose() {
    let before = "[defaults]\nrepos = [\"x\"]\n[builders.a]\nbranch = \"q\"\n";
    let after = join(before, &builder("a"), &[member("y")], &[repo("x")]).unwrap();
    assert_eq!(after, "[defaults]\nrepos = [\"x\"]\n[builders.a]\nrepos = [\"x\", \"y\"]\nbranch = \"q\"\n");
    assert_eq!(join(before, &builder("a"), &[member("x")], &[repo("x")]).as_deref(), Ok(before));
}

#[test]
fn what_cannot_be_edited_is_refused_with_its_place() {
    let before = "version = 1\nbuilders.a.branch = \"q\"\n";
    let refused = join(before, &builder("a"), &[member("y")], &[]).unwrap_err();
    assert_eq!(&before[refused.span], "builders.a.branch = \"q\"");
    // A list of lists is none of builders.
    let before = "version = 1\nbuilders = []\n";
    let refused = add_builder(before, &new("a", vec![member("y")])).unwrap_err();
    assert_eq!(&before[refused.span], "builders = []");
}
