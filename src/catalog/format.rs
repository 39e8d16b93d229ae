//! In which form a model is told to answer, and how much of it which model refused.

use std::collections::HashMap;

use serde_json::Value;

use super::Model;
use crate::check::{Checked, Violation};

/// In which form a model is told to answer, from the loosest to the tightest: the rungs of a ladder, of which one that a
/// server refuses leaves the lower ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResponseFormat {
    /// Nothing is said; only the prompt asks for a form.
    #[default]
    Free,
    /// Any JSON object.
    JsonObject,
    /// JSON that fits a schema of exactly what is asked.
    JsonSchema,
}

impl ResponseFormat {
    /// Reads `responseFormat`: a name, or whether JSON may be asked for at all.
    pub(super) fn read(value: &Value) -> Checked<Self> {
        match value {
            Value::Bool(false) => Ok(Self::Free),
            Value::Bool(true) => Ok(Self::JsonObject),
            Value::String(name) if name == "json_object" => Ok(Self::JsonObject),
            Value::String(name) if name == "json_schema" => Ok(Self::JsonSchema),
            _ => Err(Violation::new("must be \"json_schema\", \"json_object\", true or false")),
        }
    }

    /// Its name on the wire; `None` where nothing is said.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Free => None,
            Self::JsonObject => Some("json_object"),
            Self::JsonSchema => Some("json_schema"),
        }
    }

    /// The next looser one.
    #[must_use]
    pub fn lower(self) -> Self {
        match self {
            Self::JsonSchema => Self::JsonObject,
            Self::JsonObject | Self::Free => Self::Free,
        }
    }
}

/// The formats that are left of models whose servers refused a tighter one; immutable. They are kept by the address and the
/// name that were asked, so that a model which is moved to another server begins anew.
#[derive(Clone, Debug, Default)]
pub struct FormatsLeft(HashMap<(String, String), ResponseFormat>);

impl FormatsLeft {
    /// The format in which `model` is told to answer: the one of the catalogue, as far as it is left.
    #[must_use]
    pub fn of(&self, model: &Model) -> ResponseFormat {
        if self.0.is_empty() {
            return model.response_format;
        }
        self.0.get(&key(model)).map_or(model.response_format, |&left| left.min(model.response_format))
    }

    /// The same once the server of `model` has refused one.
    #[must_use]
    pub fn without(&self, model: &Model, refused: ResponseFormat) -> Self {
        let left = refused.lower();
        let mut formats = self.clone();
        formats.0.entry(key(model)).and_modify(|known| *known = left.min(*known)).or_insert(left);
        formats
    }
}

fn key(model: &Model) -> (String, String) {
    (model.provider.endpoint.to_string(), model.upstream_model.clone())
}
