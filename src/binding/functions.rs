//! The module's functions, which share one engine in the whole process, whatever thread calls them.

use std::sync::{Mutex, PoisonError};

use napi::bindgen_prelude::{Object, PromiseRaw};
use napi::{Either, Env, Unknown};
use napi_derive::napi;

use super::error::{Thrown, rejected, thrown};
use super::handle::Handle;
use super::node::ModelFallbacks;
use super::outcome::{BuiltPrompt, Fallback, ModelStatus, Plan, PredictionOutcome};
use super::read::Mistake;
use crate::check::Faults;
use crate::error::EngineError;

/// The process's engine, once it has been used or configured.
static SHARED: Mutex<Option<Handle>> = Mutex::new(None);

/// The fallbacks of the built-in catalogue: a model's id, and the ids of its fallbacks in order.
#[napi]
pub const MODEL_FALLBACKS: ModelFallbacks = ModelFallbacks;

/// Configures the engine that the module's functions share. Its first use fixes its configuration: the same values
/// again are harmless.
///
/// Throws `INVALID_CONFIG` with every fault, or when the engine already has other values.
#[napi]
pub fn configure(env: &Env, #[napi(ts_arg_type = "Config | null")] config: Option<Unknown<'_>>) -> Result<(), Thrown> {
    let configure = || {
        let new = Handle::new(env, config)?;
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        match &*shared {
            Some(current) if !current.engine.is_configured_like(&new.engine) => {
                let problem = "the engine of this process is in use with other values";
                Err(EngineError::InvalidConfig(Faults::one("config", problem)).into())
            }
            Some(_) => Ok(()),
            None => {
                *shared = Some(new);
                Ok(())
            }
        }
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
        Ok(handle) => handle.predict(env, request, options),
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

/// Lays providers, models and fallbacks over the catalogue by id, whole or not at all; an entry replaces the whole entry
/// with its id. The active count changes at once; calls under way keep the catalogue with which they began.
///
/// Throws `INVALID_CONFIG` with every fault, a line each, and its path.
#[napi]
pub fn update_catalog(env: &Env, #[napi(ts_arg_type = "CatalogChanges")] changes: Unknown<'_>) -> Result<(), Thrown> {
    get(env)?.update_catalog(env, changes)
}

fn get(env: &Env) -> Result<Handle, Thrown> {
    shared(env).map_err(|mistake| thrown(env, mistake))
}

/// The shared engine, built with the default configuration if nobody configured it.
fn shared(env: &Env) -> Result<Handle, Mistake> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*shared {
        return Ok(handle.clone());
    }
    let handle = Handle::new(env, None)?;
    Ok(shared.insert(handle).clone())
}
