//! A slate made ready: its cells cut into requests, priced, and put into the order in which they are due.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::catalog::{Catalog, Model, ModelIndex};
use crate::engine::Engine;
use crate::money;
use crate::outcome::{NanoUsd, Refusal};
use crate::plan::{self, Fitted, Wanted, fit};
use crate::request::MAX_TEXT_BYTES;
use crate::slate::{Cells, Due, Queue, SlateOptions, cut};
use crate::task::Item;
use crate::transport::concurrency::SLATE_WIDTH;

/// One request of a slate.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    /// The model that it asks.
    pub(super) model: ModelIndex,
    /// The places in the slate of what it asks about.
    pub(super) places: Vec<usize>,
    /// What it is likely to take.
    pub(super) tokens: u64,
    expected: NanoUsd,
    /// When the first of what it asks about begins, if that is known.
    begins: Option<SystemTime>,
}

/// What a slate would do: counted, for its requests may be thousands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SlatePlan {
    /// How many cells it has.
    pub cells: usize,
    /// How many requests it would send if none failed.
    pub requests: usize,
    /// What they are expected to cost together.
    pub expected: NanoUsd,
    /// The most that they can cost together.
    pub worst: NanoUsd,
    /// Every model of it, in order.
    pub models: Vec<SlateModel>,
    /// Every provider that would be asked, in the order of the models.
    pub providers: Vec<SlateProvider>,
}

/// One model of a slate.
#[derive(Clone, Debug, PartialEq)]
pub struct SlateModel {
    /// The model.
    pub model_id: String,
    /// Its provider.
    pub provider_id: String,
    /// How many cells it has.
    pub cells: usize,
    /// How many requests those make.
    pub requests: usize,
    /// What they are expected to cost.
    pub expected: NanoUsd,
    /// The most that they can cost.
    pub worst: NanoUsd,
    /// Why it would not be called; `None` if it would.
    pub refusal: Option<Refusal>,
}

/// One provider that a slate asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlateProvider {
    /// The provider.
    pub provider_id: String,
    /// How many requests it gets.
    pub requests: usize,
    /// How many of them at once at most.
    pub at_once: usize,
}

/// When each of these begins, where that is known.
pub(super) fn begins<I: Item>(items: &[I]) -> Vec<Option<SystemTime>> {
    items.iter().map(Item::begins_at).collect()
}

/// Cuts the cells into requests.
pub(super) fn requests(
    engine: &Engine,
    catalog: &Catalog,
    wanted: &Wanted<'_>,
    options: &SlateOptions,
    cells: Cells,
    begins: &[Option<SystemTime>],
) -> (Vec<Planned>, SlatePlan) {
    let mut planned = Vec::new();
    let mut plan = SlatePlan::default();
    let begin = |place: usize| begins.get(place).copied().flatten();
    for (index, mut places) in cells {
        places.sort_unstable_by_key(|&place| (begin(place).is_none(), begin(place), place));
        let model = catalog.model(index);
        let refusal =
            plan::not_usable(catalog, index, wanted.rendering.made_at()).or_else(|| engine.roster.unavailable(model));
        let first = planned.len();
        let mut priced: Vec<Fitted> = Vec::new();
        let cuts = cut(&places, options.items_per_request, |window| {
            let fitted = fit(model, wanted, within_bytes(wanted, window));
            let count = fitted.positions.len();
            priced.push(fitted);
            count
        });
        let (mut expected, mut worst) = (NanoUsd::default(), NanoUsd::default());
        for (places, fitted) in cuts.into_iter().zip(priced) {
            let usual = fitted.usual_usage();
            let cost = NanoUsd::rounded(money::cost(&model.prices, &usual));
            (expected, worst) = (expected.plus(cost), worst.plus(fitted.worst));
            let begins = places.iter().filter_map(|&place| begin(place)).min();
            let tokens = fitted.prompt_tokens.saturating_add(fitted.usual_tokens);
            planned.push(Planned { model: index, places, tokens, expected: cost, begins });
        }
        let requests = planned.len() - first;
        plan.cells += places.len();
        if refusal.is_none() {
            plan.requests += requests;
            (plan.expected, plan.worst) = (plan.expected.plus(expected), plan.worst.plus(worst));
            note_provider(&mut plan.providers, model, requests, options);
        }
        plan.models.push(SlateModel {
            model_id: model.id.clone(),
            provider_id: model.provider.id.clone(),
            cells: places.len(),
            requests,
            expected,
            worst,
            refusal,
        });
    }
    (planned, plan)
}

/// As many of these places as are at most as much text as one request may have.
fn within_bytes<'a>(wanted: &Wanted<'_>, window: &'a [usize]) -> &'a [usize] {
    let mut bytes = 0_usize;
    let fits = window.iter().take_while(|&&place| {
        bytes = bytes.saturating_add(wanted.rendering.lines().bytes(place));
        bytes <= MAX_TEXT_BYTES
    });
    let count = fits.count().max(1);
    window.get(..count).unwrap_or(window)
}

fn note_provider(providers: &mut Vec<SlateProvider>, model: &Model, requests: usize, options: &SlateOptions) {
    let provider = &model.provider;
    if let Some(known) = providers.iter_mut().find(|known| known.provider_id == provider.id) {
        known.requests += requests;
        return;
    }
    let width = usize::try_from(provider.max_concurrency.unwrap_or(SLATE_WIDTH)).unwrap_or(usize::MAX);
    let at_once = width.min(options.max_in_flight.unwrap_or(usize::MAX));
    providers.push(SlateProvider { provider_id: provider.id.clone(), requests, at_once });
}

/// The requests of each provider, in the order in which they are due there.
pub(super) fn queues(
    engine: &Engine,
    catalog: &Catalog,
    requests: &[Planned],
    options: &SlateOptions,
) -> Vec<Queue<ModelIndex>> {
    let seen: HashMap<String, Duration> = engine.metrics.usual_times().into_iter().collect();
    let expected = |index: ModelIndex| {
        let model = catalog.model(index);
        let timeout = || plan::attempt_timeout(model, options.call.attempt_timeout, &engine.config);
        // Of a model that was never asked its time-out tells how slow it is thought to be.
        seen.get(&model.id).copied().unwrap_or_else(|| timeout() / 3)
    };
    let mut by_provider: BTreeMap<&str, Vec<Due<ModelIndex>>> = BTreeMap::new();
    for (place, request) in requests.iter().enumerate() {
        let due =
            Due { request: place, model: request.model, begins: request.begins, expected: expected(request.model) };
        by_provider.entry(&catalog.provider_of(request.model).id).or_default().push(due);
    }
    by_provider.into_values().map(Queue::new).collect()
}

/// What is wrong with a slate that is expected to cost more than `limit`, and how much of it would not.
pub(super) fn too_dear(plan: &SlatePlan, requests: &[Planned], limit: NanoUsd) -> Option<String> {
    if plan.expected <= limit {
        return None;
    }
    let mut sum = NanoUsd::default();
    let fitting = requests.iter().take_while(|request| {
        sum = sum.plus(request.expected);
        sum <= limit
    });
    let (count, cells) = fitting.fold((0, 0), |(count, cells), request| (count + 1, cells + request.places.len()));
    Some(format!(
        "the slate is expected to cost ${:.6}, which options.maxCostUsd ${:.6} does not cover; the first {count} of its {} \
         requests would fit, with {cells} of its {} cells",
        plan.expected.usd(),
        limit.usd(),
        plan.requests,
        plan.cells,
    ))
}

/// The models of the slate that are in the chain of another of its models.
pub(super) fn stand_ins(catalog: &Arc<Catalog>, requests: &[Planned]) -> Vec<ModelIndex> {
    let mut models: Vec<ModelIndex> = requests.iter().map(|request| request.model).collect();
    models.sort_unstable();
    models.dedup();
    let mut fallbacks: Vec<ModelIndex> =
        models.iter().flat_map(|&model| plan::chain(catalog, model).into_iter().skip(1)).collect();
    fallbacks.sort_unstable();
    fallbacks.dedup();
    fallbacks.retain(|fallback| models.binary_search(fallback).is_ok());
    fallbacks
}
