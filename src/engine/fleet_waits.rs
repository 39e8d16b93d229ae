//! How long a call may still wait for its fleet.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::fleet::Fleet;

/// How long a call may still wait for Redis, all its waits together.
pub(super) struct FleetWaits(AtomicU64);

impl FleetWaits {
    /// A call that has not waited yet.
    pub(super) fn new(fleet: Option<&Fleet>) -> Self {
        Self(AtomicU64::new(fleet.map_or(0, |fleet| micros(fleet.timeout()))))
    }

    /// How long that is.
    pub(super) fn left(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }

    /// Notes that it has waited.
    pub(super) fn waited(&self, time: Duration) {
        let less = |left: u64| Some(left.saturating_sub(micros(time)));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
