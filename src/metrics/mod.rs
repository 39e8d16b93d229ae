//! What the calls came to: routes, models and prompts, counted as calls end and read by a page or by Prometheus.
//!
//! An attempt's cost is added once to the model that was asked, and once, within its call, to the call's route. Both are
//! whole billionths of a dollar, so whenever no call is under way their sums are the same number.

mod finished;
mod latency;
mod table;
mod tally;
mod text;
mod totals;
mod view;

use std::collections::HashMap;
use std::time::Duration;

use crate::outcome::{Attempt, FallbackReason};
use table::Table;
use tally::RouteTally;

pub use finished::Finished;
pub use latency::Latency;
pub use tally::{ModelTally, Results, Tokens};
pub use text::{CONTENT_TYPE, Gauges, ModelGauge};
pub use totals::{DayTotals, ModelTotals};
pub use view::{CostWarnings, Metrics, ModelMetrics, PromptMetrics, Route};

/// Stands for the model that answered where none did; no model has an empty id.
const NOBODY: &str = "";

/// The counts of one engine. They begin at nothing with the engine and only grow; at their largest value they stay.
#[derive(Debug, Default)]
pub struct Recorder {
    /// By the original model and the model that answered, then by the reason.
    routes: Table<HashMap<Option<FallbackReason>, RouteTally>>,
    /// By model and provider.
    models: Table<ModelTally>,
    /// By model and version of the prompt, then by its overrides.
    prompts: Table<HashMap<Box<[String]>, Results>>,
    /// By the original model and the fallback that was much dearer.
    warnings: Table<u64>,
}

impl Recorder {
    /// Counts an attempt that has ended, whatever became of it. Allocates nothing for a model, a provider, a prompt and
    /// a kind of failure that were seen before.
    pub fn attempted(&self, attempt: &Attempt) {
        self.models.change(&attempt.model_id, &attempt.provider_id, |tally| tally.add(attempt));
        self.prompts.change(&attempt.model_id, &attempt.prompt_version, |variants| {
            table::change_in(variants, attempt.overrides.as_slice(), |results| results.add(attempt.failure));
        });
    }

    /// Counts a call that has ended, whatever became of it; its attempts are counted by [`Self::attempted`].
    pub fn called(&self, call: &Finished<'_>) {
        self.routes.change(call.original, call.answered_by.unwrap_or(NOBODY), |reasons| {
            reasons.entry(call.reason).or_default().add(call);
        });
    }

    /// Counts a fallback that was about to be asked though it is much dearer than the original.
    pub fn warned(&self, original: &str, model: &str) {
        self.warnings.change(original, model, |count| *count = count.saturating_add(1));
    }

    /// How long the attempts of each model take on average, of those that were asked.
    #[must_use]
    pub fn usual_times(&self) -> Vec<(String, Duration)> {
        self.models.collect(|model_id, _, tally| (model_id.to_owned(), tally.latency.mean()))
    }

    /// Everything counted so far, sorted. Each entry is whole; calls that end meanwhile may be in some entries and not
    /// yet in others.
    #[must_use]
    pub fn snapshot(&self) -> Metrics {
        let routes = self.routes.collect(|original, answered_by, reasons| {
            let answered_by = (answered_by != NOBODY).then_some(answered_by);
            let route = |(reason, tally): (&_, &RouteTally)| Route::new(original, answered_by, *reason, tally);
            reasons.iter().map(route).collect::<Vec<_>>()
        });
        let models = self.models.collect(|model_id, provider_id, tally| ModelMetrics {
            model_id: model_id.to_owned(),
            provider_id: provider_id.to_owned(),
            tally: tally.clone(),
        });
        let prompts = self.prompts.collect(|model_id, version, variants| {
            let variants = variants.iter().map(|(overrides, results)| PromptMetrics {
                version: version.to_owned(),
                model_id: model_id.to_owned(),
                overrides: overrides.to_vec(),
                results: results.clone(),
            });
            variants.collect::<Vec<_>>()
        });
        let warnings = self.warnings.collect(|original, model, count| CostWarnings {
            original_model_id: original.to_owned(),
            model_id: model.to_owned(),
            count: *count,
        });
        let (routes, prompts) = (routes.into_iter().flatten(), prompts.into_iter().flatten());
        Metrics::sorted(routes.collect(), models, prompts.collect(), warnings)
    }

    /// What all calls came to, in the text format of `OpenMetrics`, of the type [`CONTENT_TYPE`], with the gauges as they are now.
    #[must_use]
    pub fn text(&self, gauges: Gauges) -> String {
        text::encode(self.snapshot(), gauges)
    }
}

#[cfg(test)]
mod tests;
