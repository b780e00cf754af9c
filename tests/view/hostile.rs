//! Names and texts that would speak to the terminal.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use wsctl::model::path::{AbsPath, printable};
use wsctl::plan::Plan;
use wsctl::view::json::{self, PlanDocument};
use wsctl::view::style::{Style, Verbosity};
use wsctl::view::{plan_text, text};

use super::values::{abs, blocker, file, note, plan, remove_builder};

const EVIL: &str = "x\u{1b}[2J\u{9b}2J\u{7}\r\n\u{202e}y";

fn hostile() -> Plan {
    let mut change = remove_builder("old");
    change.reason = EVIL.into();
    change.details = vec![EVIL.into()];
    let mut refused = remove_builder("older");
    refused.blockers = vec![blocker("untracked", EVIL, None, &format!("rm {EVIL}"))];
    refused.blockers[0].path = Some(abs("/ws").join(OsStr::from_bytes(b"\x1b[31m\xff")));
    refused.blockers.push(blocker("other", EVIL, Some(&format!("/ws/{EVIL}")), "x"));
    let evil = format!("{EVIL}\n{EVIL}");
    let mut plan = plan(1, vec![change, refused, file("web", EVIL, b"", evil.as_bytes())]);
    plan.drift = vec![note(EVIL, EVIL, Some(EVIL))];
    plan.unmanaged = vec![note(&printable(OsStr::from_bytes(b"a\xff\x1b")), EVIL, None)];
    plan.warnings = vec![EVIL.into()];
    plan
}

fn obeyed(text: &str) -> Vec<char> {
    text.chars().filter(|c| *c != '\n' && text::is_hostile(*c)).collect()
}

#[test]
fn no_escape_reaches_the_terminal() {
    for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
        let text = plan_text(&hostile(), verbosity, &Style::plain());
        assert_eq!(obeyed(&text), [], "{text:?}");
    }
    let text = plan_text(&hostile(), Verbosity::Normal, &Style::plain());
    assert!(text.contains(r"x\u{1b}[2J\u{9b}2J\u{7}\r\n\u{202e}y"), "{text}");
    assert!(text.contains(r#"at "\x1b[31m\xff""#), "{text}");
}

#[test]
fn json_holds_everything_and_shows_nothing() {
    let text = json::plan(&hostile());
    assert_eq!(obeyed(&text), [], "{text:?}");
    let back: PlanDocument = serde_json::from_str(&text).unwrap();
    assert_eq!(back.changes[0].reason, EVIL);
    let path: &AbsPath = back.changes[1].blockers[0].path.as_ref().unwrap();
    assert_eq!(path.as_path().as_os_str().as_bytes(), b"/ws/\x1b[31m\xff");
}
