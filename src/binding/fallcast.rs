//! The class: an engine of one's own.

use std::cell::Cell;

use napi::bindgen_prelude::{Object, PromiseRaw, This};
use napi::{Either, Env, Unknown};
use napi_derive::napi;

use super::budget::Budget;
use super::error::{Thrown, thrown};
use super::handle::{Handle, Unsubscribe};
use super::metrics::Metrics;
use super::outcome::{BuiltPrompt, Fallback, PredictionOutcome, PromptVersionStatus};
use super::plan::Plan;
use super::realm::Owner;
use super::status::ModelStatus;

/// An engine with a catalogue, a health and a budget of its own, apart from the one that the module's functions share.
#[napi]
pub struct Fallcast {
    handle: Handle,
    /// Whether anybody was ever to be told anything of it.
    is_listened_to: Cell<bool>,
}

#[napi]
impl Fallcast {
    /// Builds an engine. Keys are read from the environment now; an empty one is no key.
    ///
    /// Throws `INVALID_CONFIG` with every fault, a line each, and its path.
    #[napi(constructor)]
    pub fn new(
        env: &Env,
        this: This<'_>,
        #[napi(ts_arg_type = "Config | null")] config: Option<Unknown<'_>>,
    ) -> Result<Self, Thrown> {
        let handle = Handle::new(env, config, Some(this.object)).map_err(|mistake| thrown(env, mistake))?;
        Ok(Self { is_listened_to: Cell::new(handle.has_log()), handle })
    }

    /// Asks the model for scores, and when it fails the models of its chain, within the money and the time that the
    /// caller allows. Never throws; rejects with a `FallcastError`.
    #[napi]
    pub fn predict_with_fallback<'env>(
        &self,
        env: &'env Env,
        this: This<'env>,
        #[napi(ts_arg_type = "PredictionRequest")] request: Unknown<'env>,
        #[napi(ts_arg_type = "PredictOptions | null")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, PredictionOutcome>> {
        self.handle.predict(env, request, options, self.listened_to(this))
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

    /// Every version of the prompts, in the order of the manifest.
    #[napi]
    pub fn get_prompts(&self) -> Vec<PromptVersionStatus> {
        self.handle.prompts()
    }

    /// Reads the folder of `config.prompts` again and puts what it holds into use, whole or not at all; whether anything
    /// changed. Calls under way keep the prompts with which they began. A folder is watched, so this is only for who cannot
    /// wait a second, or wants to see the faults.
    ///
    /// Throws `INVALID_CONFIG` with every fault, a line each, and its path; the prompts stay as they were.
    #[napi]
    pub fn reload_prompts(&self, env: &Env) -> Result<bool, Thrown> {
        self.handle.reload_prompts(env)
    }

    /// Pins a version of the prompts, for the models that it is for, whatever the dates and weights of the manifest; null
    /// returns to those. A request's `promptVersion` goes before it.
    ///
    /// Throws `INVALID_REQUEST` if there is no such version.
    #[napi]
    pub fn activate_prompts(
        &self,
        env: &Env,
        #[napi(ts_arg_type = "string | null")] version: Option<Unknown<'_>>,
    ) -> Result<(), Thrown> {
        self.handle.activate_prompts(env, version)
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

    /// Switches a model off until `enableModel`: it is called no more, by nobody, and the active count changes at once. No
    /// timer brings it back.
    ///
    /// `reason`: why, 1 to 1,000 characters on one line; shown wherever the model is passed over. Throws `UNKNOWN_MODEL`
    /// or `INVALID_REQUEST`.
    #[napi]
    pub fn disable_model(
        &self,
        env: &Env,
        #[napi(ts_arg_type = "string")] model_id: Unknown<'_>,
        #[napi(ts_arg_type = "string")] reason: Unknown<'_>,
    ) -> Result<(), Thrown> {
        self.handle.disable_model(env, model_id, reason)
    }

    /// Switches a model on, whatever switched it off, and forgets its failures and its own cooling. The active count changes at
    /// once.
    ///
    /// Throws `UNKNOWN_MODEL`.
    #[napi]
    pub fn enable_model(&self, env: &Env, #[napi(ts_arg_type = "string")] model_id: Unknown<'_>) -> Result<(), Thrown> {
        self.handle.enable_model(env, model_id)
    }

    /// Brings back every model whose time has come, without waiting for the timer that does so. Resolves with how many.
    /// A model that was switched off by hand stays off.
    #[napi]
    pub fn recover_disabled_models<'env>(
        &self,
        env: &'env Env,
        this: This<'env>,
    ) -> napi::Result<PromiseRaw<'env, u32>> {
        self.handle.recover_disabled_models(env, self.listened_to(this))
    }

    /// Applies a failure that you decided, as if an attempt had ended with it: a database that refused the row, say. While
    /// the model is switched off nothing changes, not even for its provider.
    ///
    /// `kind`: what kind of failure; `unauthorized` counts as a 401. Throws `UNKNOWN_MODEL` or `INVALID_REQUEST`.
    #[napi]
    pub fn report_failure(
        &self,
        env: &Env,
        #[napi(ts_arg_type = "string")] model_id: Unknown<'_>,
        #[napi(ts_arg_type = "FailureKind")] kind: Unknown<'_>,
    ) -> Result<(), Thrown> {
        self.handle.report_failure(env, model_id, kind)
    }

    /// Applies a success that you decided: the model's failures are forgotten. While it is switched off nothing changes.
    ///
    /// Throws `UNKNOWN_MODEL`.
    #[napi]
    pub fn report_success(
        &self,
        env: &Env,
        #[napi(ts_arg_type = "string")] model_id: Unknown<'_>,
    ) -> Result<(), Thrown> {
        self.handle.report_success(env, model_id)
    }

    /// How the day's budget stands. Without one it tells what the day has cost so far.
    #[napi]
    pub fn get_budget(&self) -> Budget {
        self.handle.budget()
    }

    /// What all calls came to since the engine was built: by route, by model, and by version of the prompt.
    #[napi]
    pub fn get_metrics(&self) -> Metrics {
        self.handle.metrics()
    }

    /// The same for Prometheus, as `application/openmetrics-text; version=1.0.0; charset=utf-8`; all names begin with
    /// `fallcast_`.
    #[napi]
    pub fn get_metrics_text(&self) -> String {
        self.handle.metrics_text()
    }

    /// The state as it stands, as plain JSON: health, cooling, the day's spend and the pinned prompts. `restore` takes it back.
    #[napi(ts_return_type = "Snapshot")]
    pub fn snapshot(&self) -> serde_json::Value {
        self.handle.snapshot()
    }

    /// Takes over a state, of another process say. What is known here of a model stays if it is later, and
    /// what was spent today if it is more. Models that the catalogue does not have are ignored, which the event `restored` tells.
    /// The pinned version of the prompts is pinned here as well, unless another is or there is none of that name.
    ///
    /// Throws `INVALID_CONFIG` with every fault, or for a version that is not understood; nothing has changed then.
    #[napi]
    pub fn restore(&self, env: &Env, #[napi(ts_arg_type = "Snapshot")] snapshot: Unknown<'_>) -> Result<(), Thrown> {
        self.handle.restore(env, snapshot)
    }

    /// Has a function called with every event, in the order in which they happen, on this thread, and before the promise
    /// settles that caused it. A listener does not keep the process alive, so what the last synchronous call of a program
    /// caused may not be told any more; what it throws, or its promise rejects with, is ignored.
    ///
    /// Returns a function that ends it. Throws `INVALID_REQUEST` if it is no function.
    #[napi(ts_return_type = "() => void")]
    pub fn on_event<'env>(
        &self,
        env: &'env Env,
        this: This<'env>,
        #[napi(ts_arg_type = "(event: EngineEvent) => void")] listener: Unknown<'_>,
    ) -> Result<Unsubscribe<'env>, Thrown> {
        self.is_listened_to.set(true);
        self.handle.on_event(env, listener, Some(this.object))
    }

    /// Has a function called whenever another set of models is active, with the new count, as `onEvent` does. What is cached
    /// under `key` is not to be used any more.
    ///
    /// Returns a function that ends it. Throws `INVALID_REQUEST` if it is no function.
    #[napi(ts_return_type = "() => void")]
    pub fn on_invalidate<'env>(
        &self,
        env: &'env Env,
        this: This<'env>,
        #[napi(ts_arg_type = "(event: InvalidationEvent) => void")] listener: Unknown<'_>,
    ) -> Result<Unsubscribe<'env>, Thrown> {
        self.is_listened_to.set(true);
        self.handle.on_invalidate(env, listener, Some(this.object))
    }

    /// Rejects what is pending, and every later prediction, with `CLOSED`; what is known can still be asked. Writes the
    /// state file for the last time. Resolves when nothing is left running.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env, this: This<'env>) -> napi::Result<PromiseRaw<'env, ()>> {
        self.handle.close(env, self.listened_to(this))
    }
}

impl Fallcast {
    /// This object, if it has to live on until the call has ended: its listeners live as long as it does.
    fn listened_to<'env>(&self, this: This<'env>) -> Owner<'env> {
        self.is_listened_to.get().then_some(this.object)
    }
}
