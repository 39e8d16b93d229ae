//! What a call would do, without doing it.

use std::time::Duration;

use super::call::Call;
use crate::outcome::{NanoUsd, Refusal};
use crate::plan::{self, Fitted, Wanted};
use crate::task::Item;

/// The plan of a call, followed to its end as if every attempt failed.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The model that is asked for.
    pub original_model_id: String,
    /// The version of the prompt that it would be sent.
    pub prompt_version: String,
    /// Every model of the chain, in order.
    pub steps: Vec<ExplainedStep>,
}

/// One model of the chain.
#[derive(Clone, Debug)]
pub struct ExplainedStep {
    /// The model.
    pub model_id: String,
    /// Its provider.
    pub provider_id: String,
    /// The version of the prompt that it would be sent.
    pub prompt_version: String,
    /// The names of the prompt's overrides, in order.
    pub overrides: Vec<String>,
    /// Expected cost of the whole request on it.
    pub expected: NanoUsd,
    /// That in proportion to the original's; `None` for the original and beside a free one.
    pub price_ratio: Option<f64>,
    /// The attempt's own time-out.
    pub timeout: Duration,
    /// How it would be asked, or why it would not be.
    pub verdict: Result<Fitted, Refusal>,
}

impl<I: Item> Call<I> {
    /// What this call would do if every attempt failed; calls nothing.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let rendering = self.rendering();
        let formats = self.engine.formats.left();
        let wanted = Wanted { rendering: &rendering, options: &self.options, formats: &formats };
        let plan = self.engine.plan(&self.catalog, self.original, &wanted);
        let mut fallback_budget = self.fallback_budget();
        let steps = plan.candidates.iter().enumerate().map(|(position, candidate)| {
            let model = self.catalog.model(candidate.model);
            let mut verdict = candidate.verdict.clone();
            if let Ok(fitted) = &verdict {
                if let Some(refusal) = self.guards_refuse(&plan, &fallback_budget, position, fitted) {
                    verdict = Err(refusal);
                } else if position > 0 {
                    fallback_budget.take(fitted);
                }
            }
            ExplainedStep {
                model_id: model.id.clone(),
                provider_id: model.provider.id.clone(),
                prompt_version: rendering.version(model).to_owned(),
                overrides: rendering.overrides(model),
                expected: candidate.expected,
                price_ratio: candidate.price_ratio,
                timeout: plan::attempt_timeout(model, self.options.attempt_timeout, &self.engine.config),
                verdict,
            }
        });
        Explanation {
            steps: steps.collect(),
            original_model_id: self.request.model_id.clone(),
            prompt_version: rendering.version(self.catalog.model(self.original)).to_owned(),
        }
    }
}
