//! The same look at many things, on every core.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many threads help somewhere, beside those that they help.
static HELPING: AtomicUsize = AtomicUsize::new(0);

/// Some of the cores that nobody uses.
struct Help(usize);

impl Help {
    fn of(most: usize) -> Self {
        // Asking takes longer than many a look.
        static CORES: LazyLock<usize> = LazyLock::new(|| std::thread::available_parallelism().map_or(2, NonZero::get).max(2));
        let mut taken = 0;
        let take = |helping: usize| {
            taken = CORES.saturating_sub(helping + 1).min(most);
            Some(helping + taken)
        };
        let _ = HELPING.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        Help(taken)
    }
}

impl Drop for Help {
    fn drop(&mut self) {
        HELPING.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// `look` of each item, in the order of the items. A look may itself map: it gets help where a core is left for it.
pub(super) fn map<T: Sync, R: Send>(items: &[T], look: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let help = Help::of(items.len().saturating_sub(1));
    if help.0 == 0 {
        return items.iter().map(look).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let Some((index, item)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, items.get(i)?))) {
            found.push((index, look(item)));
        }
        found
    };
    let mut found: Vec<(usize, R)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..help.0).map(|_| scope.spawn(work)).collect();
        let own = work();
        let others = workers.into_iter().flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        own.into_iter().chain(others).collect()
    });
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_items_also_of_maps_in_maps() {
        let items: Vec<usize> = (0..40).collect();
        let inner = |item: &usize| map(&items, |other| item * other);
        let found = map(&items, inner);
        assert!(found.iter().enumerate().all(|(one, row)| row.iter().enumerate().all(|(two, it)| *it == one * two)));
        assert_eq!(map(&[] as &[u8], |_| 1), Vec::<i32>::new());
    }
}
