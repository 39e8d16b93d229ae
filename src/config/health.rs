//! The guards on the health of models.

use std::time::Duration;

use super::DAY_MS;
use crate::check::{Object, rule};

/// When a model is left alone or switched off, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthConfig {
    /// `disableThreshold`: failures in a row that disable a model, 1 to 255; `None` (null) never. Default: 5.
    pub disable_threshold: Option<u8>,
    /// `cooldownMs`: how long a model stays disabled, 1 ms to 30 days; doubled, up to 24 hours, with each time that no
    /// success came between. Default: 1 hour.
    pub cooldown: Duration,
    /// `failuresAfterRecovery`: failures that a model has on its account when it comes back, 0 to 254, less than the
    /// threshold. Default: 2, or what a lower threshold allows.
    pub failures_after_recovery: u8,
    /// `transientThreshold`: transient failures in a row that make a model cool, 1 to 255; `None` (null) never.
    /// Default: 5.
    pub transient_threshold: Option<u8>,
    /// `transientCooldownMs`: how long it cools then, 1 ms to 30 days; doubled, up to 10 minutes, with each time that no
    /// success came between. Default: 60 s.
    pub transient_cooldown: Duration,
    /// `providerCooldownMs`: how long all models of a provider are left alone that refused the key or the account, 1 ms
    /// to 30 days. Default: 60 s.
    pub provider_cooldown: Duration,
}

impl HealthConfig {
    pub(super) fn read(fields: &mut Object<'_, '_>) -> Self {
        let default = Self::default();
        let mut threshold = |name, default| fields.nullable(name, rule::whole(1..=255), default);
        let disable_threshold = threshold("disableThreshold", default.disable_threshold);
        let transient_threshold = threshold("transientThreshold", default.transient_threshold);
        let mut cooldown =
            |name, default| fields.optional(name, rule::milliseconds(1..=30 * DAY_MS)).unwrap_or(default);
        let most = disable_threshold.map_or(u8::MAX - 1, |threshold: u8| threshold - 1);
        Self {
            disable_threshold,
            transient_threshold,
            cooldown: cooldown("cooldownMs", default.cooldown),
            transient_cooldown: cooldown("transientCooldownMs", default.transient_cooldown),
            provider_cooldown: cooldown("providerCooldownMs", default.provider_cooldown),
            failures_after_recovery: fields
                .optional("failuresAfterRecovery", rule::whole(0..=most))
                .unwrap_or(default.failures_after_recovery.min(most)),
        }
    }
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            disable_threshold: Some(5),
            cooldown: Duration::from_secs(3600),
            failures_after_recovery: 2,
            transient_threshold: Some(5),
            transient_cooldown: Duration::from_secs(60),
            provider_cooldown: Duration::from_secs(60),
        }
    }
}
