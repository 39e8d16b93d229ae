//! What was counted of late, so that it is not counted again.

use std::num::NonZeroU64;

use crate::sync::atomic::{AtomicU64, Ordering};

/// How many are kept.
const KEPT: usize = 8;

/// The fingerprints of the last causes that were counted, the latest first; 0 where there is none. Changed by one thread
/// at a time; whoever only looks takes no lock.
#[derive(Debug, Default)]
pub(super) struct Seen([AtomicU64; KEPT]);

impl Seen {
    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0[0].load(Ordering::Acquire) == 0
    }

    /// Makes `fingerprint` the latest; returns whether it is new.
    pub(super) fn add(&self, fingerprint: NonZeroU64) -> bool {
        let mut carried = fingerprint.get();
        for slot in &self.0 {
            let before = slot.load(Ordering::Relaxed);
            slot.store(carried, Ordering::Release);
            if before == fingerprint.get() {
                return false;
            }
            carried = before;
        }
        true
    }

    /// All of them, the latest first.
    pub(super) fn all(&self) -> Vec<u64> {
        self.0.iter().map(|slot| slot.load(Ordering::Relaxed)).filter(|fingerprint| *fingerprint != 0).collect()
    }

    /// Forgets them all.
    pub(super) fn clear(&self) {
        for slot in &self.0 {
            slot.store(0, Ordering::Release);
        }
    }
}
