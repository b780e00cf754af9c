//! Faults and errors.

use anyhow::{Context as _, anyhow};
use wsctl::diagnostic::{Diagnostic, Fault, Faults};
use wsctl::model::source::Sources;
use wsctl::view::style::{ColorChoice, Style, Surroundings};
use wsctl::view::{error, faults, valid};

use super::values::{abs, colored, stripped};

fn sample() -> Faults {
    let text = "version = 1\n\n[builders.a]\nbranhc = \"x\"\n\n[builders.b]\nbranch = \"a..b\"\n".to_owned();
    let at = |part: &str| text.find(part).map(|start| start..start + part.len()).unwrap();
    let faults = vec![
        Fault {
            message: "unknown key `branhc`".into(),
            span: at("branhc"),
            label: "not a key of a builder".into(),
            hint: "did you mean `branch`?".into(),
            related: None,
        },
        Fault {
            message: "`a..b` is no branch name".into(),
            span: at("\"a..b\""),
            label: String::new(),
            hint: String::new(),
            related: Some((at("[builders.a]"), "first declared here".into())),
        },
    ];
    Faults { sources: Sources::new(abs("/ws/builders.toml"), text), faults }
}

#[test]
fn faults_look_as_rustc_shows_them() {
    let here = Surroundings { here: Some(abs("/ws")), ..Surroundings::default() };
    let style = Style::decide(ColorChoice::Never, false, &here);
    insta::assert_snapshot!(faults(&sample(), &style), @r#"
    error: unknown key `branhc`
     --> builders.toml:4:1
      |
    4 | branhc = "x"
      | ^^^^^^ not a key of a builder
      |
      = help: did you mean `branch`?

    error: `a..b` is no branch name
     --> builders.toml:7:10
      |
    3 | [builders.a]
      | ------------ first declared here
    ...
    7 | branch = "a..b"
      |          ^^^^^^

    error: builders.toml has 2 faults
    "#);
    let one = Faults { faults: sample().faults[..1].to_vec(), ..sample() };
    assert!(faults(&one, &style).ends_with("\nerror: builders.toml has 1 fault\n"));
}

#[test]
fn colour_is_only_colour() {
    let plain = faults(&sample(), &Style::plain());
    assert!(!plain.contains('\u{1b}') && plain.contains("--> /ws/builders.toml:4:1"), "{plain}");
    assert_eq!(stripped(&faults(&sample(), &colored())), plain);
}

#[test]
fn a_span_outside_the_text_still_shows_the_message() {
    let text = "a = \"\u{9b}2J\u{1b}ü\"".to_owned();
    let fault = |span| Fault { message: "odd\u{1b}".into(), span, label: "l\u{9b}".into(), hint: "h\u{7}".into(), related: None };
    let odd = Faults { sources: Sources::new(abs("/f"), text), faults: vec![fault(400..500), fault(6..7), fault(4..9)] };
    let text = faults(&odd, &Style::plain());
    assert_eq!(text.matches("error: odd").count(), 3, "{text}");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
}

#[test]
fn errors_are_one_line_and_the_way_out() {
    let plain = Style::plain();
    let diagnostic = anyhow::Error::from(Diagnostic::new("no builders.toml here or above", "wsctl init"));
    assert_eq!(error(&diagnostic, &plain), "error: no builders.toml here or above\n  → wsctl init\n");
    let wrapped = diagnostic.context("cannot plan");
    assert_eq!(error(&wrapped, &plain), "error: cannot plan: no builders.toml here or above\n  → wsctl init\n");
    let chain = Err::<(), _>(anyhow!("c\nd\n")).context("b").context("a").unwrap_err();
    assert_eq!(error(&chain, &plain), "error: a: b: c\\nd\n");
    let full = Err::<(), _>(anyhow!("No space left on device (os error 28)")).context("x cannot be written").unwrap_err();
    assert_eq!(error(&full, &plain), "error: x cannot be written: No space left on device (os error 28)\n  → df -h\n");
    let of_file = anyhow::Error::from(sample()).context("cannot load");
    assert_eq!(error(&of_file, &plain), faults(&sample(), &plain));
    assert_eq!(stripped(&error(&wrapped, &colored())), error(&wrapped, &plain));
}

#[test]
fn a_file_without_faults() {
    assert_eq!(valid(&abs("/ws/builders.toml"), &Style::plain()), "/ws/builders.toml is valid.\n");
}
