//! Workspaces and commands that together make every action of a plan and every write happen.

use std::fs;
use std::path::Path;

use super::copy::{bring_back, copy_tree};
use super::drive::{Command, Order, door, execute, load};
use super::end::list;
use super::interrupted;
use super::moves;
use super::tokens::text;
use crate::support::Sandbox;
use crate::support::server::Server;
use crate::support::{Fault, Faulty, Mode};

/// The time of a scenario's command; what was made before is older.
pub(super) const NOW: i64 = 1_700_000_000;

/// A workspace and the command that is disturbed.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) order: Order,
    make: fn(&Sandbox),
}

impl Scenario {
    /// The workspace, ready for the command.
    pub(super) fn sandbox(&self) -> Sandbox {
        let sandbox = base();
        (self.make)(&sandbox);
        sandbox
    }
}

const fn order(command: Command) -> Order {
    Order { command, unsaved: true, allow_removals: true, now: NOW }
}

pub(super) const SCENARIOS: [Scenario; 37] = [
    Scenario { name: "create sibling", order: order(Command::Apply), make: |sandbox| declare(sandbox, "\"sibling\"") },
    Scenario { name: "create nested", order: order(Command::Apply), make: |sandbox| declare(sandbox, "\"nested\"") },
    Scenario { name: "create split", order: order(Command::Apply), make: |sandbox| declare(sandbox, "\"split\"") },
    Scenario {
        name: "create custom",
        order: order(Command::Apply),
        make: |sandbox| declare(sandbox, "{ root = \"ws\", repo = \"src/{repo}\" }\nanchor = false"),
    },
    Scenario { name: "clone", order: order(Command::FetchAndApply), make: clone },
    Scenario { name: "adopt", order: order(Command::Apply), make: adopt },
    Scenario { name: "switch", order: order(Command::Apply), make: switch },
    Scenario { name: "reference", order: order(Command::Apply), make: reference },
    Scenario { name: "sparse", order: order(Command::Apply), make: sparse },
    Scenario { name: "submodules", order: order(Command::Apply), make: submodules },
    Scenario { name: "git-lfs", order: order(Command::Apply), make: lfs },
    Scenario { name: "repair", order: order(Command::Apply), make: repair },
    Scenario { name: "files", order: order(Command::Apply), make: files },
    Scenario { name: "hooks and a session", order: order(Command::Apply), make: hooks },
    Scenario { name: "remove with hooks", order: order(Command::Apply), make: remove_with_hooks },
    Scenario { name: "remove builder", order: order(Command::Apply), make: remove_builder },
    Scenario { name: "remove nested", order: order(Command::Apply), make: remove_nested },
    Scenario { name: "remove checkout", order: order(Command::Apply), make: remove_checkout },
    Scenario { name: "resume", order: order(Command::Apply), make: resume },
    Scenario { name: "restore", order: order(Command::Restore), make: restore },
    Scenario { name: "recover", order: order(Command::Apply), make: interrupted::make },
    Scenario { name: "finish removal", order: order(Command::Apply), make: finish_removal },
    Scenario { name: "prune registration", order: order(Command::Apply), make: prune },
    Scenario { name: "replace", order: order(Command::Apply), make: replace },
    Scenario { name: "anchor", order: order(Command::Apply), make: anchor },
    Scenario { name: "set aside", order: order(Command::Apply), make: set_aside },
    Scenario { name: "move", order: order(Command::Apply), make: moves::builder },
    Scenario { name: "move a plain one", order: order(Command::Apply), make: moves::plain },
    Scenario { name: "exchange names", order: order(Command::Apply), make: moves::exchange },
    Scenario { name: "exchange names again", order: order(Command::Apply), make: moves::exchange_again },
    Scenario { name: "move a repository", order: order(Command::Apply), make: moves::repository },
    Scenario { name: "move builders_dir", order: order(Command::Apply), make: moves::builders_dir },
    Scenario { name: "become nested", order: order(Command::Apply), make: moves::become_nested },
    Scenario { name: "become siblings", order: order(Command::Apply), make: moves::become_siblings },
    Scenario { name: "come up", order: order(Command::Apply), make: moves::come_up },
    Scenario { name: "destroy", order: order(Command::Destroy), make: destroy },
    Scenario { name: "empty the trash", order: order(Command::Empty), make: empty },
];

pub(super) const REPOS: &str = "[repos.api]\n[repos.web]\n[policy]\nmax_removals = 50\ndisposable = [\"cache/\"]\n";
pub(super) const TWO: &str = "[builders.one]\nrepos = [\"api\", \"web\"]\n[builders.two]\nrepos = [\"api\"]\n";
pub(super) const FILES: &str = "[[files]]\nfrom = \"shared.md\"\nto = \"shared.md\"\n[[files]]\nfrom = \"shared.md\"\nto = \"{repo}/.env\"\n\
    [[files]]\nfrom = \"shared.md\"\nto = \"deep/link.md\"\nmode = \"symlink\"\n\
    [[files]]\nfrom = \"template.md\"\nto = \"template.md\"\nmode = \"template\"\n";

/// A root repository and two clones, without a file.
pub(super) fn base() -> Sandbox {
    let sandbox = Sandbox::new();
    quiet(&sandbox);
    sandbox.make_root("repos/\n.env\ncache/\n*.log\n");
    for name in ["api", "web"] {
        let seed = sandbox.repository(sandbox.top().join(format!("seed/{name}")));
        fs::write(seed.join(".gitignore"), ".env\ncache/\n*.log\n").unwrap();
        sandbox.commit(&seed, "ignore");
        sandbox.cloned_from(name, &seed);
    }
    sandbox.write("shared.md", "shared\n");
    sandbox.write("template.md", "for {{builder}}\n");
    sandbox
}

/// git's templates are of no interest here, and many.
pub(super) fn quiet(sandbox: &Sandbox) {
    let config = sandbox.home().join(".gitconfig");
    let none = sandbox.top().join("none");
    fs::create_dir_all(&none).unwrap();
    let more = format!(
        "[init]\n\ttemplateDir = {}\n[gc]\n\treflogExpire = never\n\treflogExpireUnreachable = never\n\
        [advice]\n\tdetachedHead = false\n",
        none.display()
    );
    let text = fs::read_to_string(&config).unwrap();
    fs::write(config, text + &more).unwrap();
}

impl Sandbox {
    /// A bare origin of a repository, and its clone below `repos/`.
    pub(super) fn cloned_from(&self, name: &str, seed: &Path) {
        let origin = self.top().join(format!("origin/{name}.git"));
        self.git(self.root(), &["clone", "-q", "--bare", seed.to_str().unwrap(), origin.to_str().unwrap()]);
        let path = self.path(format!("repos/{name}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        self.git(self.root(), &["clone", "-q", origin.to_str().unwrap(), path.to_str().unwrap()]);
    }
}

/// Applies what is declared, undisturbed, long before the command.
pub(super) fn applied(sandbox: &Sandbox, toml: &str) {
    broken_off(sandbox, toml, None);
}

/// Applies what is declared with a fault.
pub(super) fn broken_off(sandbox: &Sandbox, toml: &str, fault: Option<Fault>) -> Vec<&'static str> {
    sandbox.toml(toml);
    let order = Order { now: NOW - 1000, ..order(Command::Apply) };
    let desired = load(&sandbox.root(), order).unwrap();
    let real = door(sandbox, &desired).unwrap();
    let faulty = Faulty::new(&real, fault);
    let applied = execute(&desired, order, 1, &faulty).unwrap();
    assert!(fault.is_some() || applied.errors.is_empty(), "{:?}", applied.errors);
    faulty.calls()
}

/// Dies after the n-th call of a method, in an apply that is done twice: first to count.
fn dies_after(sandbox: &Sandbox, toml: &str, method: &str, nth: usize) {
    let kept = sandbox.top().join("before");
    copy_tree(&sandbox.root(), &kept);
    let calls = broken_off(sandbox, toml, None);
    let call = calls.iter().enumerate().filter(|(_, name)| **name == method).nth(nth).map(|(index, _)| index);
    bring_back(&kept, &sandbox.root());
    fs::remove_dir_all(kept).unwrap();
    broken_off(sandbox, toml, Some(Fault { call: call.unwrap(), mode: Mode::DieAfter }));
}

/// Everything that is work, in one checkout: commits on a branch and on none, staged, edited, untracked, ignored.
pub(super) fn work(sandbox: &Sandbox, path: &str, name: &str) {
    let at = |tail: &str| sandbox.builder(path).join(tail);
    let directory = sandbox.builder(path);
    fs::write(at("committed.txt"), text(&format!("{name}committed"))).unwrap();
    sandbox.commit(&directory, &text(&format!("{name}message")));
    fs::write(at("stashed.txt"), text(&format!("{name}stashed"))).unwrap();
    sandbox.git(&directory, &["add", "-A"]);
    sandbox.git(&directory, &["stash", "-q"]);
    sandbox.git(&directory, &["switch", "-q", "--detach"]);
    fs::write(at("detached.txt"), text(&format!("{name}detached"))).unwrap();
    sandbox.commit(&directory, &text(&format!("{name}reflog")));
    fs::write(at("amended.txt"), text(&format!("{name}amended"))).unwrap();
    sandbox.git(&directory, &["add", "-A"]);
    sandbox.git(&directory, &["commit", "-q", "--amend", "-m", &text(&format!("{name}nobranch"))]);
    fs::write(at("staged.txt"), text(&format!("{name}staged"))).unwrap();
    sandbox.git(&directory, &["add", "staged.txt"]);
    fs::write(at("staged.txt"), text(&format!("{name}edited"))).unwrap();
    fs::write(at("untracked.txt"), text(&format!("{name}untracked"))).unwrap();
    fs::write(at("ignored.log"), text(&format!("{name}ignored"))).unwrap();
    fs::create_dir_all(at("cache")).unwrap();
    fs::write(at("cache/fast"), "made again at any time\n").unwrap();
}

fn declare(sandbox: &Sandbox, layout: &str) {
    sandbox.toml(&format!("[workspace]\nlayout = {layout}\n{REPOS}{TWO}{FILES}"));
}

fn clone(sandbox: &Sandbox) {
    let origin = |name: &str| sandbox.top().join(format!("origin/{name}.git"));
    fs::remove_dir_all(sandbox.path("repos/web")).unwrap();
    let more = sandbox.top().join("more");
    sandbox.git(sandbox.root(), &["clone", "-q", origin("api").to_str().unwrap(), more.to_str().unwrap()]);
    sandbox.commit(&more, "fetched");
    sandbox.git(&more, &["push", "-q", "origin", "main", "main:builder/one"]);
    sandbox.toml(&format!(
        "{}{TWO}",
        REPOS.replace("[repos.web]\n", &format!("[repos.web]\nurl = \"{}\"\n", origin("web").display()))
    ));
}

fn adopt(sandbox: &Sandbox) {
    sandbox.toml(&format!("{REPOS}{TWO}{FILES}"));
    let add = |repository: &str, place: &str, branch: &str| {
        let place = sandbox.builder(place);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        sandbox.git(sandbox.path(repository), &["worktree", "add", "-q", "-b", branch, place.to_str().unwrap()]);
    };
    add("repos/api", "one/api", "builder/one");
    add("repos/web", "one/web", "builder/one");
    add("", "one/workspace-root", "builder/one");
    sandbox.write(".builders/one/shared.md", "shared\n");
    sandbox.write(".builders/one/api/untracked.txt", &text("adopted"));
}

fn switch(sandbox: &Sandbox) {
    let wish = |one: &str, two: &str, three: &str| {
        format!(
            "{REPOS}[builders.one]\nrepos = [\"api\", \"web\"]\nbranch = \"{one}\"\n[builders.two]\nrepos = [\"api\"]\nbranch = \"{two}\"\n\
             [builders.three]\nrepos = [\"web\"]\nbranch = \"{three}\"\n"
        )
    };
    applied(sandbox, &wish("left", "right", "third"));
    for (path, name) in [("one/api", "left"), ("two/api", "right")] {
        fs::write(sandbox.builder(path).join("work.txt"), text(name)).unwrap();
        sandbox.commit(sandbox.builder(path), "work");
        fs::write(sandbox.builder(path).join("kept.log"), text(&format!("{name}ignored"))).unwrap();
    }
    sandbox.toml(&wish("right", "left", "fourth"));
}

/// A reference to make, one whose tag moved, one that was on a branch, and a branch that was a reference.
fn reference(sandbox: &Sandbox) {
    let checkout = |builder: &str, goal: &str| format!("[builders.{builder}]\nrepos = [\"web\"]\n{goal}");
    let wish =
        |goals: [(&str, &str); 3]| goals.iter().fold(REPOS.to_owned(), |text, (builder, goal)| text + &checkout(builder, goal));
    let web = sandbox.path("repos/web");
    sandbox.git(&web, &["tag", "v1"]);
    let reads = "checkout.web.ref = \"v1\"\n";
    applied(sandbox, &wish([("one", reads), ("two", ""), ("three", reads)]));
    fs::write(web.join("more.txt"), text("moved")).unwrap();
    sandbox.commit(&web, "more");
    sandbox.git(&web, &["tag", "-f", "v1", "main"]);
    fs::write(sandbox.builder("one/web/kept.log"), text("ignored")).unwrap();
    fs::write(sandbox.builder("two/web/work.txt"), text("work")).unwrap();
    sandbox.commit(sandbox.builder("two/web"), "work");
    sandbox.toml(&(wish([("one", reads), ("two", reads), ("three", "")]) + &checkout("four", reads)));
}

/// A checkout that is limited, and one that is made with some directories only.
fn sparse(sandbox: &Sandbox) {
    let web = sandbox.path("repos/web");
    for name in ["services/code", "lib/code"] {
        fs::create_dir_all(web.join(name).parent().unwrap()).unwrap();
        fs::write(web.join(name), text(name)).unwrap();
    }
    sandbox.commit(&web, "directories");
    sandbox.git(&web, &["push", "-q"]);
    let one = "[builders.one]\nrepos = [\"web\"]\n";
    applied(sandbox, &format!("{REPOS}{one}"));
    fs::write(sandbox.builder("one/web/kept.log"), text("ignored")).unwrap();
    let only = "checkout.web.sparse = [\"services\"]\n";
    sandbox.toml(&format!("{REPOS}{one}{only}[builders.two]\nrepos = [\"web\"]\n{only}"));
}

/// Submodules for a checkout that is there, and for one that is made.
fn submodules(sandbox: &Sandbox) {
    let web = sandbox.path("repos/web");
    let library = sandbox.top().join("origin/api.git");
    sandbox.git(&web, &["submodule", "--quiet", "add", library.to_str().unwrap(), "lib"]);
    sandbox.commit(&web, "with a submodule");
    sandbox.git(&web, &["push", "-q"]);
    let one = "[builders.one]\nrepos = [\"web\"]\n";
    applied(sandbox, &format!("{REPOS}{one}"));
    let repos = REPOS.replace("[repos.web]\n", "[repos.web]\nsubmodules = true\n");
    sandbox.toml(&format!("{repos}{one}[builders.two]\nrepos = [\"web\"]\n"));
}

/// Content for a checkout that has pointers, and for one that is made; a switch that brings pointers.
fn lfs(sandbox: &Sandbox) {
    sandbox.with_lfs("repos/web", &["a.bin", "deep/b.bin"]);
    sandbox.with_lfs("repos/api", &["c.bin"]);
    let builders = "[builders.one]\nrepos = [\"web\", \"api\"]\n";
    let declare = |lfs: bool| {
        let repos = REPOS.replace("[repos.web]\n", &format!("[repos.web]\nlfs = {lfs}\n"));
        repos.replace("[repos.api]\n", "[repos.api]\nlfs = false\n")
    };
    applied(sandbox, &format!("{}{builders}", declare(false)));
    let moved = "[builders.one.checkout.api]\nbranch = \"next\"\n[builders.two]\nrepos = [\"web\"]\n";
    sandbox.toml(&format!("{}{builders}{moved}", declare(true)));
}

fn repair(sandbox: &Sandbox) {
    applied(sandbox, &format!("{REPOS}{TWO}"));
    fs::write(sandbox.builder("one/api/untracked.txt"), text("moved")).unwrap();
    // As if all of it had been made elsewhere and then moved here: every link and mark names the old place.
    let top = sandbox.top().file_name().unwrap().to_str().unwrap().to_owned();
    rewrite(&sandbox.root(), &format!("{top}/ws"), &format!("{top}/before"));
}

/// Replaces a path in every link file and mark.
fn rewrite(directory: &Path, old: &str, new: &str) {
    for path in list(directory) {
        let name = path.file_name().unwrap();
        if path.is_dir() {
            rewrite(&path, old, new);
        } else if name == "gitdir" || name == ".git" || path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, text.replace(old, new)).unwrap();
        }
    }
}

fn files(sandbox: &Sandbox) {
    applied(sandbox, &format!("{REPOS}{TWO}{FILES}"));
    sandbox.write("shared.md", "a new version\n");
    let files =
        FILES.replace("to = \"template.md\"", "to = \"another.md\"").replace("to = \"{repo}/.env\"", "to = \"{repo}/other.log\"");
    fs::remove_file(sandbox.builder("one/deep/link.md")).unwrap();
    sandbox.toml(&format!("{REPOS}{TWO}{files}"));
}

/// The commands that are trusted.
pub(super) const HOOKS: [&str; 2] = ["echo made > made.log", "echo gone > gone.log"];

/// Hooks for builders and the checkouts of `api`, a cache for those, and a server.
fn hooked(more: &str) -> String {
    let [made, gone] = HOOKS;
    let hooks = format!("post_create = \"{made}\"\npre_remove = \"{gone}\"\n");
    let server = Server::shared().url();
    format!(
        "[repos.api]\nseed = [\"cache\"]\n[repos.api.hooks]\n{hooks}[repos.web]\n[hooks]\n{hooks}[opencode]\nurl = \"{server}\"\n{more}"
    )
}

fn hooks(sandbox: &Sandbox) {
    sandbox.write("repos/api/cache/built", "built\n");
    sandbox.toml(&hooked(TWO));
}

fn remove_with_hooks(sandbox: &Sandbox) {
    applied(sandbox, &hooked(TWO));
    sandbox.toml(&hooked("[builders.two]\nrepos = [\"api\"]\n"));
}

/// Builder `one` in the trash with work in it, wanted back; its branch is gone.
fn restore(sandbox: &Sandbox) {
    applied(sandbox, &format!("{REPOS}{TWO}{FILES}"));
    work(sandbox, "one/api", "one");
    applied(sandbox, &format!("{REPOS}[builders.two]\nrepos = [\"api\"]\n{FILES}"));
    sandbox.try_git("repos/web", &["branch", "-D", "builder/one"]);
    sandbox.toml(&format!("{REPOS}{TWO}{FILES}"));
}

fn remove_builder(sandbox: &Sandbox) {
    applied(sandbox, &format!("{REPOS}{TWO}{FILES}"));
    fs::write(sandbox.builder("one/web/left.log"), text("mergedignored")).unwrap();
    work(sandbox, "one/api", "one");
    sandbox.write(".builders/one/stray.txt", &text("stray"));
    sandbox.toml(&format!("{REPOS}[builders.two]\nrepos = [\"api\"]\n{FILES}"));
}

fn remove_nested(sandbox: &Sandbox) {
    let nested = "[workspace]\nlayout = \"nested\"\n";
    applied(sandbox, &format!("{nested}{REPOS}{TWO}"));
    work(sandbox, "one/repos/api", "one");
    work(sandbox, "two", "two");
    sandbox.toml(&format!("{nested}{REPOS}"));
}

fn remove_checkout(sandbox: &Sandbox) {
    applied(sandbox, &format!("{REPOS}{TWO}{FILES}"));
    work(sandbox, "one/api", "one");
    fs::create_dir_all(sandbox.builder("one/web/cache")).unwrap();
    fs::write(sandbox.builder("one/web/cache/fast"), "made again\n").unwrap();
    sandbox.toml(&format!("{REPOS}[builders.one]\nrepos = []\n[builders.two]\nrepos = [\"api\"]\n{FILES}"));
}

fn resume(sandbox: &Sandbox) {
    let toml = format!("{REPOS}{TWO}");
    dies_after(sandbox, &toml, "add_worktree", 0);
}

fn finish_removal(sandbox: &Sandbox) {
    applied(sandbox, &format!("{REPOS}{TWO}"));
    work(sandbox, "two/api", "two");
    dies_after(sandbox, &format!("{REPOS}[builders.one]\nrepos = [\"api\", \"web\"]\n"), "rename", 0);
    // With its journal the next run would finish before it plans; the lock's reason alone has to do.
    fs::remove_file(sandbox.builder(".wsctl/journal")).unwrap();
}

fn prune(sandbox: &Sandbox) {
    applied(sandbox, &format!("{REPOS}{TWO}"));
    fs::remove_dir_all(sandbox.builder("two")).unwrap();
    sandbox.toml(&format!("{REPOS}[builders.one]\nrepos = [\"api\", \"web\"]\n"));
}

fn replace(sandbox: &Sandbox) {
    applied(sandbox, &format!("{REPOS}{TWO}{FILES}"));
    fs::write(sandbox.builder("one/api/work.txt"), text("reached")).unwrap();
    sandbox.commit(sandbox.builder("one/api"), "work");
    for gone in ["one/api", "two/workspace-root"] {
        fs::remove_dir_all(sandbox.builder(gone)).unwrap();
    }
}

fn anchor(sandbox: &Sandbox) {
    applied(sandbox, &format!("{REPOS}{TWO}"));
    fs::write(sandbox.builder("one/.git/config"), "[core]\n\tbare = false\n").unwrap();
    let two = "[builders.two]\nrepos = [\"api\", \"web\"]\nbase = \"origin/main\"\nprotect = true\n";
    sandbox.toml(&format!("{REPOS}[builders.one]\nrepos = [\"api\", \"web\"]\nbase = \"main\"\n{two}"));
}

fn set_aside(sandbox: &Sandbox) {
    sandbox.write(".builders/.gitignore", &text("gitignore"));
    sandbox.write(".builders/.ignore", &text("ignore"));
    declare(sandbox, "\"nested\"");
}

fn destroy(sandbox: &Sandbox) {
    applied(sandbox, &format!("{REPOS}{TWO}{FILES}"));
    work(sandbox, "one/web", "one");
}

fn empty(sandbox: &Sandbox) {
    remove_builder(sandbox);
    let toml = format!("{REPOS}[builders.two]\nrepos = [\"api\"]\n");
    applied(sandbox, &toml);
}
