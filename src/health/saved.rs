//! The health of an engine as plain data, to be taken over by another one, after a restart say.

use std::time::SystemTime;

use super::Health;
use super::breaker::lock;
use super::breaker_state::NEVER;
use super::clock::milliseconds;
use super::model_health::{ModelHealth, stamp};
use crate::kind::FailureKind;
use crate::outcome::LONGEST_RETRY_AFTER;

/// All that is known of models and providers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Every model of which anything is known, by id.
    pub models: Vec<(String, SavedModel)>,
    /// Every provider that is left alone: its id, until when, and the failure that caused it.
    pub providers: Vec<(String, SystemTime, FailureKind)>,
}

/// What is known of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedModel {
    /// When anything of it changed last.
    pub changed_at: SystemTime,
    /// Faults in a row.
    pub failures: u8,
    /// How often its faults switched it off since its last success.
    pub disables: u8,
    /// Whether it is switched off.
    pub disabled: Option<SavedOff>,
    /// Transient failures in a row.
    pub transient_failures: u8,
    /// How often they made it cool since its last success.
    pub coolings: u8,
    /// Until when it cools.
    pub cooling_until: Option<SystemTime>,
    /// The kind and the time of its last failure.
    pub last_failure: Option<(FailureKind, SystemTime)>,
    /// The time of its last success.
    pub last_success: Option<SystemTime>,
}

/// How a model is switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedOff {
    /// When it comes back; `None`: when it is switched on by hand.
    pub until: Option<SystemTime>,
    /// Why.
    pub reason: String,
}

impl Health {
    /// All that is known, in the order of the ids.
    #[must_use]
    pub fn saved(&self) -> Saved {
        let now = self.clock.now();
        let _held = lock(&self.changes);
        let mut models: Vec<_> =
            self.models.iter().map(|entry| (entry.key().clone(), self.saved_model(entry.value(), now))).collect();
        models.retain(|(_, model)| stamp(model.changed_at) != 0);
        models.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let cooling = self.providers.all().into_iter().filter(|(_, until, _)| now < *until);
        let mut providers: Vec<_> =
            cooling.map(|(provider, until, kind)| (provider, self.clock.wall(until), kind)).collect();
        providers.sort_unstable_by(|(one, ..), (other, ..)| one.cmp(other));
        Saved { models, providers }
    }

    /// Every provider that is left alone, until when and why.
    #[must_use]
    pub fn cooling_providers(&self) -> Vec<(String, (SystemTime, FailureKind))> {
        let now = self.clock.now();
        let cooling = self.providers.all().into_iter().filter(|(_, until, _)| now < *until);
        cooling.map(|(provider, until, kind)| (provider, (self.clock.wall(until), kind))).collect()
    }

    /// Takes over what is later than what is known here; a cooling only ever becomes longer. `tell` is called when all
    /// of it is done and before anything else can open or close, with whether it switched any model off or on of which
    /// `counts` says that this changes the active set.
    pub fn restore(&self, saved: &Saved, counts: impl Fn(&str) -> bool, tell: impl FnOnce(bool)) {
        let held = lock(&self.changes);
        let mut is_changed = false;
        // Nothing was changed later than now, whatever the clock of who saved it showed.
        let wall = SystemTime::now();
        for (model, state) in &saved.models {
            let entry = self.entry(model);
            if stamp(entry.changed_at()) >= stamp(state.changed_at) {
                continue;
            }
            let (failures, until) = match &state.disabled {
                Some(off) => {
                    entry.set_reason(&off.reason);
                    let until = off.until.map_or(NEVER, |until| self.soon(until, self.faults.longest_cooldown));
                    (state.failures.min(self.faults.threshold.unwrap_or(0)), until)
                }
                None => (state.failures.min(self.faults.most_failures()), 0),
            };
            // Of what its failures switched off, they did so at least once.
            let disables = state.disables.max(u8::from(until != 0 && until != NEVER));
            is_changed |= entry.faults.state().is_open() != (until != 0) && counts(model);
            entry.faults.restore(failures, until, disables, &held);
            let longest = self.transients.longest_cooldown.max(milliseconds(LONGEST_RETRY_AFTER));
            let now = self.clock.now();
            // What is over already is no news.
            let cooling = state.cooling_until.map_or(0, |until| self.soon(until, longest));
            let cooling = if cooling > now { cooling } else { 0 };
            let most = self.transients.threshold.map_or(0, |threshold| threshold - u8::from(cooling == 0));
            let failures = state.transient_failures.min(most);
            entry.transients.restore(failures, cooling, state.coolings, &held);
            if let Some((kind, at)) = state.last_failure {
                entry.set_last_failure(kind, at.min(wall));
            }
            if let Some(at) = state.last_success {
                entry.set_last_success(at.min(wall));
            }
            entry.set_switched(state.changed_at.min(wall));
        }
        for (provider, until, kind) in &saved.providers {
            let now = self.clock.now();
            let until = self.soon(*until, milliseconds(self.provider_cooldown));
            if until > now {
                self.providers.cool(provider, until, *kind, 0);
            }
        }
        tell(is_changed);
        drop(held);
    }

    /// A time of the wall clock as one of this engine's, no later than the longest cooldown from now: who saved it may
    /// have had another time of day.
    fn soon(&self, until: SystemTime, longest: u64) -> u64 {
        self.clock.at(until).min(self.clock.now().saturating_add(longest))
    }

    fn saved_model(&self, entry: &ModelHealth, now: u64) -> SavedModel {
        let (faults, transients) = (entry.faults.state(), entry.transients.state());
        let off_until = entry.off_until();
        let off = || SavedOff { until: self.wall(off_until), reason: entry.reason() };
        let cools = transients.is_open() && !transients.is_due(now);
        SavedModel {
            changed_at: entry.changed_at(),
            failures: faults.failures,
            disables: entry.faults.trips(),
            disabled: (off_until != 0).then(off),
            transient_failures: transients.failures,
            coolings: entry.transients.trips(),
            cooling_until: cools.then(|| self.clock.wall(transients.open_until)),
            last_failure: entry.last_failure(),
            last_success: entry.last_success(),
        }
    }
}
