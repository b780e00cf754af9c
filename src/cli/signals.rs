//! The first interrupt lets the running steps finish, the second ends the program at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use anyhow::{Context as _, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// Listens from now on; the value is the number of the signal that came, or 0.
pub(super) fn listen() -> Result<Arc<AtomicUsize>> {
    let came = Arc::new(AtomicUsize::new(0));
    let second = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        let number = usize::try_from(signal)?;
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&second)).context("signals")?;
        flag::register(signal, Arc::clone(&second)).context("signals")?;
        flag::register_usize(signal, Arc::clone(&came), number).context("signals")?;
    }
    Ok(came)
}
