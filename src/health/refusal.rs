//! Why a model may not be called, in words.

use std::sync::Arc;
use std::time::Duration;

use super::Health;
use super::breaker::{Breaker, lock};
use super::entry::Entry;
use super::word::NEVER;
use crate::kind::SkipReason;
use crate::outcome::Refusal;

impl Health {
    /// Why `model` of `provider` may not be called now; `None` if it may. Where several reasons forbid it, the first is
    /// given, and the time until none does.
    #[must_use]
    pub fn refuses(&self, model: &str, provider: &str) -> Option<Refusal> {
        let now = || self.clock.now();
        let open_until = |breaker: &Breaker| {
            let word = breaker.word();
            (word.is_open() && !word.is_due(now())).then_some(word.open_until)
        };
        let entry = self.models.get(model).map(|entry| Arc::clone(&entry));
        let disabled = entry.as_ref().and_then(|entry| Some(self.disabled(entry, open_until(&entry.faults)?)));
        let cooling = entry.as_ref().and_then(|entry| Some(self.cooling(open_until(&entry.transients)?)));
        let provider = self.providers.check(provider, now).err();
        [disabled, cooling, provider].into_iter().flatten().reduce(|one, other| one.and(&other))
    }

    /// The refusal of a model that is switched off until a time.
    pub(super) fn disabled(&self, entry: &Entry, until: u64) -> Refusal {
        let reason = self.reason_of(entry);
        let left = (until != NEVER).then(|| self.left(until));
        let detail = match left {
            Some(left) => format!("switched off for another {} s: {reason}", left.as_secs() + 1),
            None => format!("switched off by hand: {reason}"),
        };
        Refusal { reason: SkipReason::Disabled, detail, retry_after: left }
    }

    /// The refusal of a model that is left alone until a time.
    pub(super) fn cooling(&self, until: u64) -> Refusal {
        let left = self.left(until);
        let detail = format!("left alone for another {} s", left.as_secs() + 1);
        Refusal { reason: SkipReason::Cooling, detail, retry_after: Some(left) }
    }

    /// Why the model is switched off; read under the lock, for it is written just after the breaker has opened.
    pub(super) fn reason_of(&self, entry: &Entry) -> String {
        let _held = lock(&self.changes);
        entry.reason()
    }

    fn left(&self, until: u64) -> Duration {
        Duration::from_millis(until.saturating_sub(self.clock.now()))
    }
}
