//! The plan of a request: which models are to be asked, in which order, with what, and which are passed over, and why.
//!
//! Pure: values in, values out. The engine follows the plan, and asks again, just before each call, what may have
//! changed since.

mod fallback_budget;
mod fit;

pub use fallback_budget::FallbackBudget;
pub use fit::{Fitted, Wanted, fit};

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, SystemTime};

use crate::catalog::{Catalog, Model, ModelIndex};
use crate::config::Config;
use crate::kind::SkipReason;
use crate::outcome::{NanoUsd, Refusal};

/// A model of the chain and what is decided about it before anything is sent.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The model.
    pub model: ModelIndex,
    /// What this request is expected to cost on it, all matches together.
    pub expected: NanoUsd,
    /// That in proportion to the original; `None` for the original and beside a free one.
    pub price_ratio: Option<f64>,
    /// How it would be asked, or why it will not be.
    pub verdict: Result<Fitted, Refusal>,
}

/// The chain of one request, breadth-first from the original model.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Every model that can be reached, the original first, each once.
    pub candidates: Vec<Candidate>,
}

impl Plan {
    /// Decides, for every model that can be reached from `original`, how it would be asked or why it is passed over.
    /// `unavailable` says of a model whether its health forbids to call it.
    #[must_use]
    pub fn new(
        catalog: &Catalog,
        original: ModelIndex,
        wanted: &Wanted<'_>,
        config: &Config,
        unavailable: impl Fn(&Model) -> Option<Refusal>,
    ) -> Self {
        let everything: Vec<usize> = (0..wanted.rendering.lines().count()).collect();
        let original_cost = fit::expected_cost(catalog.model(original), wanted, &everything);
        let decide = |index: ModelIndex| {
            let model = catalog.model(index);
            let expected = fit::expected_cost(model, wanted, &everything);
            let price_ratio = (index != original).then(|| ratio(expected, original_cost)).flatten();
            let too_expensive = || too_expensive(price_ratio?, config.max_price_ratio?);
            let refusal = match not_usable(catalog, index, wanted.rendering.made_at()).or_else(|| unavailable(model)) {
                // What passes by itself does not help a model that stays too dear.
                Some(refusal) => Some(too_expensive().iter().fold(refusal, Refusal::and)),
                None => too_expensive(),
            };
            let verdict = refusal.map_or_else(|| Ok(fit(model, wanted, &everything)), Err);
            Candidate { model: index, expected: NanoUsd::rounded(expected), price_ratio, verdict }
        };
        Self { candidates: chain(catalog, original).into_iter().map(decide).collect() }
    }

    /// Whether the model at `position` is a fallback that is expected to be dearer than the original.
    #[must_use]
    pub fn is_dearer(&self, position: usize) -> bool {
        position > 0 && self.candidates.get(position).is_some_and(|fallback| fallback.expected > self.original_cost())
    }

    /// What the original alone is expected to cost.
    #[must_use]
    pub fn original_cost(&self) -> NanoUsd {
        self.candidates.first().map_or_else(NanoUsd::default, |original| original.expected)
    }
}

/// The chain of a model: itself, its own list in order, then theirs; each model once.
#[must_use]
pub fn chain(catalog: &Catalog, original: ModelIndex) -> Vec<ModelIndex> {
    let mut order = Vec::new();
    let mut seen = HashSet::from([original]);
    let mut queue = VecDeque::from([original]);
    while let Some(index) = queue.pop_front() {
        order.push(index);
        queue.extend(catalog.fallbacks_of(index).iter().copied().filter(|&fallback| seen.insert(fallback)));
    }
    order
}

/// Why a model cannot be called as things stand in the catalogue at a time.
#[must_use]
pub fn not_usable(catalog: &Catalog, index: ModelIndex, now: SystemTime) -> Option<Refusal> {
    let model = catalog.model(index);
    let provider = catalog.provider_of(index);
    if !model.enabled {
        return Some(Refusal::new(SkipReason::NotEnabled, "enabled is false in the catalogue"));
    }
    if let Some(day) = model.retires_on.filter(|_| model.is_retired(now)) {
        return Some(Refusal::new(SkipReason::Retired, format!("it is retired since {day}")));
    }
    if catalog.is_configured(index) {
        return None;
    }
    let variable = provider.api_key_env.as_deref().unwrap_or("its key");
    let detail = format!("provider {} has no key: {variable} is not set", provider.id);
    Some(Refusal::new(SkipReason::Unconfigured, detail))
}

/// The time that one call to `model` may take: the request's, else the model's, else the configuration's.
#[must_use]
pub fn attempt_timeout(model: &Model, requested: Option<Duration>, config: &Config) -> Duration {
    requested.or(model.timeout).unwrap_or(config.attempt_timeout)
}

/// The share of the remaining time that a call may take: never more than half of it, or than it less the time-outs of
/// the attempts still to come (`later`), whichever is longer, so that a hung model never starves its fallback.
#[must_use]
pub fn share_of(remaining: Duration, later: Duration) -> Duration {
    if later.is_zero() { remaining } else { (remaining / 2).max(remaining.saturating_sub(later)) }
}

fn ratio(expected: f64, original: f64) -> Option<f64> {
    (original > 0.0).then(|| expected / original)
}

fn too_expensive(price_ratio: f64, most: f64) -> Option<Refusal> {
    let detail = || format!("{price_ratio:.2} times the original's price is beyond maxPriceRatio {most}");
    (price_ratio > most).then(|| Refusal::new(SkipReason::TooExpensive, detail()))
}
