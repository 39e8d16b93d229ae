//! The state of a model as a JavaScript object.

use napi_derive::napi;
use serde::Serialize;

use super::iso::iso;
use crate::engine;
use crate::kind::FailureKind;

/// A model and whether it may be called.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct ModelStatus {
    /// The model.
    pub id: String,
    /// Its provider.
    pub provider_id: String,
    /// Whether it may be called, and if not, why: switched off by its failures or by hand, no key, `enabled: false`, or its day
    /// to retire has come.
    #[napi(ts_type = "'active' | 'disabled' | 'unconfigured' | 'not_enabled' | 'retired'")]
    pub state: &'static str,
    /// The day in UTC from which it is passed over, as `YYYY-MM-DD`; null if none is known.
    pub retires_on: Option<String>,
    /// Failures in a row that count, 0 to `disableThreshold`.
    pub consecutive_failures: u32,
    /// When it comes back, as an ISO 8601 time; null if it is not switched off, or was by hand.
    pub disabled_until: Option<String>,
    /// Why it is switched off; null if it is not.
    pub disabled_reason: Option<String>,
    /// Until when it, or its provider as a whole, is left alone, as an ISO 8601 time; null if it is not. It is active
    /// all the same.
    pub cooling_until: Option<String>,
    /// Its last failure; null if none is known. What the caller's signal or the deadline ended is none.
    pub last_failure: Option<LastFailure>,
    /// The ISO 8601 time of its last success; null if none is known.
    pub last_success_at: Option<String>,
}

/// The last failure of a model.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct LastFailure {
    /// What kind of failure it was.
    #[napi(ts_type = "FailureKind")]
    pub kind: &'static str,
    /// When, as an ISO 8601 time.
    pub at: String,
}

impl From<engine::ModelStatus> for ModelStatus {
    fn from(status: engine::ModelStatus) -> Self {
        let health = status.health;
        let (disabled_until, disabled_reason) = health.disabled.unzip();
        Self {
            id: status.id,
            provider_id: status.provider_id,
            state: status.state.as_str(),
            retires_on: status.retires_on.map(|day| day.to_string()),
            consecutive_failures: health.failures.into(),
            disabled_until: disabled_until.flatten().map(iso),
            disabled_reason,
            cooling_until: health.cooling_until.map(iso),
            last_failure: health
                .last_failure
                .map(|(kind, at)| LastFailure { kind: FailureKind::as_str(kind), at: iso(at) }),
            last_success_at: health.last_success.map(iso),
        }
    }
}
