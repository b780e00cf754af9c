//! What builders.toml has to say, so that the next apply keeps what came back.

use std::fmt::Write as _;

use super::Restore;
use crate::model::actual::Actual;
use crate::model::address::{Address, quoted, segment};
use crate::model::desired::{Desired, DesiredBuilder, Goal};
use crate::model::mark::BuilderMark;
use crate::model::name::RepoName;
use crate::model::policy::{BuilderPolicy, DeleteBranch, OnUnsaved};

/// The text to put into the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// TOML.
    pub text: String,
    /// Whether a block of that name is there, which this has to become.
    pub instead: bool,
    /// What no block can say; lowercase fragments.
    pub notes: Vec<String>,
}

/// The block that declares what came back; `None` where the file declares it. `bare` is what the file makes of a block
/// that only names the repositories, where it makes something of it.
#[must_use]
pub fn block(desired: &Desired, actual: &Actual, restore: &Restore, bare: Option<&DesiredBuilder>) -> Option<Block> {
    let declared = desired.builders.get(&restore.builder);
    let missing = |name: &RepoName| declared.is_none_or(|declared| !declared.checkouts.contains_key(name));
    if !restore.checkouts.iter().any(|checkout| missing(&checkout.name)) && declared.is_some() {
        return None;
    }
    let mut names: Vec<&RepoName> = declared.iter().flat_map(|declared| declared.checkouts.keys()).collect();
    names.extend(restore.checkouts.iter().map(|checkout| &checkout.name).filter(|name| missing(name)));
    // A builder without a repository cannot be declared.
    if names.is_empty() {
        return None;
    }
    let address = Address::Builder(restore.builder.clone()).to_string();
    let repos: Vec<String> = names.iter().filter(|name| !name.is_root()).map(|name| quoted(name.as_str())).collect();
    let mut text = format!("[{address}]\nrepos = [{}]\n", repos.join(", "));
    if desired.repositories.contains_key(&RepoName::root()) && !names.iter().any(|name| name.is_root()) {
        text += "include_root = false\n";
    }
    let own = restore.mark.as_ref().filter(|_| declared.is_none());
    if let Some(mark) = own {
        of_builder(&mut text, mark, bare, &desired.policy);
    }
    let usual = own.map(|mark| &mark.branch).or(declared.map(|declared| &declared.branch));
    let mut notes = Vec::new();
    for checkout in restore.checkouts.iter().filter(|checkout| missing(&checkout.name)) {
        let Some(mark) = &checkout.mark else { continue };
        let plain = bare.and_then(|bare| bare.checkouts.get(&checkout.name));
        let mut lines = String::new();
        match (checkout.fate.instead(), &mark.goal) {
            (Some(branch), _) | (None, Goal::Branch(branch)) if usual != Some(branch) => {
                let _ = writeln!(lines, "branch = {}", quoted(branch.as_str()));
            }
            (None, Goal::Ref(reference)) => {
                let _ = writeln!(lines, "ref = {}", quoted(reference));
            }
            (Some(_), _) | (None, Goal::Branch(_)) => {}
        }
        if let Some(cone) = &mark.sparse {
            let names: Vec<String> = cone.iter().map(|path| quoted(path.as_str())).collect();
            let _ = writeln!(lines, "sparse = [{}]", names.join(", "));
        }
        let said = plain.and_then(|plain| plain.base.as_ref());
        if let Some(was) = mark.base.as_ref().filter(|was| Some(*was) != said && !is_default(actual, &checkout.name, was)) {
            let _ = writeln!(lines, "base = {}", quoted(was));
        }
        if !lines.is_empty() {
            let _ = write!(text, "\n[{address}.checkout.{}]\n{lines}", segment(checkout.name.as_str()));
        }
        if let Some(plain) = plain.filter(|plain| plain.path != checkout.path) {
            let (name, wanted) = (&checkout.name, &plain.path);
            notes
                .push(format!("the layout of the file puts {name} at {wanted}, it lies at {}: change the layout", checkout.path));
        }
    }
    if let Some(bare) = bare.filter(|bare| restore.whole && bare.shape != restore.shape) {
        notes.push(
            format!("the file makes another kind of builder by now ({:?}, this one is {:?})", bare.shape, restore.shape)
                .to_lowercase(),
        );
    }
    Some(Block { text, instead: declared.is_some(), notes })
}

/// What is found where no base is declared.
fn is_default(actual: &Actual, name: &RepoName, base: &str) -> bool {
    let repository = actual.repositories.get(name).and_then(|state| state.repository());
    repository.is_some_and(|repository| {
        let head = repository.head.branch().filter(|_| repository.remotes.is_empty());
        repository.remote_heads.values().any(|known| known == base) || head.is_some_and(|head| head.as_str() == base)
    })
}

fn of_builder(text: &mut String, mark: &BuilderMark, bare: Option<&DesiredBuilder>, usual: &BuilderPolicy) {
    let _ = writeln!(text, "branch = {}", quoted(mark.branch.as_str()));
    if mark.protect {
        *text += "protect = true\n";
    }
    let has = |label: &(&String, &String)| bare.is_some_and(|bare| bare.labels.get(label.0) == Some(label.1));
    let own = mark.labels.iter().filter(|label| !has(label));
    let own: Vec<String> = own.map(|(name, value)| format!("{} = {}", segment(name), quoted(value))).collect();
    if !own.is_empty() {
        let _ = writeln!(text, "labels = {{ {} }}", own.join(", "));
    }
    let usual = bare.map_or(usual, |bare| &bare.policy);
    let policy = &mark.policy;
    if policy.delete_branch != usual.delete_branch {
        let word = match policy.delete_branch {
            DeleteBranch::Never => "never",
            DeleteBranch::Merged => "merged",
        };
        let _ = writeln!(text, "delete_branch = \"{word}\"");
    }
    if policy.on_unsaved != usual.on_unsaved {
        let word = match policy.on_unsaved {
            OnUnsaved::Block => "block",
            OnUnsaved::Trash => "trash",
        };
        let _ = writeln!(text, "on_unsaved = \"{word}\"");
    }
    if policy.disposable != usual.disposable {
        let patterns: Vec<String> = policy.disposable.iter().map(|pattern| quoted(pattern)).collect();
        let _ = writeln!(text, "disposable = [{}]", patterns.join(", "));
    }
    if policy.trash_keep != usual.trash_keep {
        let _ = writeln!(text, "trash_keep = \"{}\"", time(policy.trash_keep));
    }
    if policy.auto_prune != usual.auto_prune {
        let _ = writeln!(text, "auto_prune = {}", policy.auto_prune);
    }
}

/// Seconds in the largest unit that says them exactly.
pub(in crate::plan) fn time(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "m")];
    let unit = units.into_iter().find(|(size, _)| seconds > 0 && seconds.is_multiple_of(*size));
    unit.map_or_else(|| format!("{seconds}s"), |(size, unit)| format!("{}{unit}", seconds / size))
}
