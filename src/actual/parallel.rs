//! The same look at many things, on every core.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// `look` of each item, in the order of the items.
pub(super) fn map<T: Sync, R: Send>(items: &[T], look: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(2, NonZero::get).max(2).min(items.len());
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    let mut found: Vec<(usize, R)> = std::thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, next, look) = (sender.clone(), &next, &look);
            scope.spawn(move || {
                while let Some((index, item)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, items.get(i)?)))
                {
                    // The receiver outlives the scope.
                    let _ = sender.send((index, look(item)));
                }
            });
        }
        drop(sender);
        receiver.iter().collect()
    });
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, result)| result).collect()
}
