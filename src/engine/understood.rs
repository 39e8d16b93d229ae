//! What of a saved state is understood, and what is only kept: the fields of a later version, say.

use serde_json::{Map, Value, json};

use super::saved_days::DAYS;
use super::snapshot::{FLEET, OTHER_DAYS, VERSION, faults_in};

/// What is known of a part of a state.
enum Pattern {
    /// All of it.
    Whole,
    /// Fields by their names.
    Fields(&'static [(&'static str, Pattern)]),
    /// Entries of one shape, whose keys are data.
    Entries(&'static Pattern),
    /// Days of one shape, in a list.
    Days(&'static Pattern),
    /// Something that happened, in such fields: what else is told of it is true as long as they stay as they are.
    Happening(&'static [&'static str]),
}

use Pattern::{Days, Entries, Fields, Happening, Whole};

const STATE: Pattern = Fields(&[
    ("version", Whole),
    ("takenAt", Whole),
    ("models", Entries(&MODEL)),
    ("providers", Entries(&PROVIDER)),
    (SPEND, DAY),
    (OTHER_DAYS, Days(&DAY)),
    (DAYS, Days(&COUNTED_DAY)),
    ("pinnedPrompts", Whole),
    (FLEET, Whole),
]);
const MODEL: Pattern = Fields(&[
    ("changedAt", Whole),
    ("failures", Whole),
    ("disables", Whole),
    ("disabled", Happening(&["until", "reason"])),
    ("transientFailures", Whole),
    ("coolings", Whole),
    ("coolingUntil", Whole),
    ("lastFailure", Happening(&["kind", "at"])),
    ("lastSuccessAt", Whole),
]);
const PROVIDER: Pattern = Fields(&[("coolingUntil", Whole), ("kind", Whole)]);
const COUNTED_DAY: Pattern = Fields(&[("day", Whole), ("routes", Whole), ("models", Entries(&COUNTED_MODEL))]);
const COUNTED_MODEL: Pattern = Fields(&[("attempts", Whole), ("answered", Whole), ("nanoUsd", Whole)]);
const SPEND: &str = "spend";
const AMOUNTS: [&str; 3] = ["microUsd", "nanoUsd", "uncertainNanoUsd"];
const DAY: Pattern = Fields(&[("day", Whole), (AMOUNTS[0], Whole), (AMOUNTS[1], Whole), (AMOUNTS[2], Whole)]);

/// A state, taken apart.
pub(super) struct Understood {
    /// What is understood, of this version.
    pub(super) state: Value,
    /// What is not, to be written back; an object.
    pub(super) kept: Value,
    /// The version, if it is a later one.
    pub(super) later: Option<u64>,
}

/// Sets apart what is not known; of a later version also what cannot be read.
pub(super) fn understood(mut state: Value) -> Understood {
    let later = state.get("version").and_then(Value::as_u64).filter(|&version| version > VERSION);
    let kept = apart(&mut state, &STATE).unwrap_or_else(|| json!({}));
    if later.is_some() {
        state = readable(&state);
    }
    Understood { state, kept, later }
}

/// What can be read of a state, whatever its version and whatever is wrong with the rest.
pub(super) fn readable(state: &Value) -> Value {
    let mut readable = Map::from_iter([("version".to_owned(), VERSION.into())]);
    for (name, section) in state.as_object().into_iter().flatten().filter(|(name, _)| *name != "version") {
        let read = match (name.as_str(), section) {
            ("models" | "providers", Value::Object(entries)) => {
                let read = |(id, entry): (&String, &Value)| {
                    let at = format!("/{}", id.replace('~', "~0").replace('/', "~1"));
                    Some((id.clone(), alone(name, &json!({ id: entry }), &at)?.get_mut(id)?.take()))
                };
                Some(entries.iter().filter_map(read).collect::<Map<_, _>>().into())
            }
            (OTHER_DAYS, Value::Array(days)) => Some(days.iter().filter_map(|day| day_alone(day.clone())).collect()),
            (DAYS, Value::Array(days)) => {
                let is_read = |day: &&Value| faults_in(&json!({ "version": VERSION, DAYS: [day] })) == 0;
                Some(days.iter().filter(is_read).cloned().collect())
            }
            (SPEND, day) => day_alone(day.clone()),
            _ => alone(name, section, ""),
        };
        readable.extend(read.map(|read| (name.clone(), read)));
    }
    readable.into()
}

fn day_alone(mut day: Value) -> Option<Value> {
    for name in AMOUNTS {
        if let Some(amounts) = day.get_mut(name).and_then(Value::as_object_mut) {
            let one = |id: &str, amount: &Value| json!({ "day": "1970-01-01", name: { id: amount } });
            amounts.retain(|id, amount| faults_in(&json!({ "version": VERSION, SPEND: one(id, amount) })) == 0);
        }
    }
    alone(SPEND, &day, "")
}

/// What can be read of a section, were it the only one: less the fields that make it unreadable, of the object at a JSON
/// pointer within.
fn alone(name: &str, section: &Value, within: &str) -> Option<Value> {
    let mut state = json!({ "version": VERSION, name: section });
    let at = format!("/{name}{within}");
    let fields = state.pointer(&at).and_then(Value::as_object).into_iter().flat_map(Map::keys);
    for field in fields.cloned().collect::<Vec<_>>() {
        let before = faults_in(&state);
        if before == 0 {
            break;
        }
        let mut without = state.clone();
        without.pointer_mut(&at).and_then(Value::as_object_mut).and_then(|fields| fields.shift_remove(&field));
        if faults_in(&without) < before {
            state = without;
        }
    }
    if faults_in(&state) > 0 { None } else { state.get_mut(name).map(Value::take) }
}

/// Lays what was kept over a state that is about to be written; of an entry that is gone nothing is kept.
pub(super) fn lay_over(state: &mut Value, kept: &Value) {
    lay(state, kept, &STATE);
}

/// Takes out what is not known and returns it, if there is any.
fn apart(value: &mut Value, shape: &Pattern) -> Option<Value> {
    let mut kept = Map::new();
    match (shape, value) {
        (Fields(known), Value::Object(fields)) => {
            for (name, mut field) in std::mem::take(fields) {
                match shape_of(known, &name) {
                    Some(shape) => {
                        kept.extend(apart(&mut field, shape).map(|unknown| (name.clone(), unknown)));
                        fields.insert(name, field);
                    }
                    None => drop(kept.insert(name, field)),
                }
            }
        }
        (Entries(shape), Value::Object(entries)) => {
            for (id, entry) in entries {
                kept.extend(apart(entry, shape).map(|unknown| (id.clone(), unknown)));
            }
        }
        (Days(shape), Value::Array(days)) => {
            for day in days {
                let unknown = apart(day, shape);
                kept.extend(name_of(day).map(ToOwned::to_owned).zip(unknown));
            }
        }
        (Happening(known), Value::Object(fields)) if fields.keys().any(|name| !known.contains(&name.as_str())) => {
            kept.clone_from(fields);
            fields.retain(|name, _| known.contains(&name.as_str()));
        }
        _ => {}
    }
    (!kept.is_empty()).then(|| kept.into())
}

fn lay(value: &mut Value, kept: &Value, shape: &Pattern) {
    let Some(kept) = kept.as_object() else { return };
    match (shape, value) {
        (Fields(known), Value::Object(fields)) => {
            for (name, unknown) in kept {
                match (shape_of(known, name), fields.get_mut(name)) {
                    (Some(shape), Some(field)) => lay(field, unknown, shape),
                    (None, None) => drop(fields.insert(name.clone(), unknown.clone())),
                    _ => {}
                }
            }
        }
        (Entries(shape), Value::Object(entries)) => {
            for (id, entry) in entries {
                if let Some(unknown) = kept.get(id) {
                    lay(entry, unknown, shape);
                }
            }
        }
        (Days(shape), Value::Array(days)) => {
            for day in days {
                if let Some(unknown) = name_of(day).and_then(|name| kept.get(name)) {
                    lay(day, unknown, shape);
                }
            }
        }
        (Happening(_), Value::Object(fields)) if fields.iter().all(|(name, field)| kept.get(name) == Some(field)) => {
            fields.extend(kept.clone());
        }
        _ => {}
    }
}

fn shape_of<'a>(known: &'a [(&str, Pattern)], name: &str) -> Option<&'a Pattern> {
    known.iter().find(|(known, _)| *known == name).map(|(_, shape)| shape)
}

fn name_of(day: &Value) -> Option<&str> {
    day.get("day").and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const AT: &str = "2026-01-01T00:00:00.000Z";

    #[test]
    fn nothing_that_is_written_is_unknown() {
        let config = json!({
            "builtinCatalog": false, "disableThreshold": 1,
            "providers": [{ "id": "p", "baseUrl": "http://127.0.0.1:9" }],
            "models": [
                { "id": "a", "provider": "p", "upstreamModel": "a", "promptUsdPer1M": 1, "completionUsdPer1M": 1 },
                { "id": "b", "provider": "p", "upstreamModel": "b", "promptUsdPer1M": 1, "completionUsdPer1M": 1 },
            ],
        });
        let engine = crate::engine::Engine::new(&config, &|_| None).unwrap();
        engine.report_success("a").unwrap();
        engine.report_failure("a", crate::kind::FailureKind::ParseError).unwrap();
        engine.report_failure("b", crate::kind::FailureKind::RateLimited).unwrap();
        engine.report_failure("b", crate::kind::FailureKind::Unauthorized).unwrap();
        let state = engine.snapshot();
        assert!(!state["models"]["a"]["disabled"].is_null() && !state["providers"]["p"].is_null(), "{state}");
        let taken = understood(state.clone());
        assert_eq!((taken.state, taken.kept), (state, json!({})));
    }

    #[test]
    fn unknown_fields_are_set_apart_and_laid_over_what_is_written() {
        let taken = understood(json!({
            "version": 1, "news": [1],
            "models": { "a": { "changedAt": AT, "failures": 3, "mood": "bad" }, "b": { "changedAt": AT, "mood": 1 } },
            "spend": { "day": "2026-01-01", "microUsd": { "a": 5 }, "euros": 4 },
        }));
        assert!(faults_in(&taken.state) == 0, "{}", taken.state);
        assert_eq!((&taken.state["models"]["a"]["failures"], taken.later), (&json!(3), None));
        let mut written = json!({
            "version": 1, "models": { "a": { "changedAt": AT } }, "providers": {}, "spend": { "day": "2026-01-02" },
        });
        lay_over(&mut written, &taken.kept);
        assert_eq!(
            written,
            json!({
                "version": 1, "news": [1], "models": { "a": { "changedAt": AT, "mood": "bad" } }, "providers": {},
                "spend": { "day": "2026-01-02", "euros": 4 },
            })
        );
    }

    #[test]
    fn of_a_later_version_is_taken_what_can_be_read() {
        let taken = understood(json!({
            "version": 7, "takenAt": 12, "news": {}, "pinnedPrompts": { "all": "v2" },
            "models": { "a": { "changedAt": AT, "failures": "many" }, "b": { "changedAt": AT } },
            "providers": [], "spend": { "day": "2026-01-01", "microUsd": { "a": 5 } },
        }));
        assert_eq!(taken.later, Some(7));
        assert_eq!(
            taken.state,
            json!({
                "version": 1, "models": { "a": { "changedAt": AT }, "b": { "changedAt": AT } },
                "spend": { "day": "2026-01-01", "microUsd": { "a": 5 } },
            })
        );
        assert_eq!(taken.kept, json!({ "news": {} }));
    }

    #[test]
    fn what_is_told_of_a_happening_is_kept_as_long_as_it_is_the_last() {
        let failure = json!({ "kind": "timeout", "at": AT, "region": "eu" });
        let taken = understood(json!({ "version": 1, "models": { "a": { "changedAt": AT, "lastFailure": failure } } }));
        assert_eq!(faults_in(&taken.state), 0, "{}", taken.state);
        for (kind, region) in [("timeout", json!("eu")), ("network", json!(null))] {
            let last = json!({ "kind": kind, "at": AT });
            let mut written = json!({ "version": 1, "models": { "a": { "changedAt": AT, "lastFailure": last } } });
            lay_over(&mut written, &taken.kept);
            assert_eq!(written["models"]["a"]["lastFailure"]["region"], region);
        }
    }

    #[test]
    fn what_is_told_of_another_day_is_kept_with_that_day() {
        let other = json!([{ "day": "2026-01-02", "microUsd": { "a": 5 }, "euros": 1 }]);
        let taken = understood(json!({ "version": 1, "otherDays": other }));
        assert_eq!(faults_in(&taken.state), 0, "{}", taken.state);
        let mut written = json!({ "version": 1, "otherDays": [{ "day": "2026-01-01" }, { "day": "2026-01-02" }] });
        lay_over(&mut written, &taken.kept);
        assert_eq!(written["otherDays"], json!([{ "day": "2026-01-01" }, { "day": "2026-01-02", "euros": 1 }]));
    }

    #[test]
    fn one_thing_that_cannot_be_read_takes_nothing_else_with_it() {
        let day = |bad: &Value| json!({ "day": "2026-01-01", "microUsd": { "a": 5, "b/~": bad }, "nanoUsd": 7 });
        let model = json!({ "changedAt": AT, "failures": 3, "lastFailure": { "kind": "novel", "at": AT } });
        for bad in [json!(-1), json!(0.5), json!("1"), json!({ "usd": 1 }), json!(1e300), json!(null)] {
            let damaged = json!({
                "version": "x", "takenAt": 5, "providers": [], "models": { "a/~": model, "b": 5, "c": {} },
                "spend": day(&bad), "otherDays": [day(&bad), { "day": 5 }, 7],
            });
            let read = json!({ "day": "2026-01-01", "microUsd": { "a": 5 } });
            let expected = json!({
                "version": 1, "models": { "a/~": { "changedAt": AT, "failures": 3 } },
                "spend": read, "otherDays": [read],
            });
            assert_eq!(readable(&damaged), expected, "{bad}");
        }
        for spend in [json!(null), json!({}), json!({ "day": 5, "microUsd": { "a": 1 } })] {
            assert_eq!(readable(&json!({ "version": 1, "spend": spend })), json!({ "version": 1 }), "{spend}");
        }
    }
}
