//! A model of the catalogue.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::{Limits, ModelIndex, Provider, ResponseFormat, Retirement};
use crate::check::{Checked, Faults, Object, Violation, rule};

/// The highest price that a model may have, in USD per million tokens.
const MAX_PRICE: f64 = 1_000_000.0;

/// The most characters of a note.
const LONGEST_NOTES: usize = 2_000;

/// Prices in USD per million tokens, which is the same as micro-dollars per token.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    /// Of prompt tokens.
    pub prompt: f64,
    /// Of completion tokens.
    pub completion: f64,
    /// Of prompt tokens that the provider had cached; `None`: as other prompt tokens.
    pub cached_prompt: Option<f64>,
    /// Of reasoning tokens; `None`: as other completion tokens.
    pub reasoning: Option<f64>,
}

/// A model of the catalogue, joined with its provider and its fallbacks.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The id that callers ask for.
    pub id: String,
    /// Who serves it.
    pub provider: Arc<Provider>,
    /// The provider's name for it, as it is sent: with the provider's prefix.
    pub upstream_model: String,
    /// A name for people; the id if none was given.
    pub display_name: String,
    /// A price class of the user's own.
    pub tier: Option<String>,
    /// What it costs.
    pub prices: Prices,
    /// The models to try after it, in order.
    pub fallbacks: Vec<ModelIndex>,
    /// The time of one attempt; `None` leaves it to the configuration.
    pub timeout: Option<Duration>,
    /// Whether it thinks before it answers.
    pub reasoning: bool,
    /// The form in which it is told to answer: the model's, or else the provider's.
    pub response_format: ResponseFormat,
    /// The names of its prompt overrides, in order.
    pub prompt_overrides: Vec<String>,
    /// What it accepts: the model's limits, and where there is none, the provider's.
    pub limits: Limits,
    /// Whether it may be called at all.
    pub enabled: bool,
    /// The day from which it is not called any more.
    pub retires_on: Option<Retirement>,
}

impl Model {
    /// Whether it is enabled and not retired, and its provider has a key or needs none.
    #[must_use]
    pub fn is_usable(&self, now: SystemTime) -> bool {
        self.enabled && !self.is_retired(now) && self.provider.is_configured()
    }

    /// Whether its day to retire has come.
    #[must_use]
    pub fn is_retired(&self, now: SystemTime) -> bool {
        self.retires_on.is_some_and(|day| day.has_come(now))
    }
}

/// A model as it was given, its references not yet followed.
#[derive(Clone, Debug)]
pub(super) struct ModelEntry {
    /// `None` if it is faulty.
    pub(super) id: Option<String>,
    /// Where the entry stands.
    pub(super) path: String,
    /// The layer that it came with, counted from the first.
    pub(super) layer: usize,
    /// The id of its provider; `None` if it is faulty.
    pub(super) provider: Option<String>,
    pub(super) fallbacks: Vec<FallbackEntry>,
    upstream_model: String,
    display_name: Option<String>,
    tier: Option<String>,
    prices: Prices,
    timeout: Option<Duration>,
    reasoning: bool,
    response_format: Option<ResponseFormat>,
    prompt_overrides: Vec<String>,
    limits: Limits,
    enabled: bool,
    retires_on: Option<Retirement>,
}

/// A fallback as it was given.
#[derive(Clone, Debug)]
pub(super) struct FallbackEntry {
    pub(super) id: String,
    /// Where it stands.
    pub(super) path: String,
    /// The layer that it came with.
    pub(super) layer: usize,
}

impl ModelEntry {
    /// Reads a model; `known_overrides` are the prompt overrides that there are.
    pub(super) fn read(
        value: &Value,
        path: &str,
        layer: usize,
        known_overrides: &[&str],
        faults: &mut Faults,
    ) -> Option<Self> {
        Object::read(value, path, faults, |fields| {
            fields.optional("notes", notes);
            Self {
                id: fields.required("id", rule::id),
                path: path.to_owned(),
                layer,
                provider: fields.required("provider", rule::name),
                upstream_model: fields.required("upstreamModel", rule::name).unwrap_or_default(),
                display_name: fields.optional("displayName", rule::name),
                tier: fields.optional("tier", rule::name),
                prices: Prices {
                    prompt: fields.required("promptUsdPer1M", price).unwrap_or_default(),
                    completion: fields.required("completionUsdPer1M", price).unwrap_or_default(),
                    cached_prompt: fields.optional("cachedPromptUsdPer1M", price),
                    reasoning: fields.optional("reasoningUsdPer1M", price),
                },
                fallbacks: {
                    let given = fields.list("fallbacks");
                    FallbackEntry::read_all(given, layer, fields.faults())
                },
                timeout: fields.optional("timeoutMs", rule::milliseconds(1..=3_600_000)),
                reasoning: fields.optional("reasoning", rule::boolean).unwrap_or(false),
                response_format: fields.optional("responseFormat", ResponseFormat::read),
                prompt_overrides: overrides(fields, known_overrides),
                limits: Limits::read(fields),
                enabled: fields.optional("enabled", rule::boolean).unwrap_or(true),
                retires_on: fields.optional("retiresOn", Retirement::read),
            }
        })
    }

    /// The model, joined with what it refers to.
    pub(super) fn join(&self, provider: &Arc<Provider>, fallbacks: Vec<ModelIndex>) -> Model {
        let id = self.id.clone().unwrap_or_default();
        let prefix = &provider.model_id_prefix;
        let upstream = &self.upstream_model;
        Model {
            display_name: self.display_name.clone().unwrap_or_else(|| id.clone()),
            id,
            provider: Arc::clone(provider),
            upstream_model: if upstream.starts_with(prefix) { upstream.clone() } else { format!("{prefix}{upstream}") },
            tier: self.tier.clone(),
            prices: self.prices.clone(),
            fallbacks,
            timeout: self.timeout,
            reasoning: self.reasoning,
            response_format: self.response_format.unwrap_or(provider.response_format),
            prompt_overrides: self.prompt_overrides.clone(),
            limits: self.limits.or(&provider.limits),
            enabled: self.enabled,
            retires_on: self.retires_on,
        }
    }
}

impl FallbackEntry {
    /// Reads the ids of a list.
    pub(super) fn read_all(given: Vec<(String, &Value)>, layer: usize, faults: &mut Faults) -> Vec<Self> {
        let read = |(path, value): (String, &Value)| {
            let id = faults.check(value, &path, rule::name)?;
            Some(Self { id, path, layer })
        };
        given.into_iter().filter_map(read).collect()
    }
}

fn price(value: &Value) -> Checked<f64> {
    rule::number(0.0..=MAX_PRICE)(value)
}

/// Notes are for people; they are only checked.
fn notes(value: &Value) -> Checked<()> {
    let text = value.as_str().filter(|text| text.chars().nth(LONGEST_NOTES).is_none());
    text.map(|_| ()).ok_or_else(|| Violation::new(format!("must be a string of at most {LONGEST_NOTES} characters")))
}

fn overrides(fields: &mut Object<'_, '_>, known: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (path, value) in fields.list("promptOverrides") {
        let Some(name) = fields.faults().check(value, &path, rule::name) else { continue };
        if !known.contains(&name.as_str()) {
            let problem = format!("unknown prompt override, known are {}", known.join(", "));
            fields.faults().push_got(&path, problem, value);
        } else if names.contains(&name) {
            fields.faults().push_got(&path, "the same prompt override twice", value);
        }
        names.push(name);
    }
    names
}
