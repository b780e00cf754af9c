//! `wsctl schema`, and real answers held to it. `tests/support` holds every other answer in JSON to its schema too.

use serde_json::{Value, json};
use wsctl::view::json::schema::SUBJECTS;

use crate::support::{Sandbox, schema};

/// The document that these arguments answer, which has to be as its schema says.
#[track_caller]
fn answer(sandbox: &Sandbox, arguments: &[&str], code: i32) -> Value {
    let answer = sandbox.wsctl(arguments).exits(code);
    serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{error}\n{answer}"))
}

/// The events of an apply, which have to be as their schema says.
#[track_caller]
fn events(sandbox: &Sandbox, arguments: &[&str], code: i32) -> Vec<Value> {
    let answer = sandbox.wsctl(arguments).exits(code);
    answer.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[test]
fn each_name_prints_a_valid_schema_that_says_what_everything_is() {
    let sandbox = Sandbox::new();
    let listed = sandbox.wsctl(&["schema"]).ok().stdout;
    for subject in SUBJECTS {
        assert!(listed.lines().any(|line| line.starts_with(&format!("{}  ", subject.name))), "{listed}");
        let schema: Value = serde_json::from_str(&sandbox.wsctl(&["schema", subject.name]).ok().stdout).unwrap();
        assert_eq!(&schema, subject.schema().as_value());
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{}", subject.name);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(schema["$id"], format!("urn:wsctl:schema:{}:1.2", subject.name));
        let text = schema.to_string();
        assert!(!text.contains("\"additionalProperties\":false"), "keys may be added: {text}");
        assert!(!text.contains("[`") && !text.contains("Document\""), "{text}");
        described(subject.name, &schema);
    }
    assert_eq!(listed.lines().count(), SUBJECTS.len() + 1, "and that of the file");
    let json: Value = serde_json::from_str(&sandbox.wsctl(&["schema", "--json"]).ok().stdout).unwrap();
    assert_eq!(json.as_object().unwrap().len(), SUBJECTS.len() + 1);
    sandbox.wsctl(&["schema", "plans"]).fails().says("plan");
}

/// Every object and every property says what it is.
fn described(place: &str, schema: &Value) {
    let Some(object) = schema.as_object() else { return };
    if let Some(properties) = object.get("properties").and_then(Value::as_object) {
        for (name, property) in properties {
            let said = property["description"].as_str().is_some_and(|text| text.len() > 5);
            assert!(said || name == "type", "{place}.{name} says nothing: {property}");
        }
    }
    for (name, value) in object {
        match value {
            Value::Array(items) => items.iter().for_each(|item| described(&format!("{place}.{name}"), item)),
            other => described(&format!("{place}.{name}"), other),
        }
    }
}

#[test]
fn the_life_of_two_builders_is_as_the_schemas_say() {
    let sandbox = Sandbox::workspace();
    let two = "[repos.api]\n[repos.web]\n[builders.one]\nrepos = [\"api\"]\n[builders.two]\nrepos = [\"web\"]\n[[files]]\nfrom = \"notes.md\"\nto = \"notes.md\"\n";
    sandbox.toml(two);
    let plan = answer(&sandbox, &["plan", "--json"], 0);
    assert_eq!(plan["summary"]["create"], 8, "{plan}");
    let made = events(&sandbox, &["apply", "--json", "--auto-approve"], 0);
    assert_eq!(types(&made)[..2], ["version", "planned_change"]);
    assert_eq!(types(&made).last(), Some(&"change_summary"));
    assert_eq!(types(&made).iter().filter(|name| **name == "apply_complete").count(), 8);

    // Drift, an edited file, what nobody declared, a builder that goes and one that may not.
    sandbox.git(sandbox.builder("one/api"), &["switch", "-qc", "elsewhere"]);
    std::fs::write(sandbox.builder("one/notes.md"), "edited\n").unwrap();
    std::fs::write(sandbox.builder("two/web/new"), "unsaved\n").unwrap();
    std::fs::create_dir(sandbox.builder("by-hand")).unwrap();
    sandbox.write("notes.md", "other notes\n");
    sandbox.toml(&two.replace("[builders.two]\nrepos = [\"web\"]\n", ""));
    let plan = answer(&sandbox, &["plan", "--json", "--allow-removals"], 0);
    assert_eq!((&plan["summary"]["blocked"], &plan["drift"][0]["subject"]), (&json!(2), &json!("builders.one.api")), "{plan}");
    assert_eq!(answer(&sandbox, &["status", "--json"], 0)["builders"].as_array().unwrap().len(), 2);
    let gone = events(&sandbox, &["apply", "--json", "--auto-approve", "--unsaved=trash"], 1);
    assert!(types(&gone).contains(&"apply_complete"), "{gone:?}");
    assert_eq!(gone.last().unwrap()["changes"]["blocked"], 1);

    let trash = answer(&sandbox, &["restore", "--json"], 0);
    assert_eq!(trash["entries"][0]["address"], "builders.two");
    assert_eq!(answer(&sandbox, &["restore", "two", "--json"], 0)["restored"], false);
    assert_eq!(answer(&sandbox, &["prune", "--json", "--older-than", "0s"], 0)["entries"][0]["deleted"], false);
    assert_eq!(answer(&sandbox, &["restore", "two", "--json", "--auto-approve"], 0)["restored"], true);
    let destroyed = events(&sandbox, &["destroy", "--json", "--auto-approve", "--unsaved=trash"], 0);
    assert_eq!(types(&destroyed).last(), Some(&"change_summary"), "{destroyed:?}");
    let pruned = answer(&sandbox, &["prune", "--json", "--older-than", "0s", "--auto-approve"], 0);
    assert_eq!((&pruned["entries"][0]["deleted"], &pruned["errors"]), (&json!(true), &json!([])), "{pruned}");
    assert_eq!(answer(&sandbox, &["restore", "nobody", "--json"], 1)["next"], "wsctl restore");
}

#[test]
fn a_failed_command_answers_with_an_error_on_stdout() {
    let sandbox = Sandbox::workspace();
    sandbox.toml("[repos.api]\nurll = \"x\"\n[bilders]\n");
    let plain = [&["plan"] as &[&str], &["status"], &["restore"], &["prune"]];
    for arguments in plain {
        let told = sandbox.wsctl(&[arguments, &["--json"]].concat()).fails();
        assert_eq!(told.stderr, "", "{told}");
        let error: Value = serde_json::from_str(&told.stdout).unwrap();
        assert!(error["next"].as_str().unwrap().starts_with("wsctl validate /"), "{error}");
        assert_eq!(error["faults"].as_array().unwrap().len(), 2, "{error}");
        assert_eq!(error["faults"][0]["line"], 3);
    }
    assert_eq!(answer(&sandbox, &["validate", "--json"], 1)["valid"], false);
    std::fs::remove_file(sandbox.path("builders.toml")).unwrap();
    for arguments in [&["plan"] as &[&str], &["status"], &["validate"], &["restore"], &["prune"]] {
        let error = answer(&sandbox, &[arguments, &["--json"]].concat(), 1);
        assert!(error["error"].as_str().unwrap().starts_with("no builders.toml in "), "{error}");
        assert_eq!(error["faults"], json!([]));
    }
    let stream = events(&sandbox, &["apply", "--json", "--auto-approve"], 1);
    assert_eq!(types(&stream)[..2], ["version", "diagnostic"]);
}

#[test]
fn a_schema_refuses_what_is_wrong() {
    let sandbox = Sandbox::workspace();
    sandbox.toml("[repos.api]\n[builders.one]\nrepos = [\"api\"]\n");
    let plan = answer(&sandbox, &["plan", "--json"], 0);
    assert_eq!(schema::faults("plan", &plan), [""; 0]);
    // Each is one change that makes another document of it.
    let wrong: [(&str, Value); 6] = [
        ("/format_version", json!("2.0")),
        ("/file", json!("builders.toml")),
        ("/changes/0/symbol", json!("*")),
        ("/changes/0/blocked", json!("no")),
        ("/changes/0/blockers", json!([{ "kind": "Not Kebab", "fact": "", "path": null, "next": "" }])),
        ("/summary/create", json!(-1)),
    ];
    for (pointer, value) in wrong {
        let mut other = plan.clone();
        *other.pointer_mut(pointer).unwrap() = value;
        assert_ne!(schema::faults("plan", &other), [""; 0], "{pointer}");
    }
    for key in plan.as_object().unwrap().keys() {
        let mut other = plan.clone();
        other.as_object_mut().unwrap().remove(key);
        assert_ne!(schema::faults("plan", &other), [""; 0], "without {key}");
    }
    for other in ["status", "validate", "restore", "prune", "error", "events"] {
        assert_ne!(schema::faults(other, &plan), [""; 0], "a plan is no {other}");
    }
    // What is added later is no fault: a key, a word, an event.
    let mut later = plan.clone();
    later["colour"] = json!("blue");
    later["changes"][0]["action"] = json!("paint");
    assert_eq!(schema::faults("plan", &later), [""; 0]);
    assert_eq!(schema::faults("events", &json!({ "type": "paint_dried" })), [""; 0]);
    assert_ne!(schema::faults("events", &json!({ "type": "apply_start" })), [""; 0], "a known event has its keys");
}

#[test]
fn the_words_of_actions_are_those_of_the_schema() {
    let source = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/plan/action.rs")).unwrap();
    let word = source.split("pub fn word(").nth(1).unwrap().split("\n    }\n").next().unwrap();
    let said: std::collections::BTreeSet<_> = word.split('"').skip(1).step_by(2).collect();
    assert_eq!(said, wsctl::plan::Action::WORDS.into_iter().collect());
}

#[test]
fn editors_find_the_schema_of_the_file_beside_it() {
    let sandbox = Sandbox::workspace();
    sandbox.wsctl(&["init", "--schema"]).ok();
    let text = crate::support::text(sandbox.path("builders.toml"));
    // taplo takes a first line like this one, relative to the file; nothing has to be fetched.
    let named = text.lines().next().unwrap().strip_prefix("#:schema ./").unwrap();
    let written = crate::support::text(sandbox.path(named));
    assert_eq!(written, sandbox.wsctl(&["schema", "config"]).ok().stdout);
    sandbox.wsctl(&["validate"]).ok();
    sandbox.wsctl(&["plan"]).ok();
    // Nothing is written over, also not half of it.
    std::fs::remove_file(sandbox.path("builders.toml")).unwrap();
    sandbox.wsctl(&["init", "--schema"]).fails().says("builders.schema.json is there already");
    assert!(!sandbox.path("builders.toml").exists());
    sandbox.wsctl(&["init"]).ok();
}
