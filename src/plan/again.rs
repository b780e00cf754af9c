//! The next command as it has to be typed where this one was.

use crate::model::policy::{DeleteBranch, OnUnsaved};

use super::{Options, Selection, shell_word};

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
