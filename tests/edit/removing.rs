//! Builders go.

use toml_edit::Document;
use wsctl::edit::remove_builder;

use super::{NASTY, builder};

fn says(text: &str, name: &str) -> bool {
    let document = Document::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    document.get("builders").is_some_and(|builders| builders.get(name).is_some())
}

#[test]
fn a_builder_goes_from_every_form_and_the_other_stays() {
    for text in NASTY {
        let without = remove_builder(text, &builder("a")).unwrap_or_else(|fault| panic!("{fault:?}\n{text}"));
        assert!(!says(&without, "a") && says(&without, "b"), "{text}\n---\n{without}");
        let without = remove_builder(text, &builder("b")).unwrap();
        assert!(says(&without, "a") && !says(&without, "b"), "{text}\n---\n{without}");
        let neither = remove_builder(&without, &builder("a")).unwrap();
        assert!(!says(&neither, "a"), "{text}\n---\n{neither}");
        assert_eq!(remove_builder(&neither, &builder("a")).unwrap(), neither);
    }
}

#[test]
fn comments_directly_above_go_along_and_all_others_stay() {
    let text = "\
# the head
version = 1

# --- builders ---

# the first
# of them
[builders.a] # here
repos = [\"x\"] # why
# switched off
#base = \"m\"

# of a checkout
[builders.a.checkout.x]
base = \"m\"

# --- more ---

[builders.b]
repos = [\"x\"]
# the end
";
    let without = "\
# the head
version = 1

# --- builders ---

# --- more ---

[builders.b]
repos = [\"x\"]
# the end
";
    assert_eq!(remove_builder(text, &builder("a")).unwrap(), without);
}

#[test]
fn what_stands_between_its_tables_stays() {
    let text = "[builders.a]\nrepos = []\n\n[builders.b]\nrepos = []\n\n# of a\n[[builders.a.files]]\nto = \"f\"\n\n[policy]\n";
    assert_eq!(remove_builder(text, &builder("a")).unwrap(), "[builders.b]\nrepos = []\n\n[policy]\n");
}

#[test]
fn a_comment_that_a_string_holds_is_none() {
    let text = "note = '''\n# x\n# y'''\n[builders.a]\n";
    assert_eq!(remove_builder(text, &builder("a")).unwrap(), "note = '''\n# x\n# y'''\n");
}

#[test]
fn members_of_inline_tables_take_their_commas_along() {
    let table = [
        ("builders = { a = {}, b = {} }", "builders = { b = {} }"),
        ("builders = { b = {}, a = {} }", "builders = { b = {} }"),
        ("builders = { b = {}, a = {}, c = {} }", "builders = { b = {}, c = {} }"),
        ("builders = {b={},a={},}", "builders = {b={},}"),
        ("builders = { a = {} }", "builders = { }"),
        ("builders = { a.x = 1, b = {}, a.y = 2 }", "builders = { b = {} }"),
        ("builders = {\n  a = {}, # of a\n  b = {}\n}", "builders = {\n  b = {}\n}"),
    ];
    for (text, without) in table {
        assert_eq!(remove_builder(text, &builder("a")).unwrap(), without, "{text}");
    }
}

#[test]
fn line_ends_are_kept() {
    let text = "version = 1\r\n\r\n[builders.a]\r\nrepos = []\r\n\r\n[builders.b]\r\n";
    assert_eq!(remove_builder(text, &builder("a")).unwrap(), "version = 1\r\n\r\n[builders.b]\r\n");
}
