//! Why a value of JavaScript could not be read.

use std::fmt::Display;

use crate::check::{Faults, path};
use crate::error::EngineError;
use napi::JsValue;
use napi::bindgen_prelude::FromNapiValue;
use napi::{Unknown, ValueType};

use crate::line;
use crate::request;

/// Why a value could not be read.
pub(super) enum Mistake {
    /// It is not what it should be.
    Engine(EngineError),
    /// Reading it failed: the user's own code threw, in a getter say.
    Node(napi::Error),
}

impl Mistake {
    /// `INVALID_CONFIG`, where the configuration at `path` could not be read.
    pub(super) fn of_config(self, path: &str) -> Self {
        match self {
            Self::Node(_) => {
                Self::Engine(EngineError::InvalidConfig(Faults::one(path, "could not be read: its own code threw")))
            }
            Self::Engine(error) => Self::Engine(error),
        }
    }
}

impl From<EngineError> for Mistake {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<napi::Error> for Mistake {
    fn from(error: napi::Error) -> Self {
        Self::Node(error)
    }
}

/// Adds a fault of a value that stands at `path` and must be `what`.
pub(super) fn expected(faults: &mut Faults, path: &dyn Display, what: &str, got: Unknown<'_>) -> napi::Result<()> {
    let path = path.to_string();
    let got = if path::is_private(&path) { shape(got) } else { describe(got) }?;
    faults.push(&path, format!("must be {what}, got {got}"));
    Ok(())
}

/// Adds a fault of a value that must be an object or an array. Anything may stand in its place, a key for one, so it is
/// not shown.
pub(super) fn expected_shape(
    faults: &mut Faults,
    path: &dyn Display,
    what: &str,
    got: Unknown<'_>,
) -> napi::Result<()> {
    faults.push(&path.to_string(), format!("must be {what}, got {}", shape(got)?));
    Ok(())
}

/// What kind of value it is.
fn shape(value: Unknown<'_>) -> napi::Result<String> {
    Ok(match value.get_type()? {
        kind @ (ValueType::Undefined | ValueType::Null) => kind.to_string().to_lowercase(),
        ValueType::Object if value.is_array()? => "an array".to_owned(),
        ValueType::Object => "an object".to_owned(),
        other => format!("a {}", other.to_string().to_lowercase()),
    })
}

/// What a value is, for an error message: the value itself where that is short and plain.
pub(super) fn describe(value: Unknown<'_>) -> napi::Result<String> {
    Ok(match value.get_type()? {
        ValueType::Boolean => bool::from_unknown(value)?.to_string(),
        ValueType::Number => f64::from_unknown(value)?.to_string(),
        ValueType::String => request::shown(&line::without_keys(&String::from_unknown(value)?)),
        _ => shape(value)?,
    })
}
