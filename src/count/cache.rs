//! One number, counted once and kept until it is invalidated.

use crate::sync::atomic::{AtomicU64, Ordering};

/// Keeps what was counted last.
pub trait Store {
    /// What was put last, unless it has expired or was removed.
    fn get(&self) -> Option<Counted>;
    /// Keeps a count in place of what was there.
    fn put(&self, counted: Counted);
    /// Forgets it.
    fn remove(&self);
}

/// A count, and how many invalidations it knows of.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    invalidations: u64,
    number: usize,
}

/// The cached count.
#[derive(Debug, Default)]
pub struct Count<S> {
    invalidations: AtomicU64,
    store: S,
}

impl<S: Store> Count<S> {
    /// The kept number, or what `count` counts now.
    ///
    /// Never one that was counted before a change whose invalidation is done: who began to count earlier may still put
    /// that number into the store, but it knows of fewer invalidations, and so is not used.
    pub fn get(&self, count: impl FnOnce() -> usize) -> usize {
        let invalidations = self.invalidations.load(Ordering::Acquire);
        if let Some(counted) = self.store.get().filter(|counted| counted.invalidations == invalidations) {
            return counted.number;
        }
        let number = count();
        self.store.put(Counted { invalidations, number });
        number
    }

    /// To be called after a change and before anybody is told of it.
    pub fn invalidate(&self) {
        self.invalidations.fetch_add(1, Ordering::AcqRel);
        self.store.remove();
    }
}
