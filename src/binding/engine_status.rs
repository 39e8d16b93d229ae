//! What an operator sees of an engine, as it is written for JavaScript; `types/status.d.ts` declares the same shapes.
//!
//! There may be thousands of models, routes and days of models, so each is written from where it is kept, and no list of them is
//! made in between.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::Object;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::budget::Budget;
use super::call_status::WrittenCall;
use super::event::written;
use super::fleet::FleetStatus;
use super::iso::Iso;
use super::metrics::{DaySums, extra_cost_usd};
use super::outcome::{PromptVersionStatus, milliseconds};
use super::realm::Realm;
use super::record::Record;
use crate::engine::{Engine, EngineStatus, ModelState, ModelView, PromptStatus, ProviderStatus};
use crate::event::Event;
use crate::kind::FailureKind;
use crate::metrics::{DayOfModel, DayView, Lately, ModelWindows, RouteView, WindowSums};
use crate::outcome::FallbackReason;

/// Makes the JavaScript object.
pub(super) fn object(env: &Env, engine: &Engine) -> napi::Result<Object<'static>> {
    let record = engine.status(record);
    Realm::current(env)?.object(env, record)
}

/// A status, written.
fn record(status: EngineStatus<'_>) -> Record {
    let budget = Budget::from(status.budget);
    let (models, lately) = (&*status.models, &status.lately);
    Record::new(&Status {
        at: Iso(status.at),
        engine_id: status.engine_id,
        closed: status.is_closed,
        active_model_count: models.iter().filter(|model| model.state == ModelState::Active).count(),
        disable_threshold: status.disable_threshold,
        pause_fallbacks_at: status.pause_fallbacks_at,
        warn_price_ratio: status.warn_price_ratio,
        models: (models, lately, &budget),
        providers: status.providers.iter().map(Provider::from).collect(),
        routes: lately,
        days: lately,
        budget: &budget,
        prompts: status.prompts.into_iter().map(Prompt::from).collect(),
        calls: lately,
        events: &status.events,
        fleet: status.fleet.map(FleetStatus::from),
    })
}

/// A `Status`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'s> {
    at: Iso,
    engine_id: &'s str,
    closed: bool,
    active_model_count: usize,
    disable_threshold: Option<u8>,
    pause_fallbacks_at: f64,
    warn_price_ratio: Option<f64>,
    #[serde(serialize_with = "write_models")]
    models: (&'s [ModelView<'s>], &'s Lately<'s>, &'s Budget),
    providers: Vec<Provider<'s>>,
    #[serde(serialize_with = "write_routes")]
    routes: &'s Lately<'s>,
    #[serde(serialize_with = "write_days")]
    days: &'s Lately<'s>,
    budget: &'s Budget,
    prompts: Vec<Prompt>,
    #[serde(serialize_with = "write_calls")]
    calls: &'s Lately<'s>,
    #[serde(serialize_with = "write_events")]
    events: &'s [Arc<Event>],
    fleet: Option<FleetStatus>,
}

/// A [`ModelStatus`](super::status::ModelStatus), field by field, and what the attempts came to: what is flattened is written as
/// a map, whose names are looked up as texts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Model<'s> {
    id: &'s str,
    provider_id: &'s str,
    state: &'static str,
    retires_on: Option<String>,
    consecutive_failures: u8,
    disabled_until: Option<Iso>,
    disabled_reason: Option<&'s str>,
    cooling_until: Option<Iso>,
    last_failure: Option<WrittenFailure>,
    last_success_at: Option<Iso>,
    cost_today_usd: f64,
    windows: Windows,
    trend: &'s [Option<f64>],
}

#[derive(Serialize)]
struct WrittenFailure {
    kind: &'static str,
    at: Iso,
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
struct Provider<'s> {
    id: &'s str,
    configured: bool,
    in_flight: usize,
    limit: Option<u32>,
    waiting: usize,
    cooling_until: Option<Iso>,
    cooling_kind: Option<&'static str>,
}

/// A [`RouteMetrics`](super::metrics::RouteMetrics), its names borrowed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenRoute<'s> {
    task: &'static str,
    original_model_id: &'s str,
    model_id: Option<&'s str>,
    reason: Option<&'static str>,
    calls: u64,
    successes: u64,
    share: f64,
    cost_usd: f64,
    original_cost_usd: f64,
    extra_cost_usd: f64,
    sentence: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenDay<'s> {
    day: &'s str,
    calls: u64,
    answered: u64,
    fallbacks: u64,
    cost_usd: f64,
    extra_cost_usd: f64,
    #[serde(serialize_with = "write_day_models")]
    models: &'s DayView<'s>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModelDay<'s> {
    model_id: &'s str,
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

fn write_models<S: Serializer>(
    (models, lately, budget): &(&[ModelView<'_>], &Lately<'_>, &Budget),
    to: S,
) -> Result<S::Ok, S::Error> {
    let cost_today = |id: &str| {
        let found = budget.models.binary_search_by(|model| model.model_id.as_str().cmp(id));
        found.ok().and_then(|index| budget.models.get(index)).map_or(0.0, |model| model.spent_usd)
    };
    let mut list = to.serialize_seq(Some(models.len()))?;
    for model in *models {
        let windows = lately.windows(&model.model.id);
        list.serialize_element(&Model::of(model, windows.as_ref(), cost_today(&model.model.id)))?;
    }
    list.end()
}

fn write_routes<S: Serializer>(lately: &&Lately<'_>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(lately.routes().map(WrittenRoute::from))
}

fn write_days<S: Serializer>(lately: &&Lately<'_>, to: S) -> Result<S::Ok, S::Error> {
    let mut list = to.serialize_seq(None)?;
    for day in lately.days() {
        list.serialize_element(&WrittenDay::from(&day))?;
    }
    list.end()
}

fn write_day_models<S: Serializer>(day: &&DayView<'_>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(day.models().map(ModelDay::from))
}

fn write_calls<S: Serializer>(lately: &&Lately<'_>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(lately.calls().map(WrittenCall::from))
}

/// Events are written as listeners get them.
fn write_events<S: Serializer>(events: &[Arc<Event>], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(events.iter().map(|event| written(event)))
}

impl<'s> Model<'s> {
    fn of(
        ModelView { model, state, health }: &'s ModelView<'_>,
        windows: Option<&'s ModelWindows>,
        cost_today_usd: f64,
    ) -> Self {
        let (disabled_until, disabled_reason) = health.disabled.as_ref().map(|(until, why)| (*until, &**why)).unzip();
        let [five_minutes, hour, day] = windows.map(|windows| windows.spans).unwrap_or_default().map(Window::from);
        Self {
            id: &model.id,
            provider_id: &model.provider.id,
            state: state.as_str(),
            retires_on: model.retires_on.map(|day| day.to_string()),
            consecutive_failures: health.failures,
            disabled_until: disabled_until.flatten().map(Iso),
            disabled_reason,
            cooling_until: health.cooling_until.map(Iso),
            last_failure: health.last_failure.map(|(kind, at)| WrittenFailure { kind: kind.as_str(), at: Iso(at) }),
            last_success_at: health.last_success.map(Iso),
            cost_today_usd,
            windows: Windows { five_minutes, hour, day },
            trend: windows.map_or(&[], |windows| &windows.trend),
        }
    }
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

impl<'s> From<&'s ProviderStatus<'_>> for Provider<'s> {
    fn from(provider: &'s ProviderStatus<'_>) -> Self {
        let (until, kind) = provider.cooling.unzip();
        Self {
            id: provider.id,
            configured: provider.is_configured,
            in_flight: provider.traffic.in_flight,
            limit: provider.limit,
            waiting: provider.traffic.waiting,
            cooling_until: until.map(Iso),
            cooling_kind: kind.map(FailureKind::as_str),
        }
    }
}

impl<'s> From<RouteView<'s>> for WrittenRoute<'s> {
    fn from(route: RouteView<'s>) -> Self {
        Self {
            task: route.task.as_str(),
            original_model_id: route.original_model_id,
            model_id: route.answered_by,
            reason: route.reason.map(FallbackReason::as_str),
            calls: route.calls,
            successes: route.successes(),
            share: route.share,
            cost_usd: route.cost.usd(),
            original_cost_usd: route.original_cost.usd(),
            extra_cost_usd: extra_cost_usd(&route),
            sentence: route.sentence(),
        }
    }
}

impl<'s> From<&'s DayView<'_>> for WrittenDay<'s> {
    fn from(day: &'s DayView<'_>) -> Self {
        let DaySums { calls, answered, fallbacks, cost_usd, extra_cost_usd } = DaySums::of(day.routes());
        Self { day: &day.day, calls, answered, fallbacks, cost_usd, extra_cost_usd, models: day }
    }
}

impl<'s> From<(&'s str, DayOfModel)> for ModelDay<'s> {
    fn from((model_id, of): (&'s str, DayOfModel)) -> Self {
        Self { model_id, attempts: of.attempts, answered: of.answered, cost_usd: of.cost.usd() }
    }
}

impl From<PromptStatus> for Prompt {
    fn from(prompt: PromptStatus) -> Self {
        Self { version: prompt.version.into(), attempts: prompt.attempts, valid_replies: prompt.answered }
    }
}
