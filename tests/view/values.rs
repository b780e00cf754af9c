//! Plans and their parts, made by hand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wsctl::model::address::Address;
use wsctl::model::desired::{Cloning, Contents, Goal};
use wsctl::model::desired::{DesiredCheckout, FileMode, Shape, Url};
use wsctl::model::name::{BranchName, BuilderName, ObjectId, RepoName};
use wsctl::model::path::{AbsPath, RelPath};
use wsctl::model::policy::BuilderPolicy;
use wsctl::plan::{
    Action, Blocker, BranchPlan, BuilderWrite, Change, CheckoutTouch, CheckoutWrite, FileContent, FileWrite, MarkWrite, Note,
    Plan, Removal, Symbol, TextChange,
};
use wsctl::view::output::Output;
use wsctl::view::style::{ColorChoice, Style, Surroundings};

pub fn abs(path: &str) -> AbsPath {
    AbsPath::new(path).unwrap()
}

pub fn rel(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

pub fn builder(name: &str) -> BuilderName {
    BuilderName::new(name).unwrap()
}

pub fn repo(name: &str) -> RepoName {
    RepoName::new(name).unwrap()
}

pub fn branch(name: &str) -> BranchName {
    BranchName::new(name).unwrap()
}

pub fn id(digit: &str) -> ObjectId {
    ObjectId::new(&digit.repeat(40)).unwrap()
}

/// Colour always, nothing else from the environment.
pub fn colored() -> Style {
    Style::decide(ColorChoice::Always, false, &Surroundings::default())
}

/// The text without escapes; anything but a colour is left in.
pub fn stripped(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('m').unwrap();
        assert!(code.bytes().all(|b| b.is_ascii_digit() || b == b';'), "{code:?} is no colour");
        out += rest;
    }
    out
}

pub fn plan(declared: usize, changes: Vec<Change>) -> Plan {
    Plan {
        narrowed: None,
        refresh_only: false,
        file: abs("/ws/builders.toml"),
        root: abs("/ws"),
        builders_dir: abs("/ws/.builders"),
        workspace: None,
        claims: true,
        root_branch: None,
        declared,
        changes,
        deletions: vec![],
        drift: vec![],
        unmanaged: vec![],
        warnings: vec![],
        steps: vec![],
    }
}

pub fn change(address: Address, action: Action, reason: &str) -> Change {
    Change { address, action, reason: reason.into(), details: vec![], diff: None, blockers: vec![] }
}

pub fn note(subject: &str, fact: &str, next: Option<&str>) -> Note {
    Note { subject: subject.into(), address: None, fact: fact.into(), next: next.map(Into::into) }
}

pub fn blocker(kind: &'static str, fact: &str, path: Option<&str>, next: &str) -> Blocker {
    Blocker { kind, fact: fact.into(), path: path.map(abs), next: next.into() }
}

pub fn clone(name: &str) -> Change {
    let url = Url::new(format!("https://user:secret@example.com/{name}.git?token=x"));
    let reason = format!("clone from {url}");
    change(
        Address::Repository(repo(name)),
        Action::Clone { url, path: abs("/ws/repos").join(name), cloning: Cloning::default() },
        &reason,
    )
}

pub fn create_builder(name: &str) -> Change {
    let write = BuilderWrite {
        relocation: None,
        builder: builder(name),
        path: abs("/ws/.builders").join(name),
        shape: Shape::Anchored,
        anchor: None,
        mark: MarkWrite {
            branch: branch(&format!("builder/{name}")),
            protect: false,
            policy: BuilderPolicy::default(),
            labels: std::collections::BTreeMap::new(),
            port: None,
            hooks: wsctl::model::hook::HookMark::default(),
            previous: None,
        },
        gitignore: false,
        ignore: None,
        drop_ignore: false,
    };
    change(Address::Builder(builder(name)), Action::CreateBuilder(Box::new(write)), "new builder")
}

pub fn checkout_write(name: &str, repository: &str) -> CheckoutWrite {
    CheckoutWrite {
        builder: builder(name),
        builder_path: abs("/ws/.builders").join(name),
        repository: abs("/ws/repos").join(repository),
        desired: desired(name, repository),
        branch: BranchPlan::New { base: "origin/main".into(), commit: id("a") },
        made_branch: false,
        made_from: None,
        holds: false,
    }
}

fn desired(name: &str, repository: &str) -> DesiredCheckout {
    DesiredCheckout {
        repository: repo(repository),
        path: rel(repository),
        goal: Goal::Branch(branch(&format!("builder/{name}"))),
        base: Some("origin/main".into()),
        sparse: None,
        contents: Contents::default(),
        seed: vec![],
        hooks: wsctl::model::hook::Hooks::default(),
    }
}

pub fn create_checkout(name: &str, repository: &str) -> Change {
    let write = checkout_write(name, repository);
    let reason = format!("new branch builder/{name} from origin/main");
    change(Address::Checkout(builder(name), repo(repository)), Action::CreateCheckout(Box::new(write)), &reason)
}

pub fn touch(name: &str, repository: &str) -> Box<CheckoutTouch> {
    Box::new(CheckoutTouch {
        reshape: false,
        builder_path: abs("/ws/.builders").join(name),
        path: abs("/ws/.builders").join(name).join(repository),
        repository: abs("/ws/repos").join(repository),
        admin_dir: abs("/ws/repos").join(repository).join(".git/worktrees").join(repository),
        desired: desired(name, repository),
        previous: None,
        builder: builder(name),
        head: id("b"),
        on: None,
        start: id("b"),
        made_branch: false,
        made_from: None,
    })
}

pub fn file(name: &str, to: &str, old: &[u8], new: &[u8]) -> Change {
    let write = FileWrite {
        builder: abs("/ws/.builders").join(name),
        to: rel(to),
        mode: FileMode::Copy,
        content: FileContent::Bytes { bytes: new.into(), executable: false, private: false },
        expect: Some("hash".into()),
        adopted: false,
        keep: wsctl::plan::Aside::No,
        sole: false,
    };
    let diff = TextChange { path: rel(to), old: old.into(), new: new.into(), private: false };
    let address = Address::File(builder(name), rel(to));
    Change { diff: Some(diff), ..change(address, Action::WriteFile(Box::new(write)), "source changed") }
}

pub fn remove_builder(name: &str) -> Change {
    let removal = Removal {
        builder: builder(name),
        builder_path: abs("/ws/.builders").join(name),
        checkout: None,
        mark: None,
        checkouts: vec![],
        drop_ignore: false,
        unsaved: false,
        keep: 3600,
        hooks: vec![],
        counts: true,
    };
    change(Address::Builder(builder(name)), Action::RemoveBuilder(Box::new(removal)), "no longer declared")
}

pub fn remove_checkout_blocked(name: &str, repository: &str) -> Change {
    let path = format!("/ws/.builders/{name}/{repository}");
    let Action::RemoveBuilder(mut removal) = remove_builder(name).action else { unreachable!() };
    removal.checkout = Some(rel(repository));
    Change {
        blockers: vec![blocker(
            "untracked",
            "3 untracked files: a, b, c",
            Some(&path),
            &format!("git -C .builders/{name}/{repository} stash -u"),
        )],
        ..change(Address::Checkout(builder(name), repo(repository)), Action::RemoveCheckout(removal), "no longer in the builder")
    }
}

/// Something of everything.
pub fn mixed() -> Plan {
    let missing = Change {
        blockers: vec![blocker("no-url", "missing, and it has no url", None, "add a url to repos.k8s-lab in builders.toml")],
        ..change(Address::Repository(repo("k8s-lab")), Action::Nothing(Symbol::Create), "missing")
    };
    let switch =
        Action::Switch { touch: touch("web", "api"), branch: BranchPlan::Existing(id("c")), from: Some(branch("builder/old")) };
    let switch = change(Address::Checkout(builder("web"), repo("api")), switch, "declared branch changed");
    let mut removed = remove_builder("done");
    removed.details = vec!["branch builder/done goes: merged into origin/main".into(), "12 ignored files (3 KiB)".into()];
    let mut plan = plan(
        3,
        vec![
            clone("ai-dev"),
            missing,
            removed,
            remove_checkout_blocked("slack", "api"),
            file("slack", "Taskfile.yaml", b"a\nb\nc\n", b"a\nB\nc\n"),
            switch,
        ],
    );
    plan.drift = vec![
        note("builders.web.ui", "on branch fix/x, declared builder/web", Some("git -C .builders/web/ui switch builder/web")),
        note("repos.api", "its url is another one", None),
    ];
    plan.unmanaged = vec![note(".builders/foo", "not made by wsctl", None)];
    plan.warnings = vec!["the base of builders.web.ui moved".into()];
    plan
}

/// What was printed and narrated, in order.
#[derive(Clone, Default)]
pub struct Heard(pub Arc<Mutex<BTreeMap<&'static str, String>>>);

impl Heard {
    pub fn out(&self) -> String {
        self.0.lock().unwrap().get("out").cloned().unwrap_or_default()
    }

    pub fn err(&self) -> String {
        self.0.lock().unwrap().get("err").cloned().unwrap_or_default()
    }
}

impl Output for Heard {
    fn print(&self, text: &str) {
        *self.0.lock().unwrap().entry("out").or_default() += text;
    }

    fn narrate(&self, text: &str) {
        *self.0.lock().unwrap().entry("err").or_default() += text;
    }
}

pub fn seconds(tenths: u64) -> Duration {
    Duration::from_millis(tenths * 100)
}
