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
    let words = ["plan", "show", "apply", "destroy", "status", "validate", "restore", "prune", "fmt"];
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

/// Holds a stream to its schema and to its order.
#[track_caller]
pub fn events(stdout: &str) {
    for line in stdout.lines() {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(faults("events", &value), [""; 0], "{line}");
    }
}
