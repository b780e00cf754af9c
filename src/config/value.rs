//! Single values that need more than a type: urls, revisions, templates, durations.

use super::fault::listed;
use crate::model::desired::Url;
use crate::model::name::BranchName;

/// The schemes that git may be given.
const SCHEMES: [&str; 5] = ["https", "http", "ssh", "git", "file"];

/// Why a value is refused (a lowercase fragment), and the way out.
pub(crate) type Refusal = (String, String);

/// Checks a repository's url: nothing that runs a command or reads as an option.
pub(crate) fn check_url(text: &str) -> Result<Url, Refusal> {
    let url = Url::new(text);
    let refuse = |why: &str, hint: String| Err((format!("`{url}` {why}"), hint));
    let valid = || format!("valid: {}, `user@host:path`, or a path", listed(SCHEMES.map(|s| s).iter().copied()));
    if text.starts_with('-') {
        return refuse("starts with a dash, which git takes for an option", "write a path as `./-name`".into());
    }
    let scheme_end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.')).unwrap_or(text.len());
    let (scheme, rest) = text.split_at(scheme_end);
    if rest.starts_with("::") && !scheme.is_empty() {
        return refuse(&format!("names the helper `{scheme}`, which may run any command"), valid());
    }
    let authority = if let Some(rest) = rest.strip_prefix("://") {
        if !SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) {
            return refuse("has a scheme that is not allowed", valid());
        }
        rest.split('/').next().unwrap_or_default()
    } else {
        match text.split_once(':') {
            Some((host, _)) if !host.contains('/') => host,
            _ => "",
        }
    };
    if authority.rsplit('@').next().is_some_and(|host| host.starts_with('-')) || authority.starts_with('-') {
        return refuse("has a host that starts with a dash, which ssh takes for an option", valid());
    }
    Ok(url)
}

/// Checks a revision to start branches from.
pub(crate) fn check_base(text: &str) -> Result<(), Refusal> {
    let why = if text.starts_with('-') {
        "starts with a dash, which git takes for an option"
    } else if text.contains("..") || text.contains(char::is_whitespace) || text.starts_with([':', '^']) {
        "is no single commit"
    } else {
        return Ok(());
    };
    Err((format!("`{text}` {why}"), "name a branch, a tag or a commit, e.g. `origin/main`".into()))
}

/// Checks what a partial clone leaves out.
pub(crate) fn check_filter(text: &str) -> Result<(), Refusal> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let size = |text: &str| digits(text.strip_suffix(['k', 'm', 'g']).unwrap_or(text));
    let known = text == "blob:none"
        || text.strip_prefix("blob:limit=").is_some_and(size)
        || text.strip_prefix("tree:").is_some_and(digits)
        || ["commit", "tree", "blob", "tag"].iter().any(|kind| text == format!("object:type={kind}"));
    if known {
        return Ok(());
    }
    Err((format!("`{text}` is no filter of git"), "valid: `blob:none`, `blob:limit=1m`, `tree:0`, `object:type=commit`".into()))
}

/// Checks a template of a branch name.
pub(crate) fn check_branch(text: &str) -> Result<(), Refusal> {
    check_template(text, &["builder", "repo"])?;
    match BranchName::new(&expand(text, "b", "r")) {
        Ok(_) => Ok(()),
        Err(why) => Err((format!("branch `{text}` {why}"), "a branch name is e.g. `builder/{builder}`".into())),
    }
}

/// Checks that every brace of a template belongs to a variable that exists.
pub(crate) fn check_template(text: &str, known: &[&str]) -> Result<(), Refusal> {
    let variables = known.iter().map(|name| format!("`{{{name}}}`")).collect::<Vec<_>>().join(", ");
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let tail = &rest[at..];
        let Some(end) = tail.find('}').filter(|_| tail.starts_with('{')) else {
            return Err((format!("`{text}` has a brace without its partner"), format!("variables: {variables}")));
        };
        let name = &tail[1..end];
        if !known.contains(&name) {
            return Err((format!("`{text}` has an unknown variable `{{{name}}}`"), format!("variables: {variables}")));
        }
        rest = &tail[end + 1..];
    }
    Ok(())
}

/// Fills a checked template in, in one pass: what is filled in is not read again.
pub(crate) fn expand(template: &str, builder: &str, repo: &str) -> String {
    let mut out = String::with_capacity(template.len() + builder.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(tail) = rest.strip_prefix("{builder}") {
            out.push_str(builder);
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix("{repo}") {
            out.push_str(repo);
            rest = tail;
        } else {
            out.push('{');
            rest = &rest[1..];
        }
    }
    out + rest
}

/// A positive duration such as `14d`, `12h` or `1w 2d`, in seconds; a day has 24 hours.
///
/// # Errors
/// Why the text is none; a lowercase fragment.
pub fn duration(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no duration such as `14d`, `12h` or `30s`");
    let span: jiff::Span = text.parse().map_err(|_| wrong())?;
    let length = span
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .map_err(|_| format!("{}: months and years have no fixed length", wrong()))?;
    match u64::try_from(length.as_secs()) {
        Ok(seconds) if seconds > 0 => Ok(seconds),
        Ok(_) | Err(_) => Err(format!("`{text}` is not at least a second")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let good = [
            "git@example.com:acme/ai-dev.git",
            "https://example.com/x",
            "ssh://git@example.com:22/x",
            "file:///srv/x.git",
            "git://host/x",
            "/srv/x.git",
            "../x",
            "./a:b",
            "host:x",
            "[::1]:x",
        ];
        for url in good {
            assert!(check_url(url).is_ok(), "{url}");
        }
        let bad = [
            "ext::sh -c x",
            "-x",
            "--upload-pack=x",
            "fd::3",
            "a+b::c",
            "ftp://x/y",
            "ssh://-oProxyCommand=x/y",
            "ssh://u@-o/y",
            "u@-x:y",
        ];
        for url in bad {
            assert!(check_url(url).is_err(), "{url}");
        }
        let (why, _) = check_url("ftp://me:geheim@host/x").unwrap_err();
        assert!(!why.contains("geheim"), "{why}");
    }

    #[test]
    fn durations() {
        let good = [("14d", 14 * 86400), ("12h", 43200), ("1w 2d", 9 * 86400), ("90s", 90), ("3 days", 3 * 86400)];
        for (text, seconds) in good {
            assert_eq!(duration(text), Ok(seconds), "{text}");
        }
        for text in ["", "14", "d", "-3d", "0d", "1 month", "3d ago", "10ms", "99999999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_filled_in_is_not_read_again() {
        assert_eq!(expand("x/{builder}-{repo}", "{repo}", "r"), "x/{repo}-r");
        assert!(check_template("{builder", &["builder"]).is_err());
        assert!(check_template("a}b", &["builder"]).is_err());
        assert!(check_template("{ticket}", &["builder"]).is_err());
    }
}
