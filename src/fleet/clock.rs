//! The clock of Redis, by which all members know the same day: the time that it gave last, and what has passed since.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The clock of the server, once it was heard; the machine's own before.
#[derive(Debug)]
pub(super) struct ServerClock {
    began: Instant,
    /// What it showed when this was made, in milliseconds since 1970; 0 for a clock that was not heard yet.
    at_begin: AtomicU64,
}

impl ServerClock {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), at_begin: AtomicU64::new(0) }
    }

    /// Notes the time that the server gave just now.
    pub(super) fn heard(&self, milliseconds: u64) {
        self.at_begin.store(milliseconds.saturating_sub(self.passed()).max(1), Ordering::Relaxed);
    }

    /// What it shows now.
    pub(super) fn now(&self) -> SystemTime {
        match self.at_begin.load(Ordering::Relaxed) {
            0 => SystemTime::now(),
            at_begin => UNIX_EPOCH + Duration::from_millis(at_begin.saturating_add(self.passed())),
        }
    }

    fn passed(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
