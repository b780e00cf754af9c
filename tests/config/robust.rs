//! Whatever the text: faults, never a panic.

use proptest::prelude::*;

use super::{EXAMPLE, facts, faults, read};

/// Every span marks text, and a refused file has at least one fault.
fn survives(text: &str) {
    if let Err(refused) = read(text, &facts()) {
        assert!(!refused.faults.is_empty());
        assert_eq!(refused.sources.main().text.len(), text.len());
        for fault in &refused.faults {
            for span in [Some(&fault.span), fault.related.as_ref().map(|(span, _)| span)].into_iter().flatten() {
                assert!(refused.sources.main().text.get(span.clone()).is_some(), "{fault:?}");
            }
        }
    }
}

/// The nearest place at or before `at` where the example can be cut.
fn boundary(at: usize) -> usize {
    (0..=at).rev().find(|at| EXAMPLE.is_char_boundary(*at)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC*") {
        survives(&text);
    }

    #[test]
    fn any_lines(lines in proptest::collection::vec("[\\[\\]{}=.,\"'#a-z0-9 \u{e9}-]{0,12}", 0..20)) {
        survives(&lines.join("\n"));
    }

    #[test]
    fn the_example_with_a_piece_cut_out_or_put_in(
        at in 0..EXAMPLE.len(), length in 0..60usize, piece in "[\\[\\]{}=.,\"'\n\u{0}a-z0-9é]{0,6}"
    ) {
        let start = boundary(at);
        let end = boundary((at + length).min(EXAMPLE.len())).max(start);
        survives(&format!("{}{piece}{}", &EXAMPLE[..start], &EXAMPLE[end..]));
    }

    #[test]
    fn the_example_with_another_value(
        line in 0..EXAMPLE.lines().count(),
        value in prop_oneof!["\"\\PC{0,8}\"", "-?[0-9]{1,20}", Just("[]".to_owned()), Just("{}".to_owned()), Just("true".to_owned())]
    ) {
        let lines: Vec<String> = EXAMPLE.lines().enumerate().map(|(at, text)| match text.split_once('=') {
            Some((key, _)) if at == line => format!("{key}= {value}"),
            Some(_) | None => text.to_owned(),
        }).collect();
        survives(&lines.join("\n"));
    }
}

#[test]
fn a_byte_order_mark() {
    let text = "\u{feff}version = 1\n";
    let found = faults(text, &facts());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].message.contains("byte order mark"));
}

#[test]
fn depth() {
    let deep = |open: &str, close: &str, n: usize| format!("version = 1\nx = {}{}\n", open.repeat(n), close.repeat(n));
    survives(&deep("[", "]", 100_000));
    survives(&deep("{a=", "}", 100_000));
    survives(&format!("version = 1\n{}a = 1\n", "a.".repeat(100_000)));
    survives(&format!("version = 1\n[{}a]\n", "a.".repeat(100_000)));
    // As deep as the limits on dots and braces allow together.
    survives(&format!("version = 1\nx = {}1{}\n", format!("{{\n{}a =", "a.".repeat(99)).repeat(79), "}".repeat(79)));
    survives(&format!("version = 1\nx = {}\n", "9".repeat(100_000)));
}

#[test]
fn a_thousand_builders() {
    use std::fmt::Write as _;
    let mut text = String::from("version = 1\n[repos.a]\n[repos.b]\n[repos.c]\n");
    for n in 0..1000 {
        write!(text, "[builders.n{n}]\nrepos = [\"a\", \"b\", \"c\"]\n").unwrap();
    }
    text.push_str("[[files]]\nfrom = \"x\"\nto = \"{repo}/x\"\n");
    assert_eq!(read(&text, &facts()).unwrap().builders.len(), 1000);
    survives(&text.replace("[workspace]", "").replace("repos = [", "branch = \"same\"\nrepos = ["));
}
