//! How names may be spelled: as one path component, as a part of a ref.

use super::name::BadName;

pub(super) fn check_component(text: &str) -> Result<(), BadName> {
    let Some(first) = text.chars().next() else {
        return Err(BadName("is empty".into()));
    };
    if !first.is_alphanumeric() {
        return Err(BadName("must start with a letter or a digit".into()));
    }
    if text.contains(['/', '\\']) {
        return Err(BadName("must be one path component".into()));
    }
    if text.len() > 200 {
        return Err(BadName("is longer than 200 bytes".into()));
    }
    check_ref(text)
}

pub(super) fn check_ref(text: &str) -> Result<(), BadName> {
    let wrong = |why: &str| Err(BadName(why.into()));
    if text.is_empty() {
        return wrong("is empty");
    }
    if let Some(bad) = text.chars().find(|c| c.is_control() || " ~^:?*[\\\u{7f}".contains(*c)) {
        return Err(BadName(format!("holds {bad:?}, which no git ref may hold")));
    }
    if text.contains("..") || text.contains("@{") || text.contains("//") {
        return wrong("holds `..`, `@{` or `//`, which no git ref may hold");
    }
    if text.starts_with('/') || text.ends_with('/') || text.ends_with('.') {
        return wrong("starts or ends with a slash, or ends with a dot");
    }
    for part in text.split('/') {
        if part.starts_with('.') {
            return wrong("has a part that starts with a dot");
        }
        if std::path::Path::new(part).extension().is_some_and(|e| e == "lock") {
            return wrong("has a part that ends with `.lock`");
        }
    }
    Ok(())
}
