//! The messages that a model would be sent, without sending them.

use std::time::SystemTime;

use super::setup::{Setup, check_version, known};
use crate::check::Faults;
use crate::error::EngineError;
use crate::prompt::{Ask, Rendering, Texts};
use crate::task::Item;

/// What [`Engine::build_prompt`](super::Engine::build_prompt) returns.
#[derive(Clone, Debug)]
pub struct BuiltPrompt {
    /// The two messages.
    pub texts: Texts,
    /// The version.
    pub version: String,
    /// The names of the overrides, in order.
    pub overrides: Vec<String>,
    /// Estimate of the tokens of both messages.
    pub estimated_tokens: u64,
}

impl BuiltPrompt {
    /// The messages that `model_id` would be sent for `items` while so many models are active.
    ///
    /// # Errors
    /// `INVALID_REQUEST` with the path of the first bad value, or `UNKNOWN_MODEL`.
    pub(super) fn new<I: Item>(
        Setup { catalog, prompts }: &Setup,
        model_id: &str,
        items: &[I],
        version: Option<&str>,
        active_models: usize,
    ) -> Result<Self, EngineError> {
        let mut faults = Faults::new();
        I::check(I::ITEMS, items, true, &mut faults);
        faults.into_result(()).map_err(EngineError::InvalidRequest)?;
        check_version(prompts, "promptVersion", version)?;
        let model = catalog.model(known(catalog, "modelId", model_id)?);
        let ask = Ask::about(items, None, version);
        let rendering = Rendering::new(prompts, ask, active_models, SystemTime::now());
        let everything: Vec<usize> = (0..items.len()).collect();
        Ok(Self {
            texts: rendering.texts(model, &everything),
            version: rendering.version(model).to_owned(),
            overrides: rendering.overrides(model),
            estimated_tokens: rendering.tokens(model, &everything),
        })
    }
}
