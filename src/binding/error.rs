//! The engine's errors as JavaScript's: an `Error` with a stable `code`, and what the caller needs beside it.

use napi::bindgen_prelude::{Object, PromiseRaw};
use napi::{Env, Unknown};

use super::event::or_null;
use super::node::{Deferred, take_exception};
use super::outcome::{Attempt, Skip};
use super::read::Mistake;
use crate::call_id::CallIds;
use crate::error::EngineError;

/// What a synchronous function throws; napi makes an `Error` with this `code` of it.
pub(super) type Thrown = napi::Error<&'static str>;

/// An `Error` that says nothing yet but who called.
pub(super) fn blank(env: &Env) -> napi::Result<Object<'_>> {
    env.create_error(napi::Error::from_reason(""))
}

/// Makes a blank `Error` that ends a call say which.
pub(super) fn name(object: &mut Object<'_>, ids: &CallIds) -> napi::Result<()> {
    object.set("callId", &ids.call_id)?;
    object.set("requestId", or_null(ids.request_id.as_ref()))
}

/// Makes a blank `Error` say what happened. `cause` is what the user's own code threw, or aborted its signal with.
pub(super) fn fill(object: &mut Object<'_>, error: &EngineError, cause: Option<Unknown<'_>>) -> napi::Result<()> {
    object.set("message", error.to_string())?;
    object.set("code", error.code())?;
    if let EngineError::Aborted(_) = error {
        object.set("name", "AbortError")?;
    }
    if let Some(cause) = cause {
        object.set("cause", cause)?;
    }
    if let Some(history) = error.history() {
        object.set("attempts", history.attempts.iter().map(Attempt::from).collect::<Vec<_>>())?;
        object.set("skips", history.skips.iter().map(Skip::from).collect::<Vec<_>>())?;
        object.set("costUsd", history.cost().usd())?;
        if let Some(wait) = history.retry_after {
            object.set("retryAfterMs", super::outcome::milliseconds(wait).ceil())?;
        }
    }
    Ok(())
}

/// A promise that is rejected already.
pub(super) fn rejected<T>(env: &Env, mistake: Mistake) -> napi::Result<PromiseRaw<'_, T>> {
    let (error, cause) = into_engine_error(env, mistake);
    refused(env, &error, cause, None)
}

/// A promise that is rejected already, of a call that the caller may have named and that never began.
pub(super) fn refused<'env, T>(
    env: &'env Env,
    error: &EngineError,
    cause: Option<Unknown<'_>>,
    request_id: Option<&String>,
) -> napi::Result<PromiseRaw<'env, T>> {
    let (deferred, promise) = Deferred::new(env)?;
    let mut object = blank(env)?;
    fill(&mut object, error, cause)?;
    if request_id.is_some() {
        object.set("requestId", request_id)?;
    }
    deferred.reject(env, object)?;
    Ok(promise)
}

/// What to throw.
pub(super) fn thrown(env: &Env, mistake: Mistake) -> Thrown {
    into_engine_error(env, mistake).0.into()
}

/// What a function gives where a [`Mistake`] was made: it throws, or its promise is rejected.
pub(super) trait Refuse<'env>: Sized {
    /// Refuses for this mistake.
    fn refuse(env: &'env Env, mistake: Mistake) -> Self;
}

impl<T> Refuse<'_> for Result<T, Thrown> {
    fn refuse(env: &Env, mistake: Mistake) -> Self {
        Err(thrown(env, mistake))
    }
}

impl<'env, T> Refuse<'env> for napi::Result<PromiseRaw<'env, T>> {
    fn refuse(env: &'env Env, mistake: Mistake) -> Self {
        rejected(env, mistake)
    }
}

/// The error, and what the user's own code threw if that is what went wrong. Takes the exception back in any case:
/// while one is pending, Node-API refuses every other call.
pub(super) fn into_engine_error(env: &Env, mistake: Mistake) -> (EngineError, Option<Unknown<'_>>) {
    let cause = take_exception(env);
    match mistake {
        Mistake::Engine(error) => (error, cause),
        Mistake::Node(error) if cause.is_none() => (EngineError::Internal(error.to_string()), None),
        Mistake::Node(_) => {
            let message = "an argument could not be read: its own code threw".to_owned();
            (EngineError::InvalidRequest(message), cause)
        }
    }
}

impl From<EngineError> for Thrown {
    fn from(error: EngineError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
