//! What is kept of one model.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::breaker::Breaker;
use crate::kind::FailureKind;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, PoisonError};

/// One model: whether it is switched off, whether it is left alone, and what is known of its last results.
#[derive(Debug, Default)]
pub(super) struct ModelHealth {
    /// Opens by the model's own faults, or by hand: the model is disabled.
    pub(super) faults: Breaker,
    /// Opens by what the provider says of one key alone, where health is shared with engines that have other keys: the model
    /// is disabled for this engine.
    pub(super) denials: Breaker,
    /// Opens by transient failures and by what a 429 asks for: the model cools.
    pub(super) transients: Breaker,
    /// Why it is disabled, or was last.
    reason: Mutex<String>,
    /// The kind's place in [`FailureKind::ALL`] in the lowest 8 bits, the time above; 0 for none.
    last_failure: AtomicU64,
    last_success: AtomicU64,
    switched: AtomicU64,
    /// Until when a 429 asked for it to be left alone, on the clock of the breakers.
    limited_until: AtomicU64,
}

/// A time as milliseconds since 1970.
pub(super) fn stamp(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The time of such a stamp; 1970 for one that no clock can show.
pub(super) fn time_of(stamp: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(stamp)).unwrap_or(UNIX_EPOCH)
}

impl ModelHealth {
    /// Whether it is switched off, for whatever reason, and until when; 0 if it is not.
    pub(super) fn off_until(&self) -> u64 {
        self.faults.state().open_until.max(self.denials.state().open_until)
    }

    pub(super) fn reason(&self) -> String {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_reason(&self, reason: &str) {
        reason.clone_into(&mut self.reason.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn last_failure(&self) -> Option<(FailureKind, SystemTime)> {
        let bits = self.last_failure.load(Ordering::Relaxed);
        let kind = FailureKind::ALL.get(usize::try_from(bits & 0xff).unwrap_or(usize::MAX))?;
        (bits != 0).then(|| (*kind, time_of(bits >> 8)))
    }

    pub(super) fn set_last_failure(&self, kind: FailureKind, at: SystemTime) {
        let place = FailureKind::ALL.iter().position(|known| *known == kind).unwrap_or_default();
        self.last_failure.store(stamp(at) << 8 | place as u64, Ordering::Relaxed);
    }

    pub(super) fn last_success(&self) -> Option<SystemTime> {
        let stamp = self.last_success.load(Ordering::Relaxed);
        (stamp != 0).then(|| time_of(stamp))
    }

    pub(super) fn set_last_success(&self, at: SystemTime) {
        self.last_success.store(stamp(at), Ordering::Relaxed);
    }

    pub(super) fn limited_until(&self) -> u64 {
        self.limited_until.load(Ordering::Relaxed)
    }

    pub(super) fn set_limited(&self, until: u64) {
        self.limited_until.fetch_max(until, Ordering::Relaxed);
    }

    /// Notes that a breaker opened or closed.
    pub(super) fn set_switched(&self, at: SystemTime) {
        self.switched.store(stamp(at), Ordering::Relaxed);
    }

    /// When anything about the model changed last; 1970 if nothing ever did.
    pub(super) fn changed_at(&self) -> SystemTime {
        let [success, switched] = [&self.last_success, &self.switched].map(|stamp| stamp.load(Ordering::Relaxed));
        let failure = self.last_failure.load(Ordering::Relaxed) >> 8;
        time_of(success.max(switched).max(failure))
    }
}
