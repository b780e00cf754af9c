//! What was looked at a moment ago, where looking takes longer than most of what is asked.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a look is good for.
const RECENT: Duration = Duration::from_millis(20);

/// The last look.
pub(super) struct Recent<T>(Mutex<Option<(Instant, Arc<T>)>>);

impl<T> Recent<T> {
    pub(super) const fn new() -> Self {
        Recent(Mutex::new(None))
    }

    /// What somebody saw a moment ago, else what `look` sees.
    pub(super) fn get(&self, look: impl FnOnce() -> T) -> Arc<T> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((at, seen)) if at.elapsed() < RECENT => Arc::clone(seen),
            Some(_) | None => {
                let seen = Arc::new(look());
                *last = Some((Instant::now(), Arc::clone(&seen)));
                seen
            }
        }
    }
}
