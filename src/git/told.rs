//! What git tells on stderr: progress, and reasons.

use crate::model::desired::Url;

/// How many of the files that git lists are told.
const FILES: usize = 5;

/// git's reason in one line, without its prefix and without credentials: the first error, which is the cause, behind
/// what it led to.
pub(super) fn reason(text: &str) -> Option<String> {
    let first = |prefix: &str| text.lines().find_map(|line| line.strip_prefix(prefix)).map(|line| told(text, line));
    match (first("fatal: "), first("error: ")) {
        (Some(fatal), Some(error)) => Some(format!("{fatal}: {error}")),
        (Some(line), None) | (None, Some(line)) => Some(line),
        (None, None) => text.lines().rfind(|line| !line.trim().is_empty()).map(|line| told(text, line)),
    }
}

/// One line of git's, with the files that it speaks of: git lists them below it, each behind a tab.
fn told(text: &str, line: &str) -> String {
    let told = line.trim().trim_end_matches(['.', ':']);
    let after = text.lines().skip_while(|other| !other.ends_with(line)).skip(1);
    let files: Vec<_> = after.map_while(|line| line.strip_prefix('\t')).collect();
    let more = if files.len() > FILES { " …" } else { "" };
    let files = files[..files.len().min(FILES)].join(", ");
    redacted(&if files.is_empty() { told.to_owned() } else { format!("{told}: {files}{more}") })
}

/// `Receiving objects:  45% (9/20)` → the words, and 45.
pub(super) fn stage(line: &str) -> Option<(&str, Option<u8>)> {
    let (words, rest) = line.split_once(": ")?;
    let percent = rest.trim_start().split_once('%').and_then(|(digits, _)| digits.parse().ok());
    let counted = percent.is_some() || rest.ends_with("done.") || rest.trim_start().starts_with(|c: char| c.is_ascii_digit());
    (counted && words.len() < 40 && words != "fatal" && words != "error").then_some((words, percent))
}

/// The text with every url as [`Url`] shows it.
fn redacted(text: &str) -> String {
    let mut out = String::new();
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            out.push(' ');
        }
        if word.contains("://") {
            let start = word.find(|c: char| c.is_ascii_alphanumeric()).unwrap_or(0);
            let end = word.trim_end_matches(['\'', '"', ',', ':', ';', ')']).len().max(start);
            out.push_str(&word[..start]);
            out.push_str(&Url::new(&word[start..end]).to_string());
            out.push_str(&word[end..]);
        } else {
            out.push_str(word);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_lines_are_told_from_errors() {
        assert_eq!(stage("Receiving objects:  45% (9/20), 1 MiB"), Some(("Receiving objects", Some(45))));
        assert_eq!(stage("Enumerating objects: 12, done."), Some(("Enumerating objects", None)));
        assert_eq!(stage("fatal: 100% wrong"), None);
        assert_eq!(stage("Cloning into 'x'..."), None);
    }

    #[test]
    fn files_that_git_lists_are_told() {
        let said = "error: The following files would be overwritten by checkout:\n\ta b\n\tc\nPlease move them\nAborting\n";
        assert_eq!(reason(said).as_deref(), Some("The following files would be overwritten by checkout: a b, c"));
        assert_eq!(reason("warning: x\nfatal: no.\n").as_deref(), Some("no"));
    }

    #[test]
    fn credentials_never_leave() {
        let said = redacted("unable to access 'https://me:secret@host/x.git/': Could not resolve");
        assert_eq!(said, "unable to access 'https://***@host/x.git/': Could not resolve");
        assert_eq!(redacted("see ssh://git@host/x now"), "see ssh://git@host/x now");
    }
}
