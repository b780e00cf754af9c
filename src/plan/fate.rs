//! What a removal tells of the work in a checkout: what moves along, what is deleted, what becomes of the branch.

use crate::model::path::{AbsPath, printable};
use crate::model::size::size;
use crate::model::work::{Finding, Work};

use super::RemovedCheckout;
use super::input::Input;
use super::unsaved::{finding, trash_may_hold};

/// The unsaved work at a path that moves to the trash, in words.
pub(super) fn carried(path: &AbsPath, findings: &[Finding], unsaved: bool) -> Vec<String> {
    let moved = findings.iter().filter(|found| unsaved && trash_may_hold(found));
    let told = |found: &Finding| {
        let whither = if matches!(found, Finding::Stashed(_)) { "stays in the repository" } else { "unsaved, to the trash too" };
        format!("{whither}: {}", finding(path, found).fact)
    };
    moved.map(told).collect()
}

/// What becomes of the branch, of unsaved work and of ignored files, in words.
pub(super) fn fate(input: &Input<'_>, checkout: &RemovedCheckout, work: Option<&Work>, unsaved: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let name = &checkout.name;
    if let Some(branch) = &checkout.branch {
        let unmerged = work.and_then(|work| work.unmerged);
        let made = checkout.mark.as_ref().is_some_and(|mark| mark.made_branch && mark.goal.branch() == Some(branch));
        lines.push(match (checkout.delete_branch, made, unmerged) {
            (true, _, _) => format!("{name}: branch {branch} is merged and goes too"),
            (false, false, _) => format!("{name}: branch {branch} stays; wsctl did not make it"),
            (false, true, Some(0)) if input.is_wanted(name, branch) => {
                format!("{name}: branch {branch} stays; the file declares it")
            }
            (false, true, Some(0)) => format!("{name}: branch {branch} stays, by policy"),
            (false, true, Some(1)) => format!("{name}: branch {branch} stays; 1 of its commits is not in its base or upstream"),
            (false, true, Some(count)) => {
                format!("{name}: branch {branch} stays; {count} of its commits are not in its base or upstream")
            }
            (false, true, None) => format!("{name}: branch {branch} stays; it has no base or upstream to be merged into"),
        });
    }
    let made = checkout.mark.as_ref().filter(|mark| mark.made_branch).and_then(|mark| mark.goal.branch());
    if let Some(branch) = made.filter(|branch| checkout.branch.as_ref() != Some(*branch)) {
        lines.push(format!("{name}: branch {branch} stays; the checkout is not on it now"));
    }
    let files = |count: u64| if count == 1 { "1 ignored file".into() } else { format!("{count} ignored files") };
    if let Some(work) = work {
        lines.extend(
            carried(&checkout.stale.repository, &work.findings, unsaved).into_iter().map(|line| format!("{name}: {line}")),
        );
        let kept = work.ignored.files - work.disposed.files;
        if kept > 0 {
            lines.push(format!("{name}: {} to the trash too", files(kept)));
        }
        if work.disposed.files > 0 {
            let mut paths: Vec<_> = work.disposable.iter().map(|path| printable(path.as_os_str())).collect();
            paths.sort();
            lines.push(format!(
                "{name}: {} ({}) deleted for good, being disposable: {}",
                files(work.disposed.files),
                size(work.disposed.bytes),
                paths.join(", ")
            ));
        }
    }
    lines
}
