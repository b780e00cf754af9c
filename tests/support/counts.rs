//! What every answer of `wsctl plan` is held to: its last line counts the lines above it, and its exit code says the same.

use serde_json::Value;

/// To create, to update, to replace, to remove, to delete for good, blocked.
pub type Counts = [usize; 6];

const WORDS: [&str; 6] = ["to create", "to update", "to replace", "to remove", "to delete for good", "blocked"];

/// The lines of changes, by their signs.
pub fn of_lines(text: &str) -> Counts {
    let mut counts = Counts::default();
    for line in text.lines() {
        let (lead, rest) = line.split_at(line.len() - line.trim_start().len());
        let Some((sign, subject)) = rest.split_once(' ') else { continue };
        let named = ["repos.", "builders.", "workspace.", "trash "].iter().any(|first| subject.starts_with(first));
        if !named || lead.len() + sign.len() != 3 {
            continue;
        }
        match sign {
            "+" => counts[0] += 1,
            "~" | ">" => counts[1] += 1,
            "-/+" => counts[2] += 1,
            "-" if subject.starts_with("trash ") => counts[4] += 1,
            "-" => counts[3] += 1,
            "!" => counts[5] += 1,
            _ => {}
        }
    }
    counts
}

/// What the last line says; `None`: it is none that counts.
#[track_caller]
pub fn of_summary(text: &str) -> Option<Counts> {
    let last = text.lines().last()?;
    if ["No changes.", "No drift."].iter().any(|start| last.starts_with(start)) {
        return Some(Counts::default());
    }
    let parts = last.strip_prefix("Plan: ")?.split_once('.')?.0;
    let mut counts = Counts::default();
    for part in parts.split(", ") {
        let (number, word) = part.split_once(' ').unwrap();
        let index = WORDS.iter().position(|known| *known == word).unwrap_or_else(|| panic!("{part} in: {last}"));
        counts[index] = number.parse().unwrap();
        assert_ne!(counts[index], 0, "zero parts are left out: {last}");
    }
    Some(counts)
}

/// The changes of a document, and what its summary says.
fn of_document(document: &Value) -> (Counts, Counts) {
    let mut counts = Counts::default();
    for change in document["changes"].as_array().unwrap() {
        let index = match (change["blocked"].as_bool().unwrap(), change["symbol"].as_str().unwrap()) {
            (true, _) => 5,
            (false, "+") => 0,
            (false, "~" | ">") => 1,
            (false, "-/+") => 2,
            (false, other) => {
                assert_eq!(other, "-");
                3
            }
        };
        counts[index] += 1;
    }
    counts[4] = document["deletions"].as_array().unwrap().len();
    let keys = ["create", "update", "replace", "remove", "delete", "blocked"];
    (counts, keys.map(|key| usize::try_from(document["summary"][key].as_u64().unwrap()).unwrap()))
}

/// What `--detailed-exitcode` says of so many changes.
fn code(counts: Counts) -> i32 {
    match (counts[..5].iter().sum::<usize>(), counts[5]) {
        (0, 0) => 0,
        (0, _) => 1,
        (_, _) => 2,
    }
}

/// Holds an answer of `wsctl plan` to its own numbers.
#[track_caller]
pub fn check(arguments: &[&str], exit: Option<i32>, stdout: &str) {
    let has = |word: &str| arguments.contains(&word);
    if !has("plan") || has("--help") || has("-h") {
        return;
    }
    let counts = if has("--json") {
        let document: Value = serde_json::from_str(stdout).unwrap_or_default();
        if document.get("changes").is_none() {
            return;
        }
        let (lines, summary) = of_document(&document);
        assert_eq!(lines, summary, "{arguments:?}: the summary counts its changes\n{stdout}");
        summary
    } else {
        let Some(summary) = of_summary(stdout) else { return };
        assert_eq!(of_lines(stdout), summary, "{arguments:?}: the last line counts the lines above it\n{stdout}");
        summary
    };
    if has("--out") && exit == Some(1) {
        // The plan was shown, and its file could not be written.
        return;
    }
    let wanted = if has("--detailed-exitcode") { code(counts) } else { 0 };
    assert_eq!(exit, Some(wanted), "{arguments:?}: the exit code of\n{stdout}");
}
