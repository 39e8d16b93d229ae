//! JavaScript values read as requests and options. A value of the wrong type is named by its whole path; whether a
//! value of the right type makes sense is decided by the core.

use std::fmt::Display;

use napi::bindgen_prelude::{FromNapiValue, JsObjectValue, Object};
use napi::{Env, JsString, JsValue, Unknown, ValueType};

use super::plain::own_fields;
use super::realm::Listener;
use crate::check::{Faults, path};
use crate::error::EngineError;
use crate::kind::FailureKind;
use crate::request::{self, Match, OwnPrompt, RawOptions, Request};

/// Why a value could not be read.
pub(super) enum Mistake {
    /// It is not what it should be.
    Engine(EngineError),
    /// Reading it failed: the user's own code threw, in a getter say.
    Node(napi::Error),
}

impl Mistake {
    /// `INVALID_REQUEST`.
    pub(super) fn request(message: impl Into<String>) -> Self {
        Self::Engine(EngineError::InvalidRequest(message.into()))
    }

    /// `INVALID_CONFIG`, where the configuration at `path` could not be read.
    pub(super) fn of_config(self, path: &str) -> Self {
        match self {
            Self::Node(_) => {
                Self::Engine(EngineError::InvalidConfig(Faults::one(path, "could not be read: its own code threw")))
            }
            Self::Engine(error) => Self::Engine(error),
        }
    }

    fn expected(path: &dyn Display, what: &str, got: Unknown<'_>) -> Self {
        match describe(got) {
            Ok(got) => Self::request(format!("{path}: must be {what}, got {got}")),
            Err(error) => Self::Node(error),
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

/// The fields that options may have.
const OPTIONS: &[&str] = &[
    "signal",
    "deadlineMs",
    "attemptTimeoutMs",
    "maxFallbackCost",
    "maxFallbackDepth",
    "temperature",
    "maxTokens",
    "stop",
    "requestId",
];

type Read<T> = Result<T, Mistake>;

/// An object whose fields are read by name; `null` and `undefined` are absence.
pub(super) struct Fields<'a> {
    object: Object<'a>,
    path: &'a dyn Display,
}

impl<'a> Fields<'a> {
    /// `value` as an object.
    pub(super) fn new(env: &Env, value: Unknown<'a>, path: &'a dyn Display) -> Read<Self> {
        if value.get_type()? != ValueType::Object || value.is_array()? {
            return Err(Mistake::expected(path, "an object", value));
        }
        Ok(Self { object: Object::from_raw(env.raw(), value.raw()), path })
    }

    /// The field, if it is there.
    pub(super) fn value(&self, name: &str) -> Read<Option<Unknown<'a>>> {
        let value: Unknown<'a> = self.object.get_named_property_unchecked(name)?;
        Ok(match value.get_type()? {
            ValueType::Undefined | ValueType::Null => None,
            _ => Some(value),
        })
    }

    /// Refuses any other field: a misspelt guard would guard nothing.
    fn only(&self, known: &[&str]) -> Read<()> {
        for (name, _) in own_fields(&self.object)? {
            if !known.contains(&name.as_str()) {
                return Err(Mistake::request(format!("{}: unknown field", path::key(&self.path.to_string(), &name))));
            }
        }
        Ok(())
    }

    fn of_type<T: FromNapiValue>(&self, name: &str, kind: ValueType, what: &str) -> Read<Option<T>> {
        let Some(value) = self.value(name)? else { return Ok(None) };
        if value.get_type()? != kind {
            return Err(Mistake::expected(&self.at(name), what, value));
        }
        Ok(Some(T::from_unknown(value)?))
    }

    fn text(&self, name: &str) -> Read<Option<String>> {
        self.of_type(name, ValueType::String, "a string")
    }

    fn number(&self, name: &str) -> Read<Option<f64>> {
        self.of_type(name, ValueType::Number, "a number")
    }

    fn required(&self, name: &str) -> Read<String> {
        let missing = || Mistake::request(format!("{}: must be a string, got nothing", self.at(name)));
        self.text(name)?.ok_or_else(missing)
    }

    fn at(&self, name: &str) -> impl Display {
        format!("{}.{name}", self.path)
    }
}

/// The first argument of `predictWithFallback` and `explain`.
pub(super) fn request(env: &Env, value: Unknown<'_>) -> Read<Request> {
    let fields = Fields::new(env, value, &"request")?;
    let given =
        fields.value("matches")?.ok_or_else(|| Mistake::request("request.matches: must be an array, got nothing"));
    let prompt = fields.value("prompt")?.map(|value| {
        let fields = Fields::new(env, value, &"request.prompt")?;
        Ok::<_, Mistake>(OwnPrompt { system: fields.text("system")?, user: fields.required("user")? })
    });
    Ok(Request {
        model_id: fields.required("modelId")?,
        matches: matches(env, given?, "request.matches")?,
        prompt: prompt.transpose()?,
        prompt_version: fields.text("promptVersion")?,
    })
}

/// A list of matches that stands at `path`.
pub(super) fn matches(env: &Env, value: Unknown<'_>, path: &str) -> Read<Vec<Match>> {
    let elements = elements(env, value, &path)?;
    request::check_count(path, elements.len())?;
    let read = |(index, element)| {
        let path = format_args!("{path}[{index}]");
        let fields = Fields::new(env, element, &path)?;
        Ok(Match {
            id: fields.required("id")?,
            home_team: fields.required("homeTeam")?,
            away_team: fields.required("awayTeam")?,
            competition: fields.text("competition")?,
            kickoff: fields.text("kickoff")?,
            analysis: fields.text("analysis")?,
        })
    };
    (0..elements.len()).map(|index| Ok((index, elements.get(index)?))).map(|element| element.and_then(read)).collect()
}

/// The second argument of `predictWithFallback` and `explain`, and the signal in it.
pub(super) fn options<'a>(env: &Env, value: Option<Unknown<'a>>) -> Read<(RawOptions, Option<Unknown<'a>>)> {
    let Some(value) = value else { return Ok(Default::default()) };
    if matches!(value.get_type()?, ValueType::Undefined | ValueType::Null) {
        return Ok(Default::default());
    }
    let fields = Fields::new(env, value, &"options")?;
    fields.only(OPTIONS)?;
    let stop = fields.value("stop")?.map(|value| {
        let elements = elements(env, value, &"options.stop")?;
        request::check_stop_count(elements.len())?;
        (0..elements.len()).map(|index| text_of(elements.get(index)?, &format_args!("options.stop[{index}]"))).collect()
    });
    let options = RawOptions {
        deadline_ms: fields.number("deadlineMs")?,
        attempt_timeout_ms: fields.number("attemptTimeoutMs")?,
        max_fallback_cost: fields.number("maxFallbackCost")?,
        max_fallback_depth: fields.number("maxFallbackDepth")?,
        temperature: fields.number("temperature")?,
        max_tokens: fields.number("maxTokens")?,
        stop: stop.transpose()?,
        request_id: fields.value("requestId")?.map(|value| well_formed(value, &request::REQUEST_ID)).transpose()?,
    };
    Ok((options, fields.value("signal")?))
}

/// A string that stands at `path`.
pub(super) fn text_of(value: Unknown<'_>, path: &dyn Display) -> Read<String> {
    if value.get_type()? != ValueType::String {
        return Err(Mistake::expected(path, "a string", value));
    }
    Ok(String::from_unknown(value)?)
}

/// A string of whole characters that stands at `path`.
fn well_formed(value: Unknown<'_>, path: &dyn Display) -> Read<String> {
    if value.get_type()? != ValueType::String {
        return Err(Mistake::expected(path, "a string", value));
    }
    let text = JsString::from_unknown(value)?;
    let length = text.utf16_len()?;
    let half = |_| Mistake::request(format!("{path}: must have no half of a surrogate pair"));
    // What is read ends with a zero that is not of the text.
    String::from_utf16(text.into_utf16()?.get(..length).unwrap_or_default()).map_err(half)
}

/// A kind of failure that stands at `path`.
pub(super) fn kind(value: Unknown<'_>, path: &dyn Display) -> Read<FailureKind> {
    let kinds = || FailureKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
    let expected = |got| Mistake::expected(path, &format!("one of {}", kinds()), got);
    if value.get_type()? != ValueType::String {
        return Err(expected(value));
    }
    FailureKind::named(&String::from_unknown(value)?).ok_or_else(|| expected(value))
}

/// A function that stands at `path`.
pub(super) fn function<'a>(value: Unknown<'a>, path: &dyn Display) -> Read<Listener<'a>> {
    if value.get_type()? != ValueType::Function {
        return Err(Mistake::expected(path, "a function", value));
    }
    Ok(Listener::from_unknown(value)?)
}

/// A string that stands at `path`, or nothing.
pub(super) fn optional_text(value: Unknown<'_>, path: &dyn Display) -> Read<Option<String>> {
    match value.get_type()? {
        ValueType::Undefined | ValueType::Null => Ok(None),
        _ => text_of(value, path).map(Some),
    }
}

/// An array whose length is known before its elements are read.
struct Elements<'a> {
    array: Object<'a>,
    length: u32,
}

impl<'a> Elements<'a> {
    fn len(&self) -> usize {
        self.length as usize
    }

    fn get(&self, index: usize) -> Read<Unknown<'a>> {
        Ok(self.array.get_element(u32::try_from(index).unwrap_or(u32::MAX))?)
    }
}

fn elements<'a>(env: &Env, value: Unknown<'a>, path: &dyn Display) -> Read<Elements<'a>> {
    if value.get_type()? != ValueType::Object || !value.is_array()? {
        return Err(Mistake::expected(path, "an array", value));
    }
    let array = Object::from_raw(env.raw(), value.raw());
    Ok(Elements { length: array.get_array_length()?, array })
}

/// What a value is, for an error message: the value itself where that is short and plain.
pub(super) fn describe(value: Unknown<'_>) -> napi::Result<String> {
    Ok(match value.get_type()? {
        ValueType::Undefined => "undefined".to_owned(),
        ValueType::Null => "null".to_owned(),
        ValueType::Boolean => bool::from_unknown(value)?.to_string(),
        ValueType::Number => f64::from_unknown(value)?.to_string(),
        ValueType::String => request::shown(&String::from_unknown(value)?),
        ValueType::Object if value.is_array()? => "an array".to_owned(),
        ValueType::Object => "an object".to_owned(),
        ValueType::Function => "a function".to_owned(),
        other => format!("a {}", other.to_string().to_lowercase()),
    })
}
