//! The class: an engine of one's own.

use napi::bindgen_prelude::{Object, PromiseRaw};
use napi::{Either, Env, Unknown};
use napi_derive::napi;

use super::error::{Thrown, thrown};
use super::handle::Handle;
use super::outcome::{BuiltPrompt, Fallback, ModelStatus, Plan, PredictionOutcome};

/// An engine with a catalogue, a health and a budget of its own, apart from the one that the module's functions share.
#[napi]
pub struct Fallcast {
    handle: Handle,
}

#[napi]
impl Fallcast {
    /// Builds an engine. Keys are read from the environment now; an empty one is no key.
    ///
    /// Throws `INVALID_CONFIG` with every fault, a line each, and its path.
    #[napi(constructor)]
    pub fn new(env: &Env, #[napi(ts_arg_type = "Config | null")] config: Option<Unknown<'_>>) -> Result<Self, Thrown> {
        let handle = Handle::new(env, config).map_err(|mistake| thrown(env, mistake))?;
        Ok(Self { handle })
    }

    /// Asks the model for scores, and when it fails the models of its chain, within the money and the time that the
    /// caller allows. Never throws; rejects with a `FallcastError`.
    #[napi]
    pub fn predict_with_fallback<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "PredictionRequest")] request: Unknown<'env>,
        #[napi(ts_arg_type = "PredictOptions | null")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, PredictionOutcome>> {
        self.handle.predict(env, request, options)
    }

    /// What a request would do if every attempt failed: each step with estimate, price ratio and adjustments, and each
    /// skip with its reason. Calls nothing.
    ///
    /// Throws `INVALID_REQUEST`, `UNKNOWN_MODEL` or `CLOSED`.
    #[napi]
    pub fn explain(
        &self,
        env: &Env,
        #[napi(ts_arg_type = "PredictionRequest")] request: Unknown<'_>,
        #[napi(ts_arg_type = "PredictOptions | null")] options: Option<Unknown<'_>>,
    ) -> Result<Plan, Thrown> {
        self.handle.explain(env, request, options)
    }

    /// How many models are active: enabled, their provider has a key or needs none, and not switched off.
    #[napi]
    pub fn get_active_model_count<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, u32>> {
        self.handle.active_model_count(env)
    }

    /// The next usable model of a model's chain; undefined if there is none, or no such model.
    #[napi]
    pub fn get_fallback_provider(
        &self,
        env: &Env,
        #[napi(ts_arg_type = "string")] model_id: Unknown<'_>,
    ) -> Result<Either<Fallback, ()>, Thrown> {
        self.handle.fallback_of(env, model_id)
    }

    /// Every model that has fallbacks, with their ids in order.
    #[napi(ts_return_type = "Record<string, string[]>")]
    pub fn get_fallbacks<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        self.handle.fallbacks(env)
    }

    /// The active models, in the order of the catalogue.
    #[napi]
    pub fn get_active_providers(&self) -> Vec<ModelStatus> {
        self.handle.active_models()
    }

    /// Every model with its state, in the order of the catalogue.
    #[napi]
    pub fn get_models(&self) -> Vec<ModelStatus> {
        self.handle.models()
    }

    /// The prompt that a model would be sent for some matches.
    ///
    /// Throws `INVALID_REQUEST` or `UNKNOWN_MODEL`.
    #[napi]
    pub fn build_prompt(
        &self,
        env: &Env,
        #[napi(ts_arg_type = "string")] model_id: Unknown<'_>,
        #[napi(ts_arg_type = "Match[]")] matches: Unknown<'_>,
        #[napi(ts_arg_type = "string | null")] prompt_version: Option<Unknown<'_>>,
    ) -> Result<BuiltPrompt, Thrown> {
        self.handle.build_prompt(env, model_id, matches, prompt_version)
    }

    /// Lays providers, models and fallbacks over the catalogue by id, whole or not at all; an entry replaces the whole
    /// entry with its id. The active count changes at once; calls under way keep the catalogue with which they began.
    ///
    /// Throws `INVALID_CONFIG` with every fault, a line each, and its path.
    #[napi]
    pub fn update_catalog(
        &self,
        env: &Env,
        #[napi(ts_arg_type = "CatalogChanges")] changes: Unknown<'_>,
    ) -> Result<(), Thrown> {
        self.handle.update_catalog(env, changes)
    }

    /// Rejects what is pending, and every later call, with `CLOSED`. Resolves when nothing is left running.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, ()>> {
        self.handle.close(env)
    }
}
