//! What is known of a model, as it is shown.

use std::sync::Arc;
use std::time::SystemTime;

use super::Health;
use super::model_health::ModelHealth;
use crate::kind::FailureKind;

/// What is known of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthStatus {
    /// Faults in a row.
    pub failures: u8,
    /// Whether it is switched off, until when (`None`: until it is switched on by hand), and why.
    pub disabled: Option<(Option<SystemTime>, String)>,
    /// Until when it or its provider is left alone.
    pub cooling_until: Option<SystemTime>,
    /// The kind and the time of its last failure.
    pub last_failure: Option<(FailureKind, SystemTime)>,
    /// The time of its last success.
    pub last_success: Option<SystemTime>,
}

/// What is known of models at one moment, at which no breaker can open or close.
pub struct Moment<'h> {
    health: &'h Health,
    now: u64,
}

impl Health {
    /// What is known of `model` of `provider`.
    #[must_use]
    pub fn status(&self, model: &str, provider: &str) -> HealthStatus {
        self.status_at(self.clock.now(), (model, provider), |entry| self.reason_of(entry))
    }

    /// Does something while no breaker can open or close.
    pub fn at_one_moment<T>(&self, act: impl FnOnce(&Moment<'_>) -> T) -> T {
        self.unchanged(|| act(&Moment { health: self, now: self.clock.now() }))
    }

    fn status_at(
        &self,
        now: u64,
        (model, provider): (&str, &str),
        reason: impl FnOnce(&ModelHealth) -> String,
    ) -> HealthStatus {
        let mut cooling = self.providers.until(provider).filter(|until| now < *until);
        let mut status = HealthStatus::default();
        if let Some(entry) = self.models.get(model).map(|entry| Arc::clone(&entry)) {
            let (faults, transients) = (entry.faults.state(), entry.transients.state());
            if transients.is_open() && !transients.is_due(now) {
                cooling = cooling.max(Some(transients.open_until));
            }
            let off_until = entry.off_until();
            status.failures = faults.failures.saturating_add(entry.denials.state().failures);
            status.last_failure = entry.last_failure();
            status.last_success = entry.last_success();
            status.disabled = (off_until != 0).then(|| (self.wall(off_until), reason(&entry)));
        }
        status.cooling_until = cooling.map(|until| self.clock.wall(until));
        status
    }
}

impl Moment<'_> {
    /// What is known of `model` of `provider`.
    #[must_use]
    pub fn status(&self, model: &str, provider: &str) -> HealthStatus {
        // Reasons are read under the lock that is held here already.
        self.health.status_at(self.now, (model, provider), ModelHealth::reason)
    }
}
