//! A server that answers as `opencode serve` does where wsctl asks: sessions by id and by directory, and a new one.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::{Value, json};

/// What the server has, by id.
type Known = Arc<Mutex<BTreeMap<String, Value>>>;

/// A server on a port of its own, until the tests end.
pub struct Server {
    port: u16,
    known: Known,
    password: Option<&'static str>,
}

impl Server {
    /// One that lets in everybody.
    pub fn start() -> Self {
        Server::asking(None)
    }

    /// One that asks for a password.
    pub fn asking(password: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server { port: listener.local_addr().unwrap().port(), known: Known::default(), password };
        let known = Arc::clone(&server.known);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let known = Arc::clone(&known);
                std::thread::spawn(move || answer(&stream, &known, password));
            }
        });
        server
    }

    /// The one that all scenarios share.
    pub fn shared() -> &'static Server {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Server::start)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The ids of all sessions.
    pub fn sessions(&self) -> Vec<String> {
        self.known.lock().unwrap().keys().cloned().collect()
    }

    /// One session.
    pub fn session(&self, id: &str) -> Value {
        self.known.lock().unwrap()[id].clone()
    }

    /// Lets the agent of a session be at work.
    pub fn work(&self, id: &str) {
        self.known.lock().unwrap().get_mut(id).unwrap()["working"] = true.into();
    }

    /// Forgets every session, as a server does that lost its data.
    pub fn forget(&self) {
        self.known.lock().unwrap().clear();
    }
}

/// A port on which nobody answers.
pub fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A server that takes a call and never answers it.
pub fn silent() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let kept: Vec<TcpStream> = listener.incoming().flatten().collect();
        drop(kept);
    });
    port
}

fn answer(stream: &TcpStream, known: &Known, password: Option<&str>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        let (mut length, mut login) = (0, None);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            let Some((name, value)) = header.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "authorization" => login = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let (status, value) = match password {
            Some(password) if login.as_deref() != Some(password) => (401, json!({})),
            _ => route(&first, &body, known),
        };
        let text = value.to_string();
        let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", text.len());
        let mut out = stream;
        if out.write_all(format!("{head}{text}").as_bytes()).is_err() {
            return;
        }
    }
}

fn route(first: &str, body: &[u8], known: &Known) -> (u16, Value) {
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let directory = query.strip_prefix("directory=").map(decoded).unwrap_or_default();
    let mut known = known.lock().unwrap();
    match (method, path) {
        ("GET", "/session") => {
            let here = known.values().filter(|session| session["directory"] == directory.as_str());
            (200, here.cloned().collect())
        }
        ("POST", "/session") => {
            let title = serde_json::from_slice::<Value>(body).unwrap()["title"].as_str().unwrap().to_owned();
            let id = format!("ses_{title}");
            let session = json!({ "id": id, "title": title, "directory": directory, "version": "1.18.0" });
            known.insert(id, session.clone());
            (200, session)
        }
        ("GET", "/api/session/active") => {
            let active = known.iter().filter(|(_, session)| session["working"] == true);
            (200, json!({ "data": active.map(|(id, _)| (id.clone(), json!({}))).collect::<BTreeMap<_, _>>() }))
        }
        ("GET", path) => match path.strip_prefix("/session/").and_then(|id| known.get(id)) {
            Some(session) => (200, session.clone()),
            None => (404, json!({ "name": "NotFoundError" })),
        },
        _ => (405, json!({})),
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'%' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&tail[..2]).unwrap(), 16).unwrap());
            rest = &tail[2..];
        } else {
            bytes.push(byte);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap()
}
