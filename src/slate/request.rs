//! What is asked of a slate, checked before anything is sent.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::catalog::{Catalog, ModelIndex};
use crate::check::{Faults, rule};
use crate::outcome::NanoUsd;
use crate::request::{Numbers, Options, RawOptions, shown};
use crate::task::Item;

/// Most items in one request of a slate, unless the caller says otherwise.
const USUAL_ITEMS: usize = 20;
/// How long a slate may take, unless the caller says otherwise.
const USUAL_DEADLINE: Duration = Duration::from_secs(600);

/// What a slate asks; `I` is what it asks about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SlateRequest<I> {
    /// The things that it asks about, checked by whoever knows them.
    pub items: Vec<I>,
    /// Which models it asks about which of them.
    pub selection: Selection,
    /// What is done about a model that fails.
    pub fallbacks: Fallbacks,
    /// The version of the prompt; the active one by default.
    pub prompt_version: Option<String>,
}

/// Which models are asked about what.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Selection {
    /// Every model that is active, about everything.
    #[default]
    Active,
    /// These models, about everything.
    Models(Vec<String>),
    /// These cells alone: the id of a model, and that of an item.
    Cells(Vec<(String, String)>),
}

/// What is done about a model that fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fallbacks {
    /// What the slate asks another model of the chain anyway stands in, and others are asked once.
    #[default]
    Reuse,
    /// The models of the chain are called, as by a single prediction.
    Call,
    /// Nothing.
    None,
}

/// What is the slate's own beside the options that it shares with a prediction, as the caller wrote it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawSlateOptions {
    /// US dollars for the whole slate.
    pub max_cost_usd: Option<f64>,
    /// How many requests may be under way at once, whatever the provider.
    pub max_in_flight: Option<f64>,
    /// How many items one request asks about.
    pub items_per_request: Option<f64>,
    /// Whether items that have begun are asked about.
    pub allow_begun: bool,
    /// Whether outcomes tell what the model thought and answered.
    pub keep_replies: bool,
    /// How many models an item needs, and after how many milliseconds that is enough.
    pub enough: Option<(f64, f64)>,
}

/// How a slate is to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct SlateOptions {
    /// Of each of its calls; the deadline is the slate's.
    pub call: Options,
    /// Time for the whole slate.
    pub deadline: Duration,
    /// The most that the whole slate may cost.
    pub max_cost: Option<NanoUsd>,
    /// How many requests may be under way at once.
    pub max_in_flight: Option<usize>,
    /// How many items one request asks about at most.
    pub items_per_request: usize,
    /// Whether items that have begun are asked about.
    pub allow_begun: bool,
    /// Whether outcomes tell what the model thought and answered.
    pub keep_replies: bool,
    /// When enough is answered.
    pub enough: Option<Enough>,
}

/// When the requests that still wait are given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enough {
    /// Once every item has answers of so many models,
    pub models: usize,
    /// but not before this time.
    pub after: Duration,
}

/// The cells of a slate by model, each model once, with the positions of its items.
pub type Cells = Vec<(ModelIndex, Vec<usize>)>;

/// Checks a request and its options, and finds its cells: `check_items` checks what it asks about, and `is_active` says of a
/// model whether it is.
///
/// # Errors
/// Every fault of either.
pub fn check<I: Item>(
    request: &SlateRequest<I>,
    options: RawOptions,
    own: &RawSlateOptions,
    catalog: &Catalog,
    check_items: impl FnOnce(&[I], &mut Faults),
    is_active: impl Fn(ModelIndex) -> bool,
) -> Result<(Cells, SlateOptions), Faults> {
    let mut faults = Faults::new();
    let call = Options::check(options, &mut faults);
    let options = own_options(call, own, &mut faults);
    check_items(&request.items, &mut faults);
    let cells = match &request.selection {
        Selection::Active => {
            let active = catalog.indexed().map(|(index, _)| index).filter(|&index| is_active(index));
            active.map(|index| (index, everything(&request.items))).collect()
        }
        Selection::Models(ids) => models(ids, &request.items, catalog, &mut faults),
        Selection::Cells(ids) => cells(ids, &request.items, catalog, &mut faults),
    };
    faults.into_result((cells, options))
}

fn own_options(call: Options, own: &RawSlateOptions, faults: &mut Faults) -> SlateOptions {
    let mut numbers = Numbers(faults);
    let max_cost = numbers.check("options.maxCostUsd", own.max_cost_usd, rule::number(0.0..=1e6));
    let max_in_flight = numbers.check("options.maxInFlight", own.max_in_flight, rule::whole(1..=100_000));
    let items_per_request = numbers.check("options.matchesPerRequest", own.items_per_request, rule::whole(1..=100));
    let (models, after) = own.enough.unzip();
    let models = numbers.check("options.enough.modelsPerMatch", models, rule::whole(1..=10_000));
    let after = numbers.check("options.enough.afterMs", after, rule::milliseconds(0..=86_400_000));
    let size = |number: Option<u32>| number.and_then(|number| usize::try_from(number).ok());
    SlateOptions {
        deadline: call.deadline.unwrap_or(USUAL_DEADLINE),
        call: Options { deadline: None, ..call },
        max_cost: max_cost.map(NanoUsd::from_usd),
        max_in_flight: size(max_in_flight),
        items_per_request: size(items_per_request).unwrap_or(USUAL_ITEMS),
        allow_begun: own.allow_begun,
        keep_replies: own.keep_replies,
        enough: size(models).zip(after).map(|(models, after)| Enough { models, after }),
    }
}

fn everything<I>(items: &[I]) -> Vec<usize> {
    (0..items.len()).collect()
}

fn models<I>(ids: &[String], items: &[I], catalog: &Catalog, faults: &mut Faults) -> Cells {
    if ids.is_empty() {
        faults.push("request.models", "must name at least one model");
    }
    let mut seen = HashMap::new();
    let mut cells = Cells::new();
    for (place, id) in ids.iter().enumerate() {
        let Some(model) = catalog.get(id) else {
            faults.push(&format!("request.models[{place}]"), unknown(id));
            continue;
        };
        match seen.insert(model, place) {
            Some(first) => faults.push(
                &format!("request.models[{place}]"),
                format!("must differ from request.models[{first}], got {} twice", shown(id)),
            ),
            None => cells.push((model, everything(items))),
        }
    }
    cells
}

fn cells<I: Item>(ids: &[(String, String)], items: &[I], catalog: &Catalog, faults: &mut Faults) -> Cells {
    if ids.is_empty() {
        faults.push("request.cells", "must hold at least one cell");
    }
    let positions: HashMap<&str, usize> = items.iter().enumerate().map(|(place, item)| (item.id(), place)).collect();
    let mut seen = HashSet::new();
    let mut by_model: HashMap<ModelIndex, usize> = HashMap::new();
    let mut cells = Cells::new();
    for (place, (model_id, item_id)) in ids.iter().enumerate() {
        let model = catalog.get(model_id);
        if model.is_none() {
            faults.push(&format!("request.cells[{place}].modelId"), unknown(model_id));
        }
        let position = positions.get(item_id.as_str()).copied();
        if position.is_none() {
            let problem = format!("must be the id of one of {}, got {}", I::PATH, shown(item_id));
            faults.push(&format!("request.cells[{place}].{}", I::ID_FIELD), problem);
        }
        let Some((model, position)) = model.zip(position) else { continue };
        if !seen.insert((model, position)) {
            let problem = format!("the same cell twice: {} about {}", shown(model_id), shown(item_id));
            faults.push(&format!("request.cells[{place}]"), problem);
            continue;
        }
        let known = *by_model.entry(model).or_insert_with(|| {
            cells.push((model, Vec::new()));
            cells.len() - 1
        });
        if let Some((_, positions)) = cells.get_mut(known) {
            positions.push(position);
        }
    }
    cells
}

fn unknown(id: &str) -> String {
    format!("no model has the id {}", shown(id))
}
