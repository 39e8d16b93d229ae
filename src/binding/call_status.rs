//! A call that has ended, as a status shows it.

use serde::{Serialize, Serializer};

use super::iso::Iso;
use super::outcome::milliseconds;
use crate::kind::{FailureKind, SkipReason};
use crate::metrics::{AttemptRecord, CallRecord};
use crate::outcome::FallbackReason;

/// A `CallStatus`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrittenCall<'s> {
    call_id: &'s str,
    request_id: Option<&'s str>,
    task: &'static str,
    original_model_id: &'s str,
    model_id: Option<&'s str>,
    reason: Option<&'static str>,
    code: Option<&'static str>,
    started_at: Iso,
    duration_ms: f64,
    cost_usd: f64,
    original_cost_usd: f64,
    asked: usize,
    answered: usize,
    #[serde(serialize_with = "write_attempts")]
    attempts: &'s [AttemptRecord],
    #[serde(serialize_with = "write_skips")]
    skips: &'s [(String, SkipReason)],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallAttempt<'s> {
    model_id: &'s str,
    provider_id: &'s str,
    failure: Option<&'static str>,
    status: Option<u16>,
    retries: u32,
    started_at: Iso,
    duration_ms: f64,
    cost_usd: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallSkip<'s> {
    model_id: &'s str,
    reason: &'static str,
}

fn write_attempts<S: Serializer>(attempts: &[AttemptRecord], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(attempts.iter().map(CallAttempt::from))
}

fn write_skips<S: Serializer>(skips: &[(String, SkipReason)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(skips.iter().map(|(model_id, reason)| CallSkip { model_id, reason: reason.as_str() }))
}

impl<'s> From<&'s CallRecord> for WrittenCall<'s> {
    fn from(call: &'s CallRecord) -> Self {
        Self {
            call_id: &call.call.call_id,
            request_id: call.call.request_id.as_deref(),
            task: call.task.as_str(),
            original_model_id: &call.original_model_id,
            model_id: call.answered_by.as_deref(),
            reason: call.reason.map(FallbackReason::as_str),
            code: call.code,
            started_at: Iso(call.started_at),
            duration_ms: milliseconds(call.duration),
            cost_usd: call.cost.usd(),
            original_cost_usd: call.original_cost.usd(),
            asked: call.asked,
            answered: call.answered,
            attempts: &call.attempts,
            skips: &call.skips,
        }
    }
}

impl<'s> From<&'s AttemptRecord> for CallAttempt<'s> {
    fn from(attempt: &'s AttemptRecord) -> Self {
        Self {
            model_id: &attempt.model_id,
            provider_id: &attempt.provider_id,
            failure: attempt.failure.map(FailureKind::as_str),
            status: attempt.status,
            retries: attempt.retries,
            started_at: Iso(attempt.started_at),
            duration_ms: milliseconds(attempt.duration),
            cost_usd: attempt.cost.usd(),
        }
    }
}
