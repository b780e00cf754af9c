//! Which builders have their session on the server.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{Server, is_at};
use crate::model::actual::Actual;
use crate::model::desired::Desired;
use crate::model::name::BuilderName;
use crate::model::path::AbsPath;
use crate::model::session::{Session, Sessions};
use crate::model::status::SessionState;
use crate::model::trust::server_of;

/// How many calls at a time.
const CALLS: usize = 8;

/// Asks the server of the file for the sessions that marks name. Where it does not answer, nothing is known.
pub fn look(actual: &mut Actual, desired: &Desired) {
    actual.sessions = sessions(actual, desired);
}

/// The same as a value.
#[must_use]
pub fn sessions(actual: &Actual, desired: &Desired) -> Sessions {
    let Some(url) = &desired.opencode else { return Sessions::None };
    let shown = url.to_string();
    // The file is not trusted: no other machine is asked, nor told a password, before the user knows of it.
    if !url.is_of_this_machine() && !actual.trusted.contains(&server_of(url)) {
        return Sessions::Down(format!("{shown} is not of this machine, and not trusted yet: wsctl trust"));
    }
    // Also of builders that nobody declares any more.
    let marked: Vec<(&BuilderName, &AbsPath, &Session)> = actual
        .builders
        .values()
        .filter_map(|directory| {
            let mark = directory.mark.mark()?;
            let session = mark.session.as_ref().filter(|session| session.server == shown)?;
            Some((&mark.builder, &directory.path, session))
        })
        .collect();
    let server = Server::new(url);
    let (next, down, found) = (AtomicUsize::new(0), Mutex::new(None), Mutex::new(BTreeMap::new()));
    let down_of = || down.lock().unwrap_or_else(PoisonError::into_inner);
    if marked.is_empty() {
        // Somebody has to answer before sessions are promised.
        return match server.session("ses_of_nobody") {
            Ok(_) => Sessions::Known(BTreeMap::new()),
            Err(error) => Sessions::Down(format!("{error:#}")),
        };
    }
    let busy = match server.busy() {
        Ok(busy) => busy,
        Err(error) => return Sessions::Down(format!("{error:#}")),
    };
    let work = || {
        while let Some((name, path, session)) = marked.get(next.fetch_add(1, Ordering::Relaxed)) {
            if down_of().is_some() {
                return;
            }
            match server.session(&session.id) {
                Ok(answer) => {
                    let here = answer.is_some_and(|found| is_at(&found, path));
                    let state = match (here, busy.contains(&session.id)) {
                        (false, _) => SessionState::Gone,
                        (true, true) => SessionState::Busy,
                        (true, false) => SessionState::Idle,
                    };
                    found.lock().unwrap_or_else(PoisonError::into_inner).insert((*name).clone(), state);
                }
                Err(error) => *down_of() = Some(format!("{error:#}")),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..CALLS.min(marked.len()) {
            scope.spawn(work);
        }
    });
    match down.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(why) => Sessions::Down(why),
        None => Sessions::Known(found.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}
