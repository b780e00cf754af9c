//! A template with its variables filled in. Pure.

use std::collections::BTreeMap;
use std::fmt;

/// The line that begins what is written once for each repository, and the one that ends it.
const FOR_EACH: &str = "{for repo}";
const END: &str = "{end}";
/// What a label is called by.
const LABEL: &str = "{label.";

/// What a template may name.
pub(super) struct Values {
    /// Variables with their braces, e.g. `{builder}`; `None`: it has none here.
    pub(super) plain: Vec<(&'static str, Option<String>)>,
    /// Why there is no port, where there is none.
    pub(super) no_port: &'static str,
    /// The labels.
    pub(super) labels: BTreeMap<String, String>,
    /// The same for each repository of the builder.
    pub(super) repos: Vec<Vec<(&'static str, String)>>,
    /// The repository of the checkout that the file lies in.
    pub(super) own: Vec<(&'static str, String)>,
}

/// Why a template cannot be filled in.
#[derive(Debug)]
pub(super) enum Lack {
    /// Its blocks are not in order: how.
    Block(String),
    /// The builder has no such label.
    Label(String),
    /// The builder has no port: why.
    Port(&'static str),
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lack::Block(how) => f.write_str(how),
            Lack::Label(name) => write!(f, "names `{LABEL}{name}}}`, a label that this builder has not"),
            Lack::Port(why) => write!(f, "names `{{port}}`, and {why}"),
        }
    }
}

/// Fills in every variable; all other text, braces too, stays as it is.
///
/// # Errors
/// What the template names and the builder has not, or a block that does not end; in words that follow on "its source".
pub(super) fn fill(text: &str, values: &Values) -> Result<String, Lack> {
    let mut out = String::with_capacity(text.len());
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        if line.trim() != FOR_EACH {
            out += &line_of(line, values, &values.own)?;
            continue;
        }
        let mut block = Vec::new();
        loop {
            match lines.next() {
                None => return Err(Lack::Block(format!("has a `{FOR_EACH}` without `{END}`"))),
                Some(line) if line.trim() == END => break,
                Some(line) if line.trim() == FOR_EACH => return Err(Lack::Block(format!("has a `{FOR_EACH}` in another"))),
                Some(line) => block.push(line),
            }
        }
        for repo in &values.repos {
            for line in &block {
                out += &line_of(line, values, repo)?;
            }
        }
    }
    Ok(out)
}

fn line_of(line: &str, values: &Values, repo: &[(&'static str, String)]) -> Result<String, Lack> {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find('{') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let taken = if let Some((name, value)) = values.plain.iter().find(|(name, _)| rest.starts_with(name)) {
            let value = value.as_ref().ok_or(Lack::Port(values.no_port))?;
            out.push_str(value);
            name.len()
        } else if let Some((name, value)) = repo.iter().find(|(name, _)| rest.starts_with(name)) {
            out.push_str(value);
            name.len()
        } else if let Some(label) = label(rest) {
            let value = values.labels.get(label);
            out.push_str(value.ok_or_else(|| Lack::Label(label.to_owned()))?);
            LABEL.len() + label.len() + 1
        } else {
            out.push('{');
            1
        };
        rest = &rest[taken..];
    }
    Ok(out + rest)
}

/// The name in `{label.NAME}`.
fn label(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix(LABEL)?.split_once('}')?;
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!name.is_empty() && name.chars().all(bare)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        let repo = |name: &str| vec![("{repo}", name.to_owned()), ("{repo.path}", format!("src/{name}"))];
        Values {
            plain: vec![("{builder}", Some("slack".into())), ("{port}", None)],
            no_port: "[workspace] has no `ports`",
            labels: BTreeMap::from([("ticket".into(), "TEC-25".into())]),
            repos: vec![repo("api"), repo("web")],
            own: vec![],
        }
    }

    #[test]
    fn variables_labels_and_blocks_are_filled_in_and_the_rest_stays() {
        let text =
            "{builder} {label.ticket} {\"a\": {b}} ${repo}\n{for repo}\n- {repo}: {repo.path}\n  {end\n{end}\nlast {for repo}";
        let expected = "slack TEC-25 {\"a\": {b}} ${repo}\n- api: src/api\n  {end\n- web: src/web\n  {end\nlast {for repo}";
        assert_eq!(fill(text, &values()).unwrap(), expected);
        assert_eq!(fill("", &values()).unwrap(), "");
    }

    #[test]
    fn what_cannot_be_filled_in_is_told() {
        let why = |text: &str| fill(text, &values()).unwrap_err().to_string();
        assert_eq!(why("{port}"), "names `{port}`, and [workspace] has no `ports`");
        assert_eq!(why("{label.team}"), "names `{label.team}`, a label that this builder has not");
        assert_eq!(why("{for repo}\nx"), "has a `{for repo}` without `{end}`");
        assert_eq!(why("{for repo}\n{for repo}\n{end}\n"), "has a `{for repo}` in another");
    }
}
