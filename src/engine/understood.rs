//! What of a saved state is understood, and what is only kept: the fields of a later version, say.

use serde_json::{Map, Value};

use super::snapshot::{OTHER_DAYS, VERSION, is_readable};

/// The fields that are known, by where they stand.
const STATE: &[&str] = &["version", "takenAt", "models", "providers", "spend", OTHER_DAYS, "pinnedPrompts"];
const MODEL: &[&str] = &[
    "changedAt",
    "failures",
    "disables",
    "disabled",
    "transientFailures",
    "coolings",
    "coolingUntil",
    "lastFailure",
    "lastSuccessAt",
];
const PROVIDER: &[&str] = &["coolingUntil", "kind"];
const SPEND: &[&str] = &["day", "microUsd", "nanoUsd", "uncertainNanoUsd"];

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
    let mut kept = apart(&mut state, STATE);
    for (name, known) in [("models", MODEL), ("providers", PROVIDER)] {
        let entries = state.get_mut(name).and_then(Value::as_object_mut).into_iter().flatten();
        let unknown = entries.map(|(id, entry)| (id.clone(), apart(entry, known).into()));
        keep(
            &mut kept,
            name,
            unknown.filter(|(_, unknown): &(_, Value)| unknown != &Value::Object(Map::new())).collect(),
        );
    }
    if let Some(spend) = state.get_mut("spend") {
        let unknown = apart(spend, SPEND);
        keep(&mut kept, "spend", unknown);
    }
    if later.is_some() {
        state["version"] = VERSION.into();
        drop_unreadable(&mut state);
    }
    Understood { state, kept: kept.into(), later }
}

/// Lays what was kept over a state that is about to be written; of an entry that is gone nothing is kept.
pub(super) fn lay_over(state: &mut Value, kept: &Value) {
    let (Some(state), Some(kept)) = (state.as_object_mut(), kept.as_object()) else { return };
    for (name, unknown) in kept {
        match state.get_mut(name) {
            None if STATE.contains(&name.as_str()) => {}
            None => drop(state.insert(name.clone(), unknown.clone())),
            Some(section) if name == "spend" => add(section, unknown),
            Some(section) => {
                for (id, unknown) in unknown.as_object().into_iter().flatten() {
                    if let Some(entry) = section.get_mut(id) {
                        add(entry, unknown);
                    }
                }
            }
        }
    }
}

/// What is spent according to a state, though the rest of it cannot be used.
pub(super) fn spend_alone(state: &Value) -> Option<Value> {
    let mut alone = Map::from_iter([("version".to_owned(), VERSION.into())]);
    for name in ["takenAt", "spend", OTHER_DAYS] {
        if let Some(section) = state.get(name).filter(|section| is_section_readable(name, section)) {
            alone.insert(name.to_owned(), section.clone());
        }
    }
    alone.contains_key("spend").then(|| alone.into())
}

/// Takes out the fields that are not known.
fn apart(object: &mut Value, known: &[&str]) -> Map<String, Value> {
    let Some(fields) = object.as_object_mut() else { return Map::new() };
    let (known, unknown) = std::mem::take(fields).into_iter().partition(|(name, _)| known.contains(&name.as_str()));
    *fields = known;
    unknown
}

fn keep(kept: &mut Map<String, Value>, name: &str, unknown: Map<String, Value>) {
    if !unknown.is_empty() {
        kept.insert(name.to_owned(), unknown.into());
    }
}

fn add(object: &mut Value, unknown: &Value) {
    if let (Some(fields), Some(unknown)) = (object.as_object_mut(), unknown.as_object()) {
        for (name, value) in unknown {
            fields.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
}

fn drop_unreadable(state: &mut Value) {
    let Some(sections) = state.as_object_mut() else { return };
    for name in ["models", "providers"] {
        if let Some(entries) = sections.get_mut(name).and_then(Value::as_object_mut) {
            entries.retain(|id, entry| {
                let one = Map::from_iter([(id.clone(), entry.clone())]);
                is_section_readable(name, &one.into())
            });
        }
    }
    sections.retain(|name, section| is_section_readable(name, section));
}

fn is_section_readable(name: &str, section: &Value) -> bool {
    let mut alone = Map::from_iter([("version".to_owned(), VERSION.into())]);
    alone.insert(name.to_owned(), section.clone());
    is_readable(&alone.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const AT: &str = "2026-01-01T00:00:00.000Z";

    #[test]
    fn unknown_fields_are_set_apart_and_laid_over_what_is_written() {
        let taken = understood(json!({
            "version": 1, "news": [1],
            "models": { "a": { "changedAt": AT, "failures": 3, "mood": "bad" }, "b": { "changedAt": AT, "mood": 1 } },
            "spend": { "day": "2026-01-01", "microUsd": { "a": 5 }, "euros": 4 },
        }));
        assert!(is_readable(&taken.state), "{}", taken.state);
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
                "version": 1, "models": { "b": { "changedAt": AT } },
                "spend": { "day": "2026-01-01", "microUsd": { "a": 5 } },
            })
        );
        assert_eq!(taken.kept, json!({ "news": {} }));
    }

    #[test]
    fn what_was_spent_is_read_though_the_rest_is_damaged() {
        let spend = json!({ "day": "2026-01-01", "microUsd": { "a": 5 } });
        let damaged = json!({ "version": "x", "takenAt": 5, "models": [], "spend": spend });
        assert_eq!(spend_alone(&damaged), Some(json!({ "version": 1, "spend": spend })));
        for spend in [json!(null), json!({}), json!({ "day": "2026-01-01", "microUsd": { "a": -1 } })] {
            assert_eq!(spend_alone(&json!({ "version": 1, "spend": spend })), None, "{spend}");
        }
    }
}
