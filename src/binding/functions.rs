//! The module's functions, which share one engine in the whole process, whatever thread calls them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use napi::bindgen_prelude::{Object, PromiseRaw};
use napi::{Either, Env, Unknown};
use napi_derive::napi;
use tracing::info;

use super::budget::Budget;
use super::error::{Thrown, rejected, thrown};
use super::handle::{Handle, Plans, Unsubscribe, close_all};
use super::metrics::Metrics;
use super::node::ModelFallbacks;
use super::outcome::{BuiltPrompt, Fallback, PredictionOutcome, PromptVersionStatus};
use super::plan::Plan;
use super::read::Mistake;
use super::status::ModelStatus;
use crate::check::{Faults, path};
use crate::config::ROOT;
use crate::engine::Engine;
use crate::error::EngineError;

/// The process's engine.
static SHARED: Mutex<Shared> = Mutex::new(Shared { current: None, closed: Vec::new() });

struct Shared {
    /// Once it has been used or configured, until it is closed.
    current: Option<Handle>,
    /// Those before it, of which something may be left running.
    closed: Vec<Weak<Engine>>,
}

/// The fallbacks of the built-in catalogue: a model's id, and the ids of its fallbacks in order.
#[napi]
pub const MODEL_FALLBACKS: ModelFallbacks = ModelFallbacks;

/// Configures the engine that the module's functions share. Its first use fixes its configuration, until it is closed:
/// the same values again are harmless.
///
/// Throws `INVALID_CONFIG` with every fault, or when the engine already has other values, with the path of each that differs.
/// `onLog` is not compared: the first one stays.
#[napi]
pub fn configure(env: &Env, #[napi(ts_arg_type = "Config | null")] config: Option<Unknown<'_>>) -> Result<(), Thrown> {
    let configure = || {
        let plans = Plans::read(env, config)?;
        let mut shared = lock();
        let Some(current) = &shared.current else {
            let handle = plans.build(env, None)?;
            handle.act(|engine| info!(models = engine.models().len(), "engine configured"));
            shared.current = Some(handle);
            return Ok(());
        };
        let mut faults = Faults::new();
        for name in current.engine.differences(&plans.blueprint) {
            faults.push(&path::field(ROOT, name), "differs from what the engine of this process is in use with");
        }
        Ok(faults.into_result(()).map_err(EngineError::InvalidConfig)?)
    };
    configure().map_err(|mistake| thrown(env, mistake))
}

/// Asks the model for scores, and when it fails the models of its chain, within the money and the time that the caller
/// allows. Never throws; rejects with a `FallcastError`.
#[napi]
pub fn predict_with_fallback<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "PredictionRequest")] request: Unknown<'env>,
    #[napi(ts_arg_type = "PredictOptions | null")] options: Option<Unknown<'env>>,
) -> napi::Result<PromiseRaw<'env, PredictionOutcome>> {
    match shared(env) {
        Ok(handle) => handle.predict(env, request, options, None),
        Err(mistake) => rejected(env, mistake),
    }
}

/// What a request would do if every attempt failed: each step with estimate, price ratio and adjustments, and each skip
/// with its reason. Calls nothing.
///
/// Throws `INVALID_REQUEST` or `UNKNOWN_MODEL`.
#[napi]
pub fn explain(
    env: &Env,
    #[napi(ts_arg_type = "PredictionRequest")] request: Unknown<'_>,
    #[napi(ts_arg_type = "PredictOptions | null")] options: Option<Unknown<'_>>,
) -> Result<Plan, Thrown> {
    get(env)?.explain(env, request, options)
}

/// How many models are active: enabled, their provider has a key or needs none, and not switched off.
#[napi]
pub fn get_active_model_count(env: &Env) -> napi::Result<PromiseRaw<'_, u32>> {
    match shared(env) {
        Ok(handle) => handle.active_model_count(env),
        Err(mistake) => rejected(env, mistake),
    }
}

/// The next usable model of a model's chain; undefined if there is none, or no such model.
#[napi]
pub fn get_fallback_provider(
    env: &Env,
    #[napi(ts_arg_type = "string")] model_id: Unknown<'_>,
) -> Result<Either<Fallback, ()>, Thrown> {
    get(env)?.fallback_of(env, model_id)
}

/// Every model that has fallbacks, with their ids in order.
#[napi(ts_return_type = "Record<string, string[]>")]
pub fn get_fallbacks(env: &Env) -> Result<Object<'_>, Thrown> {
    get(env)?.fallbacks(env).map_err(|error| thrown(env, error.into()))
}

/// The active models, in the order of the catalogue.
#[napi]
pub fn get_active_providers(env: &Env) -> Result<Vec<ModelStatus>, Thrown> {
    Ok(get(env)?.active_models())
}

/// Every model with its state, in the order of the catalogue.
#[napi]
pub fn get_models(env: &Env) -> Result<Vec<ModelStatus>, Thrown> {
    Ok(get(env)?.models())
}

/// The prompt that a model would be sent for some matches.
///
/// Throws `INVALID_REQUEST` or `UNKNOWN_MODEL`.
#[napi]
pub fn build_prompt(
    env: &Env,
    #[napi(ts_arg_type = "string")] model_id: Unknown<'_>,
    #[napi(ts_arg_type = "Match[]")] matches: Unknown<'_>,
    #[napi(ts_arg_type = "string | null")] prompt_version: Option<Unknown<'_>>,
) -> Result<BuiltPrompt, Thrown> {
    get(env)?.build_prompt(env, model_id, matches, prompt_version)
}

/// Every version of the prompts, in the order of the manifest.
#[napi]
pub fn get_prompts(env: &Env) -> Result<Vec<PromptVersionStatus>, Thrown> {
    Ok(get(env)?.prompts())
}

/// Reads the folder of `config.prompts` again and puts what it holds into use, whole or not at all; whether anything
/// changed. Calls under way keep the prompts with which they began. A folder is watched, so this is only for who cannot
/// wait a second, or wants to see the faults.
///
/// Throws `INVALID_CONFIG` with every fault, a line each, and its path; the prompts stay as they were.
#[napi]
pub fn reload_prompts(env: &Env) -> Result<bool, Thrown> {
    get(env)?.reload_prompts(env)
}

/// Pins a version of the prompts, for the models that it is for, whatever the dates and weights of the manifest; null
/// returns to those. A request's `promptVersion` goes before it.
///
/// Throws `INVALID_REQUEST` if there is no such version.
#[napi]
pub fn activate_prompts(
    env: &Env,
    #[napi(ts_arg_type = "string | null")] version: Option<Unknown<'_>>,
) -> Result<(), Thrown> {
    get(env)?.activate_prompts(env, version)
}

/// Lays providers, models and fallbacks over the catalogue by id, whole or not at all; an entry replaces the whole entry
/// with its id. The active count changes at once; calls under way keep the catalogue with which they began.
///
/// Throws `INVALID_CONFIG` with every fault, a line each, and its path.
#[napi]
pub fn update_catalog(env: &Env, #[napi(ts_arg_type = "CatalogChanges")] changes: Unknown<'_>) -> Result<(), Thrown> {
    get(env)?.update_catalog(env, changes)
}

/// Switches a model off until `enableModel`: it is called no more, by nobody, and the active count changes at once. No
/// timer brings it back.
///
/// `reason`: why, 1 to 1,000 characters on one line; shown wherever the model is passed over. Throws `UNKNOWN_MODEL`
/// or `INVALID_REQUEST`.
#[napi]
pub fn disable_model(
    env: &Env,
    #[napi(ts_arg_type = "string")] model_id: Unknown<'_>,
    #[napi(ts_arg_type = "string")] reason: Unknown<'_>,
) -> Result<(), Thrown> {
    get(env)?.disable_model(env, model_id, reason)
}

/// Switches a model on, whatever switched it off, and forgets its failures and its own cooling. The active count changes at
/// once.
///
/// Throws `UNKNOWN_MODEL`.
#[napi]
pub fn enable_model(env: &Env, #[napi(ts_arg_type = "string")] model_id: Unknown<'_>) -> Result<(), Thrown> {
    get(env)?.enable_model(env, model_id)
}

/// Brings back every model whose time has come, without waiting for the timer that does so. Resolves with how many.
/// A model that was switched off by hand stays off.
#[napi]
pub fn recover_disabled_models(env: &Env) -> napi::Result<PromiseRaw<'_, u32>> {
    match shared(env) {
        Ok(handle) => handle.recover_disabled_models(env, None),
        Err(mistake) => rejected(env, mistake),
    }
}

/// Applies a failure that you decided, as if an attempt had ended with it: a database that refused the row, say. While
/// the model is switched off nothing changes, not even for its provider.
///
/// `kind`: what kind of failure; `unauthorized` counts as a 401. Throws `UNKNOWN_MODEL` or `INVALID_REQUEST`.
#[napi]
pub fn report_failure(
    env: &Env,
    #[napi(ts_arg_type = "string")] model_id: Unknown<'_>,
    #[napi(ts_arg_type = "FailureKind")] kind: Unknown<'_>,
) -> Result<(), Thrown> {
    get(env)?.report_failure(env, model_id, kind)
}

/// Applies a success that you decided: the model's failures are forgotten. While it is switched off nothing changes.
///
/// Throws `UNKNOWN_MODEL`.
#[napi]
pub fn report_success(env: &Env, #[napi(ts_arg_type = "string")] model_id: Unknown<'_>) -> Result<(), Thrown> {
    get(env)?.report_success(env, model_id)
}

/// How the day's budget stands. Without one it tells what the day has cost so far.
#[napi]
pub fn get_budget(env: &Env) -> Result<Budget, Thrown> {
    Ok(get(env)?.budget())
}

/// What all calls came to since the engine was built: by route, by model, and by version of the prompt.
#[napi]
pub fn get_metrics(env: &Env) -> Result<Metrics, Thrown> {
    Ok(get(env)?.metrics())
}

/// The same for Prometheus, as `application/openmetrics-text; version=1.0.0; charset=utf-8`; all names begin with
/// `fallcast_`.
#[napi]
pub fn get_metrics_text(env: &Env) -> Result<String, Thrown> {
    Ok(get(env)?.metrics_text())
}

/// The state as it stands, as plain JSON: health, cooling, the day's spend and the pinned prompts. `restore` takes it back.
#[napi(ts_return_type = "Snapshot")]
pub fn snapshot(env: &Env) -> Result<serde_json::Value, Thrown> {
    Ok(get(env)?.snapshot())
}

/// Takes over a state, of another process say. What is known here of a model stays if it is later, and
/// what was spent today if it is more. Models that the catalogue does not have are ignored, which the event `restored` tells.
/// The pinned version of the prompts is pinned here as well, unless another is or there is none of that name.
///
/// Throws `INVALID_CONFIG` with every fault, or for a version that is not understood; nothing has changed then.
#[napi]
pub fn restore(env: &Env, #[napi(ts_arg_type = "Snapshot")] snapshot: Unknown<'_>) -> Result<(), Thrown> {
    get(env)?.restore(env, snapshot)
}

/// Has a function called with every event, in the order in which they happen, on this thread, and before the promise
/// settles that caused it. A listener does not keep the process alive, so what the last synchronous call of a program
/// caused may not be told any more; what it throws, or its promise rejects with, is ignored.
///
/// Returns a function that ends it. Throws `INVALID_REQUEST` if it is no function.
#[napi(ts_return_type = "() => void")]
pub fn on_event<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "(event: EngineEvent) => void")] listener: Unknown<'_>,
) -> Result<Unsubscribe<'env>, Thrown> {
    get(env)?.on_event(env, listener, None)
}

/// Has a function called whenever another set of models is active, with the new count, as `onEvent` does. What is cached
/// under `key` is not to be used any more.
///
/// Returns a function that ends it. Throws `INVALID_REQUEST` if it is no function.
#[napi(ts_return_type = "() => void")]
pub fn on_invalidate<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "(event: InvalidationEvent) => void")] listener: Unknown<'_>,
) -> Result<Unsubscribe<'env>, Thrown> {
    get(env)?.on_invalidate(env, listener, None)
}

/// Closes the engine that the module's functions share: what is pending rejects with `CLOSED`, in whatever thread, and the
/// state file is written for the last time. Resolves when nothing is left running, at once if there is no engine. Listeners
/// end with it.
///
/// The next use of any function builds a new engine, which `configure` may configure anew; one with the same `stateFile` only
/// when this promise has resolved.
#[napi(ts_return_type = "Promise<void>")]
pub fn close(env: &Env) -> napi::Result<PromiseRaw<'_, ()>> {
    let mut shared = lock();
    shared.closed.retain(|engine| engine.strong_count() > 0);
    let current = shared.current.take();
    shared.closed.extend(current.iter().map(|handle| Arc::downgrade(&handle.engine)));
    let closed = shared.closed.iter().filter_map(Weak::upgrade).collect();
    drop(shared);
    close_all(env, closed, current)
}

fn lock() -> MutexGuard<'static, Shared> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn get(env: &Env) -> Result<Handle, Thrown> {
    shared(env).map_err(|mistake| thrown(env, mistake))
}

/// The shared engine, built with the default configuration if nobody configured it.
fn shared(env: &Env) -> Result<Handle, Mistake> {
    let mut shared = lock();
    if let Some(handle) = &shared.current {
        return Ok(handle.clone());
    }
    let handle = Handle::new(env, None, None)?;
    Ok(shared.current.insert(handle).clone())
}
