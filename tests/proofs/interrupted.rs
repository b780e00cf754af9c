//! The state that a power cut leaves: every kind of half-made thing at once, and the journal that tells of it.

use std::fs;

use wsctl::model::journal::Intent;
use wsctl::model::name::{BranchName, RepoName};
use wsctl::model::path::{AbsPath, RelPath};

use super::scenarios::applied;
use crate::support::{Sandbox, TOKEN, hash};

/// A switch half-way, a branch half renamed, a managed file half exchanged, a clone half there, a lock of a git that is no more.
pub(super) fn make(sandbox: &Sandbox) {
    sandbox.two_branches();
    let toml = |branch: &str, other: &str| {
        format!(
            "[repos.api]\n[repos.web]\n[builders.work]\nrepos = [\"api\"]\nbranch = \"{branch}\"\ninclude_root = false\n\
             [builders.other]\nrepos = [\"web\"]\nbranch = \"{other}\"\ninclude_root = false\n\
             [[files]]\nfrom = \"shared.md\"\nto = \"shared.md\"\n"
        )
    };
    applied(sandbox, &toml("one", "some/old"));
    let moved = "[[moved]]\nfrom_branch = \"some/old\"\nto_branch = \"some\"\n";
    sandbox.toml(&format!("{}{moved}", toml("two", "some")));
    sandbox.write("shared.md", "shared anew\n");
    sandbox.write(".builders/work/shared.md", "shared anew\n");
    sandbox.write(format!(".builders/work/.wsctl-{TOKEN}-file-{:.16}-1", hash("shared.md")), "shared\n");
    fs::create_dir_all(sandbox.path(format!("repos/.wsctl-{TOKEN}-clone-new"))).unwrap();
    fs::write(sandbox.path(format!("repos/api/.git/.wsctl-{TOKEN}-x")), "half").unwrap();
    let commit = sandbox.rev("repos/web", "some/old");
    sandbox.git("repos/web", &["branch", "--no-track", "some-old.wsctl-rename", "some/old"]);
    let log = sandbox.path("repos/web/.git/logs/refs/heads");
    fs::copy(log.join("some/old"), log.join("some-old.wsctl-rename")).unwrap();
    let intents = [
        Intent::Rename {
            repository: RepoName::new("web").unwrap(),
            main: AbsPath::new(sandbox.path("repos/web")).unwrap(),
            admin_dir: AbsPath::new(sandbox.path("repos/web/.git/worktrees/web")).unwrap(),
            path: AbsPath::new(sandbox.builder("other/web")).unwrap(),
            from: BranchName::new("some/old").unwrap(),
            to: BranchName::new("some").unwrap(),
            commit,
        },
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
