//! Events and invalidations as JavaScript sees them; `types.d.ts` declares the same shapes.

use std::time::SystemTime;

use napi::bindgen_prelude::{Null, Object, ToNapiValue};
use napi::{Either, Env};

use super::outcome::Usage;
use crate::count;
use crate::event::{Event, Invalidation, What};
use crate::outcome::Doubt;

/// A time as ISO 8601 text.
pub(super) fn iso(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

/// An `EngineEvent`.
pub(super) fn event<'a>(env: &'a Env, event: &Event, dropped: u32) -> napi::Result<Object<'a>> {
    let mut to = Fields(Object::new(env)?);
    match &event.what {
        What::Disabled { model_id, until, reason, failures } => {
            to.put("type", "disabled")?.put("modelId", model_id)?;
            to.put("disabledUntil", until.map_or(Either::B(Null), |until| Either::A(iso(until))))?
                .put("reason", reason)?;
            to.put("consecutiveFailures", u32::from(*failures))?
        }
        What::Enabled { model_id } => to.put("type", "enabled")?.put("modelId", model_id)?,
        What::Recovered { model_id, failures } => {
            to.put("type", "recovered")?.put("modelId", model_id)?;
            to.put("consecutiveFailures", u32::from(*failures))?
        }
        What::Cooling { model_id, until, kind } => {
            to.put("type", "cooling")?.put("modelId", model_id)?;
            to.put("coolingUntil", iso(*until))?.put("kind", kind.as_str())?
        }
        What::Cooled { model_id } => to.put("type", "cooled")?.put("modelId", model_id)?,
        What::ProviderCooling { provider_id, until, kind } => {
            to.put("type", "provider_cooling")?.put("providerId", provider_id)?;
            to.put("coolingUntil", iso(*until))?.put("kind", kind.as_str())?
        }
        What::ProviderCooled { provider_id } => to.put("type", "provider_cooled")?.put("providerId", provider_id)?,
        What::Restored { ignored } => to.put("type", "restored")?.put("ignoredModelIds", ignored.clone())?,
        What::Fallback { original_model_id, model_id, reason, prompt_version, overrides } => {
            to.put("type", "fallback")?.put("originalModelId", original_model_id)?;
            to.put("modelId", model_id)?.put("reason", reason.as_str())?;
            to.put("promptVersion", prompt_version)?.put("overrides", overrides.clone())?
        }
        What::CostWarning { original_model_id, model_id, price_ratio, expected, original } => {
            to.put("type", "cost_warning")?.put("originalModelId", original_model_id)?.put("modelId", model_id)?;
            to.put("priceRatio", *price_ratio)?;
            to.put("expectedCostUsd", expected.usd())?.put("originalCostUsd", original.usd())?
        }
        What::Budget { share, spent, daily, day } => {
            to.put("type", "budget")?.put("threshold", *share)?.put("spentUsd", spent.usd())?;
            to.put("dailyBudgetUsd", daily.usd())?.put("day", day)?
        }
        What::UsageDoubted { model_id, doubt: Doubt { told, booked, problem } } => {
            let number = |number: Option<f64>| number.map_or(Either::B(Null), Either::A);
            let mut numbers = Fields(Object::new(env)?);
            numbers.put("promptTokens", number(told.prompt))?.put("completionTokens", number(told.completion))?;
            numbers.put("totalTokens", number(told.total))?;
            to.put("type", "usage_doubted")?.put("modelId", model_id)?.put("told", numbers.0)?;
            to.put("booked", Usage::from(booked))?.put("problem", problem)?
        }
        What::StateDamaged { moved_to, problem } => {
            to.put("type", "state_damaged")?.put("movedTo", moved_to)?.put("problem", problem)?
        }
        What::StateUnsaved { problem } => to.put("type", "state_unsaved")?.put("problem", problem)?,
        What::PromptsReloaded { versions } => to.put("type", "prompts_reloaded")?.put("versions", versions.clone())?,
        What::PromptsRejected { faults } => to.put("type", "prompts_rejected")?.put("faults", faults.clone())?,
    };
    let (call_id, request_id) =
        event.call.as_deref().map_or((None, None), |ids| (Some(&ids.call_id), ids.request_id.as_ref()));
    to.put("callId", or_null(call_id))?.put("requestId", or_null(request_id))?;
    #[expect(clippy::cast_precision_loss, reason = "a JavaScript number is a double")]
    to.put("sequence", event.sequence as f64)?.put("at", iso(event.at))?.put("dropped", dropped)?;
    Ok(to.0)
}

/// An `InvalidationEvent`.
pub(super) fn invalidation<'a>(env: &'a Env, told: &Invalidation, dropped: u32) -> napi::Result<Object<'a>> {
    let mut to = Fields(Object::new(env)?);
    let active = u32::try_from(told.active_models).unwrap_or(u32::MAX);
    to.put("key", count::KEY)?.put("cause", told.cause.as_str())?;
    to.put("modelId", told.model_id.as_ref().map_or(Either::B(Null), Either::A))?.put("activeModelCount", active)?;
    #[expect(clippy::cast_precision_loss, reason = "a JavaScript number is a double")]
    to.put("sequence", told.sequence as f64)?.put("dropped", dropped)?;
    Ok(to.0)
}

/// A text that there may be.
pub(super) fn or_null(text: Option<&String>) -> Either<&String, Null> {
    text.map_or(Either::B(Null), Either::A)
}

/// An object whose fields are set one after the other.
struct Fields<'a>(Object<'a>);

impl Fields<'_> {
    fn put<T: ToNapiValue>(&mut self, name: &str, value: T) -> napi::Result<&mut Self> {
        self.0.set(name, value)?;
        Ok(self)
    }
}
