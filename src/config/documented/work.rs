//! `[hooks]`, `[session]` and `[opencode]`, for editors.

use schemars::JsonSchema;

use super::Text;

/// Commands for `sh -c`. None runs before `wsctl trust` knows exactly its text.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Hooks {
    /// Once it is there, with all its files. Where it fails, the next apply runs it again.
    #[schemars(length(min = 1), extend("examples" = ["npm ci"]))]
    post_create: Option<String>,
    /// Before it moves to the trash. Where it fails, it stays.
    #[schemars(length(min = 1), extend("examples" = ["docker compose down"]))]
    pre_remove: Option<String>,
    /// How long each may take.
    #[schemars(extend("default" = "10m"))]
    timeout: Option<Text>,
}

/// How `wsctl open` starts what works in a builder.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend("not" = { "required": ["preset", "command"] }))]
pub(super) struct Session {
    /// One that wsctl knows.
    preset: Option<Preset>,
    /// Any other: a program and its arguments, with `{dir}`, `{builder}`, `{session}` and `{port}` in them. It is to be trusted first.
    #[schemars(length(min = 1), extend("examples" = [["opencode", "{dir}"]]))]
    command: Option<Vec<Text>>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Preset {
    /// OpenCode: attached to the builder's session where there is a server, else in the builder.
    OpenCode,
    /// Claude Code.
    Claude,
    /// Codex.
    Codex,
    /// Visual Studio Code.
    Code,
}

/// The agents' server.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct OpenCode {
    /// Its address; one of another machine is to be trusted first. A password is taken from `OPENCODE_SERVER_PASSWORD`.
    #[schemars(regex(pattern = "^http://"), extend("examples" = ["http://127.0.0.1:4096"]))]
    url: String,
}
