//! The form that an answer is to have: its JSON Schema for the wire, and who judges whether a value has it.

use std::fmt::{self, Debug};
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::catalog::ResponseFormat;
use crate::money::estimate_tokens;

/// The most of a schema that is looked at, in levels.
const DEEPEST: usize = 64;

/// What a judge says: which of the candidates is an answer, by its place, or what is wrong with the likeliest.
pub type Judgement = Pin<Box<dyn Future<Output = Result<usize, String>> + Send>>;

/// Judges values.
pub trait Judge: Send + Sync {
    /// Judges values as JSON, the likeliest first. It may take its time; the caller gives up when that is over.
    fn judge(&self, candidates: Vec<String>) -> Judgement;
}

/// The form of an answer.
#[derive(Clone)]
pub struct Form {
    name: Arc<str>,
    wire: Option<Arc<Wire>>,
    judge: Arc<dyn Judge>,
}

/// A schema as it is sent.
struct Wire {
    schema: Box<RawValue>,
    is_strict: bool,
    /// The schema as it is put to a model whose server does not hold it to one.
    in_words: String,
    tokens: u64,
}

impl Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Form {
    /// A form of that name, of at most 64 letters, digits, `_` and `-`; without a schema any JSON is asked for.
    #[must_use]
    pub fn new(name: &str, schema: Option<&Value>, judge: Arc<dyn Judge>) -> Self {
        let wire = schema.and_then(|value| {
            let schema = to_raw_value(value).ok()?;
            let in_words = format!("Answer with JSON alone that fits this JSON Schema:\n{schema}");
            Some(Arc::new(Wire {
                is_strict: is_strict(value, 0),
                tokens: estimate_tokens(&in_words),
                schema,
                in_words,
            }))
        });
        Self { name: name.into(), wire, judge }
    }

    /// The tightest form in which it can be asked for.
    pub(super) fn tightest(&self) -> ResponseFormat {
        if self.wire.is_some() { ResponseFormat::JsonSchema } else { ResponseFormat::JsonObject }
    }

    /// What it is called, its schema, and whether that is a strict one; `None` without a schema.
    pub(super) fn schema(&self) -> Option<(&str, &RawValue, bool)> {
        self.wire.as_ref().map(|wire| (&*self.name, &*wire.schema, wire.is_strict))
    }

    /// The schema as it is put to a model.
    pub(super) fn in_words(&self) -> Option<&str> {
        self.wire.as_ref().map(|wire| wire.in_words.as_str())
    }

    /// Estimate of the tokens of the schema.
    pub(super) fn tokens(&self) -> u64 {
        self.wire.as_ref().map_or(0, |wire| wire.tokens)
    }

    pub(super) fn judge(&self, candidates: Vec<String>) -> Judgement {
        self.judge.judge(candidates)
    }
}

/// Whether servers take it that know only strict schemas: in every object each field is required and there are no others.
fn is_strict(schema: &Value, depth: usize) -> bool {
    match schema {
        Value::Array(values) => values.iter().all(|value| is_strict(value, depth + 1)),
        Value::Object(fields) if depth < DEEPEST => {
            let is_closed = fields.get("additionalProperties") == Some(&Value::Bool(false));
            let required = fields.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let has_all = |names: &serde_json::Map<String, Value>| {
                names.keys().all(|name| required.iter().any(|known| known.as_str() == Some(name)))
            };
            let is_whole = match fields.get("properties") {
                Some(Value::Object(names)) => is_closed && has_all(names),
                _ => fields.get("type") != Some(&Value::from("object")) || is_closed,
            };
            is_whole && fields.values().all(|value| is_strict(value, depth + 1))
        }
        _ => depth < DEEPEST,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_is_strict_if_each_of_its_objects_is_closed_and_whole() {
        let closed = json!({ "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"], "additionalProperties": false });
        assert!(is_strict(&closed, 0));
        assert!(is_strict(&json!({ "type": "array", "items": closed }), 0));
        for (field, value) in [("required", json!([])), ("additionalProperties", json!(true))] {
            let mut open = closed.clone();
            open[field] = value;
            assert!(!is_strict(&open, 0));
            assert!(!is_strict(&json!({ "anyOf": [{ "type": "null" }, open] }), 0));
        }
        assert!(!is_strict(&json!({ "type": "object" }), 0));
        assert!(is_strict(&json!({ "type": "string" }), 0));
    }
}
