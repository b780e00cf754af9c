//! JSON Schemas of draft 2020-12, made of types: how names and paths look in one, and the frame of a whole one.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::name::{BranchName, BuilderName, ObjectId, RepoName, WorkspaceId};
use super::path::{AbsPath, RelPath};

macro_rules! text {
    ($type:ident, $($schema:tt)+) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", $($schema)+ })
            }
        }
    };
}

text!(AbsPath,
    "description": "An absolute path. `%`, control characters and bytes that are not UTF-8 stand as `%XX`: decode before use.",
    "pattern": "^/");
text!(RelPath, "description": "A path in a builder, with `/`; `.` is the builder itself.", "minLength": 1);
text!(RepoName, "description": "A repository's name in the file; `.` is the workspace root.", "minLength": 1);
text!(BuilderName, "description": "A builder's name: one path component below `builders_dir`.", "minLength": 1);
text!(BranchName, "description": "A branch, without `refs/heads/`.", "minLength": 1);
text!(WorkspaceId, "description": "The random name of one `builders_dir`.", "pattern": "^[0-9a-f]{8,64}$");
text!(ObjectId, "description": "A git object's id in full: 40 digits (sha1) or 64 (sha256).",
    "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$");

/// The schema of what wsctl writes, with an `$id` and a title.
#[must_use]
pub fn written<T: JsonSchema>(id: &str, title: &str) -> Schema {
    whole::<T>(SchemaSettings::draft2020_12().for_serialize(), id, title)
}

/// The schema of what wsctl reads, with an `$id` and a title.
#[must_use]
pub fn read<T: JsonSchema>(id: &str, title: &str) -> Schema {
    // A key of a file may be missing; there is no null in TOML.
    let settings = SchemaSettings::draft2020_12().for_deserialize().with_transform(RecursiveTransform(without_null));
    whole::<T>(settings, id, title)
}

fn whole<T: JsonSchema>(settings: SchemaSettings, id: &str, title: &str) -> Schema {
    let settings = settings.with_transform(RecursiveTransform(tidy));
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("$id".into(), id.into());
    schema.insert("title".into(), title.into());
    schema
}

/// A doc comment is wrapped where its line ends, a description is not; and how wide an integer is in Rust is nobody's
/// business.
fn tidy(schema: &mut Schema) {
    if schema.get("type").is_some_and(|kind| kind != "string") {
        schema.remove("format");
    }
    if let Some(text) = schema.get("description").and_then(|text| text.as_str()) {
        let paragraphs: Vec<_> = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect();
        let text = paragraphs.join("\n\n");
        schema.insert("description".into(), text.into());
    }
}

fn without_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(kinds)) = schema.get_mut("anyOf") {
        kinds.retain(|kind| kind["type"] != "null");
        if let [Value::Object(only)] = kinds.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            for (key, value) in only {
                schema.insert(key, value);
            }
        }
    }
}
