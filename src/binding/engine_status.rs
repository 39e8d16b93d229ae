//! What an operator sees of an engine, as it is written for JavaScript; `types/status.d.ts` declares the same shapes.

use napi::Env;
use napi::bindgen_prelude::Object;
use serde::{Serialize, Serializer};

use super::budget::Budget;
use super::event::written;
use super::fleet::FleetStatus;
use super::metrics::{DaySums, RouteMetrics};
use super::outcome::{PromptVersionStatus, iso, milliseconds};
use super::realm::Realm;
use super::record::Record;
use super::status::{LastFailure, ModelStatus};
use crate::engine::{EngineStatus, ModelState, PromptStatus, ProviderStatus};
use crate::event::Event;
use crate::kind::{FailureKind, SkipReason};
use crate::metrics::{AttemptRecord, CallRecord, DayMetrics, ModelWindows, WindowSums};
use crate::outcome::FallbackReason;
use std::sync::Arc;

/// Makes the JavaScript object.
pub(super) fn object(env: &Env, status: EngineStatus) -> napi::Result<Object<'static>> {
    Realm::current(env)?.object(env, Record::new(&Status::from(status)))
}

/// A `Status`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    at: String,
    engine_id: String,
    closed: bool,
    active_model_count: usize,
    disable_threshold: Option<u8>,
    pause_fallbacks_at: f64,
    warn_price_ratio: Option<f64>,
    models: Vec<Model>,
    providers: Vec<Provider>,
    routes: Vec<RouteMetrics>,
    days: Vec<WrittenDay>,
    budget: Budget,
    prompts: Vec<Prompt>,
    calls: Vec<WrittenCall>,
    events: Vec<PastEvent>,
    fleet: Option<FleetStatus>,
}

/// A [`ModelStatus`], field by field, and what the attempts came to: there may be thousands, and what is flattened is written
/// as a map, whose names are looked up as texts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Model {
    id: String,
    provider_id: String,
    state: &'static str,
    retires_on: Option<String>,
    consecutive_failures: u32,
    disabled_until: Option<String>,
    disabled_reason: Option<String>,
    cooling_until: Option<String>,
    last_failure: Option<LastFailure>,
    last_success_at: Option<String>,
    cost_today_usd: f64,
    windows: Windows,
    trend: Vec<Option<f64>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Windows {
    five_minutes: Window,
    hour: Window,
    day: Window,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Window {
    attempts: u64,
    answered: u64,
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
    cost_usd: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Provider {
    id: String,
    configured: bool,
    in_flight: usize,
    limit: Option<u32>,
    waiting: usize,
    cooling_until: Option<String>,
    cooling_kind: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenDay {
    day: String,
    calls: u64,
    answered: u64,
    fallbacks: u64,
    cost_usd: f64,
    extra_cost_usd: f64,
    models: Vec<ModelDay>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModelDay {
    model_id: String,
    attempts: u64,
    answered: u64,
    cost_usd: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Prompt {
    #[serde(flatten)]
    version: PromptVersionStatus,
    attempts: u64,
    valid_replies: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenCall {
    call_id: String,
    request_id: Option<String>,
    task: &'static str,
    original_model_id: String,
    model_id: Option<String>,
    reason: Option<&'static str>,
    code: Option<&'static str>,
    started_at: String,
    duration_ms: f64,
    cost_usd: f64,
    original_cost_usd: f64,
    asked: usize,
    answered: usize,
    attempts: Vec<CallAttempt>,
    skips: Vec<CallSkip>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallAttempt {
    model_id: String,
    provider_id: String,
    failure: Option<&'static str>,
    status: Option<u16>,
    retries: u32,
    started_at: String,
    duration_ms: f64,
    cost_usd: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallSkip {
    model_id: String,
    reason: &'static str,
}

/// An event, written as listeners get it.
struct PastEvent(Arc<Event>);

impl Serialize for PastEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        written(&self.0).serialize(serializer)
    }
}

impl From<EngineStatus> for Status {
    fn from(status: EngineStatus) -> Self {
        let is_active = |(model, _): &&(_, _)| is_active(model);
        let budget = Budget::from(status.budget);
        let cost_today = |id: &str| {
            let found = budget.models.binary_search_by(|model| model.model_id.as_str().cmp(id));
            found.ok().and_then(|index| budget.models.get(index)).map_or(0.0, |model| model.spent_usd)
        };
        let model = |(model, windows): (_, ModelWindows)| {
            let status = ModelStatus::from(model);
            let [five_minutes, hour, day] = windows.spans.map(Window::from);
            Model {
                cost_today_usd: cost_today(&status.id),
                id: status.id,
                provider_id: status.provider_id,
                state: status.state,
                retires_on: status.retires_on,
                consecutive_failures: status.consecutive_failures,
                disabled_until: status.disabled_until,
                disabled_reason: status.disabled_reason,
                cooling_until: status.cooling_until,
                last_failure: status.last_failure,
                last_success_at: status.last_success_at,
                windows: Windows { five_minutes, hour, day },
                trend: windows.trend,
            }
        };
        let active_model_count = status.models.iter().filter(is_active).count();
        let models = status.models.into_iter().map(model).collect();
        Self {
            at: iso(status.at),
            engine_id: status.engine_id,
            closed: status.is_closed,
            active_model_count,
            disable_threshold: status.disable_threshold,
            pause_fallbacks_at: status.pause_fallbacks_at,
            warn_price_ratio: status.warn_price_ratio,
            models,
            providers: status.providers.into_iter().map(Provider::from).collect(),
            routes: status.lately.routes.into_iter().map(RouteMetrics::from).collect(),
            days: status.lately.days.iter().map(WrittenDay::from).collect(),
            prompts: status.prompts.into_iter().map(Prompt::from).collect(),
            calls: status.lately.calls.iter().map(|call| WrittenCall::from(&**call)).collect(),
            events: status.events.into_iter().map(PastEvent).collect(),
            fleet: status.fleet.map(FleetStatus::from),
            budget,
        }
    }
}

fn is_active(model: &crate::engine::ModelStatus) -> bool {
    model.state == ModelState::Active
}

impl From<WindowSums> for Window {
    fn from(sums: WindowSums) -> Self {
        Self {
            attempts: sums.attempts,
            answered: sums.answered,
            p50_ms: sums.p50.map(milliseconds),
            p95_ms: sums.p95.map(milliseconds),
            cost_usd: sums.cost.usd(),
        }
    }
}

impl From<ProviderStatus> for Provider {
    fn from(provider: ProviderStatus) -> Self {
        let (until, kind) = provider.cooling.unzip();
        Self {
            id: provider.id,
            configured: provider.is_configured,
            in_flight: provider.traffic.in_flight,
            limit: provider.limit,
            waiting: provider.traffic.waiting,
            cooling_until: until.map(iso),
            cooling_kind: kind.map(FailureKind::as_str),
        }
    }
}

impl From<&DayMetrics> for WrittenDay {
    fn from(day: &DayMetrics) -> Self {
        let DaySums { calls, answered, fallbacks, cost_usd, extra_cost_usd } = DaySums::of(&day.routes);
        Self {
            day: day.day.clone(),
            calls,
            answered,
            fallbacks,
            cost_usd,
            extra_cost_usd,
            models: day
                .models
                .iter()
                .map(|(id, of)| ModelDay {
                    model_id: id.clone(),
                    attempts: of.attempts,
                    answered: of.answered,
                    cost_usd: of.cost.usd(),
                })
                .collect(),
        }
    }
}

impl From<PromptStatus> for Prompt {
    fn from(prompt: PromptStatus) -> Self {
        Self { version: prompt.version.into(), attempts: prompt.attempts, valid_replies: prompt.answered }
    }
}

impl From<&CallRecord> for WrittenCall {
    fn from(call: &CallRecord) -> Self {
        let skip = |(model_id, reason): &(String, SkipReason)| CallSkip {
            model_id: model_id.clone(),
            reason: reason.as_str(),
        };
        Self {
            call_id: call.call.call_id.clone(),
            request_id: call.call.request_id.clone(),
            task: call.task.as_str(),
            original_model_id: call.original_model_id.clone(),
            model_id: call.answered_by.clone(),
            reason: call.reason.map(FallbackReason::as_str),
            code: call.code,
            started_at: iso(call.started_at),
            duration_ms: milliseconds(call.duration),
            cost_usd: call.cost.usd(),
            original_cost_usd: call.original_cost.usd(),
            asked: call.asked,
            answered: call.answered,
            attempts: call.attempts.iter().map(CallAttempt::from).collect(),
            skips: call.skips.iter().map(skip).collect(),
        }
    }
}

impl From<&AttemptRecord> for CallAttempt {
    fn from(attempt: &AttemptRecord) -> Self {
        Self {
            model_id: attempt.model_id.clone(),
            provider_id: attempt.provider_id.clone(),
            failure: attempt.failure.map(FailureKind::as_str),
            status: attempt.status,
            retries: attempt.retries,
            started_at: iso(attempt.started_at),
            duration_ms: milliseconds(attempt.duration),
            cost_usd: attempt.cost.usd(),
        }
    }
}
