//! Urls of repositories and servers, which may hold secrets.

use std::fmt;
use std::net::IpAddr;

/// A repository's url. Shown without what may be a secret; see [`Url::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// Takes the url as the file or git's configuration has it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Url(text.into())
    }

    /// The url with its credentials, for git alone: never printed, never stored.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is a server of this machine alone.
    #[must_use]
    pub fn is_of_this_machine(&self) -> bool {
        let authority = self.0.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next()).unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or(authority);
        let host = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The url without who we are: for a program that is told so in another way.
    #[must_use]
    pub fn without_login(&self) -> String {
        let Some((scheme, rest)) = self.0.split_once("://") else { return self.0.clone() };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let host = authority.rsplit('@').next().unwrap_or(authority);
        format!("{scheme}://{host}{path}")
    }
}

impl fmt::Display for Url {
    /// `https://user:secret@host/x` is shown as `https://***@host/x`; a query, which may hold a token, is cut.
    /// The user of an scp-like url or of `ssh://` is no secret; a password there is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return f.write_str(&self.0);
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let path = path.split(['?', '#']).next().unwrap_or_default();
        match authority.rsplit_once('@') {
            None => write!(f, "{scheme}://{authority}{path}"),
            Some((user, host)) if scheme == "ssh" && !user.contains(':') => write!(f, "{scheme}://{user}@{host}{path}"),
            Some((_, host)) => write!(f, "{scheme}://***@{host}{path}"),
        }
    }
}

impl serde::Serialize for Url {
    /// As it is shown: without what may be a secret.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Url {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Url)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::Url;

    #[test]
    fn only_this_machine_is_this_machine() {
        let is = |authority: &&str| Url::new(format!("http://{authority}/x")).is_of_this_machine();
        assert!(["127.0.0.1:4096", "127.9.9.9", "localhost:1", "me:pw@[::1]:4096"].iter().all(is));
        let others = [
            "192.0.2.2:4096",
            "127.0.0.1.example.com",
            "localhost.example.com:1",
            "127.0.0.1@example.com",
            "[2001:db8::1]:1",
            "",
        ];
        assert!(!others.iter().any(is));
    }
}
