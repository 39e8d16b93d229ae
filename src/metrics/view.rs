//! The counts as a page shows them.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::tally::{ModelTally, Results, RouteTally};
use crate::kind::Task;
use crate::outcome::{FallbackReason, NanoUsd};

/// Everything counted since the engine began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// Every route that was taken, by original model, model that answered, and reason.
    pub routes: Vec<Route>,
    /// Every model that was asked, by id and provider.
    pub models: Vec<ModelMetrics>,
    /// Every version of the prompt, model that it was sent to, and overrides that it had there, in that order.
    pub prompts: Vec<PromptMetrics>,
    /// Every fallback that was much dearer than the original, by original and fallback.
    pub cost_warnings: Vec<CostWarnings>,
}

/// How often a fallback was about to be asked though it is dearer than `warnPriceRatio` times the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostWarnings {
    /// The model that was asked for.
    pub original_model_id: String,
    /// The fallback.
    pub model_id: String,
    /// How often.
    pub count: u64,
}

/// The calls for one model that the same model answered for the same reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// What the calls were about.
    pub task: Task,
    /// The model that was asked for.
    pub original_model_id: String,
    /// The last model that contributed; `None` if none did.
    pub answered_by: Option<String>,
    /// Why that is not the original; `None` if it is. Of calls without an answer: what ended them from outside, else
    /// why the original did not answer.
    pub reason: Option<FallbackReason>,
    /// How many calls there were.
    pub calls: u64,
    /// Their part of all calls for the original, above 0 and up to 1.
    pub share: f64,
    /// What all their attempts cost.
    pub cost: NanoUsd,
    /// Estimate of what the original alone would have cost.
    pub original_cost: NanoUsd,
}

/// A route, its names borrowed from where it is counted.
#[derive(Clone, Copy, Debug)]
pub struct RouteView<'a> {
    /// What the calls were about.
    pub task: Task,
    /// The model that was asked for.
    pub original_model_id: &'a str,
    /// The last model that contributed; `None` if none did.
    pub answered_by: Option<&'a str>,
    /// Why that is not the original, as a [`Route`] has it.
    pub reason: Option<FallbackReason>,
    /// How many calls there were.
    pub calls: u64,
    /// Their part of all calls for the original, above 0 and up to 1.
    pub share: f64,
    /// What all their attempts cost.
    pub cost: NanoUsd,
    /// Estimate of what the original alone would have cost.
    pub original_cost: NanoUsd,
}

/// The attempts of one model at one provider.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelMetrics {
    /// The model.
    pub model_id: String,
    /// Its provider.
    pub provider_id: String,
    /// What was counted.
    pub tally: ModelTally,
}

/// The attempts with one version of the prompt and the same overrides at one model.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptMetrics {
    /// The version of the prompt.
    pub version: String,
    /// The model.
    pub model_id: String,
    /// The names of the overrides, in order.
    pub overrides: Vec<String>,
    /// What they came to.
    pub results: Results,
}

impl Metrics {
    /// Puts what was counted in order and works out the shares.
    pub(super) fn sorted(
        routes: Vec<Route>,
        mut models: Vec<ModelMetrics>,
        mut prompts: Vec<PromptMetrics>,
        mut cost_warnings: Vec<CostWarnings>,
    ) -> Self {
        let routes = Route::with_shares(routes);
        models.sort_unstable_by(|a, b| ordered(&(&a.model_id, &a.provider_id), &(&b.model_id, &b.provider_id)));
        prompts.sort_unstable_by(|a, b| {
            ordered(&(&a.version, &a.model_id, &a.overrides), &(&b.version, &b.model_id, &b.overrides))
        });
        cost_warnings.sort_unstable_by(|a, b| {
            ordered(&(&a.original_model_id, &a.model_id), &(&b.original_model_id, &b.model_id))
        });
        Self { routes, models, prompts, cost_warnings }
    }
}

/// Compares two keys, outside the sort, which would be made many times as large by it.
#[inline(never)]
fn ordered<K: Ord>(one: &K, other: &K) -> Ordering {
    one.cmp(other)
}

pub(super) fn set_shares(routes: &mut [Route]) {
    let mut calls: HashMap<String, u64> = HashMap::new();
    for route in routes.iter() {
        let sum = calls.entry(route.original_model_id.clone()).or_default();
        *sum = sum.saturating_add(route.calls);
    }
    for route in routes {
        let all = calls.get(&route.original_model_id).copied().unwrap_or_default();
        route.share = route.view().among(all).share;
    }
}

impl Route {
    /// A route whose share is not known yet.
    pub(super) fn new(task: Task, names: (&str, Option<&str>, Option<FallbackReason>), tally: &RouteTally) -> Self {
        Self::from(RouteView::new(task, names, tally))
    }

    /// It, its names borrowed.
    #[must_use]
    pub fn view(&self) -> RouteView<'_> {
        RouteView {
            task: self.task,
            original_model_id: &self.original_model_id,
            answered_by: self.answered_by.as_deref(),
            reason: self.reason,
            calls: self.calls,
            share: self.share,
            cost: self.cost,
            original_cost: self.original_cost,
        }
    }

    /// Routes in order, each with its share.
    pub(super) fn with_shares(mut routes: Vec<Self>) -> Vec<Self> {
        set_shares(&mut routes);
        routes.sort_unstable_by(|a, b| ordered(&a.key(), &b.key()));
        routes
    }

    fn key(&self) -> (&str, Option<&str>, Option<&str>, Task) {
        (&self.original_model_id, self.answered_by.as_deref(), self.reason.map(FallbackReason::as_str), self.task)
    }

    /// The route in words, such as `deepseek-r1-0528-syn: 5 predictions through deepseek-r1`.
    #[must_use]
    pub fn sentence(&self) -> String {
        self.view().sentence()
    }
}

impl From<RouteView<'_>> for Route {
    fn from(route: RouteView<'_>) -> Self {
        Self {
            task: route.task,
            original_model_id: route.original_model_id.to_owned(),
            answered_by: route.answered_by.map(str::to_owned),
            reason: route.reason,
            calls: route.calls,
            share: route.share,
            cost: route.cost,
            original_cost: route.original_cost,
        }
    }
}

impl<'a> RouteView<'a> {
    /// A route whose share is not known yet.
    pub(super) fn new(
        task: Task,
        (original_model_id, answered_by, reason): (&'a str, Option<&'a str>, Option<FallbackReason>),
        tally: &RouteTally,
    ) -> Self {
        let RouteTally { calls, cost, original_cost } = *tally;
        Self { task, original_model_id, answered_by, reason, calls, share: 0.0, cost, original_cost }
    }

    /// It with its share of so many calls for the original.
    #[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^52")]
    pub(super) fn among(self, all: u64) -> Self {
        Self { share: self.calls as f64 / all.max(1) as f64, ..self }
    }

    /// The calls that gave at least one prediction: all or none. They are successes of the model that answered and of
    /// the route, of the original only where it answered itself.
    #[must_use]
    pub fn successes(&self) -> u64 {
        if self.answered_by.is_some() { self.calls } else { 0 }
    }

    /// How much dearer the calls were than the original alone would have been, in billionths of a dollar; below 0 if
    /// they were cheaper.
    #[must_use]
    pub fn extra_cost(&self) -> i64 {
        let difference = i128::from(self.cost.0) - i128::from(self.original_cost.0);
        i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
    }

    /// The route in words, such as `deepseek-r1-0528-syn: 5 predictions through deepseek-r1`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let (original, calls) = (self.original_model_id, self.calls);
        let plural = if calls == 1 { "" } else { "s" };
        let given = match self.task {
            Task::Predict => "prediction",
            Task::Ask => "answer",
        };
        match (self.answered_by, self.reason) {
            (Some(model), _) if model == original => format!("{original}: {calls} {given}{plural} of its own"),
            (Some(model), _) => format!("{original}: {calls} {given}{plural} through {model}"),
            (None, None) => format!("{original}: {calls} call{plural} without an answer"),
            (None, Some(reason)) => {
                format!("{original}: {calls} call{plural} without an answer ({})", reason.as_str())
            }
        }
    }
}
