//! The first interrupt lets the running steps finish, the second ends the program at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// Listens from now on; the value is the number of the signal that came, or 0. A second call answers as the first.
pub(super) fn listen() -> Result<&'static AtomicUsize> {
    static CAME: OnceLock<Arc<AtomicUsize>> = OnceLock::new();
    if let Some(came) = CAME.get() {
        return Ok(came);
    }
    let came = Arc::new(AtomicUsize::new(0));
    let second = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        let number = usize::try_from(signal)?;
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&second)).context("signals")?;
        flag::register(signal, Arc::clone(&second)).context("signals")?;
        flag::register_usize(signal, Arc::clone(&came), number).context("signals")?;
    }
    // A file that may not grow any more is an error of the write, not the end of the program.
    flag::register(rustix::process::Signal::XFSZ.as_raw(), Arc::new(AtomicBool::new(false))).context("signals")?;
    Ok(CAME.get_or_init(|| came))
}

/// The exit code: that of the signal, if one came.
pub(super) fn code(came: &AtomicUsize, otherwise: u8) -> u8 {
    match came.load(Ordering::SeqCst) {
        0 => otherwise,
        signal => u8::try_from(128 + signal).unwrap_or(1),
    }
}
