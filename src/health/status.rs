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

impl Health {
    /// What is known of `model` of `provider`.
    #[must_use]
    pub fn status(&self, model: &str, provider: &str) -> HealthStatus {
        self.status_with(model, provider, |entry| self.reason_of(entry))
    }

    /// Does something while no breaker can open or close, with what is known of a model of a provider at that moment.
    pub fn at_one_moment<T>(&self, act: impl FnOnce(&dyn Fn(&str, &str) -> HealthStatus) -> T) -> T {
        // Reasons are read under the lock that is held here already.
        self.unchanged(|| act(&|model, provider| self.status_with(model, provider, ModelHealth::reason)))
    }

    fn status_with(&self, model: &str, provider: &str, reason: impl FnOnce(&ModelHealth) -> String) -> HealthStatus {
        let now = self.clock.now();
        let mut cooling = self.providers.until(provider).filter(|until| now < *until);
        let mut status = HealthStatus::default();
        if let Some(entry) = self.models.get(model).map(|entry| Arc::clone(&entry)) {
            let (faults, transients) = (entry.faults.state(), entry.transients.state());
            if transients.is_open() && !transients.is_due(now) {
                cooling = cooling.max(Some(transients.open_until));
            }
            let off_until = entry.off_until();
            status.failures = faults.failures.saturating_add(entry.denials.state().failures);
            status.disabled = (off_until != 0).then(|| (self.wall(off_until), reason(&entry)));
            status.last_failure = entry.last_failure();
            status.last_success = entry.last_success();
        }
        status.cooling_until = cooling.map(|until| self.clock.wall(until));
        status
    }
}
