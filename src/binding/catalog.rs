//! A model of the catalogue as a JavaScript object; `types/catalog.d.ts` declares the same shape.

use serde::Serialize;

use super::outcome::milliseconds;
use super::status::ModelStatus;
use crate::catalog;
use crate::engine::ListedModel;

/// A model, its state, and what the catalogue says of it; names are those of the catalogue's entries.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CatalogModel {
    #[serde(flatten)]
    status: ModelStatus,
    display_name: String,
    tier: Option<String>,
    upstream_model: String,
    #[serde(rename = "promptUsdPer1M")]
    prompt: f64,
    #[serde(rename = "completionUsdPer1M")]
    completion: f64,
    #[serde(rename = "cachedPromptUsdPer1M")]
    cached_prompt: Option<f64>,
    #[serde(rename = "reasoningUsdPer1M")]
    thinking: Option<f64>,
    fallbacks: Vec<String>,
    timeout_ms: f64,
    reasoning: bool,
    response_format: Form,
    prompt_overrides: Vec<String>,
    limits: Limits,
    enabled: bool,
}

/// The name of a form of the answer, or false where none is asked for.
#[derive(Serialize)]
#[serde(untagged)]
enum Form {
    Named(&'static str),
    None(bool),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Limits {
    max_tokens: Option<u32>,
    temperature: Option<(f64, f64)>,
    max_stop_sequences: Option<u32>,
}

impl From<ListedModel> for CatalogModel {
    fn from(listed: ListedModel) -> Self {
        let ListedModel { status, model, fallbacks, timeout } = listed;
        let catalog::Prices { prompt, completion, cached_prompt, reasoning: thinking } = model.prices;
        let catalog::Limits { max_tokens, temperature, max_stop_sequences } = model.limits;
        Self {
            status: status.into(),
            display_name: model.display_name.clone(),
            tier: model.tier.clone(),
            upstream_model: model.upstream_model.clone(),
            prompt,
            completion,
            cached_prompt,
            thinking,
            fallbacks,
            timeout_ms: milliseconds(timeout),
            reasoning: model.reasoning,
            response_format: model.response_format.name().map_or(Form::None(false), Form::Named),
            prompt_overrides: model.prompt_overrides.clone(),
            limits: Limits { max_tokens, temperature, max_stop_sequences },
            enabled: model.enabled,
        }
    }
}
