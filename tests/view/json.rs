//! JSON documents.

use serde_json::Value;
use wsctl::diagnostic::{Fault, Faults};
use wsctl::model::address::Address;
use wsctl::model::source::Sources;
use wsctl::plan::{Action, BranchPlan, Stale};
use wsctl::view::json::{self, PlanDocument, StatusDocument, ValidateDocument};

use super::table::sample;
use super::values::{abs, branch, builder, change, checkout_write, id, mixed, plan, repo, touch};

#[test]
fn a_plan_comes_back_and_is_the_same_every_time() {
    let text = json::plan(&mixed());
    assert_eq!(text, json::plan(&mixed()));
    let document: PlanDocument = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string_pretty(&document).unwrap() + "\n", text);
    assert_eq!(document.format_version, "1.2");
    assert_eq!(document.summary, mixed().summary().into());
    assert_eq!(document.drift.len(), 2);
}

#[test]
fn what_a_change_says() {
    let value: Value = serde_json::from_str(&json::plan(&mixed())).unwrap();
    let change = |n: usize| value["changes"][n].clone();
    assert_eq!(change(0)["url"], "https://***@example.com/ai-dev.git");
    assert_eq!(change(0)["path"], "/ws/repos/ai-dev");
    assert_eq!((change(1)["action"].clone(), change(1)["blocked"].clone()), ("none".into(), true.into()));
    assert_eq!(change(1)["blockers"][0]["kind"], "no-url");
    assert_eq!(change(1)["blockers"][0]["path"], Value::Null);
    assert_eq!(change(3)["path"], "/ws/.builders/slack/api");
    assert_eq!(change(4)["diff"]["unified"], "--- Taskfile.yaml\n+++ Taskfile.yaml\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
    assert_eq!(change(4)["mode"], "copy");
    assert_eq!((change(5)["branch"].clone(), change(5)["from"].clone()), ("builder/web".into(), "builder/old".into()));
    assert_eq!(change(5)["commit"], "c".repeat(40));
    assert!(!json::plan(&mixed()).contains("secret"));
}

#[test]
fn every_way_to_a_checkout() {
    let address = Address::Checkout(builder("a"), repo("api"));
    let mut tracking = checkout_write("a", "api");
    tracking.branch = BranchPlan::Track { upstream: "origin/builder/a".into(), commit: id("d") };
    let stale = Stale {
        repository: abs("/ws/repos/api"),
        common_dir: abs("/ws/repos/api/.git"),
        admin_dir: abs("/ws/repos/api/.git/worktrees/api"),
        admin_name: "api".into(),
        worktree: Some(abs("/ws/.builders/a/api")),
    };
    let actions = [
        Action::CreateCheckout(Box::new(tracking)),
        Action::ReplaceCheckout { stale: stale.clone(), write: Box::new(checkout_write("a", "api")) },
        Action::AdoptCheckout(touch("a", "api")),
        Action::Repair { touch: touch("a", "api"), old_worktree: abs("/old/api"), old_admin_dir: abs("/old/admin") },
        Action::FinishRemoval { entry: "a-1".into(), stale: stale.clone() },
        Action::Prune(stale),
    ];
    let changes = actions.into_iter().map(|action| change(address.clone(), action, "")).collect();
    let document: PlanDocument = serde_json::from_str(&json::plan(&plan(1, changes))).unwrap();
    let targets: Vec<_> = document.changes.iter().map(|change| &change.target).collect();
    assert!(targets.iter().all(|target| target.path == Some(abs("/ws/.builders/a/api"))));
    assert_eq!((targets[0].upstream.as_deref(), targets[0].commit.clone()), (Some("origin/builder/a"), Some(id("d"))));
    assert_eq!((targets[1].base.as_deref(), targets[1].commit.clone()), (Some("origin/main"), Some(id("a"))));
    assert_eq!((targets[2].branch.clone(), targets[2].commit.clone()), (Some(branch("builder/a")), Some(id("b"))));
    assert_eq!(targets[3].old_path, Some(abs("/old/api")));
    assert_eq!(targets[4].trash_entry.as_deref(), Some("a-1"));
}

#[test]
fn status_comes_back() {
    let text = json::status(&sample());
    let document: StatusDocument = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string_pretty(&document).unwrap() + "\n", text);
    assert_eq!((document.builders[0].checkouts[0].ahead, document.builders[0].checkouts[0].behind), (Some(2), Some(1)));
}

#[test]
fn validate_counts_characters_from_one() {
    let file = abs("/ws/builders.toml");
    let good: ValidateDocument = serde_json::from_str(&json::validate(&file, Ok(()))).unwrap();
    assert!(good.valid && good.faults.is_empty());
    let text = "a = 1\nü = \"é\" # x\n".to_owned();
    let start = text.find("\"é\"").unwrap();
    let fault = |span| Fault { message: "m".into(), span, label: String::new(), hint: "h".into(), related: None };
    let faults = vec![fault(start..start + 4), fault(0..text.len()), fault(500..600), fault(7..7)];
    let faults = Faults { sources: Sources::new(file.clone(), text), faults };
    let bad: ValidateDocument = serde_json::from_str(&json::validate(&file, Err(&faults))).unwrap();
    assert!(!bad.valid);
    let places: Vec<_> = bad.faults.iter().map(|f| (f.line, f.column, f.end_line, f.end_column)).collect();
    // The last span begins inside the `ü`.
    assert_eq!(places, [(2, 5, 2, 8), (1, 1, 3, 1), (3, 1, 3, 1), (2, 1, 2, 2)]);
}
