//! Every method of an engine, once. Each is written here with its documentation, its arguments as TypeScript has them
//! and what it does, and becomes two faces: a method of the class [`Fallcast`](super::fallcast::Fallcast), and a function
//! of the module that asks the engine which the whole process shares.
#![expect(
    clippy::elidable_lifetime_names,
    clippy::needless_lifetimes,
    clippy::unnecessary_wraps,
    reason = "every method has the same shape, whatever it needs of it"
)]

use std::sync::Arc;

use napi::bindgen_prelude::{Null, Object, PromiseRaw, This};
use napi::{Either, Env, Unknown};
use napi_derive::napi;

use super::budget::Budget;
use super::catalog::CatalogModel;
use super::engine_status;
use super::error::{Thrown, thrown};
use super::fallcast::{Caller, Fallcast};
use super::fleet::{FleetReport, FleetStatus};
use super::functions::shared;
use super::handle::{Handle, Unsubscribe, data, variable};
use super::inbox::Settled;
use super::metrics::Metrics;
use super::mistake::Mistake;
use super::outcome::{BuiltPrompt, Fallback, PredictionOutcome, PromptVersionStatus};
use super::parsed::parsed;
use super::plan::Plan;
use super::read::{self, CallArguments};
use super::realm::Realm;
use super::refusal::rejected;
use super::slate::SlatePlan;
use crate::engine::{Engine, ModelState};

/// What a face gives where a [`Mistake`] was made: it throws, or its promise is rejected.
macro_rules! refused {
    (value [$($value:tt)+] $env:ident, $mistake:ident) => {
        Err(thrown($env, $mistake))
    };
    (promise [$($promised:tt)+] $env:ident, $mistake:ident) => {
        rejected($env, $mistake)
    };
}

/// Makes both faces of each method.
///
/// `fn name(this, env, caller, argument: "TypeScript"; optional: "TypeScript") -> value [Rust] as "TypeScript" { … }`,
/// where the body gives a [`Mistake`] for what is to be thrown; `promise` instead of `value` where it is to be rejected. `for "T"` names the
/// types that TypeScript is to infer.
macro_rules! methods {
    ($(
        $(#[doc = $doc:tt])+
        fn $name:ident($this:ident, $env:ident, $caller:ident $(, $argument:ident: $ts:tt)* $(; $optional:ident: $optional_ts:tt)?)
            -> $(value [$($value:tt)+])? $(promise [$($promised:tt)+])? $(as $ts_return:tt)? $(for $ts_generic:tt)?
        $body:block
    )*) => {
        impl Handle {
            $(fn $name<'env>(
                $this: &Self,
                $env: &'env Env,
                $caller: Caller<'_, 'env>,
                $($argument: Unknown<'env>,)*
                $($optional: Option<Unknown<'env>>,)?
            ) -> $(Result<$($value)+, Mistake>)? $(Result<PromiseRaw<'env, $($promised)+>, Mistake>)? $body)*
        }

        #[napi]
        impl Fallcast {
            $(
                $(#[doc = $doc])+
                #[napi($(ts_return_type = $ts_return,)? $(ts_generic_types = $ts_generic)?)]
                pub fn $name<'env>(
                    &self,
                    env: &'env Env,
                    this: This<'env>,
                    $(#[napi(ts_arg_type = $ts)] $argument: Unknown<'env>,)*
                    $(#[napi(ts_arg_type = $optional_ts)] $optional: Option<Unknown<'env>>,)?
                ) -> $(Result<$($value)+, Thrown>)? $(napi::Result<PromiseRaw<'env, $($promised)+>>)? {
                    Handle::$name(&self.handle, env, self.caller(env, this), $($argument,)* $($optional)?)
                        .map_err(|mistake| self.handle.redacted(mistake))
                        .or_else(|mistake| {
                            $(refused!(value [$($value)+] env, mistake))?
                            $(refused!(promise [$($promised)+] env, mistake))?
                        })
                }
            )*
        }

        $(
            $(#[doc = $doc])+
            #[napi($(ts_return_type = $ts_return,)? $(ts_generic_types = $ts_generic)?)]
            pub fn $name<'env>(
                env: &'env Env,
                $(#[napi(ts_arg_type = $ts)] $argument: Unknown<'env>,)*
                $(#[napi(ts_arg_type = $optional_ts)] $optional: Option<Unknown<'env>>,)?
            ) -> $(Result<$($value)+, Thrown>)? $(napi::Result<PromiseRaw<'env, $($promised)+>>)? {
                shared(env)
                    .and_then(|handle| {
                        Handle::$name(&handle, env, Caller::default(), $($argument,)* $($optional)?)
                            .map_err(|mistake| handle.redacted(mistake))
                    })
                    .or_else(|mistake| {
                        $(refused!(value [$($value)+] env, mistake))?
                        $(refused!(promise [$($promised)+] env, mistake))?
                    })
            }
        )*
    };
}

methods! {
    /// Asks the model for scores, and when it fails the models of its chain, within the money and the time that the
    /// caller allows. Never throws; rejects with a `FallcastError`.
    fn predict_with_fallback(this, env, caller, request: "PredictionRequest | OwnPromptRequest"; options: "PredictOptions | null") -> promise [PredictionOutcome] {
        Ok(this.predict(env, request, options, caller.owner())?)
    }

    /// Asks the model anything, with a prompt of your own, and when it fails or its answer does not fit the schema the models of
    /// its chain, as `predictWithFallback` does: within the same guards, health and money. Never throws; rejects with a
    /// `FallcastError`.
    fn ask_with_fallback(this, env, caller, request: "AskRequest<S>"; options: "PredictOptions | null") -> value [Object<'env>] as "Promise<Answer<AnswerOf<S>>>" for "const S extends AnswerSchema | undefined = undefined" {
        this.begin_ask(env, request, options, caller.owner())
    }

    /// What a request would do if every attempt failed: each step with estimate, price ratio and adjustments, and each
    /// skip with its reason. Calls nothing.
    ///
    /// Throws `INVALID_REQUEST`, `UNKNOWN_MODEL` or `CLOSED`.
    fn explain(this, env, _caller, request: "PredictionRequest | OwnPromptRequest"; options: "PredictOptions | null") -> value [Plan] {
        let CallArguments { request, options, .. } = read::call(env, request, options, &mut None)?;
        let call = this.engine.call(request, options)?;
        Ok(Plan::from(call.explain()))
    }

    /// Asks many models about many matches at once: each model about each match, or the cells that are named. Requests run side by
    /// side within each provider's limits, inside one deadline and one sum of money, and tell what they came to as they end.
    ///
    /// Returns at once. Throws `INVALID_REQUEST` with every fault, `CLOSED`, or `BUDGET_EXHAUSTED` if it is expected to cost more than
    /// `options.maxCostUsd`; then nothing was sent.
    fn predict_slate(this, env, caller, request: "SlateRequest"; options: "SlateOptions | null") -> value [Object<'env>] as "Slate" {
        this.begin_slate(env, request, options, caller.owner())
    }

    /// What a slate would do if no request failed: how many requests it would send, what they are expected to cost and can cost,
    /// which models would be passed over, and how many requests come one after the other at each provider. Calls nothing.
    ///
    /// Throws `INVALID_REQUEST` with every fault, or `CLOSED`.
    fn explain_slate(this, env, _caller, request: "SlateRequest"; options: "SlateOptions | null") -> value [SlatePlan] {
        this.slate_plan(env, request, options)
    }

    /// How many models are active: enabled, their provider has a key or needs none, and not switched off.
    fn get_active_model_count(this, env, _caller) -> promise [u32] {
        Ok(PromiseRaw::resolve(env, u32::try_from(this.engine.active_model_count()).unwrap_or(u32::MAX))?)
    }

    /// The next usable model of a model's chain; undefined if there is none, or no such model.
    fn get_fallback_provider(this, _env, _caller, model_id: "string") -> value [Either<Fallback, ()>] {
        let fallback = this.engine.fallback_of(&read::text_of(model_id, &"modelId")?);
        Ok(fallback.map_or(Either::B(()), |(model_id, provider_id)| Either::A(Fallback { model_id, provider_id })))
    }

    /// Every model that has fallbacks, with their ids in order.
    fn get_fallbacks(this, env, _caller) -> value [Object<'env>] as "Record<string, string[]>" {
        let mut lists = Object::new(env)?;
        for (model_id, fallbacks) in this.engine.fallbacks() {
            lists.set(model_id, fallbacks)?;
        }
        Ok(lists)
    }

    /// The active models, in the order of the catalogue.
    fn get_active_providers(this, env, _caller) -> value [Object<'static>] as "CatalogModel[]" {
        let active = this.engine.catalog_models().into_iter().filter(|listed| listed.status.state == ModelState::Active);
        Ok(parsed(env, &active.map(CatalogModel::from).collect::<Vec<_>>())?)
    }

    /// Every model with its state and what the catalogue says of it, in the order of the catalogue.
    fn get_models(this, env, _caller) -> value [Object<'static>] as "CatalogModel[]" {
        let models = this.engine.catalog_models().into_iter().map(CatalogModel::from);
        Ok(parsed(env, &models.collect::<Vec<_>>())?)
    }

    /// The model with exactly this id, as `getModels` has it; undefined if there is none.
    fn get_model(this, env, _caller, model_id: "string") -> value [Either<Object<'static>, ()>] as "CatalogModel | undefined" {
        let id = read::text_of(model_id, &"modelId")?;
        let listed = this.engine.catalog_models().into_iter().find(|listed| listed.model.id == id);
        let object = listed.map(|listed| parsed(env, &CatalogModel::from(listed))).transpose()?;
        Ok(object.map_or(Either::B(()), Either::A))
    }

    /// The prompt that a model would be sent for some matches.
    ///
    /// Throws `INVALID_REQUEST` or `UNKNOWN_MODEL`.
    fn build_prompt(this, env, _caller, model_id: "string", matches: "Match[]"; prompt_version: "string | null") -> value [BuiltPrompt] {
        let model_id = read::text_of(model_id, &"modelId")?;
        let matches = read::items(env, matches, "matches")?;
        let version = read::optional_text(prompt_version, &"promptVersion")?;
        Ok(this.engine.build_prompt(&model_id, &matches, version.as_deref())?.into())
    }

    /// Every version of the prompts, in the order of the manifest.
    fn get_prompts(this, _env, _caller) -> value [Vec<PromptVersionStatus>] {
        Ok(this.engine.prompt_versions().into_iter().map(PromptVersionStatus::from).collect())
    }

    /// Reads the folder `config.catalog` again and puts what it holds into use, below the configuration and what
    /// `updateCatalog` laid over it, whole or not at all; whether anything changed. Calls under way keep the catalogue with
    /// which they began. The folder is watched, so this is only for who cannot wait a second, or wants to see the faults.
    ///
    /// Throws `INVALID_CONFIG` with every fault, a line each, and its path; the catalogue stays as it was.
    fn reload_catalog(this, _env, _caller) -> value [bool] {
        Ok(this.act(Engine::reload_catalog)?)
    }

    /// Reads the folder of `config.prompts` again and puts what it holds into use, whole or not at all; whether anything
    /// changed. Calls under way keep the prompts with which they began. A folder is watched, so this is only for who cannot
    /// wait a second, or wants to see the faults.
    ///
    /// Throws `INVALID_CONFIG` with every fault, a line each, and its path; the prompts stay as they were.
    fn reload_prompts(this, _env, _caller) -> value [bool] {
        Ok(this.act(Engine::reload_prompts)?)
    }

    /// Pins a version of the prompts, for the models that it is for, whatever the dates and weights of the manifest; null
    /// returns to those. A request's `promptVersion` goes before it.
    ///
    /// Throws `INVALID_REQUEST` if there is no such version.
    fn activate_prompts(this, _env, _caller; version: "string | null") -> value [()] {
        let version = read::optional_text(version, &"version")?;
        Ok(this.act(|engine| engine.activate_prompts(version.as_deref()))?)
    }

    /// Lays providers, models and fallbacks over the catalogue by id, whole or not at all; an entry replaces the whole
    /// entry with its id. The active count changes at once; calls under way keep the catalogue with which they began.
    ///
    /// Throws `INVALID_CONFIG` with every fault, a line each, and its path.
    fn update_catalog(this, env, _caller, changes: "CatalogChanges") -> value [()] {
        let changes = data(env, changes, "changes")?;
        Ok(this.act(|engine| engine.update_catalog(&changes, &variable))?)
    }

    /// Switches a model off until `enableModel`: it is called no more, by nobody, and the active count changes at once. No
    /// timer brings it back.
    ///
    /// `reason`: why, 1 to 1,000 characters on one line; shown wherever the model is passed over. Throws `UNKNOWN_MODEL`
    /// or `INVALID_REQUEST`.
    fn disable_model(this, _env, _caller, model_id: "string", reason: "string") -> value [()] {
        let (model_id, reason) = (read::text_of(model_id, &"modelId")?, read::text_of(reason, &"reason")?);
        Ok(this.act(|engine| engine.disable_model(&model_id, &reason))?)
    }

    /// Switches a model on, whatever switched it off, and forgets its failures and its own cooling. The active count changes at
    /// once.
    ///
    /// Throws `UNKNOWN_MODEL`.
    fn enable_model(this, _env, _caller, model_id: "string") -> value [()] {
        let model_id = read::text_of(model_id, &"modelId")?;
        Ok(this.act(|engine| engine.enable_model(&model_id))?)
    }

    /// Brings back every model whose time has come, without waiting for the timer that does so. Resolves with how many.
    /// A model that was switched off by hand stays off. In a fleet the fleet decides.
    fn recover_disabled_models(this, env, caller) -> promise [u32] {
        // Settled through the inbox, so that the events arrive first.
        let (delivery, promise) = Realm::current(env)?.promise(env, None, None, caller.owner())?;
        let engine = Arc::clone(&this.engine);
        let recovered = this.act(Engine::recover_due);
        if !engine.recovers_with_fleet() {
            delivery.deliver(Settled::Number(u32::try_from(recovered).unwrap_or(u32::MAX)));
            return Ok(promise);
        }
        this.spawn(async move {
            let recovered = recovered + engine.recover_by_fleet().await;
            delivery.deliver(Settled::Number(u32::try_from(recovered).unwrap_or(u32::MAX)));
        })?;
        Ok(promise)
    }

    /// Applies a failure that you decided, as if an attempt had ended with it: a database that refused the row, say. While
    /// the model is switched off nothing changes, not even for its provider.
    ///
    /// `kind`: what kind of failure; `unauthorized` counts as a 401. Throws `UNKNOWN_MODEL` or `INVALID_REQUEST`.
    fn report_failure(this, _env, _caller, model_id: "string", kind: "FailureKind") -> value [()] {
        let (model_id, kind) = (read::text_of(model_id, &"modelId")?, read::kind(kind, &"kind")?);
        Ok(this.act(|engine| engine.report_failure(&model_id, kind))?)
    }

    /// Applies a success that you decided: the model's failures are forgotten. While it is switched off nothing changes.
    ///
    /// Throws `UNKNOWN_MODEL`.
    fn report_success(this, _env, _caller, model_id: "string") -> value [()] {
        let model_id = read::text_of(model_id, &"modelId")?;
        Ok(this.act(|engine| engine.report_success(&model_id))?)
    }

    /// Resolves when a call need not wait for the fleet: at once without `fleet` in the configuration, else when the engine has
    /// joined and can be granted some of the day's budget. An engine without a budget, or a reader, can work alone: then it
    /// resolves after 2 s at the latest. Rejects with `CLOSED` if the engine is closed before.
    fn ready(this, env, caller) -> promise [()] {
        this.when_ready(env, caller.owner())
    }

    /// How the engine stands in its fleet, and who else is in it; null without `fleet` in the configuration.
    fn get_fleet(this, _env, _caller) -> value [Either<FleetStatus, Null>] as "FleetStatus | null" {
        Ok(this.engine.fleet().map_or(Either::B(Null), |status| Either::A(FleetStatus::from(status))))
    }

    /// What the fleet is and has done: its members, its count, its budget, and what all members have counted on each of the last
    /// eight days, as Redis has it. Resolves with what is known where Redis does not answer within a second.
    ///
    /// Rejects with `INVALID_REQUEST` without `fleet` in the configuration, and with `CLOSED`.
    fn get_fleet_status(this, env, caller) -> promise [FleetReport] {
        this.report_fleet(env, caller.owner())
    }

    /// How the day's budget stands. Without one it tells what the day has cost so far.
    fn get_budget(this, _env, _caller) -> value [Budget] {
        Ok(this.engine.budget().into())
    }

    /// What all calls came to since the engine was built: by route, by model, and by version of the prompt.
    fn get_metrics(this, _env, _caller) -> value [Metrics] {
        Ok(this.engine.metrics().into())
    }

    /// The same for Prometheus, as `application/openmetrics-text; version=1.0.0; charset=utf-8`; all names begin with
    /// `fallcast_`.
    fn get_metrics_text(this, _env, _caller) -> value [String] {
        Ok(this.engine.metrics_text())
    }

    /// What an operator sees: models, providers, today's routes, the day's budget, prompts, the last calls and events, all of
    /// one moment. It can be asked of a closed engine too.
    fn get_status(this, env, _caller) -> value [Object<'static>] as "Status" {
        Ok(engine_status::object(env, &this.engine)?)
    }

    /// The state as it stands, as plain JSON: health, cooling, the day's spend and the pinned prompts. `restore` takes it back.
    fn snapshot(this, _env, _caller) -> value [serde_json::Value] as "Snapshot" {
        Ok(this.engine.snapshot())
    }

    /// Takes over a state, of another process say. What is known here of a model stays if it is later, and
    /// what was spent today if it is more. Models that the catalogue does not have are ignored, which the event `restored` tells.
    /// The pinned version of the prompts is pinned here as well, unless another is or there is none of that name.
    ///
    /// Throws `INVALID_CONFIG` with every fault, or for a version that is not understood; nothing has changed then.
    fn restore(this, env, _caller, snapshot: "Snapshot") -> value [()] {
        let snapshot = data(env, snapshot, "snapshot")?;
        Ok(this.act(|engine| engine.restore(&snapshot))?)
    }

    /// Has a function called with every event, in the order in which they happen, on this thread, and before the promise
    /// settles that caused it. A listener does not keep the process alive, so what the last synchronous call of a program
    /// caused may not be told any more; what it throws, or its promise rejects with, is ignored.
    ///
    /// Returns a function that ends it. Throws `INVALID_REQUEST` if it is no function.
    fn on_event(this, env, caller, listener: "(event: EngineEvent) => void") -> value [Unsubscribe<'env>] as "() => void" {
        this.subscribe(env, listener, caller.listening(), Engine::listen, Engine::events)
    }

    /// Has a function called whenever another set of models is active, with the new count, as `onEvent` does. What is cached
    /// under `key` is not to be used any more.
    ///
    /// Returns a function that ends it. Throws `INVALID_REQUEST` if it is no function.
    fn on_invalidate(this, env, caller, listener: "(event: InvalidationEvent) => void") -> value [Unsubscribe<'env>] as "() => void" {
        let add = |engine: &Engine, sink| engine.invalidations().add(sink);
        this.subscribe(env, listener, caller.listening(), add, Engine::invalidations)
    }
}
