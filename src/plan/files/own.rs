//! Texts that wsctl writes itself: `AGENTS.md` for agents, a `.code-workspace` for editors.

use std::fmt::Write as _;

use crate::model::desired::{DesiredBuilder, DesiredCheckout, Goal, Shape};
use crate::model::name::RepoName;
use crate::model::path::RelPath;
use crate::plan::blockers::word;
use crate::plan::input::Input;

use super::values::base;

/// Tells an agent which repositories are here, and where to commit.
pub(super) fn agents(input: &Input<'_>, builder: &DesiredBuilder) -> String {
    let mut out = format!(
        "# Builder {name}\n\nThis directory is a workspace for one task: it holds a git worktree of every repository that the task \
         needs,\nmade and kept by `wsctl` from the builders.toml in {root}. Other builders beside it are other tasks; leave them \
         alone.\n\n",
        name = builder.name,
        root = input.desired.root,
    );
    out += "| directory | repository | branch | started from |\n|---|---|---|---|\n";
    for checkout in builder.checkouts.values() {
        let (branch, base) = match &checkout.goal {
            Goal::Branch(branch) => (branch.to_string(), base(input, builder, checkout)),
            Goal::Ref(reference) => (format!("none: detached at {reference}, to be read"), reference.clone()),
        };
        let name = if checkout.repository.is_root() { "the workspace itself".into() } else { checkout.repository.to_string() };
        let _ = writeln!(out, "| `{}` | {} | {} | {} |", cell(checkout.path.as_str()), cell(&name), cell(&branch), cell(&base));
    }
    out += &labels(input, builder);
    out += &rules(builder);
    out
}

fn labels(input: &Input<'_>, builder: &DesiredBuilder) -> String {
    let mut lines: Vec<String> = builder.labels.iter().map(|(name, value)| format!("- {name}: {value}\n")).collect();
    if let Some(port) = input.port(&builder.name) {
        lines.push(format!("- port for a server of this builder: {port}\n"));
    }
    if lines.is_empty() { String::new() } else { format!("\n{}", lines.concat()) }
}

fn rules(builder: &DesiredBuilder) -> String {
    let example = builder.checkouts.values().find(|checkout| !checkout.repository.is_root() && !checkout.path.is_here());
    let directory = example.map_or("DIRECTORY".into(), |checkout| word(checkout.path.as_str()));
    let mut out = String::from("\n## How to work here\n\n");
    out += match builder.shape {
        Shape::Anchored => {
            "- Commit in the directory of a repository, never here: this directory only records where the others are, and\n  a \
             commit in it is refused. `git status` here shows which repositories changed, `git diff` what changed in them.\n"
        }
        Shape::Plain => "- Commit in the directory of a repository: this one is none itself.\n",
        Shape::Nested => {
            "- This directory is the worktree of the workspace itself. The other repositories lie in it, and each has commits \
             of\n  its own: commit in the directory of the repository that you changed. Never run `git clean` here: it \
             would delete them.\n"
        }
    };
    let _ = writeln!(out, "- For example `git -C {directory} commit`. Stay on the branches above; they are this task's.");
    out += "- Need another repository? `wsctl add-repo NAME --apply --auto-approve` here brings it in. `wsctl status` tells what changed where.\n";
    out += "- Do not move or remove the directories above by hand: `wsctl` does that.\n";
    out
}

/// A text that does not end the cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Lets an editor open every repository as a folder of its own.
pub(super) fn code_workspace(builder: &DesiredBuilder, to: &RelPath) -> String {
    let up = "../".repeat(to.as_str().matches('/').count());
    let path = |checkout: &DesiredCheckout| {
        let path = format!("{up}{}", checkout.path);
        quoted(if checkout.path.is_here() && !up.is_empty() { up.trim_end_matches('/') } else { &path })
    };
    let name = |name: &RepoName| if name.is_root() { "workspace".into() } else { name.to_string() };
    let folder = |checkout: &DesiredCheckout| {
        format!("    {{ \"name\": {}, \"path\": {} }}", quoted(&name(&checkout.repository)), path(checkout))
    };
    let folders: Vec<String> = builder.checkouts.values().map(folder).collect();
    format!("{{\n  \"folders\": [\n{}\n  ],\n  \"settings\": {{}}\n}}\n", folders.join(",\n"))
}

/// A text as JSON has it. Names and paths hold no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
