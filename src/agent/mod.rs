//! An agents' server: the sessions of builders on it, through OpenCode's HTTP interface.
//!
//! The calls are those of `opencode serve` 1.x: `GET /session/{id}`, `GET /api/session/active`, `GET /session?directory=…`, `POST /session?directory=…`.

mod look;
pub mod opener;
pub mod tmux;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use ureq::Agent;
use ureq::http::Response;

use crate::model::desired::Url;
use crate::model::path::AbsPath;

pub use look::{look, sessions};

/// How long a server may take to take a call.
const CONNECT: Duration = Duration::from_secs(2);
/// How long it may take to answer a question.
const ANSWER: Duration = Duration::from_secs(5);
/// How long it may take to open a session: it may have to look at a builder first.
const OPENING: Duration = Duration::from_secs(30);

/// A server.
#[derive(Debug)]
pub struct Server {
    url: Url,
    agent: Agent,
    /// The header that says who we are, where the server asks.
    login: Option<String>,
}

/// A session as the server has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Found {
    /// Its id.
    pub id: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// Where its agent works.
    #[serde(default)]
    pub directory: String,
    /// The session that it is a part of.
    #[serde(default, rename = "parentID")]
    pub parent: Option<String>,
}

#[derive(Serialize)]
struct New<'a> {
    title: &'a str,
}

impl Server {
    /// A server at an address. The password comes from the address, else from `OPENCODE_SERVER_PASSWORD`.
    #[must_use]
    pub fn new(url: &Url) -> Self {
        let config = Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(ANSWER))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .build();
        Server { url: url.clone(), agent: config.into(), login: login(url) }
    }

    /// A session; `None`: it is gone.
    ///
    /// # Errors
    /// The server does not answer, or says something else.
    pub fn session(&self, id: &str) -> Result<Option<Found>> {
        let answer = self.get(&format!("/session/{}", encoded(id)))?;
        if answer.status().as_u16() == 404 { Ok(None) } else { read(answer).map(Some) }
    }

    /// The ids of the sessions whose agents work. A server that does not tell has none.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn busy(&self) -> Result<BTreeSet<String>> {
        #[derive(Deserialize)]
        struct Active {
            data: serde_json::Map<String, serde_json::Value>,
        }
        let answer = self.get("/api/session/active")?;
        let active: Option<Active> = read(answer).ok();
        Ok(active.map(|active| active.data.into_iter().map(|(id, _)| id).collect()).unwrap_or_default())
    }

    /// The session of a directory with this title, which is opened where there is none; its id.
    ///
    /// # Errors
    /// The server does not answer, or says something else.
    pub fn open(&self, directory: &AbsPath, title: &str) -> Result<String> {
        let at = encoded(&directory.as_path().to_string_lossy());
        let all: Vec<Found> = read(self.get(&format!("/session?directory={at}"))?)?;
        let is_it = |found: &Found| found.title == title && found.parent.is_none() && is_at(found, directory);
        if let Some(found) = all.into_iter().find(|found| is_it(found) && is_id(&found.id)) {
            return Ok(found.id);
        }
        let mut request = self.agent.post(self.address(&format!("/session?directory={at}"))).content_type("application/json");
        if let Some(login) = &self.login {
            request = request.header("authorization", login);
        }
        let request = request.config().timeout_global(Some(OPENING)).build();
        let answer = request.send(serde_json::to_string(&New { title })?).map_err(|error| self.trouble(&error))?;
        let id = read::<Found>(answer)?.id;
        if is_id(&id) { Ok(id) } else { Err(anyhow!("the server's answer is not that of OpenCode")) }
    }

    fn get(&self, path: &str) -> Result<Response<ureq::Body>> {
        let mut request = self.agent.get(self.address(path));
        if let Some(login) = &self.login {
            request = request.header("authorization", login);
        }
        request.call().map_err(|error| self.trouble(&error))
    }

    /// The address of a call, without what says who we are.
    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.url.without_login().trim_end_matches('/'))
    }

    fn trouble(&self, error: &ureq::Error) -> anyhow::Error {
        let why = match error {
            ureq::Error::Io(error) => error.to_string(),
            ureq::Error::Timeout(_) => "it does not answer in time".into(),
            ureq::Error::HostNotFound => "there is no such host".into(),
            other => other.to_string(),
        };
        anyhow!("{}: {why}", self.url)
    }
}

/// Whether a session works in a directory.
fn is_at(found: &Found, directory: &AbsPath) -> bool {
    found.directory.is_empty() || found.directory.as_str() == directory.as_path().to_string_lossy()
}

/// Whether a name of a session is one that a command can be given.
fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=128).contains(&id.len()) && !id.starts_with('-') && id.bytes().all(plain)
}

fn read<T: for<'de> Deserialize<'de>>(mut answer: Response<ureq::Body>) -> Result<T> {
    let status = answer.status();
    if status.as_u16() == 401 {
        return Err(anyhow!("the server asks for a password: set OPENCODE_SERVER_PASSWORD"));
    }
    let text = answer.body_mut().read_to_string().map_err(|error| anyhow!("the server's answer cannot be read: {error}"))?;
    if !status.is_success() {
        return Err(anyhow!("the server answered {status}"));
    }
    serde_json::from_str(&text).map_err(|_| anyhow!("the server's answer is not that of OpenCode"))
}

/// `Basic …`, where a password is known.
fn login(url: &Url) -> Option<String> {
    let authority = url.expose().strip_prefix("http://")?.split(['/', '?', '#']).next()?;
    let of_url = authority.rsplit_once('@').map(|(user, _)| user.to_owned()).map(|user| match user.split_once(':') {
        Some((user, password)) => (decoded(user), decoded(password)),
        None => ("opencode".into(), decoded(&user)),
    });
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (user, password) = of_url.or_else(|| {
        let user = set("OPENCODE_SERVER_USERNAME").unwrap_or_else(|| "opencode".into());
        Some((user, set("OPENCODE_SERVER_PASSWORD")?))
    })?;
    Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

/// Bytes as an address takes them in a query.
fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes().map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn decoded(text: &str) -> String {
    crate::model::path::unescaped(text).map_or_else(|| text.to_owned(), |text| text.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_no_secret_and_a_query_no_blank() {
        let server = Server::new(&Url::new("http://me:p%40ss@127.0.0.1:4096/base/"));
        assert_eq!(server.address("/session"), "http://127.0.0.1:4096/base/session");
        assert_eq!(server.login.as_deref(), Some("Basic bWU6cEBzcw=="));
        assert_eq!(encoded("/a b/ü"), "%2Fa%20b%2F%C3%BC");
    }
}
