//! Why a model may not be called, in words.

use std::sync::Arc;
use std::time::Duration;

use super::Health;
use super::breaker::{Breaker, Shut, lock};
use super::breaker_state::NEVER;
use super::model_health::ModelHealth;
use crate::kind::SkipReason;
use crate::outcome::Refusal;

/// How soon it is worth asking again for a model that has come back and is tried by as many calls as it may be.
const TRIED_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl Health {
    /// Why `model` of `provider` may not be called now; `None` if it may. Where several reasons forbid it, the first is
    /// given, and the time until none does.
    #[must_use]
    pub fn refuses(&self, model: &str, provider: &str) -> Option<Refusal> {
        let now = || self.clock.now();
        let open = |breaker: &Breaker| {
            let state = breaker.state();
            (state.is_open() && !state.is_due(now())).then_some(Shut::Until(state.open_until))
        };
        let off = |breaker: &Breaker| {
            let state = breaker.state();
            let stays = state.is_open() && !self.recovers_here();
            if stays { Some(Shut::Until(state.open_until)) } else { open(breaker) }
        };
        let until = |shut: &Shut| if let Shut::Until(until) = shut { *until } else { 0 };
        let entry = self.models.get(model).map(|entry| Arc::clone(&entry));
        let shut = |entry: &Arc<ModelHealth>| {
            let off = off(&entry.faults).into_iter().chain(off(&entry.denials)).max_by_key(until);
            let faults = off.or_else(|| entry.faults.full(&self.faults))?;
            Some(self.shut(entry, faults))
        };
        let disabled = entry.as_ref().and_then(shut);
        let cooling = entry.as_ref().and_then(|entry| Some(self.cooling(open(&entry.transients)?)));
        let provider = self.providers.check(provider, now).err();
        [disabled, cooling, provider].into_iter().flatten().reduce(|one, other| one.and(&other))
    }

    /// Whether `model` of `provider` may not be called now for nothing but what a 429 asked for.
    #[must_use]
    pub fn is_only_limited(&self, model: &str, provider: &str) -> bool {
        let limited = |entry: &Arc<ModelHealth>| {
            let state = entry.transients.state();
            let closed = entry.off_until() == 0 && entry.faults.full(&self.faults).is_none();
            state.is_open() && state.open_until <= entry.limited_until() && closed
        };
        let entry = self.models.get(model).map(|entry| Arc::clone(&entry));
        entry.as_ref().is_some_and(limited) && self.providers.check(provider, || self.clock.now()).is_ok()
    }

    /// The refusal of a model whose own faults forbid to call it.
    pub(super) fn shut(&self, entry: &ModelHealth, shut: Shut) -> Refusal {
        let Shut::Until(until) = shut else { return self.cooling(shut) };
        let reason = self.reason_of(entry);
        let left = (until != NEVER).then(|| self.left(until));
        let detail = match left {
            Some(left) => format!("switched off for another {} s: {reason}", left.as_secs() + 1),
            None => format!("switched off by hand: {reason}"),
        };
        Refusal { reason: SkipReason::Disabled, detail, retry_after: left }
    }

    /// The refusal of a model that is left alone for a moment.
    pub(super) fn cooling(&self, shut: Shut) -> Refusal {
        let (left, detail) = match shut {
            Shut::Until(until) => {
                let left = self.left(until);
                (left, format!("left alone for another {} s", left.as_secs() + 1))
            }
            Shut::ComingBack(1) => (TRIED_AGAIN_AFTER, "coming back: 1 call under way".to_owned()),
            Shut::ComingBack(calls) => (TRIED_AGAIN_AFTER, format!("coming back: {calls} calls under way")),
        };
        Refusal { reason: SkipReason::Cooling, detail, retry_after: Some(left) }
    }

    /// Why the model is switched off; read under the lock, for it is written just after the breaker has opened.
    pub(super) fn reason_of(&self, entry: &ModelHealth) -> String {
        let _held = lock(&self.changes);
        entry.reason()
    }

    fn left(&self, until: u64) -> Duration {
        // What is due and not back yet comes back in a moment.
        Duration::from_millis(until.saturating_sub(self.clock.now()).max(1))
    }
}
