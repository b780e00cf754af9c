//! Names, branches and urls as somebody typed them, perhaps into a chat: checked before anything else is done.

use anyhow::Result;

use crate::config::decode::printable;
use crate::config::value::{check_base, check_branch, check_url};
use crate::diagnostic::Diagnostic;
use crate::edit::Member;
use crate::model::desired::Url;
use crate::model::name::{BuilderName, RepoName};

/// A builder's name.
pub(super) fn builder(text: &str) -> Result<BuilderName> {
    BuilderName::new(text).map_err(|why| refused("builder name", text, &why.to_string(), "write e.g. `slack` or `fix-12`"))
}

/// A repository's name; `.` is the root.
pub(super) fn repository(text: &str) -> Result<RepoName> {
    if text == "." {
        return Ok(RepoName::root());
    }
    RepoName::new(text).map_err(|why| refused("repository name", text, &why.to_string(), "write e.g. `ai-dev`"))
}

/// `REPO[:BRANCH[:BASE]]`; an empty branch is that of the builder.
pub(super) fn member(text: &str) -> Result<Member> {
    let mut parts = text.splitn(3, ':');
    let repository = repository(parts.next().unwrap_or_default())?;
    let mut said = || parts.next().filter(|part| !part.is_empty());
    let branch = said().map(branch).transpose()?;
    let base = said().map(base).transpose()?;
    Ok(Member { repository, branch, base })
}

/// A branch, which may be a template.
pub(super) fn branch(text: &str) -> Result<String> {
    checked("branch", text, check_branch)
}

/// What a branch starts from.
pub(super) fn base(text: &str) -> Result<String> {
    checked("base", text, check_base)
}

/// Where a repository is cloned from.
pub(super) fn url(text: &str) -> Result<Url> {
    let url = Url::new(text);
    let shown = url.to_string();
    plain("url", text, &shown)?;
    check_url(text).map_err(|(why, hint)| Diagnostic::new(format!("url {why}"), hint).into())
}

fn checked(what: &str, text: &str, check: impl Fn(&str) -> Result<(), (String, String)>) -> Result<String> {
    plain(what, text, text)?;
    check(text).map_err(|(why, hint)| Diagnostic::new(format!("{what}: {why}"), hint))?;
    Ok(text.to_owned())
}

fn plain(what: &str, text: &str, shown: &str) -> Result<()> {
    if text.is_empty() {
        return Err(refused(what, shown, "is empty", "leave it out instead"));
    }
    if text.chars().any(char::is_control) {
        return Err(refused(what, shown, "holds a control character", "write it without"));
    }
    Ok(())
}

fn refused(what: &str, text: &str, why: &str, next: &str) -> anyhow::Error {
    Diagnostic::new(format!("{what} `{}` {why}", printable(text)), next).into()
}
