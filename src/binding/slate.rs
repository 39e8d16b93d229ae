//! A slate as JavaScript sees it: its plan, how it stands, and what it came to. The entry of the package makes the object of
//! it that is iterated; this is what that object asks.

use std::sync::Arc;

use napi::bindgen_prelude::{Object, PromiseRaw};
use napi::{Env, JsValue, Unknown};
use napi_derive::napi;
use serde::Serialize;

use super::abort::AbortListener;
use super::error::FailedCall;
use super::football::{Consensus, MissingCell, consensus, missing_cell};
use super::half::Owner;
use super::handle::Handle;
use super::inbox::Settled;
use super::mistake::Mistake;
use super::outcome::{PredictionOutcome, milliseconds};
use super::realm::Realm;
use super::record::Record;
use super::slate_arguments::{self, SlateArguments};
use crate::check::Faults;
use crate::engine::{self, Slate};
use crate::error::EngineError;
use crate::football::{Item, PATH, Value, check_slate};
use crate::slate::Why;

/// How many events cross to JavaScript at once at most: what one turn of the event loop can take.
const BATCH: usize = 64;

/// What a slate would do if no request failed: counted, for it may have thousands.
#[napi(object, object_from_js = false)]
pub struct SlatePlan {
    /// How many cells it has: one model and one match each.
    pub cells: u32,
    /// How many requests it would send if none failed: those of the models that can be called.
    pub requests: u32,
    /// What they are expected to cost together, in US dollars.
    pub expected_cost_usd: f64,
    /// The most that they can cost together, in US dollars: the prompts and all of `maxTokens`.
    pub worst_cost_usd: f64,
    /// Every model of it, in order.
    pub models: Vec<PlannedModel>,
    /// The models that would not be called, in order; where another stands in for them, their cells have answers all the same.
    pub skips: Vec<PlannedSlateSkip>,
    /// Every provider that would be asked.
    pub providers: Vec<PlannedProvider>,
}

/// One model of a slate.
#[napi(object, object_from_js = false)]
pub struct PlannedModel {
    /// The model.
    pub model_id: String,
    /// Its provider.
    pub provider_id: String,
    /// How many cells it has.
    pub cells: u32,
    /// How many requests those make.
    pub requests: u32,
    /// What they are expected to cost, in US dollars.
    pub expected_cost_usd: f64,
    /// The most that they can cost, in US dollars.
    pub worst_cost_usd: f64,
}

/// A model of a slate that would not be called.
#[napi(object, object_from_js = false)]
pub struct PlannedSlateSkip {
    /// The model.
    pub model_id: String,
    /// How many cells it has.
    pub cells: u32,
    /// Why it would not be called.
    #[napi(ts_type = "SkipReason")]
    pub reason: &'static str,
    /// The same in words, with the numbers that decided.
    pub detail: String,
}

/// One provider that a slate asks.
#[napi(object, object_from_js = false)]
pub struct PlannedProvider {
    /// The provider.
    pub provider_id: String,
    /// How many requests it gets.
    pub requests: u32,
    /// How many of them are under way at once at most.
    pub at_once: u32,
    /// How many of them are under way one after the other at least: `requests` over `atOnce`, rounded up.
    pub in_turn: u32,
}

/// How a slate stands.
#[napi(object, object_from_js = false)]
pub struct SlateProgress {
    /// How many cells it has.
    pub cells: u32,
    /// How many of them have an answer.
    pub answered: u32,
    /// How many will have none.
    pub missing: u32,
    /// How many requests are under way.
    pub in_flight: u32,
    /// How many wait: for their turn, for money, for another's answer, or for a model that is left alone for a moment.
    pub waiting: u32,
    /// What was paid so far, in US dollars.
    pub cost_usd: f64,
}

/// What one reading of a slate gives: events, or its end.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reading<'a> {
    events: Vec<Streamed<'a>>,
    end: Option<End<'a>>,
}

/// What became of cells of a slate.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
enum Streamed<'a> {
    Answered {
        outcome: &'a PredictionOutcome,
    },
    Missed {
        model_id: &'a str,
        #[serde(rename = "matchIds")]
        item_ids: &'a [String],
        why: &'static str,
        error: Box<FailedCall<'a>>,
    },
}

/// A slate's end, but for the outcomes, which were told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct End<'a> {
    missing: Vec<MissingCell>,
    consensus: Vec<Consensus>,
    cost_usd: f64,
    duration_ms: f64,
    complete: bool,
    error: Option<FailedCall<'a>>,
}

impl Handle {
    /// Checks a slate and prepares it.
    fn slate(&self, arguments: SlateArguments<'_>, mut faults: Faults) -> Result<Slate<Item>, Mistake> {
        let SlateArguments { request, options, own, .. } = arguments;
        let check_items = |items: &[Item], faults: &mut Faults| check_slate(PATH, items, faults);
        match self.engine.slate(request, options, &own, check_items) {
            Ok(slate) if faults.is_empty() => Ok(slate),
            // What was read is not whole, but what else is wrong with it is told at once.
            Err(EngineError::InvalidRequest(others)) => {
                faults.extend_elsewhere(others);
                Err(EngineError::InvalidRequest(faults).into())
            }
            Err(error) if faults.is_empty() => Err(error.into()),
            Ok(_) | Err(_) => Err(EngineError::InvalidRequest(faults).into()),
        }
    }

    /// What a slate would do.
    pub(super) fn slate_plan(
        &self,
        env: &Env,
        request: Unknown<'_>,
        options: Option<Unknown<'_>>,
    ) -> Result<SlatePlan, Mistake> {
        let mut faults = Faults::new();
        let arguments = slate_arguments::read(env, request, options, &mut faults)?;
        Ok(self.slate(arguments, faults)?.plan().into())
    }

    /// Begins a slate. What it gives is asked by the package's entry: the plan, a function that waits for events, one that says how
    /// it stands, and one that ends it.
    pub(super) fn begin_slate<'env>(
        &self,
        env: &'env Env,
        request: Unknown<'_>,
        options: Option<Unknown<'_>>,
        owner: Owner<'_>,
    ) -> Result<Object<'env>, Mistake> {
        let mut faults = Faults::new();
        let arguments = slate_arguments::read(env, request, options, &mut faults)?;
        let signal = arguments.signal;
        let slate = Arc::new(self.slate(arguments, faults)?);
        slate.check_cost()?;
        let realm = Realm::current(env)?;
        let abort = signal
            .map(|signal| AbortListener::attach(env, realm.signals(), signal, || realm.call_token()))
            .transpose()?;
        let token = abort.as_ref().map_or_else(|| realm.call_token(), AbortListener::token);
        // Settled when the last request has ended: until then it keeps the process alive, the signal listened to and the engine's
        // listeners told.
        let (delivery, ended) = realm.promise::<()>(env, None, abort, owner)?;
        let run = Arc::clone(&slate);
        self.spawn(async move {
            run.run(&token).await;
            delivery.deliver(Settled::Done);
        })?;

        let mut object = Object::new(env)?;
        object.set("plan", SlatePlan::from(slate.plan()))?;
        object.set("ended", ended)?;
        let (handle, read) = (self.clone(), Arc::clone(&slate));
        object.set(
            "next",
            env.create_function_from_closure::<(), _, _>("next", move |context| {
                let promise = handle.next_events(context.env, Arc::clone(&read))?;
                // It belongs to this thread and not to the call.
                Ok(PromiseRaw::<()>::new(context.env.raw(), promise.raw()))
            })?,
        )?;
        let stands = Arc::clone(&slate);
        object.set(
            "progress",
            env.create_function_from_closure::<(), _, _>("progress", move |_| {
                Ok(SlateProgress::from(stands.progress()))
            })?,
        )?;
        object.set(
            "cancel",
            env.create_function_from_closure::<(), _, _>("cancel", move |_| {
                slate.cancel();
                Ok(())
            })?,
        )?;
        Ok(object)
    }

    /// Waits for what a slate has to tell.
    fn next_events<'env>(&self, env: &'env Env, slate: Arc<Slate<Item>>) -> napi::Result<PromiseRaw<'env, ()>> {
        let (delivery, promise) = Realm::current(env)?.promise(env, None, None, None)?;
        let spawned = self.spawn(async move {
            let record = match slate.next(BATCH).await {
                Some(events) => told(events),
                None => end(&slate),
            };
            delivery.deliver(Settled::Outcome(record));
        });
        match spawned {
            Ok(()) => Ok(promise),
            Err(Mistake::Node(error)) => Err(error),
            Err(Mistake::Engine(error)) => Err(napi::Error::from_reason(error.to_string())),
        }
    }
}

/// Writes events.
fn told(events: Vec<engine::SlateEvent<Value>>) -> Record {
    // Outcomes are taken apart; what was missed is read where it stands.
    let kept = events.into_iter().map(|event| match event {
        engine::SlateEvent::Answered(outcome) => Ok(PredictionOutcome::from(*outcome)),
        missed @ engine::SlateEvent::Missed { .. } => Err(missed),
    });
    let kept: Vec<Result<PredictionOutcome, engine::SlateEvent<Value>>> = kept.collect();
    let told = kept.iter().filter_map(|event| match event {
        Ok(outcome) => Some(Streamed::Answered { outcome }),
        Err(engine::SlateEvent::Missed { model_id, item_ids, why, error, ids }) => {
            let error = Box::new(FailedCall::of(error, ids.as_deref()));
            Some(Streamed::Missed { model_id, item_ids, why: why.as_str(), error })
        }
        Err(engine::SlateEvent::Answered(_)) => None,
    });
    Record::new(&Reading { events: told.collect(), end: None })
}

/// Writes what a slate came to.
fn end(slate: &Slate<Item>) -> Record {
    let end = slate.end();
    let answers = end.answers.iter().map(|answer| (answer.place, answer.model, answer.value));
    let cell = |(model, item, why): &(String, String, Why)| missing_cell(model.clone(), item.clone(), why.as_str());
    let end = End {
        consensus: consensus(slate.items(), answers),
        missing: end.missing.iter().map(cell).collect(),
        cost_usd: end.cost.usd(),
        duration_ms: milliseconds(end.duration),
        complete: end.is_complete,
        error: end.error.as_ref().map(|error| FailedCall::of(error, None)),
    };
    Record::new(&Reading { events: Vec::new(), end: Some(end) })
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl From<&engine::SlatePlan> for SlatePlan {
    fn from(plan: &engine::SlatePlan) -> Self {
        let model = |model: &engine::SlateModel| PlannedModel {
            model_id: model.model_id.clone(),
            provider_id: model.provider_id.clone(),
            cells: count(model.cells),
            requests: count(model.requests),
            expected_cost_usd: model.expected.usd(),
            worst_cost_usd: model.worst.usd(),
        };
        let skip = |model: &engine::SlateModel| {
            model.refusal.as_ref().map(|refusal| PlannedSlateSkip {
                model_id: model.model_id.clone(),
                cells: count(model.cells),
                reason: refusal.reason.as_str(),
                detail: refusal.detail.clone(),
            })
        };
        let provider = |provider: &engine::SlateProvider| PlannedProvider {
            provider_id: provider.provider_id.clone(),
            requests: count(provider.requests),
            at_once: count(provider.at_once),
            in_turn: count(provider.requests.div_ceil(provider.at_once.max(1))),
        };
        Self {
            cells: count(plan.cells),
            requests: count(plan.requests),
            expected_cost_usd: plan.expected.usd(),
            worst_cost_usd: plan.worst.usd(),
            models: plan.models.iter().map(model).collect(),
            skips: plan.models.iter().filter_map(skip).collect(),
            providers: plan.providers.iter().map(provider).collect(),
        }
    }
}

impl From<engine::SlateProgress> for SlateProgress {
    fn from(progress: engine::SlateProgress) -> Self {
        Self {
            cells: count(progress.cells),
            answered: count(progress.answered),
            missing: count(progress.missing),
            in_flight: count(progress.in_flight),
            waiting: count(progress.waiting),
            cost_usd: progress.cost.usd(),
        }
    }
}
