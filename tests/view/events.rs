//! Listeners of an apply.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use indicatif::{ProgressDrawTarget, TermLike};
use unicode_width::UnicodeWidthChar as _;
use wsctl::apply::event::{Event, Listener, Outcome};
use wsctl::plan::{Plan, Summary};
use wsctl::view::json::event::{EventLine, Severity};
use wsctl::view::style::{Style, Verbosity};
use wsctl::view::{Bars, JsonLines, Lines};

use super::values::{Heard, create_builder, mixed, plan, seconds};

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
    let outcome = Outcome { done, failed: 1, skipped: 1, blocked: 2, interrupted: None, moved: false, elapsed: seconds(40) };
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
    warning: builders.slack.files."Taskfile.yaml": a hook failed
    "#);
    insta::assert_snapshot!(heard.out(), @r#"
    Apply incomplete: 1 created, 1 removed, 1 failed, 1 skipped. 2 blocked.
    The trash keeps it; `wsctl restore done` brings it back.
      ! builders.web.api                       switch failed: a file is in the way
          → git -C .builders/web/api status
      ! builders.slack.files."Taskfile.yaml"   skipped: builders.web.api failed
      ! repos.k8s-lab                          missing, and it has no url
      ! builders.slack.api                     remove: 3 untracked files: a, b, c
      → wsctl apply
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
    let done = Summary { create: 3, update: 1, replace: 0, remove: 1, delete: 0, blocked: 9 };
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

const COLUMNS: usize = 100;

/// A terminal that wraps as real ones do: what it shows, and every line that it ever showed.
#[derive(Debug, Default)]
struct Grid {
    rows: Vec<String>,
    row: usize,
    column: usize,
    seen: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
struct Screen(Arc<Mutex<Grid>>);

impl Screen {
    fn lines(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap().rows.clone();
        lines.iter().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
    }

    fn seen(&self) -> BTreeSet<String> {
        self.0.lock().unwrap().seen.clone()
    }
}

impl Grid {
    fn put(&mut self, c: char) {
        match c {
            '\r' => self.column = 0,
            '\n' => (self.row, self.column) = (self.row + 1, 0),
            c => {
                let width = c.width().unwrap_or(0);
                if self.column + width > COLUMNS {
                    (self.row, self.column) = (self.row + 1, 0);
                }
                let rows = self.rows.len().max(self.row + 1);
                self.rows.resize(rows, String::new());
                let mut line: Vec<char> = self.rows[self.row].chars().collect();
                line.resize(line.len().max(self.column + 1), ' ');
                line[self.column] = c;
                self.rows[self.row] = line.into_iter().collect();
                self.column += width;
            }
        }
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        100
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        let row = &mut self.0.lock().unwrap().row;
        *row = row.saturating_sub(n);
        Ok(())
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.lock().unwrap().row += n;
        Ok(())
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.lock().unwrap().column += n;
        Ok(())
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        let column = &mut self.0.lock().unwrap().column;
        *column = column.saturating_sub(n);
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)?;
        self.write_str("\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        let mut grid = self.0.lock().unwrap();
        text.chars().for_each(|c| grid.put(c));
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        let mut grid = self.0.lock().unwrap();
        let row = grid.row;
        grid.column = 0;
        if let Some(line) = grid.rows.get_mut(row) {
            line.clear();
        }
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let lines = self.lines();
        self.0.lock().unwrap().seen.extend(lines);
        Ok(())
    }
}

fn bars_on(screen: &Screen, verbosity: Verbosity) -> Bars {
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(screen.clone()), 255);
    Bars::to(Box::new(Heard::default()), target, Style::plain(), Style::plain(), verbosity)
}

#[test]
fn bars_are_drawn_and_leave_nothing() {
    let screen = Screen::default();
    let bars = bars_on(&screen, Verbosity::Normal);
    play(&bars, &mixed());
    assert_eq!(screen.lines(), Vec::<String>::new());
    let seen = screen.seen();
    let has = |text: &str| seen.contains(text);
    assert!(has("[============>           ]  50% repos.ai-dev Receiving objects"), "{seen:#?}");
    assert!(has("[                        ] 0/4"), "{seen:#?}");
    assert!(has("[============>           ] 2/4 builders.web.api"), "{seen:#?}");
}

#[test]
fn bars_of_an_apply_that_ends_early_leave_nothing() {
    let screen = Screen::default();
    let bars = bars_on(&screen, Verbosity::Normal);
    let plan = mixed();
    bars.event(&Event::Planned(&plan));
    bars.event(&Event::Start(&plan.changes[0]));
    let address = &plan.changes[0].address;
    bars.event(&Event::Progress { address, stage: "Counting\u{1b}[2J", percent: Some(10) });
    assert_eq!(screen.lines().len(), 2, "{:?}", screen.lines());
    assert!(screen.lines()[0].ends_with("Counting\\u{1b}[2J"), "{:?}", screen.lines());
    drop(bars);
    assert_eq!(screen.lines(), Vec::<String>::new());
}

#[test]
fn bars_of_wide_names_leave_nothing() {
    let screen = Screen::default();
    let bars = bars_on(&screen, Verbosity::Normal);
    let wide = create_builder(&"構".repeat(50));
    bars.event(&Event::Planned(&plan(1, vec![wide.clone()])));
    bars.event(&Event::Start(&wide));
    assert_eq!(screen.lines().len(), 2, "{:?}", screen.lines());
    drop(bars);
    assert_eq!(screen.lines(), Vec::<String>::new());
}

#[test]
fn quiet_draws_no_bars() {
    let screen = Screen::default();
    play(&bars_on(&screen, Verbosity::Quiet), &mixed());
    assert_eq!(screen.seen(), BTreeSet::new());
}

#[test]
fn json_lines_in_order() {
    let heard = Heard::default();
    let listener = JsonLines::to(Box::new(heard.clone()));
    let outcome = play(&listener, &mixed());
    assert_eq!(heard.err(), "");
    let out = heard.out();
    assert!(out.starts_with("{\"type\":\"version\",\"format_version\":\"1.2\",\"wsctl\":\"0.1.0\"}\n"), "{out}");
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
