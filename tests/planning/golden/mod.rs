//! Plans as people and programs read them, kept in `tests/golden/`: every sign, action, kind of refusal and note occurs
//! in one of them. After a change of words: `SNAPSHOTS=overwrite cargo test golden`, and read the difference aloud.

mod broken;
mod changing;
mod moving;
mod refused;
mod running;
mod strange;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use snapbox::{Data, assert_data_eq};
use wsctl::plan::Action;
use wsctl::view::json::{self, PlanDocument};
use wsctl::view::plan_text;
use wsctl::view::style::{Style, Verbosity};

use crate::support::schema;

use super::{World, planned};

type Scene = (&'static str, fn() -> World);

fn scenes() -> Vec<Scene> {
    [changing::SCENES, moving::SCENES, refused::SCENES, strange::SCENES, broken::SCENES, running::SCENES].concat()
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The documents that are kept, by their names.
fn documents() -> Vec<(String, PlanDocument)> {
    let mut found: Vec<_> = std::fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    };
    found.into_iter().map(read).collect()
}

#[test]
fn every_scene_reads_as_it_is_kept() {
    for (name, scene) in scenes() {
        let plan = planned(&scene());
        let text = plan_text(&plan, Verbosity::Normal, &Style::plain());
        assert_data_eq!(text, Data::read_from(&directory().join(format!("{name}.txt")), None).raw());
        let json = json::plan(&plan);
        let value = serde_json::from_str(&json).unwrap();
        assert_eq!(schema::faults("plan", &value), [""; 0], "{name}");
        assert_data_eq!(
            json,
            Data::read_from(&directory().join(format!("{name}.json")), Some(snapbox::data::DataFormat::Text)).raw()
        );
    }
}

#[test]
fn nothing_else_is_kept() {
    let scenes: BTreeSet<String> =
        scenes().iter().flat_map(|(name, _)| [format!("{name}.txt"), format!("{name}.json")]).collect();
    let kept: BTreeSet<String> =
        std::fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(scenes, kept);
}

#[test]
fn every_sign_and_action_is_seen() {
    let texts: String =
        scenes().iter().map(|(name, _)| std::fs::read_to_string(directory().join(format!("{name}.txt"))).unwrap()).collect();
    for sign in ["  + ", "  ~ ", "  > ", "-/+ ", "  - ", "  ! "] {
        assert!(texts.lines().any(|line| line.starts_with(sign)), "no line begins with {sign:?}");
    }
    for heading in ["Drift (left alone):", "Changes:", "Unmanaged (left alone):", "warning: ", "      also: ", "      at "] {
        assert!(texts.lines().any(|line| line.starts_with(heading)), "no line begins with {heading:?}");
    }
    let documents = documents();
    let seen: BTreeSet<&str> = documents.iter().flat_map(|(_, it)| &it.changes).map(|change| change.action.as_str()).collect();
    assert_eq!(seen, BTreeSet::from(Action::WORDS));
}

/// Kinds that only a command other than plan, or an apply that looks again, can say.
const ELSEWHERE: [&str; 3] = ["src/apply/", "src/cli/", "src/plan/restore/"];

#[test]
fn every_kind_of_refusal_is_seen() {
    let documents = documents();
    let blockers = documents.iter().flat_map(|(_, it)| &it.changes).flat_map(|change| &change.blockers);
    let seen: BTreeSet<String> = blockers.map(|blocker| blocker.kind.clone()).collect();
    let named = kinds();
    assert!(named.len() > 50, "only {named:?}");
    // A move that was not asked for is held back, and its change is left out.
    let unseen: Vec<_> = named.difference(&seen).filter(|kind| *kind != "not-selected").collect();
    assert!(unseen.is_empty(), "no plan in tests/golden shows {unseen:?}");
    let unknown: Vec<_> = seen.difference(&named).collect();
    assert!(unknown.is_empty(), "the source was not read for {unknown:?}");
}

/// Every kind that the planner names: the first of the words that make a blocker.
fn kinds() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (file, text) in crate::house::sources() {
        let file = format!("src/{file}");
        if !file.starts_with("src/plan/")
            || file.starts_with("src/plan/compared/")
            || ELSEWHERE.iter().any(|it| file.starts_with(it))
        {
            continue;
        }
        let lines: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).map(str::trim).collect();
        for before in ["(\"", "kind: \""] {
            for (at, _) in lines.match_indices(before) {
                let rest = &lines[at + before.len()..];
                let word = rest.split('"').next().unwrap();
                let is_kind = word.starts_with(|c: char| c.is_ascii_lowercase())
                    && word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
                let goes_on = rest[word.len()..].starts_with("\",");
                if is_kind && goes_on {
                    found.insert(word.to_owned());
                }
            }
        }
    }
    found
}

#[test]
fn every_way_out_is_something_to_type() {
    for (name, document) in documents() {
        for change in &document.changes {
            for blocker in &change.blockers {
                assert!(!blocker.fact.ends_with('.') && !blocker.fact.contains('\n'), "{name}: {}", blocker.fact);
                assert!(!blocker.next.is_empty(), "{name}: {}", blocker.fact);
            }
        }
    }
}
