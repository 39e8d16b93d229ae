//! An outcome written as JSON on the thread that made it. To parse that takes the JavaScript thread less than half of the
//! time in which Node-API makes the same objects field by field.

use napi::Env;
use napi::bindgen_prelude::{Function, FunctionRef, JsObjectValue, Object};

use super::outcome::PredictionOutcome;
use crate::outcome::Outcome;

/// `JSON.parse`.
pub(super) type Parse = FunctionRef<String, Object<'static>>;

/// Finds `JSON.parse`.
pub(super) fn parse(env: &Env) -> napi::Result<Parse> {
    let json: Object<'_> = env.get_global()?.get_named_property("JSON")?;
    let parse: Function<'_, String, Object<'static>> = json.get_named_property("parse")?;
    parse.create_ref()
}

/// A [`PredictionOutcome`] as JSON, but for its long texts, which would only be escaped to be unescaped.
pub(super) struct Written {
    json: String,
    reasoning: Option<String>,
    raw_response: String,
}

impl Written {
    /// Writes an outcome.
    pub(super) fn new(outcome: Outcome) -> Self {
        let mut outcome = PredictionOutcome::from(outcome);
        let (reasoning, raw_response) = (outcome.reasoning.take(), std::mem::take(&mut outcome.raw_response));
        // Strings, numbers and null written to memory cannot fail.
        let json = serde_json::to_string(&outcome).unwrap_or_default();
        Self { json, reasoning, raw_response }
    }

    /// Makes the JavaScript object of it.
    pub(super) fn read(self, env: &Env, parse: &Parse) -> napi::Result<Object<'static>> {
        let mut outcome = parse.borrow_back(env)?.call(self.json)?;
        if let Some(reasoning) = self.reasoning {
            outcome.set("reasoning", reasoning)?;
        }
        outcome.set("rawResponse", self.raw_response)?;
        Ok(outcome)
    }
}
