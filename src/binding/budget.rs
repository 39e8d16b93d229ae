//! The day's budget as a JavaScript object.

use napi_derive::napi;
use serde::Serialize;

use crate::money;
use crate::outcome::NanoUsd;

/// How the day's budget stands; for the whole fleet, if the engine belongs to one, as it was a second ago at most.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Budget {
    /// The day in UTC, as `YYYY-MM-DD`.
    pub day: String,
    /// What a day may cost, in US dollars; null for any sum.
    pub daily_budget_usd: Option<f64>,
    /// What the day has cost so far, in US dollars.
    pub spent_usd: f64,
    /// The most that today's attempts under way can cost, in US dollars. In a fleet: those of this engine, and what the other
    /// members are granted.
    pub reserved_usd: f64,
    /// What today's attempts that have ended may be billed beyond `spentUsd`, in US dollars: they were sent and cut off,
    /// or came without a count of their tokens that can be believed. In a fleet also what members were granted that are gone.
    /// It is held until the day ends.
    pub uncertain_usd: f64,
    /// What is neither spent nor reserved nor uncertain, in US dollars, 0 or more; null without a budget.
    pub remaining_usd: Option<f64>,
    /// What may be called by what is spent or uncertain: whatever the rest covers, no fallback dearer than the original (from
    /// `pauseFallbacksAt` on), or only what is free (all of it is gone).
    #[napi(ts_type = "'open' | 'fallbacks_paused' | 'exhausted'")]
    pub state: &'static str,
    /// The models that have spent, reserved or left uncertain anything, sorted by id; in a fleet by this engine's attempts.
    pub models: Vec<ModelBudget>,
}

/// What one model has cost today.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct ModelBudget {
    /// The model.
    pub model_id: String,
    /// What it has cost so far, in US dollars.
    pub spent_usd: f64,
    /// The most that its attempts under way can cost, in US dollars.
    pub reserved_usd: f64,
    /// What its attempts that have ended may be billed beyond `spentUsd`, in US dollars.
    pub uncertain_usd: f64,
}

impl From<money::BudgetStatus> for Budget {
    fn from(status: money::BudgetStatus) -> Self {
        let model = |(model_id, sums): (String, money::Sums)| ModelBudget {
            model_id,
            spent_usd: sums.spent.usd(),
            reserved_usd: sums.reserved.usd(),
            uncertain_usd: sums.uncertain.usd(),
        };
        Self {
            day: status.day,
            daily_budget_usd: status.daily.map(NanoUsd::usd),
            spent_usd: status.spent.usd(),
            reserved_usd: status.reserved.usd(),
            uncertain_usd: status.uncertain.usd(),
            remaining_usd: status.remaining.map(NanoUsd::usd),
            state: status.state.as_str(),
            models: status.models.into_iter().map(model).collect(),
        }
    }
}
