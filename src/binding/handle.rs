//! An engine as JavaScript sees it: what the class and the module's functions have in common.

use std::sync::Arc;

use napi::bindgen_prelude::{FromNapiValue, Function, PromiseRaw};
use napi::{Env, Unknown, ValueType};
use tokio_util::sync::CancellationToken;
use tracing::{Dispatch, info};

use super::abort::AbortListener;
use super::error::{Failed, into_engine_error};
use super::fields::Fields;
use super::fleet::FleetReport;
use super::gathered::Gathered;
use super::half::{Listener, Owner};
use super::inbox::{Sender, Settled};
use super::log;
use super::mistake::{Mistake, describe};
use super::outcome::PredictionOutcome;
use super::plain::plain;
use super::read::{self, CallArguments};
use super::realm::{Delivery, Realm};
use super::record::Record;
use super::threads;
use crate::call_id::CallIds;
use crate::check::Faults;
use crate::engine::{Blueprint, Call, Engine};
use crate::error::EngineError;
use crate::event::{Announcer, EventSink};
use crate::outcome::Outcome;
use crate::request::RawOptions;
use crate::task;

/// A function that ends a subscription.
pub(super) type Unsubscribe<'a> = Function<'a, (), ()>;

/// An engine, and where its log records go.
#[derive(Clone)]
pub(super) struct Handle {
    pub(super) engine: Arc<Engine>,
    log: Option<Dispatch>,
}

impl Handle {
    /// Builds an engine from a configuration.
    pub(super) fn new(env: &Env, config: Option<Unknown<'_>>, owner: Owner<'_>) -> Result<Self, Mistake> {
        Plans::read(env, config)?.build(env, owner)
    }

    /// Whether its log records go anywhere.
    pub(super) fn has_log(&self) -> bool {
        self.log.is_some()
    }

    /// Runs a task of the engine's, its log records going where the engine's go.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), Mistake> {
        spawn(task, self.log.clone())
    }

    /// Does something of the engine's on this thread, its log records going where the engine's go.
    pub(super) fn act<T>(&self, act: impl FnOnce(&Engine) -> T) -> T {
        match &self.log {
            Some(log) => tracing::dispatcher::with_default(log, || act(&self.engine)),
            None => act(&self.engine),
        }
    }

    /// A mistake without the secrets of the engine.
    pub(super) fn redacted(&self, mistake: Mistake) -> Mistake {
        match mistake {
            Mistake::Engine(error) => Mistake::Engine(self.engine.redacted(error)),
            node @ Mistake::Node(_) => node,
        }
    }

    pub(super) fn predict<'env>(
        &self,
        env: &'env Env,
        request: Unknown<'_>,
        options: Option<Unknown<'_>>,
        owner: Owner<'_>,
    ) -> napi::Result<PromiseRaw<'env, PredictionOutcome>> {
        let mut request_id = None;
        self.start(env, request, options, owner, &mut request_id).or_else(|mistake| {
            let (error, cause) = into_engine_error(env, mistake);
            let refused = self.act(|_| self.refused(error, request_id));
            Realm::current(env)?.refuse(env, refused, cause)
        })
    }

    /// The refusal of a call that did not begin.
    pub(super) fn refused(&self, error: EngineError, request_id: Option<String>) -> Failed {
        let error = self.engine.redacted(error);
        let ids = CallIds { call_id: self.engine.next_call_id(), request_id };
        let CallIds { call_id, request_id } = &ids;
        let (code, path, request_id) = (error.code(), error.path(), request_id.as_deref());
        info!(code, path, call_id, request_id, "call refused");
        Failed::refused(&error, Some(&ids))
    }

    /// Begins a call; `request_id` is what the caller named it by, as soon as that is known.
    fn start<'env>(
        &self,
        env: &'env Env,
        request: Unknown<'_>,
        options: Option<Unknown<'_>>,
        owner: Owner<'_>,
        request_id: &mut Option<String>,
    ) -> Result<PromiseRaw<'env, PredictionOutcome>, Mistake> {
        let CallArguments { request, options, signal } = read::call(env, request, options, request_id)?;
        self.launch(env, self.engine.call(request, options)?, signal, owner)
    }

    /// Runs a call, whose promise it gives; `signal` ends it.
    pub(super) fn launch<'env, I: task::Item, T>(
        &self,
        env: &'env Env,
        call: Call<I>,
        signal: Option<Unknown<'_>>,
        owner: Owner<'_>,
    ) -> Result<PromiseRaw<'env, T>, Mistake>
    where
        Record: From<Outcome<I::Value>>,
    {
        let realm = Realm::current(env)?;
        let abort = signal
            .map(|signal| AbortListener::attach(env, realm.signals(), signal, || realm.call_token()))
            .transpose()?;
        let token = abort.as_ref().map_or_else(|| realm.call_token(), AbortListener::token);
        let (delivery, promise) = realm.promise(env, Some(Arc::clone(call.ids())), abort, owner)?;
        self.spawn(run(call, token, delivery))?;
        Ok(promise)
    }

    /// Begins the calls that crossed together, each with where its end is delivered.
    pub(super) fn submit(self, gathered: Gathered, deliveries: Vec<Delivery>, token: CancellationToken) {
        let (handle, beginning) = (self.clone(), self.engine.begin().ok());
        let begin = async move {
            let mut texts = gathered.texts();
            let mut last = None;
            for delivery in deliveries {
                let call = read::gathered(&mut texts).and_then(|request| match &beginning {
                    Some(beginning) => beginning.call(request, RawOptions::default()),
                    None => handle.engine.call(request, RawOptions::default()),
                });
                match call {
                    // A task for each but the last, which goes on in this one.
                    Ok(call) => {
                        let ids = Arc::clone(call.ids());
                        if let Some(earlier) = last.replace(run(call, token.clone(), delivery.of(ids))) {
                            // It began on this runtime, which is there.
                            let _ = handle.spawn(earlier);
                        }
                    }
                    Err(error) => delivery.deliver(Settled::Failed(handle.refused(error, None))),
                }
            }
            // What was gathered is not kept while the last one runs.
            drop((gathered, beginning));
            if let Some(last) = last {
                last.await;
            }
        };
        // Without a runtime nothing is delivered, which every delivery reports.
        let _ = self.spawn(begin);
    }

    /// Has `listener` called with whatever is told by what `announcer` gives; returns what ends that.
    pub(super) fn subscribe<'env, T>(
        &self,
        env: &'env Env,
        listener: Unknown<'_>,
        owner: Owner<'_>,
        add: fn(&Engine, Arc<dyn EventSink<T>>),
        announcer: fn(&Engine) -> &Announcer<T>,
    ) -> Result<Unsubscribe<'env>, Mistake>
    where
        T: 'static,
        Sender: EventSink<T>,
    {
        let realm = Realm::current(env)?;
        let (number, sender) = realm.listen(env, read::function(listener, &"listener")?, owner)?;
        let sink: Arc<dyn EventSink<T>> = Arc::new(sender);
        self.act(|engine| add(engine, Arc::clone(&sink)));
        // The function does not keep alive what the engine lets go of at its end.
        let (engine, sink) = (Arc::downgrade(&self.engine), Arc::downgrade(&sink));
        // The function belongs to this thread, as the realm does.
        Ok(env.create_function_from_closure("unsubscribe", move |context| {
            realm.let_go(context.env, number);
            if let (Some(engine), Some(sink)) = (engine.upgrade(), sink.upgrade()) {
                announcer(&engine).remove(&sink);
            }
            Ok(())
        })?)
    }

    /// The promise resolves when a call need not wait for the fleet.
    pub(super) fn when_ready<'env>(&self, env: &'env Env, owner: Owner<'_>) -> Result<PromiseRaw<'env, ()>, Mistake> {
        let (delivery, promise) = Realm::current(env)?.promise(env, None, None, owner)?;
        let ready = self.engine.ready();
        self.spawn(async move {
            match ready.await {
                Ok(()) => delivery.deliver(Settled::Done),
                Err(error) => delivery.fail(&error),
            }
        })?;
        Ok(promise)
    }

    /// The promise resolves with what the fleet is and has done.
    pub(super) fn report_fleet<'env>(
        &self,
        env: &'env Env,
        owner: Owner<'_>,
    ) -> Result<PromiseRaw<'env, FleetReport>, Mistake> {
        let (delivery, promise) = Realm::current(env)?.promise(env, None, None, owner)?;
        let engine = Arc::clone(&self.engine);
        self.spawn(async move {
            match engine.report_fleet().await {
                Ok(report) => delivery.deliver(Settled::Outcome(Record::new(&FleetReport::from(report)))),
                Err(error) => delivery.fail(&error),
            }
        })?;
        Ok(promise)
    }

    /// Closes the engine; the promise resolves when nothing of it is left running.
    pub(super) fn close<'env>(&self, env: &'env Env, owner: Owner<'_>) -> Result<PromiseRaw<'env, ()>, Mistake> {
        let (delivery, promise) = Realm::current(env)?.promise(env, None, None, owner)?;
        let engine = Arc::clone(&self.engine);
        self.spawn(async move {
            engine.close().await;
            delivery.deliver(Settled::Done);
        })?;
        Ok(promise)
    }
}

/// Runs a call to its end.
async fn run<I: task::Item>(call: Call<I>, token: CancellationToken, delivery: Delivery)
where
    Record: From<Outcome<I::Value>>,
{
    match call.run(&token).await {
        Ok(outcome) => delivery.deliver(Settled::Outcome(outcome.into())),
        Err(error) => delivery.fail(&error),
    }
}

/// Closes the `current` engine, and waits for those that were `closed` before; the promise resolves when nothing of any is
/// left running.
pub(super) fn close_all(
    env: &Env,
    closed: Vec<Arc<Engine>>,
    current: Option<Handle>,
) -> Result<PromiseRaw<'_, ()>, Mistake> {
    let (delivery, promise) = Realm::current(env)?.promise(env, None, None, None)?;
    let log = current.and_then(|handle| handle.log);
    let close = async move {
        for engine in closed {
            engine.close().await;
        }
        delivery.deliver(Settled::Done);
    };
    spawn(close, log)?;
    Ok(promise)
}

/// A checked configuration, and the function that receives the log records.
pub(super) struct Plans<'a> {
    pub(super) blueprint: Blueprint,
    on_log: Option<Listener<'a>>,
}

impl<'a> Plans<'a> {
    /// Checks a configuration.
    pub(super) fn read(env: &Env, config: Option<Unknown<'a>>) -> Result<Self, Mistake> {
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
        match Blueprint::read(&value, &variable) {
            Ok(blueprint) if faults.is_empty() => Ok(Self { blueprint, on_log }),
            Err(EngineError::InvalidConfig(others)) => {
                faults.extend_elsewhere(others);
                Err(EngineError::InvalidConfig(faults).into())
            }
            Ok(_) => Err(EngineError::InvalidConfig(faults).into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Builds the engine.
    pub(super) fn build(self, env: &Env, owner: Owner<'_>) -> Result<Handle, Mistake> {
        let level = self.blueprint.config().log_level.as_str();
        let log = self.on_log.map(|listener| {
            let (_, sender) = Realm::current(env)?.listen(env, listener, owner)?;
            Ok::<_, Mistake>(log::dispatch(sender, level))
        });
        let log = log.transpose()?;
        let engine = match &log {
            Some(log) => tracing::dispatcher::with_default(log, || Engine::build(self.blueprint)),
            None => Engine::build(self.blueprint),
        };
        let handle = Handle { engine: Arc::new(engine?), log };
        handle.spawn(handle.engine.tend())?;
        handle.act(|_| handle.engine.watch_folders());
        Ok(handle)
    }
}

fn spawn(task: impl Future<Output = ()> + Send + 'static, log: Option<Dispatch>) -> Result<(), Mistake> {
    threads::spawn(task, log).map_err(|problem| Mistake::Engine(EngineError::Internal(problem)))
}

/// A value that stands at `path` as plain data.
pub(super) fn data(env: &Env, value: Unknown<'_>, path: &str) -> Result<serde_json::Value, Mistake> {
    let mut faults = Faults::new();
    let data = plain(env, value, path, None, &mut faults).map_err(|error| Mistake::Node(error).of_config(path))?;
    Ok(faults.into_result(data).map_err(EngineError::InvalidConfig)?)
}

/// Reads a variable of the environment.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn on_log<'a>(env: &Env, config: Unknown<'a>, faults: &mut Faults) -> Result<Option<Listener<'a>>, Mistake> {
    // The engine says what is wrong with a configuration that is no object.
    let Some(fields) = Fields::new(env, config, &"config", &mut Faults::new())? else { return Ok(None) };
    let Some(listener) = fields.value("onLog")? else { return Ok(None) };
    if listener.get_type()? != ValueType::Function {
        faults.push("config.onLog", format!("must be a function, got {}", describe(listener)?));
        return Ok(None);
    }
    Ok(Some(Function::from_unknown(listener)?))
}
