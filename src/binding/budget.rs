//! The day's budget as a JavaScript object.

use napi_derive::napi;

use crate::money;
use crate::outcome::MicroUsd;

/// How the day's budget stands.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Budget {
    /// The day in UTC, as `YYYY-MM-DD`.
    pub day: String,
    /// What a day may cost, in US dollars; null for any sum.
    pub daily_budget_usd: Option<f64>,
    /// What the day has cost so far, in US dollars.
    pub spent_usd: f64,
    /// The most that today's attempts under way can cost, in US dollars.
    pub reserved_usd: f64,
    /// What is neither spent nor reserved, in US dollars, 0 or more; null without a budget.
    pub remaining_usd: Option<f64>,
    /// What may be called by what is spent: whatever the rest covers, no fallback dearer than the original (from
    /// `pauseFallbacksAt` on), or only what is free (all of it is spent).
    #[napi(ts_type = "'open' | 'fallbacks_paused' | 'exhausted'")]
    pub state: &'static str,
    /// The models that have spent or reserved anything, sorted by id.
    pub models: Vec<ModelBudget>,
}

/// What one model has cost today.
#[napi(object, object_from_js = false)]
pub struct ModelBudget {
    /// The model.
    pub model_id: String,
    /// What it has cost so far, in US dollars.
    pub spent_usd: f64,
    /// The most that its attempts under way can cost, in US dollars.
    pub reserved_usd: f64,
}

impl From<money::Status> for Budget {
    fn from(status: money::Status) -> Self {
        let model = |(model_id, sums): (String, money::Sums)| ModelBudget {
            model_id,
            spent_usd: sums.spent.usd(),
            reserved_usd: sums.reserved.usd(),
        };
        Self {
            day: status.day,
            daily_budget_usd: status.daily.map(MicroUsd::usd),
            spent_usd: status.spent.usd(),
            reserved_usd: status.reserved.usd(),
            remaining_usd: status.remaining.map(MicroUsd::usd),
            state: status.state.as_str(),
            models: status.models.into_iter().map(model).collect(),
        }
    }
}
