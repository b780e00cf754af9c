//! Which addresses a command means: one address with all below it, or a glob of them.

use std::fmt;

use super::address::{Address, POST_CREATE, SESSION};
use super::name::RepoName;

/// An address as it is typed; `*` and `?` stand for any text and any character of one name. `builders.B` covers
/// everything of the builder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    text: String,
    parts: Vec<String>,
}

/// What every address looks like.
pub const SHAPES: &str =
    "addresses are repos.R, builders.B, builders.B.R, builders.B.files.\"TO\", builders.B.R.post_create and builders.B.session";

impl Pattern {
    /// Reads an address, also one whose quotes a shell has taken off.
    ///
    /// # Errors
    /// Why it is none; a lowercase fragment.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = parts(text)?;
        let first = parts.first().map_or("", String::as_str);
        let fits = match first {
            "workspace" => parts.len() == 2 && parts[1] == "builders_dir",
            "repos" => parts.len() == 2,
            "builders" => {
                (2..=3).contains(&parts.len()) || (parts.len() == 4 && (parts[2] == "files" || parts[3] == POST_CREATE))
            }
            _ => false,
        };
        if fits { Ok(Pattern { text: text.into(), parts }) } else { Err(format!("no address; {SHAPES}")) }
    }

    /// Whether it is this address and no other.
    #[must_use]
    pub fn is(&self, address: &Address) -> bool {
        self.parts == names(address)
    }

    /// Whether the address is meant, by itself or as a part of what is.
    #[must_use]
    pub fn covers(&self, address: &Address) -> bool {
        let names = names(address);
        self.parts.len() <= names.len() && self.parts.iter().zip(names).all(|(part, name)| matches(part, name))
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Pattern::parse(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> String {
        pattern.text
    }
}

impl From<&Address> for Pattern {
    fn from(address: &Address) -> Self {
        Pattern { text: address.to_string(), parts: names(address).into_iter().map(str::to_owned).collect() }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The names of an address, one after the other.
fn names(address: &Address) -> Vec<&str> {
    match address {
        Address::BuildersDir => vec!["workspace", "builders_dir"],
        Address::Repository(repository) => vec!["repos", repository.as_str()],
        Address::Builder(builder) => vec!["builders", builder.as_str()],
        Address::Checkout(builder, repository) => vec!["builders", builder.as_str(), repository.as_str()],
        Address::File(builder, to) => vec!["builders", builder.as_str(), "files", to.as_str()],
        Address::Hook(builder, Some(repository)) => vec!["builders", builder.as_str(), repository.as_str(), POST_CREATE],
        Address::Hook(builder, None) => vec!["builders", builder.as_str(), POST_CREATE],
        Address::Session(builder) => vec!["builders", builder.as_str(), SESSION],
    }
}

/// The parts between the dots. Behind `files.` all is one part, and a dot of its own is the root's name.
fn parts(text: &str) -> Result<Vec<String>, String> {
    let mut parts: Vec<String> = Vec::new();
    let mut rest = text;
    loop {
        let (part, behind) = match rest.chars().next() {
            None => return Err("an address does not end there".into()),
            Some(quote @ ('"' | '\'')) => quoted(&rest[1..], quote)?,
            Some(_) if parts.len() == 3 && parts[2] == "files" => (rest.to_owned(), ""),
            Some('.') if rest == "." => (RepoName::root().as_str().to_owned(), ""),
            Some(_) => {
                let end = rest.find('.').unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        if part.is_empty() {
            return Err("a name in it is empty".into());
        }
        parts.push(part);
        match behind.strip_prefix('.') {
            Some(behind) => rest = behind,
            None if behind.is_empty() => return Ok(parts),
            None => return Err("a dot has to follow a name in quotes".into()),
        }
    }
}

/// A name in quotes up to the one that ends it, and what follows.
fn quoted(text: &str, quote: char) -> Result<(String, &str), String> {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            _ if c == quote => return Ok((name, &text[at + 1..])),
            '\\' if quote == '"' => match chars.next() {
                Some((_, 'u')) => {
                    let digits = text.get(at + 2..at + 6).and_then(|digits| u32::from_str_radix(digits, 16).ok());
                    name.push(digits.and_then(char::from_u32).ok_or("a \\u in it has no four digits")?);
                    chars.nth(3);
                }
                Some((_, escaped)) => name.push(escaped),
                None => break,
            },
            _ => name.push(c),
        }
    }
    Err("a quote in it is not closed".into())
}

/// Whether a name is the part, or is what the part with its `*` and `?` stands for. A backslash takes their meaning away.
fn matches(part: &str, name: &str) -> bool {
    part == name || glob(&part.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>())
}

fn glob(part: &[char], name: &[char]) -> bool {
    let (mut at, mut here) = (0, 0);
    // Where the last `*` was, and how much of the name it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while here < name.len() {
        let step = match part.get(at) {
            Some('*') => {
                star = Some((at, here));
                at += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('\\') => part.get(at + 1).filter(|c| **c == name[here]).map(|_| 2),
            Some(c) => (*c == name[here]).then_some(1),
            None => None,
        };
        match (step, star) {
            (Some(step), _) => (at, here) = (at + step, here + 1),
            (None, Some((back, taken))) => {
                star = Some((back, taken + 1));
                (at, here) = (back + 1, taken + 1);
            }
            (None, None) => return false,
        }
    }
    part[at..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::name::BuilderName;
    use crate::model::path::RelPath;

    fn builder(name: &str) -> Address {
        Address::Builder(BuilderName::new(name).unwrap())
    }

    fn checkout(name: &str, repository: &str) -> Address {
        let repository = if repository == "." { RepoName::root() } else { RepoName::new(repository).unwrap() };
        Address::Checkout(BuilderName::new(name).unwrap(), repository)
    }

    fn file(name: &str, to: &str) -> Address {
        Address::File(BuilderName::new(name).unwrap(), RelPath::new(to).unwrap())
    }

    fn covers(pattern: &str, address: &Address) -> bool {
        Pattern::parse(pattern).unwrap().covers(address)
    }

    #[test]
    fn every_address_covers_itself_as_printed_and_as_a_shell_leaves_it() {
        for address in [builder("a"), checkout("a", "."), checkout("a", "api"), file("a", "x \"y\"/z.md"), file("a", "b\\c")] {
            assert!(covers(&address.to_string(), &address), "{address}");
            assert!(Pattern::from(&address).covers(&address), "{address}");
        }
        assert!(covers("builders.a..", &checkout("a", ".")));
        assert!(covers("builders.a.files.docs/z.md", &file("a", "docs/z.md")));
        assert!(covers("builders.a.files.'docs/z.md'", &file("a", "docs/z.md")));
    }

    #[test]
    fn a_builder_covers_what_is_in_it_and_nothing_beside_it() {
        assert!(covers("builders.a", &checkout("a", "api")) && covers("builders.a", &file("a", "x")));
        assert!(!covers("builders.a", &builder("ab")) && !covers("builders.a.api", &builder("a")));
        assert!(covers("builders.a.files", &file("a", "x")) && !covers("builders.a.files", &checkout("a", "api")));
        assert!(!covers("repos.a", &builder("a")));
    }

    #[test]
    fn stars_stand_for_a_part_of_one_name() {
        assert!(covers("builders.slack*", &builder("slack")) && covers("builders.slack*", &checkout("slack-2", "api")));
        assert!(covers("builders.*.api", &checkout("a", "api")) && !covers("builders.*.api", &checkout("a", "api-2")));
        assert!(!covers("builders.*.api", &builder("a")));
        assert!(covers("builders.a?c", &builder("abc")) && !covers("builders.a?c", &builder("abbc")));
        assert!(covers("builders.a.files.*.md", &file("a", "docs/x.md")) && covers("builders.*b*d", &builder("abcbd")));
        assert!(!covers("builders.*b*d", &builder("abcbde")));
        assert!(covers("builders.a.files.\"x\\\\*\"", &file("a", "x*")) && !covers("builders.a.files.'x\\*'", &file("a", "xy")));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let texts = ["", "builders", "repos", "builders.", "x.y", "*", "repos.a.b", "builders.a.b.c", "builders.\"a", "repos..b"];
        for text in texts {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
        assert!(Pattern::parse("builders.\"a\\u00\"").is_err());
    }
}
