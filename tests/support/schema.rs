//! What every answer in JSON is held to: its schema.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;
use wsctl::view::json::schema::SUBJECTS;

/// The validators of `wsctl schema`, by name.
pub fn validator(name: &str) -> Option<&'static Validator> {
    static ALL: OnceLock<BTreeMap<&'static str, Validator>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let made = SUBJECTS.iter().map(|subject| (subject.name, jsonschema::validator_for(subject.schema().as_value()).unwrap()));
        made.collect()
    });
    all.get(name)
}

/// Why a value is not what the schema says; empty where it is.
pub fn faults(name: &str, value: &Value) -> Vec<String> {
    let validator = validator(name).unwrap_or_else(|| panic!("there is no schema of {name}"));
    validator.iter_errors(value).map(|error| format!("{} at {}", error, error.instance_path())).collect()
}

/// The schema of what these arguments answer with `--json`.
fn subject<'a>(arguments: &[&'a str]) -> Option<&'a str> {
    let words = [
        "plan", "show", "apply", "destroy", "status", "validate", "restore", "prune", "fmt", "import", "exec", "path", "trust",
        "open", "doctor",
    ];
    if arguments.iter().any(|argument| ["add", "remove", "add-repo"].contains(argument)) {
        return Some("edit");
    }
    match arguments.iter().find(|argument| words.contains(argument))? {
        &"apply" | &"destroy" => Some("events"),
        &"show" => Some("plan"),
        other => Some(other),
    }
}

/// Holds an answer to its schema, where it is JSON.
#[track_caller]
pub fn check(arguments: &[&str], stdout: &str) {
    let asked = arguments.contains(&"--json") && !arguments.contains(&"--help") && !arguments.contains(&"-h");
    let Some(name) = subject(arguments).filter(|_| asked) else { return };
    if name == "events" {
        events(stdout);
    } else if !stdout.is_empty() {
        let value: Value = serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{stdout}"));
        let name = if value.get("error").is_some() { "error" } else { name };
        assert_eq!(faults(name, &value), [""; 0], "{arguments:?}: {stdout}");
    }
}

/// Holds a whole stream to its schema and to its order; returns its events.
#[track_caller]
pub fn events(stdout: &str) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let events: Vec<Value> = stdout.lines().map(parse).collect();
    for event in &events {
        assert_eq!(faults("events", event), [""; 0], "{event}");
    }
    in_order(&events).unwrap_or_else(|why| panic!("{why}\n{stdout}"));
    events
}

/// The version first and the summary last, each once; the plan before the first change; each change begins and ends once,
/// and the summary counts as the events do.
fn in_order(events: &[Value]) -> Result<(), String> {
    let types: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap_or_default()).collect();
    let times = |name: &str| types.iter().filter(|other| **other == name).count();
    let once = |name: &str, at: Option<&&str>| times(name) == 1 && at == Some(&name);
    if !once("version", types.first()) || !once("change_summary", types.last()) {
        return Err("the version is not first, or the summary not last".into());
    }
    let begun = types.iter().position(|name| name.starts_with("apply_")).unwrap_or(types.len());
    if types[begun..].iter().any(|name| name.starts_with("planned_")) {
        return Err("a part of the plan comes after the first change".into());
    }
    let mut stages: BTreeMap<&str, &str> = BTreeMap::new();
    for (event, name) in events.iter().zip(&types).filter(|(_, name)| name.starts_with("apply_")) {
        let address = event["address"].as_str().unwrap_or_default();
        let before = stages.insert(address, name);
        let fits = match *name {
            "apply_start" => before.is_none(),
            "apply_skipped" => matches!(before, None | Some("apply_start")),
            _ => matches!(before, Some("apply_start" | "apply_progress")),
        };
        if !fits {
            return Err(format!("{address}: {name} after {before:?}"));
        }
    }
    if let Some((address, stage)) = stages.iter().find(|(_, stage)| matches!(**stage, "apply_start" | "apply_progress")) {
        return Err(format!("{address} ends with {stage}"));
    }
    let summary = &events[events.len() - 1];
    let done: u64 = ["create", "update", "replace", "remove"].iter().filter_map(|kind| summary["changes"][kind].as_u64()).sum();
    let told = [done, summary["failed"].as_u64().unwrap_or(99), summary["skipped"].as_u64().unwrap_or(99)];
    let seen = ["apply_complete", "apply_errored", "apply_skipped"].map(|name| times(name) as u64);
    let deleted = summary["changes"]["delete"].as_u64() == Some(times("deletion_complete") as u64);
    if told == seen && deleted { Ok(()) } else { Err(format!("the summary counts {told:?}, the events {seen:?}")) }
}
