//! The schema of the file agrees with its reader. Every text of these tests goes through [`agrees`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::{Value, json};
use toml::de::{DeTable, DeValue};
use wsctl::config::documented;
use wsctl::diagnostic::Fault;

use super::{EXAMPLE, facts, faults};

/// What a schema can see of a fault: a key that is unknown or missing, a value of another type, a word that is none.
const VISIBLE: [&str; 6] =
    ["unknown key `", "` must be a ", "` must be one of ", "` must be `true` or", "` is missing in ", "` is no layout"];

/// Holds the schema to what the reader said of a text.
#[track_caller]
pub fn agrees(text: &str, found: &[Fault]) {
    let Ok(tree) = DeTable::parse(text) else { return };
    let errors = schema_faults(&json_of_table(tree.get_ref()));
    if found.is_empty() {
        assert_eq!(errors, [""; 0], "the schema refuses what is valid:\n{text}");
    }
    let visible = found.iter().find(|fault| VISIBLE.iter().any(|words| fault.message.contains(words)));
    assert!(visible.is_none() || !errors.is_empty(), "the schema accepts what has a fault: {visible:?}\n{text}");
}

fn schema_faults(value: &Value) -> Vec<String> {
    static VALIDATOR: OnceLock<Validator> = OnceLock::new();
    let validator = VALIDATOR.get_or_init(|| jsonschema::validator_for(documented().as_value()).unwrap());
    validator.iter_errors(value).map(|error| format!("{error} at {}", error.instance_path())).collect()
}

fn json_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(number.as_str(), number.radix());
            // What is too large for us is no number of the file either.
            number.map_or_else(|_| json!(u64::MAX), |number| json!(number))
        }
        DeValue::Float(number) => json!(number.as_str().parse::<f64>().unwrap_or(0.5)),
        DeValue::Boolean(flag) => json!(flag),
        DeValue::Datetime(_) => Value::Null,
        DeValue::Array(items) => items.iter().map(|item| json_of(item.get_ref())).collect(),
        DeValue::Table(table) => json_of_table(table),
    }
}

fn json_of_table(table: &DeTable<'_>) -> Value {
    let entries = table.iter().map(|(key, value)| (key.get_ref().to_string(), json_of(value.get_ref())));
    Value::Object(entries.collect())
}

/// The keys that the reader knows, table by table, as its source has them.
fn known() -> BTreeMap<String, BTreeSet<String>> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/config");
    let mut known = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let Ok(text) = std::fs::read_to_string(entry.unwrap().path()) else { continue };
        for rest in text.split("const ").skip(1) {
            let Some((name, rest)) = rest.split_once(": Keys =") else { continue };
            let keys = rest.split_once("&[").unwrap().1.split_once(']').unwrap().0;
            known.insert(name.to_owned(), keys.split('"').skip(1).step_by(2).map(str::to_owned).collect());
        }
    }
    known
}

#[test]
fn every_key_that_is_read_is_in_the_schema_and_the_reverse() {
    let schema = documented();
    let schema = schema.as_value();
    let places = BTreeMap::from([
        ("TOP", ""),
        ("WORKSPACE", "/$defs/Workspace"),
        ("LAYOUT", "/$defs/CustomLayout"),
        ("DEFAULTS", "/$defs/Defaults"),
        ("REPO", "/$defs/Repository"),
        ("BUILDER", "/$defs/Builder"),
        ("CHECKOUT", "/$defs/Checkout"),
        ("FILE", "/$defs/ManagedFile"),
        ("HOOKS", "/$defs/Hooks"),
        ("SESSION", "/$defs/Session"),
        ("OPENCODE", "/$defs/OpenCode"),
        ("POLICY_TABLE", "/$defs/Policy"),
        ("MOVED", "/$defs/Moved"),
    ]);
    let known = known();
    assert!(known.len() >= 8, "{known:?}");
    for (name, keys) in &known {
        let place = places.get(name.as_str()).unwrap_or_else(|| panic!("{name}: document these keys in src/config/documented"));
        let table = schema.pointer(place).unwrap_or_else(|| panic!("no {place} in src/config/documented"));
        let documented: BTreeSet<_> = table["properties"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(&documented, keys, "{name}: src/config/documented has the left, the reader the right");
        assert_eq!(table["additionalProperties"], false, "{place}");
    }
    let tables = schema["$defs"].as_object().unwrap().values().chain([schema]).filter(|it| it.get("properties").is_some());
    assert_eq!(tables.count(), known.len(), "a table of the schema that the reader does not know");
}

fn described(place: &str, value: &Value) {
    for (name, property) in value["properties"].as_object().into_iter().flatten() {
        assert!(property["description"].as_str().is_some_and(|text| text.len() > 5), "{place}.{name}");
    }
}

#[test]
fn it_says_what_every_key_is_and_knows_no_null() {
    let schema = documented();
    assert!(jsonschema::draft202012::meta::is_valid(schema.as_value()));
    let text = schema.as_value().to_string();
    assert!(!text.contains("null") && !text.contains("\"format\""), "{text}");
    described("", schema.as_value());
    schema.as_value()["$defs"].as_object().unwrap().iter().for_each(|(name, value)| described(name, value));
}

#[test]
fn the_example_the_readme_and_a_first_file_are_as_the_schema_says() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let blocks: Vec<_> = readme.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    let (starter, _) = wsctl::config::starter(&super::abs("/nowhere")).unwrap();
    assert!(!blocks.is_empty());
    for text in blocks.iter().filter(|text| text.contains("version = 1")).copied().chain([EXAMPLE, &starter]) {
        let tree = DeTable::parse(text).unwrap();
        assert_eq!(schema_faults(&json_of_table(tree.get_ref())), [""; 0], "{text}");
    }
    // Each line that is an example in a comment is one too.
    let all: String = EXAMPLE
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned() + "\n")
        .collect();
    let tree = DeTable::parse(&all).unwrap_or_else(|error| panic!("{error}\n{all}"));
    assert_eq!(schema_faults(&json_of_table(tree.get_ref())), [""; 0]);
}

#[test]
fn both_say_the_same_of_what_is_valid_and_what_is_not() {
    let good = [
        "[workspace]\nlayout = { root = \".\", repo = \"src/{repo}\" }\n",
        "[workspace]\nlayout = \"split\"\nanchor = false\nfetch = true\nbuilders_dir = \"~/b\"\n",
        "[policy]\nmax_removals = \"25%\"\n",
        "[policy]\nmax_removals = 0\ntrash_keep = \"1w 2d\"\ndisposable = [\"node_modules/\"]\n",
        "[repos.a]\n[builders.b]\nrepos = [\"a\"]\nprotect = true\non_unsaved = \"trash\"\ncheckout.a = { base = \"x\" }\n",
        "[[files]]\nfrom = \"a\"\nto = \"{repo}/.env\"\nmode = \"template\"\n",
        "[[files]]\nto = \"a\"\nmode = \"none\"\n",
    ];
    for text in good {
        // `faults` asks the schema as well.
        assert_eq!(faults(&format!("version = 1\n{text}"), &facts()), [], "{text}");
    }
    let bad = [
        "version = 2",
        "",
        "version = 1\nbuilder = 1",
        "version = 1\n[workspace]\nlayout = \"siblings\"",
        "version = 1\n[workspace]\nlayout = { root = \"ws\" }",
        "version = 1\n[workspace]\nlayout = { root = \"ws\", repo = \"src\" }",
        "version = 1\n[workspace]\nanchor = \"no\"",
        "version = 1\n[policy]\nmax_removals = -1",
        "version = 1\n[policy]\nmax_removals = \"0%\"",
        "version = 1\n[policy]\nmax_removals = \"five\"",
        "version = 1\n[policy]\non_unsaved = \"delete\"",
        "version = 1\n[builders.b]\nrepos = \"a\"",
        "version = 1\n[builders.b]\nmax_removals = 3",
        "version = 1\n[builders.b.checkout.a]\nurl = \"x\"",
        "version = 1\n[[files]]\nfrom = \"a\"",
        "version = 1\n[[files]]\nfrom = \"a\"\nto = \"a\"\nmode = \"hardlink\"",
        "version = 1\n[repos.a]\nurl = \"\"",
    ];
    for text in bad {
        assert_ne!(faults(text, &facts()), [], "{text}");
        let tree = DeTable::parse(text).unwrap();
        assert_ne!(schema_faults(&json_of_table(tree.get_ref())), [""; 0], "{text}");
    }
}
