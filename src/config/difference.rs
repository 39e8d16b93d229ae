//! In which options two configurations differ: their names alone, for a value may be secret.

use super::{BudgetConfig, Config, HealthConfig, HttpConfig};

impl Config {
    /// The names of the options that differ, in the order in which they are documented. The catalogue layer is not looked
    /// at.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        // Taken apart, so that an option that is added cannot be forgotten here.
        let Self {
            builtin_catalog,
            catalog,
            layer: _,
            prompts,
            max_fallback_depth,
            warn_price_ratio,
            max_price_ratio,
            max_fallback_cost,
            budget,
            health,
            attempt_timeout,
            deadline,
            max_retries,
            fallback_on_content_filter,
            state_file,
            fleet,
            http,
            log_level,
        } = self;
        let mut names = differing(&[
            ("builtinCatalog", *builtin_catalog == other.builtin_catalog),
            ("catalog", *catalog == other.catalog),
            ("prompts", *prompts == other.prompts),
            ("maxFallbackDepth", *max_fallback_depth == other.max_fallback_depth),
            ("warnPriceRatio", *warn_price_ratio == other.warn_price_ratio),
            ("maxPriceRatio", *max_price_ratio == other.max_price_ratio),
            ("maxFallbackCost", *max_fallback_cost == other.max_fallback_cost),
        ]);
        names.extend(budget.differences(&other.budget));
        names.extend(differing(&[("stateFile", *state_file == other.state_file)]));
        names.extend(health.differences(&other.health));
        names.extend(differing(&[
            ("attemptTimeoutMs", *attempt_timeout == other.attempt_timeout),
            ("deadlineMs", *deadline == other.deadline),
            ("maxRetries", *max_retries == other.max_retries),
            ("fallbackOnContentFilter", *fallback_on_content_filter == other.fallback_on_content_filter),
        ]));
        names.extend(differing(&[("fleet", *fleet == other.fleet)]));
        names.extend(http.differences(&other.http));
        names.extend(differing(&[("logLevel", *log_level == other.log_level)]));
        names
    }
}

impl BudgetConfig {
    fn differences(&self, other: &Self) -> Vec<&'static str> {
        let Self { daily, is_open: _, pause_fallbacks_at, alerts } = self;
        differing(&[
            ("dailyBudgetUsd", *daily == other.daily),
            ("pauseFallbacksAt", Some(*pause_fallbacks_at) == Some(other.pause_fallbacks_at)),
            ("budgetAlerts", *alerts == other.alerts),
        ])
    }
}

impl HealthConfig {
    fn differences(&self, other: &Self) -> Vec<&'static str> {
        let Self {
            disable_threshold,
            cooldown,
            failures_after_recovery,
            transient_threshold,
            transient_cooldown,
            provider_cooldown,
        } = self;
        differing(&[
            ("disableThreshold", *disable_threshold == other.disable_threshold),
            ("cooldownMs", *cooldown == other.cooldown),
            ("failuresAfterRecovery", *failures_after_recovery == other.failures_after_recovery),
            ("transientThreshold", *transient_threshold == other.transient_threshold),
            ("transientCooldownMs", *transient_cooldown == other.transient_cooldown),
            ("providerCooldownMs", *provider_cooldown == other.provider_cooldown),
        ])
    }
}

impl HttpConfig {
    fn differences(&self, other: &Self) -> Vec<&'static str> {
        let Self { connect_timeout, max_response_bytes, ca_certificates, user_agent, allow_insecure_http } = self;
        differing(&[
            ("http.connectTimeoutMs", *connect_timeout == other.connect_timeout),
            ("http.maxResponseBytes", *max_response_bytes == other.max_response_bytes),
            ("http.caCertificates", *ca_certificates == other.ca_certificates),
            ("http.userAgent", *user_agent == other.user_agent),
            ("http.allowInsecureHttp", *allow_insecure_http == other.allow_insecure_http),
        ])
    }
}

/// The names of the options that are not the same.
fn differing(options: &[(&'static str, bool)]) -> Vec<&'static str> {
    options.iter().filter(|(_, same)| !same).map(|(name, _)| *name).collect()
}
