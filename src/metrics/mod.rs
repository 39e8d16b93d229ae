//! What the calls came to: routes, models and prompts, counted as calls end and read by a page or by Prometheus.
//!
//! An attempt's cost is added once to the model that was asked, and once, within its call, to the call's route. Both are
//! whole billionths of a dollar, so whenever no call is under way their sums are the same number.

mod calls;
mod days;
mod finished;
mod lately;
mod latency;
mod sorted;
mod spread;
mod table;
mod tally;
mod text;
mod totals;
mod view;
mod windows;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use dashmap::DashMap;

use crate::kind::Task;
use crate::outcome::{Attempt, FallbackReason};
use calls::LastCalls;
use days::Days;
use table::Table;
use tally::RouteTally;
use windows::Windows;

pub use calls::{AttemptRecord, CallRecord};
pub use days::{DayMetrics, DayOfModel};
pub use finished::Finished;
pub use lately::{DayView, Lately};
pub use latency::Latency;
pub use tally::{ModelTally, Results, Tokens};
pub use text::{CONTENT_TYPE, Gauges, ModelGauge};
pub use totals::{DayTotals, ModelTotals};
pub use view::{CostWarnings, Metrics, ModelMetrics, PromptMetrics, Route, RouteView};
pub use windows::{ModelWindows, WindowSums};

/// Stands for the model that answered where none did; no model has an empty id.
const NOBODY: &str = "";

/// The counts of one engine. They begin at nothing with the engine and only grow; at their largest value they stay.
#[derive(Debug)]
pub struct Recorder {
    began: Instant,
    /// By the original model and the model that answered, then by the task and the reason.
    routes: Table<HashMap<(Task, Option<FallbackReason>), RouteTally>>,
    /// By model and provider.
    models: Table<ModelTally>,
    /// By model and version of the prompt, then by its overrides.
    prompts: Table<HashMap<Box<[String]>, Results>>,
    /// By the original model and the fallback that was much dearer.
    warnings: Table<u64>,
    /// By model.
    windows: DashMap<Box<str>, Box<Windows>>,
    journal: Mutex<Journal>,
}

/// What is known by day, and of the last calls: changed together, so that whoever reads it never mixes two moments.
#[derive(Debug, Default)]
struct Journal {
    days: Days,
    calls: LastCalls,
    /// How many attempts were sent each version of the prompts, and how many of them gave at least one prediction.
    versions: HashMap<Box<str>, (u64, u64)>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            routes: Table::default(),
            models: Table::default(),
            prompts: Table::default(),
            warnings: Table::default(),
            windows: DashMap::default(),
            journal: Mutex::default(),
        }
    }
}

impl Recorder {
    /// Counts an attempt that has ended, whatever became of it. Allocates nothing for a model, a provider, a prompt and
    /// a kind of failure that were seen before.
    pub fn attempted(&self, attempt: &Attempt) {
        self.models.change(&attempt.model_id, &attempt.provider_id, |tally| tally.add(attempt));
        self.prompts.change(&attempt.model_id, &attempt.prompt_version, |variants| {
            table::change_in(variants, attempt.overrides.as_slice(), |results| results.add(attempt.failure));
        });
        self.with_windows(&attempt.model_id, |windows| {
            windows.add(self.began.elapsed(), attempt.failure.is_none(), attempt.duration, attempt.cost);
        });
        let mut journal = self.journal();
        journal.days.attempted(attempt, SystemTime::now());
        table::change_in(&mut journal.versions, attempt.prompt_version.as_str(), |(attempts, answered)| {
            *attempts = attempts.saturating_add(1);
            *answered = answered.saturating_add(u64::from(attempt.failure.is_none()));
        });
    }

    /// Counts a call that has ended, whatever became of it, and keeps its record for a while.
    pub fn ended(&self, call: &Finished<'_>, record: CallRecord) {
        let mut journal = self.journal();
        journal.days.called(call, SystemTime::now());
        journal.calls.add(record);
        self.called(call);
    }

    /// Counts a call that has ended since the engine began, whatever became of it; its attempts are counted by
    /// [`Self::attempted`].
    pub fn called(&self, call: &Finished<'_>) {
        self.routes.change(call.original, call.answered_by.unwrap_or(NOBODY), |reasons| {
            reasons.entry((call.task, call.reason)).or_default().add(call);
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
            let route =
                |(&(task, reason), tally): (&_, &RouteTally)| Route::new(task, (original, answered_by, reason), tally);
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

    /// What calls came to lately. What is counted waits until it is let go of.
    pub fn lately(&self) -> Lately<'_> {
        Lately::new(self, self.journal())
    }

    /// What is known by day, to be saved.
    #[must_use]
    pub fn saved_days(&self) -> Vec<DayMetrics> {
        self.journal().days.all(SystemTime::now())
    }

    /// Takes over what was counted elsewhere, or before: of each number the larger.
    pub fn restore_days(&self, saved: &[DayMetrics]) {
        self.journal().days.restore(saved, SystemTime::now());
    }

    fn with_windows(&self, model: &str, step: impl FnOnce(&mut Windows)) {
        match self.windows.get_mut(model) {
            Some(mut windows) => step(&mut windows),
            None => step(&mut self.windows.entry(model.into()).or_default()),
        }
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What all calls came to, in the text format of `OpenMetrics`, of the type [`CONTENT_TYPE`], with the gauges as they are now.
    #[must_use]
    pub fn text(&self, gauges: Gauges) -> String {
        text::encode(self.snapshot(), gauges)
    }
}

#[cfg(test)]
mod tests;
