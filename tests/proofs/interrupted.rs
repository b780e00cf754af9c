//! The state that a power cut leaves: every kind of half-made thing at once, and the journal that tells of it.

use std::fs;

use wsctl::model::journal::Intent;
use wsctl::model::path::{AbsPath, RelPath};

use super::scenarios::applied;
use crate::support::{Sandbox, TOKEN, hash};

/// A switch half-way, a managed file half exchanged, a clone half there, a lock of a git that is no more.
pub(super) fn make(sandbox: &Sandbox) {
    sandbox.two_branches();
    let toml = |branch: &str| {
        format!(
            "[repos.api]\n[repos.web]\n[builders.work]\nrepos = [\"api\"]\nbranch = \"{branch}\"\ninclude_root = false\n\
             [[files]]\nfrom = \"shared.md\"\nto = \"shared.md\"\n"
        )
    };
    applied(sandbox, &toml("one"));
    sandbox.toml(&toml("two"));
    sandbox.write("shared.md", "shared anew\n");
    sandbox.write(".builders/work/shared.md", "shared anew\n");
    sandbox.write(format!(".builders/work/.wsctl-{TOKEN}-file-1"), "shared\n");
    fs::create_dir_all(sandbox.path(format!("repos/.wsctl-{TOKEN}-clone-new"))).unwrap();
    fs::write(sandbox.path(format!("repos/api/.git/.wsctl-{TOKEN}-x")), "half").unwrap();
    let intents = [
        sandbox.half_switched("work/api"),
        Intent::File {
            builder: AbsPath::new(sandbox.builder("work")).unwrap(),
            to: RelPath::new("shared.md").unwrap(),
            old: Some(hash("shared\n")),
            new: Some(hash("shared anew\n")),
        },
        Intent::Clone { path: AbsPath::new(sandbox.path("repos/new")).unwrap() },
    ];
    sandbox.cut_short(&intents);
}
