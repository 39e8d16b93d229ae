//! What was counted, as JavaScript objects.

use std::collections::HashMap;

use napi_derive::napi;
use serde::Serialize;

use super::outcome::milliseconds;
use crate::metrics as core;
use crate::outcome::{FallbackReason, NanoUsd};

/// Everything counted since the engine was built.
#[napi(object, object_from_js = false)]
pub struct Metrics {
    /// Every route that was taken, sorted by original, model that answered, and reason.
    pub routes: Vec<RouteMetrics>,
    /// Every model that was asked, sorted by id.
    pub models: Vec<ModelMetrics>,
    /// Every version of the prompt, model that it was sent to, and overrides that it had there, sorted in that order.
    pub prompts: Vec<PromptMetrics>,
    /// Every fallback that was asked though it is much dearer than the original, sorted by original and fallback.
    pub cost_warnings: Vec<CostWarnings>,
}

/// How often a fallback was about to be asked though it is dearer than `warnPriceRatio` times the original.
#[napi(object, object_from_js = false)]
pub struct CostWarnings {
    /// The model that was asked for.
    pub original_model_id: String,
    /// The fallback.
    pub model_id: String,
    /// How often.
    pub count: f64,
}

/// The calls for one model that the same model answered for the same reason.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct RouteMetrics {
    /// What the calls were about: predictions, or questions of one's own.
    #[napi(ts_type = "'predict' | 'ask'")]
    pub task: &'static str,
    /// The model that was asked for.
    pub original_model_id: String,
    /// The model that answered, of several the last that contributed; null if none did.
    pub model_id: Option<String>,
    /// Why that is not the original; null if it is. Of calls without an answer: what ended them from outside, else why
    /// the original did not answer.
    #[napi(ts_type = "FallbackReason")]
    pub reason: Option<&'static str>,
    /// How many calls there were.
    pub calls: f64,
    /// How many of them gave at least one prediction: a success of the model that answered and of the route, never of
    /// another original.
    pub successes: f64,
    /// Their part of all calls for the original, above 0 and up to 1.
    pub share: f64,
    /// What all their attempts cost, in US dollars.
    pub cost_usd: f64,
    /// Estimate of what the original alone would have cost, in US dollars.
    pub original_cost_usd: f64,
    /// `costUsd` less `originalCostUsd`.
    pub extra_cost_usd: f64,
    /// The same for a page: `deepseek-r1-0528-syn: 5 predictions through deepseek-r1`.
    pub sentence: String,
}

/// The attempts of one model.
#[napi(object, object_from_js = false)]
pub struct ModelMetrics {
    /// The model.
    pub model_id: String,
    /// Its provider.
    pub provider_id: String,
    /// How many attempts there were.
    pub attempts: f64,
    /// How many of them gave at least one prediction.
    pub successes: f64,
    /// How many failed, by kind; a kind that never occurred is absent.
    #[napi(ts_type = "Partial<Record<FailureKind, number>>")]
    pub failures: HashMap<String, f64>,
    /// How many times a request was sent again within its attempt.
    pub retries: f64,
    /// Tokens of the prompts, the cached ones included.
    pub prompt_tokens: f64,
    /// Tokens of the completions, the reasoning included.
    pub completion_tokens: f64,
    /// Tokens of the prompts that the provider had cached.
    pub cached_tokens: f64,
    /// Tokens of the completions that were reasoning.
    pub reasoning_tokens: f64,
    /// What they cost, in US dollars.
    pub cost_usd: f64,
    /// How long they took.
    pub latency: Latency,
}

/// How long attempts took, each from the wait for the provider's turn to the end of the last reply.
#[napi(object, object_from_js = false)]
pub struct Latency {
    /// All durations together, in milliseconds.
    pub sum_ms: f64,
    /// The buckets, in ascending order; the last has no bound.
    pub buckets: Vec<LatencyBucket>,
}

/// Durations up to a bound, and above that of the bucket before.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct LatencyBucket {
    /// The bound, in milliseconds, inclusive; null for the last bucket, which has none.
    pub up_to_ms: Option<f64>,
    /// How many attempts took so long.
    pub attempts: f64,
}

/// The attempts with one version of the prompt and the same overrides at one model.
#[napi(object, object_from_js = false)]
pub struct PromptMetrics {
    /// The version of the prompt; `own` for prompts of the callers' own.
    pub version: String,
    /// The model.
    pub model_id: String,
    /// The names of the overrides, in order.
    pub overrides: Vec<String>,
    /// How many attempts there were.
    pub attempts: f64,
    /// How many of them gave at least one prediction.
    pub valid_replies: f64,
    /// How many failed, by kind; a kind that never occurred is absent.
    #[napi(ts_type = "Partial<Record<FailureKind, number>>")]
    pub failures: HashMap<String, f64>,
}

impl From<core::Metrics> for Metrics {
    fn from(metrics: core::Metrics) -> Self {
        Self {
            routes: metrics.routes.into_iter().map(RouteMetrics::from).collect(),
            models: metrics.models.into_iter().map(ModelMetrics::from).collect(),
            prompts: metrics.prompts.into_iter().map(PromptMetrics::from).collect(),
            cost_warnings: metrics.cost_warnings.into_iter().map(CostWarnings::from).collect(),
        }
    }
}

impl From<core::CostWarnings> for CostWarnings {
    fn from(warnings: core::CostWarnings) -> Self {
        let core::CostWarnings { original_model_id, model_id, count: warnings } = warnings;
        Self { original_model_id, model_id, count: count(warnings) }
    }
}

impl From<core::Route> for RouteMetrics {
    fn from(route: core::Route) -> Self {
        Self {
            task: route.task.as_str(),
            reason: route.reason.map(FallbackReason::as_str),
            calls: count(route.calls),
            successes: count(route.view().successes()),
            share: route.share,
            cost_usd: route.cost.usd(),
            original_cost_usd: route.original_cost.usd(),
            extra_cost_usd: extra_cost_usd(&route.view()),
            sentence: route.sentence(),
            original_model_id: route.original_model_id,
            model_id: route.answered_by,
        }
    }
}

impl From<core::ModelMetrics> for ModelMetrics {
    fn from(model: core::ModelMetrics) -> Self {
        let core::ModelTally { results, retries, tokens, cost, latency } = model.tally;
        let bucket = |(bound, attempts): (f64, u64)| LatencyBucket {
            up_to_ms: bound.is_finite().then(|| (bound * 1e3).round()),
            attempts: count(attempts),
        };
        Self {
            model_id: model.model_id,
            provider_id: model.provider_id,
            attempts: count(results.attempts),
            successes: count(results.successes()),
            failures: failures(&results),
            retries: count(retries),
            prompt_tokens: count(tokens.prompt),
            completion_tokens: count(tokens.completion),
            cached_tokens: count(tokens.cached),
            reasoning_tokens: count(tokens.reasoning),
            cost_usd: cost.usd(),
            latency: Latency { sum_ms: milliseconds(latency.sum()), buckets: latency.buckets().map(bucket).collect() },
        }
    }
}

impl From<core::PromptMetrics> for PromptMetrics {
    fn from(prompt: core::PromptMetrics) -> Self {
        Self {
            version: prompt.version,
            model_id: prompt.model_id,
            overrides: prompt.overrides,
            attempts: count(prompt.results.attempts),
            valid_replies: count(prompt.results.successes()),
            failures: failures(&prompt.results),
        }
    }
}

fn failures(results: &core::Results) -> HashMap<String, f64> {
    results.failures.iter().map(|(kind, failed)| (kind.as_str().to_owned(), count(*failed))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a JavaScript number is a double")]
pub(super) fn count(number: u64) -> f64 {
    number as f64
}

/// How much dearer the calls of a route were than the original alone, in US dollars.
#[expect(clippy::cast_precision_loss, reason = "a JavaScript number is a double")]
pub(super) fn extra_cost_usd(route: &core::RouteView<'_>) -> f64 {
    route.extra_cost() as f64 / 1e9
}

/// What the routes of one day come to.
pub(super) struct DaySums {
    /// How many calls ended.
    pub(super) calls: u64,
    /// How many of them gave at least one prediction.
    pub(super) answered: u64,
    /// How many of those another model answered.
    pub(super) fallbacks: u64,
    /// What they cost, in US dollars.
    pub(super) cost_usd: f64,
    /// How much more than the originals alone, in US dollars.
    pub(super) extra_cost_usd: f64,
}

impl DaySums {
    /// Adds them up.
    #[expect(clippy::cast_precision_loss, reason = "a JavaScript number is a double")]
    pub(super) fn of<'r>(routes: impl Iterator<Item = core::RouteView<'r>>) -> Self {
        let (mut calls, mut answered, mut fallbacks, mut cost, mut extra) = (0_u64, 0_u64, 0_u64, 0_u64, 0_i64);
        for route in routes {
            let is_another = route.answered_by.is_some_and(|model| model != route.original_model_id);
            calls = calls.saturating_add(route.calls);
            answered = answered.saturating_add(route.successes());
            fallbacks = fallbacks.saturating_add(if is_another { route.calls } else { 0 });
            cost = cost.saturating_add(route.cost.0);
            extra = extra.saturating_add(route.extra_cost());
        }
        Self { calls, answered, fallbacks, cost_usd: NanoUsd(cost).usd(), extra_cost_usd: extra as f64 / 1e9 }
    }
}
