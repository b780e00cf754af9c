//! Builders with work in them that go to other places.

use super::scenarios::{FILES, REPOS, TWO, applied, work};
use super::tokens::text;
use crate::support::Sandbox;

const MOVED: &str = "[[moved]]\nfrom = \"builders.one\"\nto = \"builders.new\"\n";

/// The two builders with `one` by another name; each stays on its branch.
fn renamed(one: &str, two: &str) -> String {
    format!(
        "[builders.{one}]\nrepos = [\"api\", \"web\"]\nbranch = \"builder/one\"\n\
         [builders.{two}]\nrepos = [\"api\"]\nbranch = \"builder/two\"\n"
    )
}

/// Another name, another layout, and another branch at once.
pub(super) fn builder(sandbox: &Sandbox) {
    applied(sandbox, &format!("{REPOS}{TWO}{FILES}"));
    work(sandbox, "one/api", "one");
    let layout = "[workspace]\nlayout = \"split\"\n";
    let branch = "[[moved]]\nfrom_branch = \"builder/two\"\nto_branch = \"another/two\"\n";
    let builders = renamed("new", "two").replace("builder/two", "another/two");
    sandbox.toml(&format!("{layout}{REPOS}{builders}{FILES}{MOVED}{branch}"));
}

pub(super) fn plain(sandbox: &Sandbox) {
    let plain = "[workspace]\nanchor = false\n";
    applied(sandbox, &format!("{plain}{REPOS}{TWO}{FILES}"));
    work(sandbox, "one/web", "one");
    sandbox.toml(&format!("{plain}{REPOS}{}{FILES}{MOVED}", renamed("new", "two")));
}

pub(super) fn exchange(sandbox: &Sandbox) {
    applied(sandbox, &format!("{REPOS}{TWO}{FILES}"));
    work(sandbox, "one/api", "one");
    work(sandbox, "two/api", "two");
    let moved = "[[moved]]\nfrom = \"builders.one\"\nto = \"builders.two\"\n\
        [[moved]]\nfrom = \"builders.two\"\nto = \"builders.one\"\n";
    sandbox.toml(&format!("{REPOS}{}{FILES}{moved}", renamed("two", "one")));
}

/// The same where the mark of one says that it was called like the other once before.
pub(super) fn exchange_again(sandbox: &Sandbox) {
    let one = |name: &str| format!("{REPOS}[builders.{name}]\nrepos = [\"api\", \"web\"]\nbranch = \"builder/one\"\n");
    applied(sandbox, &one("two"));
    applied(sandbox, &(one("one") + "[[moved]]\nfrom = \"builders.two\"\nto = \"builders.one\"\n"));
    exchange(sandbox);
}

pub(super) fn become_nested(sandbox: &Sandbox) {
    applied(sandbox, &format!("{REPOS}{TWO}"));
    work(sandbox, "one/api", "one");
    work(sandbox, "two/workspace-root", "two");
    sandbox.toml(&format!("[workspace]\nlayout = \"nested\"\n{REPOS}{TWO}"));
}

pub(super) fn become_siblings(sandbox: &Sandbox) {
    applied(sandbox, &format!("[workspace]\nlayout = \"nested\"\n{REPOS}{TWO}{FILES}"));
    work(sandbox, "one/repos/api", "one");
    work(sandbox, "two", "two");
    sandbox.toml(&format!("{REPOS}{TWO}{FILES}"));
}

/// Each checkout goes where the directory around it is.
pub(super) fn come_up(sandbox: &Sandbox) {
    let layout = "[workspace]\nlayout = { root = \"ws\", repo = \"{repo}/deep/main\" }\n";
    applied(sandbox, &format!("{layout}{REPOS}{TWO}{FILES}"));
    work(sandbox, "one/api/deep/main", "one");
    work(sandbox, "one/web/deep/main", "two");
    sandbox.toml(&format!("{REPOS}{TWO}{FILES}"));
}

/// The clone of `api` at another path with another url, by another name, in builders of both.
pub(super) fn repository(sandbox: &Sandbox) {
    let origin = |name: &str| sandbox.top().join(format!("origin/{name}.git")).display().to_string();
    let declared = |url: &str| REPOS.replace("[repos.api]\n", &format!("[repos.api]\nurl = \"{url}\"\n"));
    applied(sandbox, &format!("{}{TWO}{FILES}", declared(&origin("api"))));
    work(sandbox, "one/api", "one");
    let repos = declared(&origin("web")).replace("[repos.api]", "[repos.backend]\npath = \"clones/backend\"");
    let moved = "[[moved]]\nfrom = \"repos.api\"\nto = \"repos.backend\"\n";
    sandbox.toml(&format!("{repos}{}{FILES}{moved}", TWO.replace("\"api\"", "\"backend\"")));
}

/// All builders, what is in them, and one in the trash, to where builders are by default; one more is made on the way.
pub(super) fn builders_dir(sandbox: &Sandbox) {
    let elsewhere = "[workspace]\nbuilders_dir = \"agents\"\n";
    applied(sandbox, &format!("{elsewhere}{REPOS}{TWO}[builders.three]\nrepos = [\"web\"]\n"));
    sandbox.write("agents/one/api/untracked.txt", &text("one"));
    sandbox.write("agents/three/web/untracked.txt", &text("three"));
    applied(sandbox, &format!("{elsewhere}{REPOS}{TWO}"));
    sandbox.toml(&format!("{REPOS}{TWO}[builders.four]\nrepos = [\"web\"]\n"));
}
