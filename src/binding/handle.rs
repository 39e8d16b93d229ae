//! An engine as JavaScript sees it: what the class and the module's functions have in common.

use std::sync::{Arc, LazyLock};

use napi::bindgen_prelude::{FromNapiValue, Function, Object, PromiseRaw};
use napi::{Either, Env, Unknown, ValueType};
use tokio::runtime::{Builder, Runtime};
use tracing::Dispatch;
use tracing::instrument::WithSubscriber;

use super::abort::AbortListener;
use super::error::{Thrown, rejected, thrown};
use super::inbox::Settled;
use super::log;
use super::outcome::{BuiltPrompt, Fallback, ModelStatus, Plan, PredictionOutcome};
use super::plain::plain;
use super::read::{self, Fields, Mistake};
use super::realm::Realm;
use crate::check::Faults;
use crate::engine::{Engine, ModelState};
use crate::error::EngineError;

/// The threads on which all engines of the process run; they live as long as it does.
static RUNTIME: LazyLock<Result<Runtime, String>> = LazyLock::new(|| {
    let built = Builder::new_multi_thread().worker_threads(2).thread_name("fallcast").enable_all().build();
    built.map_err(|error| format!("the runtime cannot start: {error}"))
});

/// An engine, and where its log records go.
#[derive(Clone)]
pub(super) struct Handle {
    pub(super) engine: Arc<Engine>,
    log: Option<Dispatch>,
}

impl Handle {
    /// Builds an engine from a configuration.
    pub(super) fn new(env: &Env, config: Option<Unknown<'_>>) -> Result<Self, Mistake> {
        let mut faults = Faults::new();
        let (value, on_log) = match config {
            None => (serde_json::Value::Null, None),
            Some(config) => {
                let mut read = || {
                    Ok((plain(env, config, "config", Some("onLog"), &mut faults)?, on_log(env, config, &mut faults)?))
                };
                read().map_err(|mistake: Mistake| mistake.of_config("config"))?
            }
        };
        let engine = match Engine::new(&value, &variable) {
            Ok(engine) if faults.is_empty() => Arc::new(engine),
            Err(EngineError::InvalidConfig(others)) => {
                faults.extend_elsewhere(others);
                return Err(EngineError::InvalidConfig(faults).into());
            }
            Ok(_) => return Err(EngineError::InvalidConfig(faults).into()),
            Err(error) => return Err(error.into()),
        };
        let level = engine.config().log_level.as_str();
        let log = on_log.map(|listener| {
            let inbox = Arc::clone(Realm::current(env)?.inbox());
            log::dispatch(inbox, listener, level)
        });
        Ok(Self { engine, log: log.transpose()? })
    }

    pub(super) fn predict<'env>(
        &self,
        env: &'env Env,
        request: Unknown<'_>,
        options: Option<Unknown<'_>>,
    ) -> napi::Result<PromiseRaw<'env, PredictionOutcome>> {
        match self.start(env, request, options) {
            Ok(promise) => Ok(promise),
            Err(mistake) => rejected(env, mistake),
        }
    }

    fn start<'env>(
        &self,
        env: &'env Env,
        request: Unknown<'_>,
        options: Option<Unknown<'_>>,
    ) -> Result<PromiseRaw<'env, PredictionOutcome>, Mistake> {
        let (options, signal) = read::options(env, options)?;
        let call = self.engine.call(read::request(env, request)?, options)?;
        let runtime = runtime()?;
        let realm = Realm::current(env)?;
        let abort = signal.map(|signal| AbortListener::attach(env, &realm, signal)).transpose()?;
        let token = abort.as_ref().map_or_else(|| realm.call_token(), AbortListener::token);
        let (delivery, promise) = realm.promise(env, abort)?;
        let task = async move {
            delivery.deliver(match call.run(&token).await {
                Ok(outcome) => Settled::Outcome(Box::new(outcome)),
                Err(error) => Settled::Error(error),
            });
        };
        match &self.log {
            Some(log) => runtime.spawn(task.with_subscriber(log.clone())),
            None => runtime.spawn(task),
        };
        Ok(promise)
    }

    pub(super) fn explain(
        &self,
        env: &Env,
        request: Unknown<'_>,
        options: Option<Unknown<'_>>,
    ) -> Result<Plan, Thrown> {
        let explain = || {
            let (options, _) = read::options(env, options)?;
            let call = self.engine.call(read::request(env, request)?, options)?;
            Ok(Plan::from(call.explain()))
        };
        explain().map_err(|mistake| thrown(env, mistake))
    }

    pub(super) fn build_prompt(
        &self,
        env: &Env,
        model_id: Unknown<'_>,
        matches: Unknown<'_>,
        version: Option<Unknown<'_>>,
    ) -> Result<BuiltPrompt, Thrown> {
        let build = || {
            let model_id = read::text_of(model_id, &"modelId")?;
            let matches = read::matches(env, matches, "matches")?;
            let version = version.map(|version| read::optional_text(version, &"promptVersion")).transpose()?.flatten();
            Ok(BuiltPrompt::from(self.engine.build_prompt(&model_id, &matches, version.as_deref())?))
        };
        build().map_err(|mistake| thrown(env, mistake))
    }

    pub(super) fn active_model_count<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, u32>> {
        let count = u32::try_from(self.engine.active_model_count()).unwrap_or(u32::MAX);
        PromiseRaw::resolve(env, count)
    }

    pub(super) fn fallback_of(&self, env: &Env, model_id: Unknown<'_>) -> Result<Either<Fallback, ()>, Thrown> {
        let model_id = read::text_of(model_id, &"modelId").map_err(|mistake| thrown(env, mistake))?;
        Ok(match self.engine.fallback_of(&model_id) {
            Some((model_id, provider_id)) => Either::A(Fallback { model_id, provider_id }),
            None => Either::B(()),
        })
    }

    pub(super) fn fallbacks<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let mut lists = Object::new(env)?;
        for (model_id, fallbacks) in self.engine.fallbacks() {
            lists.set(model_id, fallbacks)?;
        }
        Ok(lists)
    }

    pub(super) fn models(&self) -> Vec<ModelStatus> {
        self.engine.models().into_iter().map(ModelStatus::from).collect()
    }

    pub(super) fn active_models(&self) -> Vec<ModelStatus> {
        let active = self.engine.models().into_iter().filter(|status| status.state == ModelState::Active);
        active.map(ModelStatus::from).collect()
    }

    pub(super) fn update_catalog(&self, env: &Env, changes: Unknown<'_>) -> Result<(), Thrown> {
        let update = || {
            let mut faults = Faults::new();
            let changes = plain(env, changes, "changes", None, &mut faults);
            let changes = changes.map_err(|error| Mistake::Node(error).of_config("changes"))?;
            if !faults.is_empty() {
                return Err(EngineError::InvalidConfig(faults).into());
            }
            Ok(self.engine.update_catalog(&changes, &variable)?)
        };
        update().map_err(|mistake| thrown(env, mistake))
    }

    /// Closes the engine; the promise resolves when nothing of it is left running.
    pub(super) fn close<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, ()>> {
        let runtime = match runtime() {
            Ok(runtime) => runtime,
            Err(mistake) => return rejected(env, mistake),
        };
        let (delivery, promise) = Realm::current(env)?.promise(env, None)?;
        let engine = Arc::clone(&self.engine);
        runtime.spawn(async move {
            engine.close().await;
            delivery.deliver(Settled::Done);
        });
        Ok(promise)
    }
}

fn runtime() -> Result<&'static Runtime, Mistake> {
    RUNTIME.as_ref().map_err(|problem| Mistake::Engine(EngineError::Internal(problem.clone())))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn on_log<'a>(env: &Env, config: Unknown<'a>, faults: &mut Faults) -> Result<Option<log::Listener<'a>>, Mistake> {
    // The engine says what is wrong with a configuration that is no object.
    let Ok(fields) = Fields::new(env, config, &"config") else { return Ok(None) };
    let Some(listener) = fields.value("onLog")? else { return Ok(None) };
    if listener.get_type()? != ValueType::Function {
        faults.push("config.onLog", format!("must be a function, got {}", read::describe(listener)?));
        return Ok(None);
    }
    Ok(Some(Function::from_unknown(listener)?))
}
