//! The next command as it has to be typed where this one was.

use crate::model::journal::Unfinished;
use crate::model::policy::{DeleteBranch, OnUnsaved};

use super::draft::Drafts;
use super::input::Input;
use super::{Options, Selection, shell_word};

/// Writes every next command as it has to be typed. While an apply is at work, what is half made is nobody's to move away.
pub(super) fn hints(input: &Input<'_>, drafts: &mut Drafts) {
    let options = input.options;
    let running = match &input.actual.unfinished {
        Some(Unfinished::Running(header)) => {
            Some(format!("wait for the apply that is at work (pid {})\n{}", header.pid, again("wsctl plan", options)))
        }
        Some(Unfinished::CutShort(_) | Unfinished::Unreadable(_)) | None => None,
    };
    let typed = |next: &str, options| running.clone().unwrap_or_else(|| again(next, options));
    for blocker in drafts.list.iter_mut().flat_map(|draft| &mut draft.change.blockers) {
        blocker.next = typed(&blocker.next, options);
    }
    // What was allowed to removals is not what brings back what somebody changed.
    let alone = Options { unsaved: None, delete_branch: None, allow_removals: false, take_over: false, ..options.clone() };
    for next in drafts.drift.iter_mut().filter_map(|note| note.next.as_mut()) {
        *next = typed(next, &alone);
    }
}

/// With the `-C` and `-f` of this command and what else it was told, and `destroy` again for `destroy`.
#[must_use]
pub fn again(next: &str, options: &Options) -> String {
    let place = options.place.iter().fold(String::new(), |place, text| place + " " + &shell_word(text));
    let line = |line: &str| {
        let Some(rest) = line.strip_prefix("wsctl ") else { return line.into() };
        if let Some(rest) = rest.strip_prefix("apply") {
            let command = if options.destroy { "destroy" } else { "apply" };
            format!("wsctl{place} {command}{}{rest}", told(options, rest))
        } else if let Some(rest) = rest.strip_prefix("plan") {
            let destroy = if options.destroy { " --destroy" } else { "" };
            format!("wsctl{place} plan{destroy}{}{rest}", told(options, rest))
        } else {
            format!("wsctl{place} {rest}")
        }
    };
    next.lines().map(line).collect::<Vec<String>>().join("\n")
}

/// The options of this command that the next one does not name itself.
fn told(options: &Options, rest: &str) -> String {
    let unsaved = options.unsaved.map(|unsaved| match unsaved {
        OnUnsaved::Block => "--unsaved=block",
        OnUnsaved::Trash => "--unsaved=trash",
    });
    let flags = [
        (options.delete_branch == Some(DeleteBranch::Never), "--keep-branch"),
        (options.delete_branch == Some(DeleteBranch::Merged), "--delete-branch"),
        (options.take_over, "--take-over"),
        (options.skip_hooks, "--skip-hooks"),
        // `destroy` knows no brakes.
        (options.allow_removals && !options.destroy, "--allow-removals"),
    ];
    let flags = flags.into_iter().filter_map(|(given, flag)| given.then_some(flag));
    let replaced = options.replace.iter().map(|address| format!("--replace {}", shell_word(&address.to_string())));
    // A target of its own says all of it.
    let selection = Some(&options.selection).filter(|_| !rest.contains("--target "));
    let narrowed = selection.into_iter().flat_map(Selection::words);
    let narrowed = narrowed.map(|(option, address)| format!("{option} {}", shell_word(&address)));
    let once = unsaved.into_iter().chain(flags).filter(|flag| !rest.contains(flag.split('=').next().unwrap_or(flag)));
    // These may be said more than once: what is said there already is the same word.
    let repeated = replaced.chain(narrowed).filter(|words| !rest.contains(words.as_str()));
    once.map(str::to_owned).chain(repeated).fold(String::new(), |text, words| text + " " + &words)
}
