//! Runs a hook: what it says is told and kept, its end is noted in the mark.

use std::cell::RefCell;
use std::fs::File;
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::fs::{FlockOperation, Mode, OFlags, flock};

use crate::child::{self, Around, Ended, Task};
use crate::diagnostic::Diagnostic;
use crate::git::{Lasts, admin_dir_of};
use crate::model::hook::Outstanding;
use crate::model::mark::{CHECKOUT_MARK, CheckoutMark, HOOKS, OWN_DIRECTORY};
use crate::model::path::{AbsPath, shell};
use crate::plan::{Change, HookRun};
use crate::regular;

use super::Shared;
use super::event::Event;

/// How much of what a hook says is told and kept, in bytes.
const KEPT: usize = 1 << 20;
/// How often a hook's lock is tried, and how long to wait between.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);
/// What a hook that fails is called by, before its last words.
const LAST_WORDS: usize = 160;

/// Runs `post_create`, and notes in the mark how it ended.
pub(super) fn post_create(shared: &Shared<'_>, change: &Change, run: &HookRun) -> Result<()> {
    let place = Place::of(shared, run)?;
    match end(shared, change, run, &place)? {
        Ok(()) => note(shared, run, None),
        // What was interrupted is run again, and nothing has failed.
        Err((Ended::Interrupted, fact)) => Err(Diagnostic::new(fact, "wsctl apply").into()),
        Err((_, fact)) => {
            note(shared, run, Some(Outstanding::Failed(fact.clone())))?;
            Err(place.refusal(&fact))
        }
    }
}

/// Runs what is to be run before a removal. What fails, stays.
pub(super) fn pre_remove(shared: &Shared<'_>, change: &Change, runs: &[HookRun]) -> Result<()> {
    for run in runs {
        let place = Place::of(shared, run)?;
        if let Err((_, fact)) = end(shared, change, run, &place)? {
            let refusal = Diagnostic::new(
                format!("{} failed, and it stays: {fact}", run.moment),
                format!("less {}\nwsctl apply --skip-hooks", shell(&place.log)),
            );
            return Err(refusal.into());
        }
    }
    Ok(())
}

/// Where the output of a hook is kept, and the lock that it holds while it runs.
struct Place {
    log: AbsPath,
    lock: AbsPath,
}

impl Place {
    fn of(shared: &Shared<'_>, run: &HookRun) -> Result<Self> {
        let directory = shared.run.desired.builders_dir.join(OWN_DIRECTORY).join(HOOKS).join(run.builder.as_str());
        shared.run.door.make_directory(&directory)?;
        let name = run.spot.as_ref().map_or_else(|| "builder".to_owned(), |spot| format!("checkout-{}", spot.repository));
        let log = directory.join(format!("{name}.{}.log", run.moment));
        Ok(Place { log, lock: directory.join(format!("{name}.{}.running", run.moment)) })
    }

    /// Takes the lock; whoever has it open has it, also where we are killed. It is empty: a hook that reads finds an end.
    fn take(&self) -> Result<File> {
        let failed = || format!("{} cannot be opened", self.lock);
        // Through no link, and never a pipe: what lies there may have come with a clone.
        let flags = OFlags::RDONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::open(self.lock.as_path(), flags, Mode::from_raw_mode(0o600)).with_context(failed)?);
        if !file.metadata().with_context(failed)?.is_file() {
            bail!("{} is no regular file", self.lock);
        }
        for _ in 1..TRIES {
            if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
                return Ok(file);
            }
            // A plan may be looking at it.
            std::thread::sleep(PAUSE);
        }
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let fact = "it is still running, though the wsctl that began it has ended";
                Err(Diagnostic::new(fact, "wait until it has ended, or end it; then wsctl apply").into())
            }
            Err(error) => Err(error).with_context(failed),
        }
    }

    /// A new log that begins with this.
    fn log(&self, shared: &Shared<'_>, begin: &str) -> Result<File> {
        shared.run.door.write_own(&self.log, begin.as_bytes(), Lasts::Soon)?;
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::open(self.log.as_path(), flags, Mode::empty());
        file.map(File::from).with_context(|| format!("{} cannot be written", self.log))
    }

    fn refusal(&self, fact: &str) -> anyhow::Error {
        Diagnostic::new(fact, format!("less {}\nwsctl apply", shell(&self.log))).into()
    }
}

/// Runs it to its end; an inner error is how it failed, in words.
fn end(shared: &Shared<'_>, change: &Change, run: &HookRun, place: &Place) -> Result<Result<(), (Ended, String)>> {
    let lock = place.take()?;
    let mut log = place.log(shared, &format!("$ {}\n# in {}\n", run.hook.run.trim_end(), run.directory()))?;
    let environment = child::environment(&Around {
        root: &shared.run.desired.root,
        builder: &run.builder,
        directory: &run.builder_path,
        branch: run.branch.as_ref(),
        checkout: run.spot.as_ref().map(|spot| (&spot.repository, &spot.path)),
        port: run.port,
    });
    let task = Task {
        words: ["sh", "-c", &run.hook.run].map(Into::into).to_vec(),
        directory: run.directory(),
        environment,
        input: Stdio::from(lock),
        limit: Some(Duration::from_secs(run.hook.timeout)),
    };
    let lines = RefCell::new(Lines::default());
    let mut kept = 0;
    let mut hear = |_, bytes: &[u8]| {
        kept += bytes.len();
        if kept > KEPT {
            return;
        }
        let _ = log.write_all(bytes);
        lines.borrow_mut().take(bytes, &mut |line| {
            shared.run.listener.event(&Event::Output { address: &change.address, line });
        });
    };
    let ended = child::run(task, shared.run.interrupt, &mut hear).with_context(|| format!("{} cannot be run", run.moment))?;
    let mut lines = lines.into_inner();
    lines.end(&mut |line| shared.run.listener.event(&Event::Output { address: &change.address, line }));
    let how = match ended {
        Ended::Code(0) => "it did what it should".to_owned(),
        Ended::Code(code) => format!("exit code {code}"),
        Ended::Signal(signal) => format!("ended by signal {signal}"),
        Ended::Late => format!("it took longer than {}s, and was ended", run.hook.timeout),
        Ended::Interrupted => "it was interrupted".into(),
    };
    let cut = if kept > KEPT { "\n# what it said further was not kept" } else { "" };
    writeln!(log, "{cut}\n# {how}")?;
    if ended.is_good() {
        return Ok(Ok(()));
    }
    let last = lines.last.filter(|last| !last.trim().is_empty());
    let words = last.map(|last| format!(": {}", last.trim().chars().take(LAST_WORDS).collect::<String>())).unwrap_or_default();
    Ok(Err((ended, how + &words)))
}

/// Output, line by line.
#[derive(Default)]
struct Lines {
    part: Vec<u8>,
    last: Option<String>,
}

impl Lines {
    fn take(&mut self, bytes: &[u8], tell: &mut dyn FnMut(&str)) {
        self.part.extend_from_slice(bytes);
        while let Some(end) = self.part.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.part.drain(..=end).collect();
            self.tell(&line[..end], tell);
        }
    }

    fn end(&mut self, tell: &mut dyn FnMut(&str)) {
        let rest = std::mem::take(&mut self.part);
        if !rest.is_empty() {
            self.tell(&rest, tell);
        }
    }

    fn tell(&mut self, line: &[u8], tell: &mut dyn FnMut(&str)) {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches('\r');
        tell(line);
        if !line.trim().is_empty() {
            self.last = Some(line.to_owned());
        }
    }
}

/// Writes into the mark what is left to run; `None`: nothing.
fn note(shared: &Shared<'_>, run: &HookRun, outstanding: Option<Outstanding>) -> Result<()> {
    let _turn = shared.turn();
    let Some(spot) = &run.spot else {
        return shared.change_builder_mark(&run.builder, &run.builder_path, |mark| mark.hooks.post_create = outstanding);
    };
    let place = admin_dir_of(&spot.path)?.join(CHECKOUT_MARK);
    let context = || format!("the mark of a checkout, {place}");
    let old: CheckoutMark = serde_json::from_slice(&regular::read(&place).with_context(context)?).with_context(context)?;
    let mut new = old.clone();
    new.hooks.post_create = outstanding;
    if new == old {
        return Ok(());
    }
    shared.run.door.write_own(&place, &serde_json::to_vec_pretty(&new).with_context(context)?, Lasts::Soon)
}
