//! The engine's errors as JavaScript's: an `Error` with a stable `code`, and what the caller needs beside it.

use napi::bindgen_prelude::{Null, Object};
use napi::{Either, Env, JsError, JsValue, Unknown};
use serde::Serialize;

use super::mistake::Mistake;
use super::node::take_exception;
use super::outcome::{Attempt, Skip, milliseconds};
use super::record::Record;
use crate::call_id::CallIds;
use crate::error::EngineError;

/// What a synchronous function throws; it holds the `Error` that [`thrown`] made.
pub(super) type Thrown = napi::Error;

/// What the `Error` of a call that failed is to say, written on the thread where it did.
pub(super) struct Failed {
    pub(super) record: Record,
    /// Whether the caller's signal ended it, whose reason is then the cause.
    pub(super) is_abort: bool,
}

/// The fields of a `FallcastError`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FailedCall<'a> {
    message: String,
    code: &'static str,
    retryable: bool,
    retry_after_ms: Option<f64>,
    #[serde(flatten)]
    ids: Option<Ids<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    /// The place of what the user's own code threw, or aborted its signal with, which is no record.
    cause: (),
    #[serde(flatten)]
    history: Option<FailedHistory>,
}

/// Those of one that was refused before it began.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefusedCall<'a> {
    message: String,
    code: &'static str,
    retryable: bool,
    retry_after_ms: Option<f64>,
    /// As above.
    cause: (),
    #[serde(flatten)]
    ids: Option<Ids<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ids<'a> {
    call_id: &'a str,
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FailedHistory {
    attempts: Vec<Attempt>,
    skips: Vec<Skip>,
    cost_usd: f64,
}

impl<'a> FailedCall<'a> {
    /// What is to be said of an error, with the names of the call that it ends, if there is one.
    pub(super) fn of(error: &EngineError, ids: Option<&'a CallIds>) -> Self {
        let history = error.history().map(|history| FailedHistory {
            attempts: history.attempts.iter().map(Attempt::from).collect(),
            skips: history.skips.iter().map(Skip::from).collect(),
            cost_usd: history.cost().usd(),
        });
        Self {
            message: error.to_string(),
            code: error.code(),
            retryable: error.is_retryable(),
            retry_after_ms: retry_after_ms(error),
            ids: ids.map(Ids::of),
            name: matches!(error, EngineError::Aborted(_)).then_some("AbortError"),
            cause: (),
            history,
        }
    }
}

impl Failed {
    /// Writes an error, and the names of the call that it ends, if there is one.
    pub(super) fn new(error: &EngineError, ids: Option<&CallIds>) -> Self {
        Self { record: Record::new(&FailedCall::of(error, ids)), is_abort: matches!(error, EngineError::Aborted(_)) }
    }

    /// Writes the error of a call that was refused before it began.
    pub(super) fn refused(error: &EngineError, ids: Option<&CallIds>) -> Self {
        let refusal = RefusedCall {
            message: error.to_string(),
            code: error.code(),
            retryable: error.is_retryable(),
            retry_after_ms: retry_after_ms(error),
            cause: (),
            ids: ids.map(Ids::of),
        };
        Self { record: Record::new(&refusal), is_abort: false }
    }
}

impl<'a> Ids<'a> {
    fn of(ids: &'a CallIds) -> Self {
        Self { call_id: &ids.call_id, request_id: ids.request_id.as_deref() }
    }
}

/// In how many whole milliseconds such a call is worth making again, where that is known.
fn retry_after_ms(error: &EngineError) -> Option<f64> {
    error.retry_after().map(|wait| milliseconds(wait).ceil())
}

/// What to throw.
pub(super) fn thrown(env: &Env, mistake: Mistake) -> Thrown {
    let (error, _) = into_engine_error(env, mistake);
    let made = JsError::from(napi::Error::new(error.code(), error.to_string())).into_unknown(*env);
    let mut object: Object<'_> = Object::from_raw(env.raw(), made.raw());
    let fields = object.set("retryable", error.is_retryable());
    match fields.and_then(|()| object.set("retryAfterMs", retry_after_ms(&error).map_or(Either::B(Null), Either::A))) {
        Ok(()) => made.into(),
        Err(failed) => failed,
    }
}

/// The error, and what the user's own code threw if that is what went wrong. Takes the exception back in any case:
/// while one is pending, Node-API refuses every other call.
pub(super) fn into_engine_error(env: &Env, mistake: Mistake) -> (EngineError, Option<Unknown<'_>>) {
    let cause = take_exception(env);
    match mistake {
        Mistake::Engine(error) => (error, cause),
        Mistake::Node(error) if cause.is_none() => (EngineError::Internal(error.to_string()), None),
        Mistake::Node(_) => (EngineError::invalid("arguments", "could not be read: its own code threw"), cause),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outcome::History;

    fn json(error: &EngineError, ids: Option<&CallIds>) -> String {
        Failed::new(error, ids).record.json()
    }

    #[test]
    fn an_error_of_a_call_has_its_ids_before_what_was_tried() {
        let ids = CallIds { call_id: "c-1".to_owned(), request_id: None };
        let history =
            History { is_retryable: true, retry_after: Some(Duration::from_micros(1500)), ..History::default() };
        let expected = concat!(
            r#"{"message":"the request was aborted","code":"ABORT_ERR","retryable":false,"retryAfterMs":null,"#,
            r#""callId":"c-1","requestId":null,"name":"AbortError","cause":null,"attempts":[],"skips":[],"costUsd":0}"#,
        );
        assert_eq!(json(&EngineError::Aborted(Box::new(history.clone())), Some(&ids)), expected);
        let failed = json(&EngineError::AllAttemptsFailed(Box::new(history)), None);
        assert!(failed.contains(r#""code":"ALL_ATTEMPTS_FAILED","retryable":true,"retryAfterMs":2,"#), "{failed}");
    }

    #[test]
    fn an_error_before_any_call_has_only_what_it_is() {
        let error = EngineError::Internal("x".to_owned());
        let expected = concat!(
            r#"{"message":"internal error: x","code":"INTERNAL_ERROR","retryable":false,"retryAfterMs":null,"#,
            r#""cause":null}"#,
        );
        assert_eq!(json(&error, None), expected);
        assert_eq!(Failed::refused(&error, None).record.json(), expected);
    }
}
