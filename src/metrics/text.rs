//! The counts in the text format that Prometheus scrapes.
//!
//! Every label is an id of the catalogue, a version of the prompt, the names of its overrides with `,` between them, or
//! a name of a closed set, never a text that came with a reply. An empty `model` is a call that nobody answered; an
//! empty `reason` is one that the original answered.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, NoLabelSet, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::tally::{Results, Tokens};
use super::view::{CostWarnings, Metrics, ModelMetrics, PromptMetrics, Route};
use crate::outcome::{FallbackReason, NanoUsd};

/// The `Content-Type` of the text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is not counted but read at each scrape.
#[derive(Clone, Debug, Default)]
pub struct Gauges {
    /// How many models are active.
    pub active_models: u64,
    /// What the day has cost so far.
    pub spent: NanoUsd,
    /// What the requests under way can cost, at worst.
    pub reserved: NanoUsd,
    /// What requests that have ended may be billed beyond what is spent.
    pub uncertain: NanoUsd,
    /// The day's budget, if there is one.
    pub daily_budget: Option<NanoUsd>,
    /// Whether the fleet is joined, if there is one.
    pub fleet_up: Option<bool>,
    /// Every model of the catalogue.
    pub models: Vec<ModelGauge>,
}

/// A model of the catalogue as it is now.
#[derive(Clone, Debug)]
pub struct ModelGauge {
    /// The model.
    pub model_id: String,
    /// Its provider.
    pub provider_id: String,
    /// Whether it is switched off.
    pub disabled: bool,
}

/// Writes metrics and gauges with the `# EOF` that ends them.
pub(super) fn encode(metrics: Metrics, gauges: Gauges) -> String {
    let mut registry = Registry::with_prefix("fallcast");
    registry.register_collector(Box::new(Scrape { metrics, gauges }));
    let mut written = String::new();
    // A String takes whatever is written to it.
    text::encode(&mut written, &registry).unwrap_or_default();
    written
}

#[derive(Debug)]
struct Scrape {
    metrics: Metrics,
    gauges: Gauges,
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut families = Families(encoder);
        families.routes(&self.metrics.routes)?;
        families.models(&self.metrics.models)?;
        families.prompts(&self.metrics.prompts)?;
        families.warnings(&self.metrics.cost_warnings)?;
        families.gauges(&self.gauges)
    }
}

/// Names and values of a sample's labels.
type Labels<'a, const N: usize> = [(&'static str, &'a str); N];

fn route_labels(route: &Route) -> Labels<'_, 4> {
    let model = route.answered_by.as_deref().unwrap_or_default();
    let reason = route.reason.map(FallbackReason::as_str).unwrap_or_default();
    [("original", &route.original_model_id), ("model", model), ("reason", reason), ("task", route.task.as_str())]
}

fn model_labels(model: &ModelMetrics) -> Labels<'_, 2> {
    [("model", &model.model_id), ("provider", &model.provider_id)]
}

fn warning_labels(warned: &CostWarnings) -> Labels<'_, 2> {
    [("original", &warned.original_model_id), ("model", &warned.model_id)]
}

fn prompt_labels<'a>(prompt: &'a PromptMetrics, overrides: &'a str) -> Labels<'a, 3> {
    [("version", &prompt.version), ("model", &prompt.model_id), ("overrides", overrides)]
}

/// A sample for each kind of failure that occurred.
fn failures<'a, const N: usize>(
    labels: Labels<'a, N>,
    results: &'a Results,
) -> impl Iterator<Item = ((Labels<'a, N>, Labels<'a, 1>), u64)> + use<'a, N> {
    results.failures.iter().map(move |(kind, &count)| ((labels, [("kind", kind.as_str())]), count))
}

/// Writes one family of metrics after the other.
struct Families<'a>(DescriptorEncoder<'a>);

impl Families<'_> {
    fn routes(&mut self, routes: &[Route]) -> fmt::Result {
        let calls = routes.iter().map(|route| (route_labels(route), route.calls));
        self.counter("calls", "Calls that ended, by the model that answered and why it was another.", calls)?;
        let cost = routes.iter().map(|route| (route_labels(route), route.cost.usd()));
        self.counter("call_cost_usd", "What all attempts of the calls cost.", cost)?;
        let cost = routes.iter().map(|route| (route_labels(route), route.original_cost.usd()));
        self.counter("call_original_cost_usd", "Estimate of what the originals alone would have cost.", cost)
    }

    fn models(&mut self, models: &[ModelMetrics]) -> fmt::Result {
        let attempts = models.iter().map(|model| (model_labels(model), model.tally.results.attempts));
        self.counter("attempts", "Attempts that ended.", attempts)?;
        let failed = models.iter().flat_map(|model| failures(model_labels(model), &model.tally.results));
        self.counter("attempt_failures", "Attempts that gave no prediction.", failed)?;
        let retries = models.iter().map(|model| (model_labels(model), model.tally.retries));
        self.counter("attempt_retries", "Requests that were sent again within their attempt.", retries)?;
        let cost = models.iter().map(|model| (model_labels(model), model.tally.cost.usd()));
        self.counter("attempt_cost_usd", "What the attempts cost.", cost)?;
        self.tokens(models)?;
        self.latency(models)
    }

    fn warnings(&mut self, warnings: &[CostWarnings]) -> fmt::Result {
        let counts = warnings.iter().map(|warned| (warning_labels(warned), warned.count));
        self.counter("cost_warnings", "Fallbacks that were asked though much dearer than the original.", counts)
    }

    fn tokens(&mut self, models: &[ModelMetrics]) -> fmt::Result {
        let tokens =
            |of: fn(&Tokens) -> u64| models.iter().map(move |model| (model_labels(model), of(&model.tally.tokens)));
        self.counter("prompt_tokens", "Tokens of the prompts.", tokens(|tokens| tokens.prompt))?;
        self.counter("completion_tokens", "Tokens of the completions.", tokens(|tokens| tokens.completion))?;
        self.counter(
            "cached_prompt_tokens",
            "Tokens of the prompts that were cached.",
            tokens(|tokens| tokens.cached),
        )?;
        self.counter(
            "reasoning_tokens",
            "Tokens of the completions that were reasoning.",
            tokens(|tokens| tokens.reasoning),
        )
    }

    fn latency(&mut self, models: &[ModelMetrics]) -> fmt::Result {
        let help = "How long the attempts took, the wait for the provider's turn included.";
        let mut family = self.0.encode_descriptor("attempt_duration_seconds", help, None, MetricType::Histogram)?;
        for model in models {
            let latency = &model.tally.latency;
            let buckets: Vec<(f64, u64)> = latency.buckets().collect();
            let (sum, count) = (latency.sum().as_secs_f64(), latency.count());
            let labels = model_labels(model);
            family.encode_family(&labels)?.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
        }
        Ok(())
    }

    fn prompts(&mut self, prompts: &[PromptMetrics]) -> fmt::Result {
        let overrides: Vec<String> = prompts.iter().map(|prompt| prompt.overrides.join(",")).collect();
        let labelled = prompts.iter().zip(&overrides);
        let labelled: Vec<_> =
            labelled.map(|(prompt, overrides)| (prompt_labels(prompt, overrides), &prompt.results)).collect();
        let attempts = labelled.iter().map(|(labels, results)| (*labels, results.attempts));
        self.counter("prompt_attempts", "Attempts that ended, by version of the prompt.", attempts)?;
        let failed = labelled.iter().flat_map(|(labels, results)| failures(*labels, results));
        self.counter("prompt_failures", "Attempts that gave no prediction, by version of the prompt.", failed)
    }

    fn gauges(&mut self, gauges: &Gauges) -> fmt::Result {
        self.gauge("active_models", "Models that may be called.", &gauges.active_models)?;
        self.gauge("budget_spent_usd", "What the day has cost so far.", &gauges.spent.usd())?;
        self.gauge("budget_reserved_usd", "What the requests under way can cost.", &gauges.reserved.usd())?;
        let help = "What requests that have ended may be billed beyond what is spent.";
        self.gauge("budget_uncertain_usd", help, &gauges.uncertain.usd())?;
        if let Some(budget) = gauges.daily_budget {
            self.gauge("budget_daily_usd", "The day's budget.", &budget.usd())?;
        }
        if let Some(is_up) = gauges.fleet_up {
            self.gauge("fleet_up", "1 while the fleet is joined, 0 while the engine works alone.", &u64::from(is_up))?;
        }
        let help = "1 for a model that is switched off, else 0.";
        let mut family = self.0.encode_descriptor("model_disabled", help, None, MetricType::Gauge)?;
        for model in &gauges.models {
            let labels: Labels<'_, 2> = [("model", &model.model_id), ("provider", &model.provider_id)];
            family.encode_family(&labels)?.encode_gauge(&u64::from(model.disabled))?;
        }
        Ok(())
    }

    /// A counter; its samples are named after it with `_total` at the end.
    fn counter<L: EncodeLabelSet, V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, value) in samples {
            family.encode_family(&labels)?.encode_counter::<NoLabelSet, V, f64>(&value, None)?;
        }
        Ok(())
    }

    fn gauge(&mut self, name: &str, help: &str, value: &impl EncodeGaugeValue) -> fmt::Result {
        self.0.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(value)
    }
}
