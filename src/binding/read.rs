//! JavaScript values read as requests and options. A value of the wrong type is named by its whole path; whether a
//! value of the right type makes sense is decided by the core.

use std::fmt::Display;

use napi::bindgen_prelude::{FromNapiValue, JsObjectValue, Object};
use napi::{Env, JsValue, Unknown, ValueType};

use super::football::items;
use super::plain::own_fields;
use super::realm::Listener;
use super::text;
use crate::check::{Faults, path};
use crate::error::EngineError;
use crate::football::{ITEMS, PATH, Question};
use crate::kind::FailureKind;
use crate::line;
use crate::request::{self, OwnPrompt, RawOptions};

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
        let describe = if path::is_private(&path.to_string()) { shape } else { describe };
        Self::unlike(path, what, describe(got))
    }

    /// Anything may stand where an object or an array belongs, a key for one, so it is not shown.
    fn expected_shape(path: &dyn Display, what: &str, got: Unknown<'_>) -> Self {
        Self::unlike(path, what, shape(got))
    }

    fn unlike(path: &dyn Display, what: &str, got: napi::Result<String>) -> Self {
        match got {
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

pub(super) type Read<T> = Result<T, Mistake>;

/// An object whose fields are read by name; `null` and `undefined` are absence.
pub(super) struct Fields<'a> {
    object: Object<'a>,
    path: &'a dyn Display,
}

impl<'a> Fields<'a> {
    /// `value` as an object.
    pub(super) fn new(env: &Env, value: Unknown<'a>, path: &'a dyn Display) -> Read<Self> {
        if value.get_type()? != ValueType::Object || value.is_array()? {
            return Err(Mistake::expected_shape(path, "an object", value));
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

    pub(super) fn text(&self, name: &str) -> Read<Option<String>> {
        self.of_type(name, ValueType::String, "a string")
    }

    fn number(&self, name: &str) -> Read<Option<f64>> {
        self.of_type(name, ValueType::Number, "a number")
    }

    pub(super) fn required(&self, name: &str) -> Read<String> {
        let missing = || Mistake::request(format!("{}: must be a string, got nothing", self.at(name)));
        self.text(name)?.ok_or_else(missing)
    }

    /// An id, or another text by which something is found.
    fn id(&self, name: &str) -> Read<Option<String>> {
        self.value(name)?.map(|value| text_of(value, &self.at(name))).transpose()
    }

    pub(super) fn required_id(&self, name: &str) -> Read<String> {
        let missing = || Mistake::request(format!("{}: must be a string, got nothing", self.at(name)));
        self.id(name)?.ok_or_else(missing)
    }

    fn at(&self, name: &str) -> impl Display {
        format!("{}.{name}", self.path)
    }
}

/// The first argument of `predictWithFallback` and `explain`.
pub(super) fn request(env: &Env, value: Unknown<'_>) -> Read<Question> {
    let fields = Fields::new(env, value, &"request")?;
    let missing = || Mistake::request(format!("{PATH}: must be an array, got nothing"));
    let given = fields.value(ITEMS)?.ok_or_else(missing);
    let prompt = fields.value("prompt")?.map(|value| {
        let fields = Fields::new(env, value, &"request.prompt")?;
        Ok::<_, Mistake>(OwnPrompt { system: fields.text("system")?, user: fields.required("user")? })
    });
    Ok(Question {
        model_id: fields.required_id("modelId")?,
        items: items(env, given?, PATH)?,
        prompt: prompt.transpose()?,
        prompt_version: fields.id("promptVersion")?,
    })
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
        request_id: fields.id("requestId")?,
    };
    Ok((options, fields.value("signal")?))
}

/// A string that stands at `path`, without half of a surrogate pair.
pub(super) fn text_of(value: Unknown<'_>, path: &dyn Display) -> Read<String> {
    if value.get_type()? != ValueType::String {
        return Err(Mistake::expected(path, "a string", value));
    }
    text::whole(value)?.ok_or_else(|| Mistake::request(format!("{path}: must not contain half a surrogate pair")))
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
pub(super) fn optional_text(value: Option<Unknown<'_>>, path: &dyn Display) -> Read<Option<String>> {
    let Some(value) = value else { return Ok(None) };
    match value.get_type()? {
        ValueType::Undefined | ValueType::Null => Ok(None),
        _ => text_of(value, path).map(Some),
    }
}

/// An array whose length is known before its elements are read.
pub(super) struct Elements<'a> {
    array: Object<'a>,
    length: u32,
}

impl<'a> Elements<'a> {
    pub(super) fn len(&self) -> usize {
        self.length as usize
    }

    pub(super) fn get(&self, index: usize) -> Read<Unknown<'a>> {
        Ok(self.array.get_element(u32::try_from(index).unwrap_or(u32::MAX))?)
    }
}

pub(super) fn elements<'a>(env: &Env, value: Unknown<'a>, path: &dyn Display) -> Read<Elements<'a>> {
    if value.get_type()? != ValueType::Object || !value.is_array()? {
        return Err(Mistake::expected_shape(path, "an array", value));
    }
    let array = Object::from_raw(env.raw(), value.raw());
    Ok(Elements { length: array.get_array_length()?, array })
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
