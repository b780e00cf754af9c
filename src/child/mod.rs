//! Commands of the user's own, run in a checkout or a builder: their environment, what they say as they say it, a time limit,
//! an interrupt. What git is run for is `git`'s.

mod environment;
mod group;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::model::path::AbsPath;

pub use environment::{Around, environment};

/// How often a running command is looked at, where it says nothing.
const TICK: Duration = Duration::from_millis(20);
/// How many pieces of output may wait to be taken.
const QUEUE: usize = 16;
/// How long what has ended may leave somebody behind who holds its output open.
const LINGER: Duration = Duration::from_millis(300);
/// How long a command has to end by itself once it is asked to.
const GRACE: Duration = Duration::from_secs(5);
/// The number of the signal that asks to end.
const TERM: i32 = rustix::process::Signal::TERM.as_raw();

/// A command to run.
#[derive(Debug)]
pub struct Task<'a> {
    /// The program and its arguments; never empty.
    pub words: Vec<OsString>,
    /// Where.
    pub directory: &'a AbsPath,
    /// All that it gets to know; see [`environment()`].
    pub environment: BTreeMap<OsString, OsString>,
    /// What it reads: nothing, mostly.
    pub input: Stdio,
    /// When it is ended.
    pub limit: Option<Duration>,
}

/// Which of its two outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// stdout
    Out,
    /// stderr
    Err,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit code.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// It took too long, and was ended.
    Late,
    /// An interrupt was passed on to it.
    Interrupted,
}

impl Ended {
    /// Whether it did what it was asked to.
    #[must_use]
    pub fn is_good(self) -> bool {
        self == Ended::Code(0)
    }
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Self {
        status.code().map_or_else(|| Ended::Signal(status.signal().unwrap_or_default()), Ended::Code)
    }
}

/// Runs a command to its end, in a process group of its own; `hear` gets what it says as it says it. When the number of a signal
/// stands in `interrupt`, it is passed on.
///
/// # Errors
/// It cannot be started.
pub fn run(task: Task<'_>, interrupt: &AtomicUsize, hear: &mut dyn FnMut(Stream, &[u8])) -> io::Result<Ended> {
    let Task { words, directory, environment, input, limit } = task;
    let mut command = command(&words, directory, environment)?;
    let mut child = command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).spawn()?;
    let said = listen(&mut child);
    let begun = Instant::now();
    // Since when it is being ended, and why.
    let mut ending: Option<(Instant, Ended)> = None;
    let status = loop {
        match said.recv_timeout(TICK) {
            Ok((stream, bytes)) => hear(stream, &bytes),
            Err(RecvTimeoutError::Timeout) => {}
            // Nothing is said any more; it may go on all the same.
            Err(RecvTimeoutError::Disconnected) => thread::sleep(TICK),
        }
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let signal = interrupt.load(Ordering::SeqCst);
        match ending {
            None if signal != 0 => {
                group::signal(&child, i32::try_from(signal).unwrap_or(TERM));
                ending = Some((Instant::now(), Ended::Interrupted));
            }
            None if limit.is_some_and(|limit| begun.elapsed() >= limit) => {
                group::signal(&child, TERM);
                ending = Some((Instant::now(), Ended::Late));
            }
            Some((since, _)) if since.elapsed() >= GRACE => group::kill(&child),
            None | Some(_) => {}
        }
    };
    if ending.is_some() {
        // What it started goes with it.
        group::kill(&child);
    }
    drain(&said, hear);
    Ok(ending.map_or_else(|| status.into(), |(_, why)| why))
}

/// Runs a command on the terminal, with all three of its ends there.
///
/// # Errors
/// It cannot be started.
pub fn run_here(words: &[OsString], directory: &AbsPath, environment: BTreeMap<OsString, OsString>) -> io::Result<Ended> {
    Ok(command(words, directory, environment)?.status()?.into())
}

/// Becomes the command: it has the terminal, and our process.
#[must_use]
pub fn become_it(words: &[OsString], directory: &AbsPath, environment: BTreeMap<OsString, OsString>) -> io::Error {
    match command(words, directory, environment) {
        Ok(mut command) => command.exec(),
        Err(error) => error,
    }
}

fn command(words: &[OsString], directory: &AbsPath, environment: BTreeMap<OsString, OsString>) -> io::Result<Command> {
    let (program, arguments) = words.split_first().ok_or_else(|| io::Error::other("no command"))?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory).env_clear().envs(environment);
    Ok(command)
}

/// Two threads that read. They are left alone where somebody who outlives the command keeps its output open.
fn listen(child: &mut Child) -> Receiver<(Stream, Vec<u8>)> {
    // Who says more than is taken waits: nothing piles up.
    let (sender, receiver) = sync_channel(QUEUE);
    let out = child.stdout.take().map(|out| (Stream::Out, Box::new(out) as Box<dyn Read + Send>));
    let err = child.stderr.take().map(|err| (Stream::Err, Box::new(err) as Box<dyn Read + Send>));
    for (stream, mut from) in out.into_iter().chain(err) {
        let sender: SyncSender<(Stream, Vec<u8>)> = sender.clone();
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(read @ 1..) = from.read(&mut buffer) {
                if sender.send((stream, buffer[..read].to_vec())).is_err() {
                    break;
                }
            }
        });
    }
    receiver
}

/// What was said before the end and is still on its way.
fn drain(said: &Receiver<(Stream, Vec<u8>)>, hear: &mut dyn FnMut(Stream, &[u8])) {
    let until = Instant::now() + LINGER;
    // A flood that goes on is not waited for.
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        let Ok((stream, bytes)) = said.recv_timeout(left) else { return };
        hear(stream, &bytes);
    }
}
