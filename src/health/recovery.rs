//! What ends by itself: models come back, and coolings are over.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::breaker::{Breaker, lock};
use super::breaker_state::{BreakerState, NEVER};
use super::model_health::ModelHealth;
use super::{Health, Tell};
use crate::event::{Cause, What};

impl Health {
    /// Brings back every model whose time has come, and ends every cooling whose time is over; returns how many models it
    /// brought back.
    pub fn recover_due(&self, tell: Tell<'_>) -> usize {
        let now = self.clock.now();
        let is_due = |entry: &ModelHealth| {
            [&entry.faults, &entry.denials, &entry.transients].iter().any(|breaker| breaker.state().is_due(now))
        };
        let due = self.models.iter().filter(|entry| is_due(entry));
        let due: Vec<_> = due.map(|entry| (entry.key().clone(), Arc::clone(entry.value()))).collect();
        let recovers = |(model, entry): &(String, Arc<ModelHealth>)| {
            entry.transients.recover(now, &self.transients, &self.changes, |_| tell_cooled(model, tell));
            let recovered = |state: BreakerState| tell_recovered(model, entry, state, tell);
            let recovers = |breaker: &Breaker, rules| {
                self.recovers_here() && breaker.recover(now, rules, &self.changes, recovered)
            };
            let denials = recovers(&entry.denials, &self.denials);
            recovers(&entry.faults, &self.faults) || denials
        };
        let recovered = due.iter().filter(|due| recovers(due)).count();
        for (provider, ..) in self.providers.all().iter().filter(|(_, until, _)| *until <= now) {
            self.recover_provider(provider, tell);
        }
        recovered
    }

    /// How long it is until the next model comes back or the next cooling is over; `None` if none is to.
    #[must_use]
    pub fn next_recovery(&self) -> Option<Duration> {
        let words = self
            .models
            .iter()
            .flat_map(|entry| [entry.faults.state(), entry.denials.state(), entry.transients.state()]);
        let times = words.filter(|state| state.is_open() && state.open_until != NEVER).map(|state| state.open_until);
        let next = times.chain(self.providers.all().into_iter().map(|(_, until, _)| until)).min()?;
        Some(Duration::from_millis(next.saturating_sub(self.clock.now())))
    }

    /// Ends the cooling of a provider if its time is over.
    pub(super) fn recover_provider(&self, provider: &str, tell: Tell<'_>) {
        if self.providers.until(provider).is_none_or(|until| until > self.clock.now()) {
            return;
        }
        let _held = lock(&self.changes);
        if self.providers.expire(provider, self.clock.now()) {
            tell_provider_cooled(provider, tell);
        }
    }
}

pub(super) fn tell_recovered(model: &str, entry: &ModelHealth, state: BreakerState, tell: Tell<'_>) {
    entry.set_switched(SystemTime::now());
    let what = What::Recovered { model_id: model.to_owned(), failures: state.failures };
    tell(what, Some(Cause::Recovered));
}

pub(super) fn tell_cooled(model: &str, tell: Tell<'_>) {
    tell(What::Cooled { model_id: model.to_owned() }, None);
}

pub(super) fn tell_provider_cooled(provider: &str, tell: Tell<'_>) {
    tell(What::ProviderCooled { provider_id: provider.to_owned() }, None);
}
