//! The state of an engine as plain JSON, to be taken over by another one, after a restart say.
//!
//! What is saved is composed here and owned elsewhere: each part gives its own piece as plain data and takes it back, and
//! how it is written is known here, and in `understood.rs`, which lists every field. So the format can be read in one place, and a state that is damaged is refused
//! before any part has taken anything of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Map, Value, json};
use tracing::info;

use super::library::Library;
use super::purse::{Purse, SavedSpend};
use super::roster::{LONGEST_REASON, Roster};
use super::saved_days::{DAYS, day_to_json, read_day};
use crate::check::{Checked, Faults, Object, Violation, rule};
use crate::error::EngineError;
use crate::health::{Saved, SavedModel, SavedOff};
use crate::kind::FailureKind;
use crate::line;
use crate::metrics::{DayMetrics, Recorder};
use crate::money::{Spend, SpendOf};
use crate::outcome::NanoUsd;

/// The version of the format; another one is refused.
pub(super) const VERSION: u64 = 1;

/// How the path of every fault in a snapshot begins.
const ROOT: &str = "snapshot";

/// The parts whose state is saved. Each gives its own piece and takes it back.
#[derive(Clone)]
pub(super) struct SavedParts {
    pub(super) roster: Arc<Roster>,
    pub(super) purse: Arc<Purse>,
    pub(super) library: Arc<Library>,
    pub(super) metrics: Arc<Recorder>,
}

impl SavedParts {
    /// The state as it stands, as plain JSON.
    pub(super) fn snapshot(&self) -> Value {
        let saved = self.roster.saved();
        let models: Map<_, _> = saved.models.into_iter().map(|(id, model)| (id, model_to_json(&model))).collect();
        let provider = |(id, until, kind): (String, SystemTime, FailureKind)| {
            (id, json!({ "coolingUntil": text(until), "kind": kind.as_str() }))
        };
        let providers: Map<_, _> = saved.providers.into_iter().map(provider).collect();
        let now = SystemTime::now();
        let SavedSpend { today, other_days, fleet, .. } = self.purse.saved();
        let mut state = json!({
            "version": VERSION,
            "takenAt": text(now),
            "models": models,
            "providers": providers,
            "spend": today.map(spend_to_json),
            "pinnedPrompts": self.library.pinned_prompts(),
        });
        if !other_days.is_empty() {
            state[OTHER_DAYS] = other_days.into_iter().map(spend_to_json).collect();
        }
        if let Some(fleet) = fleet {
            state[FLEET] = fleet;
        }
        let days = self.metrics.saved_days();
        if !days.is_empty() {
            state[DAYS] = days.iter().map(day_to_json).collect();
        }
        state
    }

    /// Takes over a state, whole or not at all.
    ///
    /// # Errors
    /// `INVALID_CONFIG` with every fault, or for another version.
    pub(super) fn restore(&self, snapshot: &Value) -> Result<(), EngineError> {
        let SavedState { health, spend, pinned_prompts, days } = read(snapshot).map_err(EngineError::InvalidConfig)?;
        // First, for the state may be written as soon as any part has changed, and be the last that is.
        self.purse.restore(&spend);
        self.metrics.restore_days(&days);
        let (models, providers) = self.roster.restore(health);
        info!(models, providers, "state restored");
        if let Some(version) = pinned_prompts {
            self.library.restore_pin(&version);
        }
        Ok(())
    }
}

/// What a snapshot holds, a piece for each part.
#[derive(Default)]
struct SavedState {
    health: Saved,
    spend: SavedSpend,
    /// The version of the prompts that is pinned.
    pinned_prompts: Option<String>,
    /// What calls came to on each day.
    days: Vec<DayMetrics>,
}

/// What was spent on other days, where anything was.
pub(super) const OTHER_DAYS: &str = "otherDays";
/// What a member of a fleet knows of the others.
pub(super) const FLEET: &str = "fleet";
/// The whole millionths of a dollar that each model has spent.
const MICRO: &str = "microUsd";
/// What each model has spent beyond whole millionths, in billionths of a dollar; absent where none has.
const NANO: &str = "nanoUsd";
/// What is uncertain of each model, in billionths of a dollar; absent where nothing is.
const UNCERTAIN: &str = "uncertainNanoUsd";

fn spend_to_json(spend: Spend) -> Value {
    let mut by_field = [MICRO, NANO, UNCERTAIN].map(|name| (name, Map::new()));
    for SpendOf { model, spent, uncertain } in spend.models {
        let amounts = [spent.0 / 1000, spent.0 % 1000, uncertain.0];
        for ((name, amounts_by_model), amount) in by_field.iter_mut().zip(amounts) {
            if amount > 0 || *name == MICRO {
                amounts_by_model.insert(model.clone(), amount.into());
            }
        }
    }
    let mut written = Map::from_iter([("day".to_owned(), spend.day.into())]);
    for (name, amounts) in by_field.into_iter().filter(|(name, amounts)| *name == MICRO || !amounts.is_empty()) {
        written.insert(name.to_owned(), amounts.into());
    }
    written.into()
}

fn model_to_json(model: &SavedModel) -> Value {
    let disabled = |off: &SavedOff| json!({ "until": off.until.map(text), "reason": off.reason });
    let failure = |(kind, at): (FailureKind, SystemTime)| json!({ "kind": kind.as_str(), "at": text(at) });
    json!({
        "changedAt": text(model.changed_at),
        "failures": model.failures,
        "disables": model.disables,
        "disabled": model.disabled.as_ref().map(disabled),
        "transientFailures": model.transient_failures,
        "coolings": model.coolings,
        "coolingUntil": model.cooling_until.map(text),
        "lastFailure": model.last_failure.map(failure),
        "lastSuccessAt": model.last_success.map(text),
    })
}

/// How many faults keep a state from being taken over.
pub(super) fn faults_in(snapshot: &Value) -> usize {
    read(snapshot).err().map_or(0, |faults| faults.len())
}

fn read(snapshot: &Value) -> Result<SavedState, Faults> {
    let version = snapshot.get("version");
    if let Some(version) = version.filter(|version| version.as_u64() != Some(VERSION)) {
        let mut faults = Faults::new();
        faults.push_got("snapshot.version", format!("must be {VERSION}, the only version that is understood"), version);
        return Err(faults);
    }
    let mut faults = Faults::new();
    let read = Object::read(snapshot, ROOT, &mut faults, |fields| {
        fields.required("version", rule::whole(VERSION..=VERSION));
        let taken_at = fields.optional("takenAt", time);
        let mut saved = Saved::default();
        let models = fields.record("models");
        let providers = fields.record("providers");
        for (path, id, value) in models {
            let model = Object::read(value, &path, fields.faults(), read_model).flatten();
            saved.models.extend(model.map(|model| (id.to_owned(), model)));
        }
        for (path, id, value) in providers {
            let provider = Object::read(value, &path, fields.faults(), |fields| {
                Some((id.to_owned(), fields.required("coolingUntil", time)?, fields.required("kind", kind)?))
            });
            saved.providers.extend(provider.flatten());
        }
        let today = fields.object("spend", read_spend).flatten();
        let mut other_days = Vec::new();
        for (path, value) in fields.list(OTHER_DAYS) {
            other_days.extend(Object::read(value, &path, fields.faults(), read_spend).flatten());
        }
        let mut days = Vec::new();
        for (path, value) in fields.list(DAYS) {
            days.extend(Object::read(value, &path, fields.faults(), read_day).flatten());
        }
        let pinned_prompts = fields.nullable("pinnedPrompts", rule::name, None);
        let fleet = fields.raw(FLEET).filter(|fleet| fleet.is_object()).cloned();
        let spend = SavedSpend { taken_at, today, other_days, fleet };
        SavedState { health: saved, spend, pinned_prompts, days }
    });
    faults.into_result(read.unwrap_or_default())
}

fn read_spend(fields: &mut Object<'_, '_>) -> Option<Spend> {
    let day = fields.required("day", rule::text);
    let mut amounts = |name| -> BTreeMap<String, u64> {
        let mut amounts = BTreeMap::new();
        for (path, id, value) in fields.record(name) {
            let amount = fields.faults().check(value, &path, rule::whole(0..=u64::MAX));
            amounts.extend(amount.map(|amount| (id.to_owned(), amount)));
        }
        amounts
    };
    let [micro, nano, uncertain] = [MICRO, NANO, UNCERTAIN].map(&mut amounts);
    let ids: BTreeSet<&String> = micro.keys().chain(nano.keys()).chain(uncertain.keys()).collect();
    let of = |amounts: &BTreeMap<String, u64>, id: &str| amounts.get(id).copied().unwrap_or_default();
    let spend_of = |id: &String| SpendOf {
        model: id.clone(),
        spent: NanoUsd::micro(of(&micro, id)).plus(NanoUsd(of(&nano, id))),
        uncertain: NanoUsd(of(&uncertain, id)),
    };
    Some(Spend { day: day?, models: ids.into_iter().map(spend_of).collect() })
}

fn read_model(fields: &mut Object<'_, '_>) -> Option<SavedModel> {
    let changed_at = fields.required("changedAt", time);
    let mut count = |name| fields.optional(name, rule::whole(0..=u8::MAX)).unwrap_or(0);
    let [failures, times_disabled, transient_failures, coolings] =
        ["failures", "disables", "transientFailures", "coolings"].map(&mut count);
    let disabled = present(fields, "disabled").then(|| {
        fields.object("disabled", |fields| SavedOff {
            until: fields.nullable("until", time, None),
            reason: fields.optional("reason", reason).unwrap_or_default(),
        })
    });
    let last_failure = present(fields, "lastFailure").then(|| {
        fields.object("lastFailure", |fields| Some((fields.required("kind", kind)?, fields.required("at", time)?)))
    });
    Some(SavedModel {
        failures,
        disables: times_disabled,
        disabled: disabled.flatten(),
        transient_failures,
        coolings,
        cooling_until: fields.nullable("coolingUntil", time, None),
        last_failure: last_failure.flatten().flatten(),
        last_success: fields.nullable("lastSuccessAt", time, None),
        changed_at: changed_at?,
    })
}

/// Whether a field is there and not null.
fn present(fields: &mut Object<'_, '_>, name: &'static str) -> bool {
    fields.raw(name).is_some_and(|value| !value.is_null())
}

/// Why a model was switched off, cut and on one line, as it is shown.
fn reason(value: &Value) -> Checked<String> {
    Ok(line::folded(&rule::text(value)?).chars().take(LONGEST_REASON).collect())
}

fn kind(value: &Value) -> Checked<FailureKind> {
    let kind = value.as_str().and_then(FailureKind::named);
    kind.ok_or_else(|| Violation::new("must be a kind of failure"))
}

fn time(value: &Value) -> Checked<SystemTime> {
    let time = value.as_str().and_then(|text| humantime::parse_rfc3339(text).ok());
    time.ok_or_else(|| Violation::new("must be a time such as 2025-10-19T15:30:00.000Z"))
}

fn text(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}
