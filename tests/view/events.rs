//! Listeners of an apply.

use indicatif::ProgressDrawTarget;
use wsctl::apply::event::{Event, Listener, Outcome};
use wsctl::plan::{Plan, Summary};
use wsctl::view::json::event::{EventLine, Severity};
use wsctl::view::style::{Style, Verbosity};
use wsctl::view::{Bars, JsonLines, Lines};

use super::values::{Heard, mixed, plan, seconds};

/// An apply of [`mixed`]: one clone, one removal, one failure, one skipped.
fn play(listener: &dyn Listener, plan: &Plan) -> Outcome {
    let [clone, _, removed, _, file, switch] = plan.changes.as_slice() else { unreachable!() };
    listener.event(&Event::Planned(plan));
    listener.event(&Event::Start(clone));
    for percent in [None, Some(50)] {
        listener.event(&Event::Progress { address: &clone.address, stage: "Receiving objects", percent });
    }
    listener.event(&Event::Complete { change: clone, elapsed: seconds(34) });
    listener.event(&Event::Start(removed));
    listener.event(&Event::Complete { change: removed, elapsed: seconds(1) });
    listener.event(&Event::Start(switch));
    let next = "git -C .builders/web/api status";
    listener.event(&Event::Errored { change: switch, error: "a file is in the way", next });
    listener.event(&Event::Skipped { change: file, because: "builders.web.api failed" });
    listener.event(&Event::Warning { address: Some(&file.address), message: "a hook failed" });
    let done = Summary { create: 1, remove: 1, ..Summary::default() };
    let outcome = Outcome { done, failed: 1, skipped: 1, blocked: 2, interrupted: None, elapsed: seconds(40) };
    listener.event(&Event::Summary(&outcome));
    outcome
}

fn lines(verbosity: Verbosity) -> (Heard, Lines) {
    let heard = Heard::default();
    (heard.clone(), Lines::to(Box::new(heard), Style::plain(), Style::plain(), verbosity))
}

#[test]
fn lines_tell_and_sum_up() {
    let (heard, listener) = lines(Verbosity::Normal);
    play(&listener, &mixed());
    insta::assert_snapshot!(heard.err(), @r#"
    repos.ai-dev: cloning https://***@example.com/ai-dev.git
    repos.ai-dev: cloned in 3.4s
    builders.done: removed in 0.1s
    builders.web.api: switch failed: a file is in the way
      → git -C .builders/web/api status
    builders.slack.files."Taskfile.yaml": skipped: builders.web.api failed
    warning: builders.slack.files."Taskfile.yaml": a hook failed
    "#);
    insta::assert_snapshot!(heard.out(), @r#"
    Apply incomplete: 1 created, 1 removed, 1 failed, 1 skipped. 2 blocked.
      ! builders.web.api   switch failed: a file is in the way
          → git -C .builders/web/api status
      ! builders.slack.files."Taskfile.yaml"   skipped: builders.web.api failed
      ! repos.k8s-lab        create: missing, and it has no url
          → add a url to repos.k8s-lab in builders.toml
      ! builders.slack.api   remove: 3 untracked files: a, b, c
          at .builders/slack/api
          → git -C .builders/slack/api stash -u
    "#);
}

#[test]
fn quiet_lines_tell_only_what_went_wrong() {
    let (heard, listener) = lines(Verbosity::Quiet);
    play(&listener, &mixed());
    assert_eq!(heard.err(), "");
    assert!(heard.out().starts_with("Apply incomplete: "), "{}", heard.out());
    let (heard, listener) = lines(Verbosity::Quiet);
    listener.event(&Event::Planned(&plan(1, vec![])));
    let done = Summary { create: 3, ..Summary::default() };
    listener.event(&Event::Summary(&Outcome { done, ..Outcome::default() }));
    assert_eq!(heard.out() + &heard.err(), "");
}

#[test]
fn the_last_line() {
    let end = |outcome: &Outcome| {
        let (heard, listener) = lines(Verbosity::Normal);
        listener.event(&Event::Summary(outcome));
        heard.out()
    };
    let done = Summary { create: 3, update: 1, replace: 0, remove: 1, blocked: 9 };
    let mut outcome = Outcome { done, blocked: 1, ..Outcome::default() };
    assert_eq!(end(&outcome), "Apply complete: 3 created, 1 updated, 1 removed. 1 blocked.\n");
    outcome.blocked = 0;
    assert_eq!(end(&outcome), "Apply complete: 3 created, 1 updated, 1 removed.\n");
    outcome = Outcome { blocked: 2, ..Outcome::default() };
    assert_eq!(end(&outcome), "Apply complete: nothing changed. 2 blocked.\n");
    outcome = Outcome { done: Summary { create: 2, ..Summary::default() }, skipped: 3, interrupted: Some(2), ..outcome };
    assert_eq!(end(&outcome), "Apply interrupted: 2 created, 3 skipped. 2 blocked.\n  → wsctl apply\n");
}

#[test]
fn bars_say_the_same_as_lines() {
    let (expected, listener) = lines(Verbosity::Normal);
    play(&listener, &mixed());
    let heard = Heard::default();
    let target = ProgressDrawTarget::hidden();
    let bars = Bars::to(Box::new(heard.clone()), target, Style::plain(), Style::plain(), Verbosity::Normal);
    play(&bars, &mixed());
    drop(bars);
    assert_eq!((heard.out(), heard.err()), (expected.out(), expected.err()));
}

#[test]
fn json_lines_in_order() {
    let heard = Heard::default();
    let listener = JsonLines::to(Box::new(heard.clone()));
    let outcome = play(&listener, &mixed());
    assert_eq!(heard.err(), "");
    let out = heard.out();
    assert!(out.starts_with("{\"type\":\"version\",\"format_version\":\"1.0\",\"wsctl\":\"0.1.0\"}\n"), "{out}");
    let types: Vec<_> =
        out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].clone()).collect();
    let mut expected = vec!["version"];
    expected.extend(["planned_change"; 6]);
    expected.extend(["diagnostic", "apply_start", "apply_progress", "apply_progress", "apply_complete"]);
    expected.extend(["apply_start", "apply_complete", "apply_start", "apply_errored", "apply_skipped", "diagnostic"]);
    expected.push("change_summary");
    assert_eq!(types, expected);
    let parsed: Vec<EventLine> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let again: String = parsed.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect();
    assert_eq!(again, out);
    let Some(EventLine::ChangeSummary { changes, failed, elapsed_ms, .. }) = parsed.last() else { panic!("{out}") };
    assert_eq!((changes.create, changes.blocked, *failed, *elapsed_ms), (1, outcome.blocked, 1, 4000));
}

#[test]
fn a_json_error_has_its_version_line_too() {
    let heard = Heard::default();
    let error = anyhow::Error::from(wsctl::diagnostic::Diagnostic::new("locked", "wait"));
    JsonLines::to(Box::new(heard.clone())).error(&error.context("cannot apply"));
    let out = heard.out();
    assert_eq!(out.lines().count(), 2);
    let line: EventLine = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    let message = "cannot apply: locked".to_owned();
    let expected = EventLine::Diagnostic { severity: Severity::Error, address: None, message, next: Some("wait".into()) };
    assert_eq!(line, expected);
}
