//! The engine that the module's functions share in the whole process, whatever thread calls them. Those that are methods as
//! well are in `methods.rs`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Unknown};
use napi_derive::napi;
use tracing::info;

use super::error::{Thrown, thrown};
use super::handle::{Handle, Plans, close_all};
use super::mistake::Mistake;
use super::node::ModelFallbacks;
use super::realm::Realm;
use super::refusal::rejected;
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
    Realm::flush(env);
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

/// Closes the engine that the module's functions share: what is pending rejects with `CLOSED`, in whatever thread, and the
/// state file is written for the last time. Resolves when nothing is left running, at once if there is no engine. Listeners
/// end with it.
///
/// The next use of any function builds a new engine, which `configure` may configure anew; one with the same `stateFile` only
/// when this promise has resolved.
#[napi(ts_return_type = "Promise<void>")]
pub fn close(env: &Env) -> napi::Result<PromiseRaw<'_, ()>> {
    Realm::flush(env);
    let mut shared = lock();
    shared.closed.retain(|engine| engine.strong_count() > 0);
    let current = shared.current.take();
    shared.closed.extend(current.iter().map(|handle| Arc::downgrade(&handle.engine)));
    let closed = shared.closed.iter().filter_map(Weak::upgrade).collect();
    drop(shared);
    close_all(env, closed, current).or_else(|mistake| rejected(env, mistake))
}

fn lock() -> MutexGuard<'static, Shared> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The shared engine, built with the default configuration if nobody configured it. What this thread called before it is
/// asked for comes before it.
pub(super) fn shared(env: &Env) -> Result<Handle, Mistake> {
    Realm::flush(env);
    let mut shared = lock();
    if let Some(handle) = &shared.current {
        return Ok(handle.clone());
    }
    let handle = Handle::new(env, None, None)?;
    Ok(shared.current.insert(handle).clone())
}
