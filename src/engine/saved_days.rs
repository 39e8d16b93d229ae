//! How what calls came to by day is written, and read again.

use serde_json::{Map, Value, json};

use crate::check::{Checked, Object, Violation, rule};
use crate::kind::{FailureKind, SkipReason, Task};
use crate::metrics::{DayMetrics, DayOfModel, Route};
use crate::outcome::{FallbackReason, NanoUsd};

/// The days, in a list.
pub(super) const DAYS: &str = "days";

/// A day as it is saved.
pub(super) fn day_to_json(day: &DayMetrics) -> Value {
    let route = |route: &Route| {
        let mut saved = json!({
            "originalModelId": route.original_model_id,
            "modelId": route.answered_by,
            "reason": route.reason.map(FallbackReason::as_str),
            "calls": route.calls,
            "nanoUsd": route.cost.0,
            "originalNanoUsd": route.original_cost.0,
        });
        if route.task != Task::Predict {
            saved["task"] = json!(route.task.as_str());
        }
        saved
    };
    let model = |(id, of): &(String, DayOfModel)| {
        (id.clone(), json!({ "attempts": of.attempts, "answered": of.answered, "nanoUsd": of.cost.0 }))
    };
    json!({
        "day": day.day,
        "routes": day.routes.iter().map(route).collect::<Vec<_>>(),
        "models": day.models.iter().map(model).collect::<Map<_, _>>(),
    })
}

/// A day as it was saved; one whose name is no day is never shown.
pub(super) fn read_day(fields: &mut Object<'_, '_>) -> Option<DayMetrics> {
    let day = fields.required("day", rule::text);
    let mut routes = Vec::new();
    for (path, value) in fields.list("routes") {
        routes.extend(Object::read(value, &path, fields.faults(), read_route).flatten());
    }
    let mut models = Vec::new();
    for (path, id, value) in fields.record("models") {
        let read = |fields: &mut Object<'_, '_>| {
            let [attempts, answered, cost] = ["attempts", "answered", "nanoUsd"].map(|name| number(fields, name));
            DayOfModel { attempts, answered: answered.min(attempts), cost: NanoUsd(cost) }
        };
        models.extend(Object::read(value, &path, fields.faults(), read).map(|of| (id.to_owned(), of)));
    }
    Some(DayMetrics { day: day?, routes, models })
}

fn read_route(fields: &mut Object<'_, '_>) -> Option<Route> {
    let original = fields.required("originalModelId", rule::text);
    let answered_by = fields.nullable("modelId", rule::text, None);
    let reason = fields.nullable("reason", reason, None);
    let task = fields.optional("task", task).unwrap_or(Task::Predict);
    let [calls, cost, original_cost] = ["calls", "nanoUsd", "originalNanoUsd"].map(|name| number(fields, name));
    Some(Route {
        task,
        original_model_id: original?,
        answered_by,
        reason,
        calls,
        share: 0.0,
        cost: NanoUsd(cost),
        original_cost: NanoUsd(original_cost),
    })
}

fn number(fields: &mut Object<'_, '_>, name: &'static str) -> u64 {
    fields.optional(name, rule::whole(0..=u64::MAX)).unwrap_or_default()
}

fn task(value: &Value) -> Checked<Task> {
    value.as_str().and_then(Task::named).ok_or_else(|| Violation::new("must be the name of a task"))
}

fn reason(value: &Value) -> Checked<FallbackReason> {
    let name = value.as_str().unwrap_or_default();
    let failure = FailureKind::named(name).map(FallbackReason::Failure);
    let skip = || SkipReason::named(name).map(FallbackReason::Skip);
    let incomplete = || (name == FallbackReason::Incomplete.as_str()).then_some(FallbackReason::Incomplete);
    failure
        .or_else(skip)
        .or_else(incomplete)
        .ok_or_else(|| Violation::new("must be a kind of failure or a reason to skip"))
}
