//! The core's records as JavaScript objects; names and order are those of the core.

use std::time::Duration;

use napi_derive::napi;
use serde::Serialize;

use super::football::{Prediction, predictions};
use super::iso::iso;
use super::record::Record;
use crate::engine;
use crate::football::Answers;
use crate::outcome::{self as core, Setting};
use crate::prompt::VersionStatus;

/// Milliseconds, with a fraction.
pub(super) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// What `predictWithFallback` resolves with: at least one prediction, and how it came about.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct PredictionOutcome {
    /// Names the call in its events and log records; no other call has it, in no other process either.
    pub call_id: String,
    /// `options.requestId`; null if none was given.
    pub request_id: Option<String>,
    /// The predictions, in the request's order.
    pub predictions: Vec<Prediction>,
    /// The ids of the matches without a prediction, in the request's order; empty if all have one.
    pub missing_match_ids: Vec<String>,
    /// The model that was asked for.
    pub original_model_id: String,
    /// The model that answered; of several, the last that contributed.
    pub model_id: String,
    /// Whether that is another than the original.
    pub used_fallback: bool,
    /// `modelId` if it is another than the original, else null.
    pub fallback_model_id: Option<String>,
    /// Why another than the original answered: what it failed with, why it was skipped, or `incomplete` if it answered
    /// some of the matches; null if it answered alone.
    #[napi(ts_type = "FallbackReason")]
    pub fallback_reason: Option<&'static str>,
    /// Every model that was asked, in order.
    pub attempts: Vec<Attempt>,
    /// Every model that was passed over before the answer, in order.
    pub skips: Vec<Skip>,
    /// What all attempts cost together, in US dollars.
    pub cost_usd: f64,
    /// Estimate of what the original alone would have cost, in US dollars.
    pub original_cost_usd: f64,
    /// Tokens of all attempts together.
    pub usage: Usage,
    /// The version of the prompt that `modelId` was sent; `own` for a prompt of the caller's.
    pub prompt_version: String,
    /// The names of that prompt's overrides, in order.
    pub overrides: Vec<String>,
    /// What `modelId` thought before it answered, or null if it did not say.
    pub reasoning: Option<String>,
    /// What `modelId` answered, as it came.
    pub raw_response: String,
    /// From the call to the answer, in milliseconds.
    pub duration_ms: f64,
}

/// One model, asked over HTTP, and what became of it. One that waited in vain for its provider's turn is an attempt as
/// well, a `timeout` that costs nothing.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Attempt {
    /// The model that was asked.
    pub model_id: String,
    /// Its provider.
    pub provider_id: String,
    /// The version of the prompt that it was sent; `own` for a prompt of the caller's.
    pub prompt_version: String,
    /// The names of the prompt's overrides, in order.
    pub overrides: Vec<String>,
    /// Why it failed; null if it gave at least one prediction.
    #[napi(ts_type = "FailureKind")]
    pub failure: Option<&'static str>,
    /// What was seen, in one line; null if it did not fail.
    pub message: Option<String>,
    /// The HTTP status of the last reply; null if none came.
    pub status: Option<u32>,
    /// The model that the last reply says it is of, as the provider calls it, in one line of at most 200 characters; null if it
    /// does not say.
    pub response_model: Option<String>,
    /// How many times the request was sent again after a failure, 0 to `maxRetries`.
    pub retries: u32,
    /// When it began, as an ISO 8601 time.
    pub started_at: String,
    /// From then, the wait for the provider's turn, to the end of the last reply, in milliseconds.
    pub duration_ms: f64,
    /// Tokens that are charged; null if none are.
    pub usage: Option<Usage>,
    /// What it cost, in US dollars.
    pub cost_usd: f64,
    /// How the request was changed to fit the provider's limits.
    pub adjusted: Vec<Adjustment>,
    /// Whether another call of the same slate made it, whose answer or failure stands here at no cost; absent outside a slate.
    #[serde(skip_serializing_if = "is_absent")]
    #[napi(ts_type = "true | undefined")]
    pub reused: napi::Either<bool, ()>,
}

/// A change that made a request fit its provider.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Adjustment {
    /// `max_tokens`, `temperature`, `stop` (how many sequences), `response_format`, or `matches` (how many are asked for).
    pub parameter: &'static str,
    /// What was wanted.
    #[napi(ts_type = "number | string")]
    pub from: napi::Either<f64, &'static str>,
    /// What was sent; null if the parameter was left out.
    #[napi(ts_type = "number | string")]
    pub to: Option<napi::Either<f64, &'static str>>,
}

/// A model of the chain that was not called.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct Skip {
    /// The model.
    pub model_id: String,
    /// Why it was not called.
    #[napi(ts_type = "SkipReason")]
    pub reason: &'static str,
    /// The same in words, with the numbers that decided.
    pub detail: String,
}

/// Tokens, as the provider counted them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct Usage {
    /// Tokens of the prompt, the cached ones included.
    pub prompt_tokens: f64,
    /// Tokens of the completion, the reasoning included.
    pub completion_tokens: f64,
    /// Tokens of the prompt that the provider had cached.
    pub cached_tokens: f64,
    /// Tokens of the completion that were reasoning.
    pub reasoning_tokens: f64,
    /// Whether any of it is an estimate, for want of a `usage` in a reply.
    pub estimated: bool,
}

/// A fallback and who serves it.
#[napi(object, object_from_js = false)]
pub struct Fallback {
    /// The model.
    pub model_id: String,
    /// Its provider.
    pub provider_id: String,
}

/// What `buildPrompt` returns.
#[napi(object, object_from_js = false)]
pub struct BuiltPrompt {
    /// The system message: the version's components, the model's overrides, the output format.
    pub system: String,
    /// The user message: the matches.
    pub user: String,
    /// The version of the prompt.
    pub prompt_version: String,
    /// The names of the overrides, in order: those of the catalogue, then those of the version.
    pub overrides: Vec<String>,
    /// Estimate of the tokens of both messages.
    pub estimated_tokens: f64,
}

/// A version of the prompts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct PromptVersionStatus {
    /// Its name.
    pub version: String,
    /// What its author says about it.
    pub notes: Option<String>,
    /// When it begins to be active, as an ISO 8601 time; null: always has been.
    pub active_from: Option<String>,
    /// When it ceases to be active, as an ISO 8601 time; null: never.
    pub active_to: Option<String>,
    /// The ids of the models that it is for, sorted; null: all.
    pub models: Option<Vec<String>>,
    /// Its share, in proportion to those of the others; null: none.
    pub weight: Option<u32>,
    /// Whether it is active now, by its dates alone.
    pub active: bool,
    /// Whether it is pinned by `activatePrompts`.
    pub pinned: bool,
}

impl From<Answers> for PredictionOutcome {
    fn from(outcome: Answers) -> Self {
        let used_fallback = outcome.model_id != outcome.original_model_id;
        Self {
            call_id: outcome.call.call_id.clone(),
            request_id: outcome.call.request_id.clone(),
            cost_usd: outcome.history.cost().usd(),
            usage: Usage::from(&outcome.history.usage()),
            attempts: outcome.history.attempts.iter().map(Attempt::from).collect(),
            skips: outcome.history.skips.iter().map(Skip::from).collect(),
            missing_match_ids: outcome.missing().map(str::to_owned).collect(),
            predictions: predictions(outcome.findings),
            original_model_id: outcome.original_model_id,
            fallback_model_id: used_fallback.then(|| outcome.model_id.clone()),
            model_id: outcome.model_id,
            used_fallback,
            fallback_reason: outcome.fallback_reason.map(core::FallbackReason::as_str),
            original_cost_usd: outcome.original_cost.usd(),
            prompt_version: outcome.prompt_version,
            overrides: outcome.overrides,
            reasoning: outcome.reasoning,
            raw_response: outcome.raw_response,
            duration_ms: milliseconds(outcome.duration),
        }
    }
}

impl From<Answers> for Record {
    fn from(outcome: Answers) -> Self {
        Self::new(&PredictionOutcome::from(outcome))
    }
}

impl From<&core::Attempt> for Attempt {
    fn from(attempt: &core::Attempt) -> Self {
        Self {
            model_id: attempt.model_id.clone(),
            provider_id: attempt.provider_id.clone(),
            prompt_version: attempt.prompt_version.clone(),
            overrides: attempt.overrides.clone(),
            failure: attempt.failure.map(crate::kind::FailureKind::as_str),
            message: attempt.message.clone(),
            status: attempt.status.map(u32::from),
            response_model: attempt.response_model.clone(),
            retries: attempt.retries,
            started_at: iso(attempt.started_at),
            duration_ms: milliseconds(attempt.duration),
            usage: attempt.usage.as_ref().map(Usage::from),
            cost_usd: attempt.cost.usd(),
            adjusted: adjustments(&attempt.adjusted),
            reused: if attempt.reused { napi::Either::A(true) } else { napi::Either::B(()) },
        }
    }
}

/// Whether a field is left out.
fn is_absent(field: &napi::Either<bool, ()>) -> bool {
    matches!(field, napi::Either::B(()))
}

pub(super) fn adjustments(adjusted: &[core::Adjustment]) -> Vec<Adjustment> {
    let setting = |setting: &Setting| match *setting {
        Setting::Number(number) => napi::Either::A(number),
        Setting::Text(text) => napi::Either::B(text),
    };
    let convert = |adjustment: &core::Adjustment| Adjustment {
        parameter: adjustment.parameter,
        from: setting(&adjustment.from),
        to: adjustment.to.as_ref().map(setting),
    };
    adjusted.iter().map(convert).collect()
}

impl From<&core::Skip> for Skip {
    fn from(skip: &core::Skip) -> Self {
        Self { model_id: skip.model_id.clone(), reason: skip.reason.as_str(), detail: skip.detail.clone() }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a JavaScript number is a double")]
impl From<&core::Usage> for Usage {
    fn from(usage: &core::Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens as f64,
            completion_tokens: usage.completion_tokens as f64,
            cached_tokens: usage.cached_tokens as f64,
            reasoning_tokens: usage.reasoning_tokens as f64,
            estimated: usage.estimated,
        }
    }
}

impl From<VersionStatus> for PromptVersionStatus {
    fn from(status: VersionStatus) -> Self {
        Self {
            version: status.id,
            notes: status.notes,
            active_from: status.active_from.map(iso),
            active_to: status.active_to.map(iso),
            models: Some(status.models).filter(|models| !models.is_empty()),
            weight: status.weight,
            active: status.active,
            pinned: status.pinned,
        }
    }
}

impl From<engine::BuiltPrompt> for BuiltPrompt {
    #[expect(clippy::cast_precision_loss, reason = "a JavaScript number is a double")]
    fn from(built: engine::BuiltPrompt) -> Self {
        Self {
            system: built.texts.system.unwrap_or_default(),
            user: built.texts.user,
            prompt_version: built.version,
            overrides: built.overrides,
            estimated_tokens: built.estimated_tokens as f64,
        }
    }
}
