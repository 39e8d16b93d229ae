//! The plan of a request as JavaScript objects.

use napi_derive::napi;

use super::outcome::{Adjustment, adjustments, milliseconds};
use crate::engine;
use crate::plan::Fitted;

/// What `explain` returns: what would be done if every attempt failed.
#[napi(object, object_from_js = false)]
pub struct Plan {
    /// The model that is asked for.
    pub original_model_id: String,
    /// The version of the prompt that it would be sent; `own` for a prompt of the caller's.
    pub prompt_version: String,
    /// The models that would be asked, in order.
    pub attempts: Vec<PlannedAttempt>,
    /// The models that would be passed over, in order.
    pub skips: Vec<PlannedSkip>,
}

/// An attempt that would be made.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct PlannedAttempt {
    /// The model.
    pub model_id: String,
    /// Its provider.
    pub provider_id: String,
    /// The version of the prompt that it would be sent; `own` for a prompt of the caller's.
    pub prompt_version: String,
    /// The names of the prompt's overrides, in order.
    pub overrides: Vec<String>,
    /// Expected cost of the whole request on it, in US dollars.
    pub expected_cost_usd: f64,
    /// The most that the attempt can cost, in US dollars: the prompt and all of `maxTokens`.
    pub worst_cost_usd: f64,
    /// Its expected cost in proportion to the original's; null for the original and beside a free one.
    pub price_ratio: Option<f64>,
    /// Estimate of the prompt's tokens.
    pub prompt_tokens: f64,
    /// `max_tokens` as it would be sent.
    pub max_tokens: f64,
    /// How many matches it would be asked for.
    pub matches: u32,
    /// The attempt's own time-out, in milliseconds; the deadline may leave it less.
    pub timeout_ms: f64,
    /// How the request would be changed to fit the provider's limits.
    pub adjusted: Vec<Adjustment>,
}

/// A model that would be passed over.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct PlannedSkip {
    /// The model.
    pub model_id: String,
    /// Why it would not be called.
    #[napi(ts_type = "SkipReason")]
    pub reason: &'static str,
    /// The same in words, with the numbers that decided.
    pub detail: String,
    /// Expected cost of the whole request on it, in US dollars.
    pub expected_cost_usd: f64,
    /// Its expected cost in proportion to the original's; null for the original and beside a free one.
    pub price_ratio: Option<f64>,
}

impl From<engine::Explanation> for Plan {
    fn from(explanation: engine::Explanation) -> Self {
        let (mut attempts, mut skips) = (Vec::new(), Vec::new());
        for step in explanation.steps {
            match step.verdict {
                Ok(ref fitted) => attempts.push(PlannedAttempt::new(&step, fitted)),
                Err(refusal) => skips.push(PlannedSkip {
                    model_id: step.model_id,
                    reason: refusal.reason.as_str(),
                    detail: refusal.detail,
                    expected_cost_usd: step.expected.usd(),
                    price_ratio: step.price_ratio,
                }),
            }
        }
        Self {
            original_model_id: explanation.original_model_id,
            prompt_version: explanation.prompt_version,
            attempts,
            skips,
        }
    }
}

impl PlannedAttempt {
    #[expect(clippy::cast_precision_loss, reason = "a JavaScript number is a double")]
    fn new(step: &engine::ExplainedStep, fitted: &Fitted) -> Self {
        Self {
            model_id: step.model_id.clone(),
            provider_id: step.provider_id.clone(),
            prompt_version: step.prompt_version.clone(),
            overrides: step.overrides.clone(),
            expected_cost_usd: step.expected.usd(),
            worst_cost_usd: fitted.worst.usd(),
            price_ratio: step.price_ratio,
            prompt_tokens: fitted.prompt_tokens as f64,
            max_tokens: fitted.max_tokens as f64,
            matches: u32::try_from(fitted.positions.len()).unwrap_or(u32::MAX),
            timeout_ms: milliseconds(step.timeout),
            adjusted: adjustments(&fitted.adjusted),
        }
    }
}
