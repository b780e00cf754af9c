//! What a file without faults asks for.

use super::{EXAMPLE, abs, facts, places, read, whole_example, wish};
use wsctl::config::{Facts, parse};
use wsctl::model::desired::{FileMode, Origin, Shape};
use wsctl::model::name::RepoName;
use wsctl::model::path::RelPath;
use wsctl::model::policy::{BuilderPolicy, DeleteBranch, MaxRemovals, OnUnsaved};

const SLACK: &str = "ai-dev-gateway-slack";
const BACKEND: &str = "ai-dev-gateway-backend";

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> std::collections::BTreeMap<String, String> {
    pairs.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

/// A source in the workspace.
fn from(path: &str) -> Origin {
    Origin { path: abs(path), repository: None, member: false, within: None }
}

#[test]
fn the_example_parses_and_asks_for_the_case_of_the_readme() {
    parse(&abs("/ws/builders.toml"), EXAMPLE).unwrap();
    let desired = wish(EXAMPLE);
    assert_eq!(desired.builders_dir, abs("/ws/.builders"));
    let names: Vec<&str> = desired.repositories.keys().map(RepoName::as_str).collect();
    assert_eq!(names, [".", "ai-dev", "domain-apis", "k8s-lab"]);
    assert_eq!(desired.repositories["k8s-lab"].path, abs("/ws/repos/k8s-lab"));
    assert_eq!(desired.repositories["ai-dev"].url.as_ref().unwrap().expose(), "git@example.com:acme/ai-dev.git");
    assert_eq!((desired.max_removals, desired.policy.clone()), (MaxRemovals::Count(5), BuilderPolicy::default()));
    assert_eq!(desired.builders.keys().map(ToString::to_string).collect::<Vec<_>>(), [BACKEND, SLACK]);

    let slack = &desired.builders[SLACK];
    assert_eq!((slack.shape, slack.protect), (Shape::Anchored, false));
    assert_eq!(slack.path, abs("/ws/.builders/ai-dev-gateway-slack"));
    assert!(slack.checkouts.values().all(|checkout| checkout.goal.to_string() == "feature/TEC-25-slack"));
    assert_eq!(slack.checkouts["domain-apis"].base.as_deref(), Some("origin/main"));
    assert_eq!(slack.checkouts["ai-dev"].base, None);
    for builder in desired.builders.values() {
        let files: Vec<&str> = builder.files.keys().map(RelPath::as_str).collect();
        assert_eq!(files, ["Taskfile.yaml", "workspaces.yaml"]);
        assert_eq!(builder.files["Taskfile.yaml"].checkout, None);
        assert_eq!(builder.files["Taskfile.yaml"].from, Some(from("/ws/Taskfile.yaml")));
    }
}

#[test]
fn every_example_in_the_example_works() {
    let desired = wish(&whole_example());
    let (slack, backend) = (&desired.builders[SLACK], &desired.builders[BACKEND]);
    assert_eq!(slack.checkouts["domain-apis"].base.as_deref(), Some("origin/release"));
    assert_eq!(slack.checkouts["domain-apis"].goal.to_string(), "feature/TEC-25-slack-api");
    assert_eq!(slack.files["ai-dev/.env"].checkout.as_ref().map(RepoName::as_str), Some("ai-dev"));
    assert_eq!(slack.files["ai-dev/.env"].mode, FileMode::Template);
    assert!(backend.protect);
    assert_eq!(backend.branch.as_str(), "builder/ai-dev-gateway-backend");
    assert_eq!(backend.policy.delete_branch, DeleteBranch::Never);
    assert!(slack.files.contains_key("workspaces.yaml") && !backend.files.contains_key("workspaces.yaml"));
}

#[test]
fn the_example_in_three_layouts() {
    let layout = |word: &str| wish(&whole_example().replace("= \"sibling\"", &format!("= {word}")));
    let expected = pairs([(".", "workspace-root"), ("ai-dev", "ai-dev"), ("domain-apis", "domain-apis")]);
    assert_eq!(places(&layout("\"sibling\""), SLACK), expected);

    let split = layout("\"split\"");
    let expected = pairs([(".", "workspace"), ("ai-dev", "repos/ai-dev"), ("domain-apis", "repos/domain-apis")]);
    assert_eq!(places(&split, SLACK), expected);
    assert!(split.builders[SLACK].files.contains_key("repos/ai-dev/.env"));

    let nested = layout("\"nested\"");
    let expected = pairs([(".", "."), ("ai-dev", "repos/ai-dev"), ("domain-apis", "repos/domain-apis")]);
    assert_eq!(places(&nested, SLACK), expected);
    assert_eq!(nested.builders[SLACK].shape, Shape::Nested);
    assert_eq!(nested.builders[SLACK].files["Taskfile.yaml"].checkout, Some(RepoName::root()));
    assert_eq!(nested.builders[SLACK].files["repos/ai-dev/.env"].checkout.as_ref().map(RepoName::as_str), Some("ai-dev"));

    let custom = layout("{ root = \"ws\", repo = \"src/{repo}\" }");
    let expected = pairs([(".", "ws"), ("ai-dev", "src/ai-dev"), ("domain-apis", "src/domain-apis")]);
    assert_eq!(places(&custom, SLACK), expected);
}

const TWO: &str = "version = 1\n[repos.a]\n[builders.b]\nrepos = [\"a\"]\n";

#[test]
fn defaults() {
    let desired = wish("version = 1\n");
    assert_eq!((desired.repos_dir, desired.builders_dir), (abs("/ws/repos"), abs("/ws/.builders")));
    assert_eq!((desired.policy, desired.fetch), (BuilderPolicy::default(), false));
    assert!(desired.builders.is_empty());
}

#[test]
fn shapes() {
    let shape = |workspace: &str| wish(&format!("{TWO}[workspace]\n{workspace}")).builders["b"].shape;
    assert_eq!(shape(""), Shape::Anchored);
    assert_eq!(shape("anchor = false"), Shape::Plain);
    assert_eq!(shape("layout = \"split\"\nanchor = false"), Shape::Plain);
    assert_eq!(shape("layout = { root = \".\", repo = \"src/{repo}\" }"), Shape::Nested);
}

#[test]
fn nested_follows_repos_dir() {
    let place =
        |dir: &str| places(&wish(&format!("{TWO}[workspace]\nlayout = \"nested\"\nrepos_dir = \"{dir}\"")), "b")["a"].clone();
    assert_eq!(place("repos"), "repos/a");
    assert_eq!(place("deps/git"), "deps/git/a");
    assert_eq!(place("."), "a");
    assert_eq!(place("/srv/clones"), "clones/a");
}

#[test]
fn the_root_joins_only_where_it_is_a_repository_and_wanted() {
    let bare = Facts::plain(abs("/ws"));
    let desired = read(TWO, &bare).unwrap();
    assert_eq!(places(&desired, "b"), pairs([("a", "a")]));
    assert!(!desired.repositories.contains_key("."));
    let desired = wish(&format!("{TWO}include_root = false"));
    assert_eq!(places(&desired, "b"), pairs([("a", "a")]));
    assert!(desired.repositories.contains_key("."));
}

#[test]
fn the_nearest_base_and_branch_win() {
    let base = |tail: &str| wish(&format!("{TWO}{tail}")).builders["b"].checkouts["a"].base.clone();
    let workspace = "[workspace]\nbase = \"w\"\n";
    assert_eq!(base(""), None);
    assert_eq!(base(workspace).as_deref(), Some("w"));
    let all = wish(&format!(
        "version = 1\n{workspace}[repos.a]\nbase = \"r\"\n[builders.b]\nrepos = [\"a\"]\n[builders.c]\nrepos = [\"a\"]\nbase = \"b\"\n[builders.d]\nrepos = [\"a\"]\nbase = \"b\"\ncheckout.a.base = \"c\""
    ));
    let base = |builder: &str, repo: &str| all.builders[builder].checkouts[repo].base.clone().unwrap();
    assert_eq!([base("b", "."), base("b", "a"), base("c", "a"), base("d", "a"), base("d", ".")], ["w", "r", "b", "c", "b"]);

    let desired = wish(&format!("{TWO}branch = \"x/{{repo}}/{{builder}}\"\ncheckout.a.branch = \"y\""));
    let builder = &desired.builders["b"];
    assert_eq!(builder.branch.as_str(), "x/root/b");
    assert_eq!(builder.checkouts["."].goal.to_string(), "x/root/b");
    assert_eq!(builder.checkouts["a"].goal.to_string(), "y");
}

#[test]
fn policies() {
    let text = format!(
        "{TWO}on_unsaved = \"trash\"\ntrash_keep = \"12h\"\nauto_prune = true\n[policy]\ndelete_branch = \"never\"\nmax_removals = \"25%\"\ntrash_keep = \"3d\""
    );
    let desired = wish(&text);
    let policy = &desired.builders["b"].policy;
    assert_eq!((policy.delete_branch, policy.on_unsaved), (DeleteBranch::Never, OnUnsaved::Trash));
    assert_eq!((policy.trash_keep, policy.auto_prune), (43_200, true));
    assert_eq!((desired.policy.trash_keep, desired.policy.on_unsaved), (3 * 86_400, OnUnsaved::Block));
    assert_eq!(desired.max_removals, MaxRemovals::Percent(25));
}

#[test]
fn paths_may_lie_elsewhere() {
    let facts = Facts { main_clones: [RepoName::new("m").unwrap()].into(), ..facts() };
    let text = "version = 1\n[workspace]\nbuilders_dir = \"~/builders\"\n[repos.a]\npath = \"/srv/a\"\n[repos.b]\npath = \"../b\"\n[repos.m]";
    let desired = read(text, &facts).unwrap();
    assert_eq!(desired.builders_dir, abs("/home/u/builders"));
    assert_eq!(desired.repositories["a"].path, abs("/srv/a"));
    assert_eq!(desired.repositories["b"].path, abs("/b"));
    assert_eq!(desired.repositories["m"].path, abs("/ws/repos/m/main"));
}

#[test]
fn a_builders_file_wins_over_the_workspaces() {
    let text = format!(
        "{TWO}[[builders.b.files]]\nfrom = \"mine\"\nto = \"./x\"\nmode = \"symlink\"\n[[builders.b.files]]\nfrom = \"own\"\nto = \"a/.env\"\n\
         [[files]]\nfrom = \"x\"\nto = \"x\"\n[[files]]\nfrom = \"e\"\nto = \"{{repo}}/.env\"\n[[files]]\nto = \"off\"\nmode = \"none\""
    );
    let desired = wish(&text);
    let files = &desired.builders["b"].files;
    assert_eq!(files.len(), 2);
    assert_eq!((files["x"].from.clone(), files["x"].mode), (Some(from("/ws/mine")), FileMode::Symlink));
    assert_eq!(files["a/.env"].from, Some(from("/ws/own")));
    let text = text.replace("from = \"own\"\nto = \"a/.env\"", "to = \"{repo}/.env\"\nmode = \"none\"");
    assert_eq!(wish(&text).builders["b"].files.len(), 1);
}

#[test]
fn a_builder_has_what_the_defaults_say_unless_it_says_otherwise() {
    let text = "version = 1\n[workspace]\nbase = \"w\"\nbranch = \"w/{builder}\"\n[policy]\ntrash_keep = \"3d\"\non_unsaved = \"trash\"\n\
                [defaults]\nrepos = [\"a\"]\nbranch = \"d/{builder}\"\nbase = \"d\"\nprotect = true\ntrash_keep = \"1d\"\n\
                [repos.a]\nbase = \"r\"\n[repos.b]\nbase = \"r\"\n\
                [builders.plain]\n[builders.own]\nrepos = [\"b\"]\nbranch = \"o\"\nbase = \"o\"\nprotect = false\ntrash_keep = \"2d\"\n\
                checkout.b.base = \"c\"\n[builders.none]\nrepos = []\n[builders.rootless]\ninclude_root = false\n";
    let desired = wish(text);
    let (plain, own) = (&desired.builders["plain"], &desired.builders["own"]);
    assert_eq!(places(&desired, "plain").keys().collect::<Vec<_>>(), [".", "a"]);
    assert_eq!(places(&desired, "own").keys().collect::<Vec<_>>(), [".", "b"]);
    assert_eq!(places(&desired, "none").keys().collect::<Vec<_>>(), ["."]);
    assert_eq!(places(&desired, "rootless").keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!((plain.branch.as_str(), own.branch.as_str()), ("d/plain", "o"));
    // Checkout, builder, defaults, repository, workspace.
    assert_eq!(plain.checkouts["a"].base.as_deref(), Some("d"));
    assert_eq!((own.checkouts["b"].base.as_deref(), own.checkouts["."].base.as_deref()), (Some("c"), Some("o")));
    let without = wish(&text.replace("base = \"d\"\n", ""));
    assert_eq!(without.builders["plain"].checkouts["a"].base.as_deref(), Some("r"));
    assert_eq!(without.builders["plain"].checkouts["."].base.as_deref(), Some("w"));
    assert_eq!((plain.protect, own.protect), (true, false));
    assert_eq!((plain.policy.trash_keep, own.policy.trash_keep, desired.policy.trash_keep), (86_400, 2 * 86_400, 3 * 86_400));
    assert_eq!(plain.policy.on_unsaved, OnUnsaved::Trash);
}
