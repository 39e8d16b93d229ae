//! JavaScript values read as requests and options. What a value of the right type may be is decided by the core; the
//! faults of both are told together.
//!
//! No tree of values is made on the way, as one is for a configuration: requests are hot.

use std::fmt::Display;

use napi::bindgen_prelude::FromNapiValue;
use napi::{Env, Unknown, ValueType};

use super::abort;
use super::fields::{Fields, elements, whole_text};
use super::football;
use super::gathered::Texts;
use super::half::Listener;
use super::mistake::{Mistake, expected};
use crate::check::Faults;
use crate::error::EngineError;
use crate::football::{ITEMS, Item, PATH, Question, check as check_items};
use crate::kind::FailureKind;
use crate::request::{self, OwnPrompt, RawOptions};

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
    "traceparent",
];

type Read<T> = Result<T, Mistake>;

/// The arguments of `predictWithFallback` and `explain`.
pub(super) struct CallArguments<'a> {
    pub(super) request: Question,
    pub(super) options: RawOptions,
    pub(super) signal: Option<Unknown<'a>>,
}

/// Reads the arguments of a call. `request_id` becomes what the caller names it by, as soon as that is known.
pub(super) fn call<'a>(
    env: &Env,
    request: Unknown<'_>,
    options: Option<Unknown<'a>>,
    request_id: &mut Option<String>,
) -> Read<CallArguments<'a>> {
    let mut faults = Faults::new();
    let (options, signal) = self::options(env, options, &mut faults)?;
    *request_id = options.request_id.clone().filter(|id| request::is_request_id(id));
    let request = self::request(env, request, &mut faults)?;
    if faults.is_empty() {
        return Ok(CallArguments { request, options, signal });
    }
    Err(refusal(&request, options, faults).into())
}

/// A request that was gathered in JavaScript, the next of `texts`.
pub(super) fn gathered(texts: &mut Texts<'_>) -> Result<Question, EngineError> {
    let mut faults = Faults::new();
    let count = texts.begin();
    let model_id = texts.whole(&"request.modelId", &mut faults).unwrap_or_default();
    let prompt_version = texts.whole(&"request.promptVersion", &mut faults);
    let items = football::gathered(texts, PATH, count, &mut faults);
    let request = Question { model_id, items, prompt: None, prompt_version };
    if faults.is_empty() { Ok(request) } else { Err(refusal(&request, RawOptions::default(), faults)) }
}

/// The refusal of a request that was not read whole: what else is wrong with it is told at once.
fn refusal(request: &Question, options: RawOptions, mut faults: Faults) -> EngineError {
    if let Err(others) =
        request::check(request, options, |items, is_shown, faults| check_items(PATH, items, is_shown, faults))
    {
        faults.extend_elsewhere(others);
    }
    EngineError::InvalidRequest(faults)
}

fn request(env: &Env, value: Unknown<'_>, faults: &mut Faults) -> napi::Result<Question> {
    let Some(fields) = Fields::new(env, value, &"request", faults)? else { return Ok(Question::default()) };
    let model_id = fields.required_id("modelId", faults)?;
    let mut absent = Vec::new();
    let items = if let Some(value) = fields.value(ITEMS)? {
        football::items(env, value, PATH, &mut absent, faults)?
    } else {
        faults.push(PATH, "must be an array, got nothing");
        Vec::new()
    };
    let prompt = match fields.value("prompt")? {
        Some(value) => own_prompt(env, value, faults)?,
        None => None,
    };
    if prompt.is_none() {
        football::refuse_absent(absent, faults);
    }
    Ok(Question { model_id, items, prompt, prompt_version: fields.id("promptVersion", faults)? })
}

/// Reads a prompt of the caller's own.
pub(super) fn own_prompt(env: &Env, value: Unknown<'_>, faults: &mut Faults) -> napi::Result<Option<OwnPrompt>> {
    let Some(fields) = Fields::new(env, value, &"request.prompt", faults)? else { return Ok(None) };
    Ok(Some(OwnPrompt {
        turns: Vec::new(),
        system: fields.text("system", faults)?,
        user: fields.required("user", faults)?,
        overrides: fields.boolean("overrides", faults)?.unwrap_or(false),
    }))
}

/// A list of items that stands at `path`.
pub(super) fn items(env: &Env, value: Unknown<'_>, path: &str) -> Read<Vec<Item>> {
    let mut faults = Faults::new();
    let mut absent = Vec::new();
    let items = football::items(env, value, path, &mut absent, &mut faults)?;
    football::refuse_absent(absent, &mut faults);
    if faults.is_empty() {
        return Ok(items);
    }
    let mut others = Faults::new();
    check_items(path, &items, true, &mut others);
    faults.extend_elsewhere(others);
    Err(EngineError::InvalidRequest(faults).into())
}

/// Reads the options of a call, and its signal.
pub(super) fn options<'a>(
    env: &Env,
    value: Option<Unknown<'a>>,
    faults: &mut Faults,
) -> napi::Result<(RawOptions, Option<Unknown<'a>>)> {
    let Some(value) = value else { return Ok(Default::default()) };
    if matches!(value.get_type()?, ValueType::Undefined | ValueType::Null) {
        return Ok(Default::default());
    }
    let Some(fields) = Fields::new(env, value, &"options", faults)? else { return Ok(Default::default()) };
    fields.only(OPTIONS, faults)?;
    let signal = fields.value("signal")?;
    if let Some(signal) = signal {
        abort::check(env, signal, faults)?;
    }
    Ok((options_of(env, &fields, faults)?, signal))
}

/// The options that a call and a slate have in common, as far as they are there.
pub(super) fn options_of(env: &Env, fields: &Fields<'_>, faults: &mut Faults) -> napi::Result<RawOptions> {
    Ok(RawOptions {
        deadline_ms: fields.number("deadlineMs", faults)?,
        attempt_timeout_ms: fields.number("attemptTimeoutMs", faults)?,
        max_fallback_cost: fields.number("maxFallbackCost", faults)?,
        max_fallback_depth: fields.number("maxFallbackDepth", faults)?,
        temperature: fields.number("temperature", faults)?,
        max_tokens: fields.number("maxTokens", faults)?,
        stop: fields.value("stop")?.map(|value| stop(env, value, faults)).transpose()?,
        request_id: fields.id("requestId", faults)?,
        traceparent: fields.text("traceparent", faults)?,
    })
}

fn stop(env: &Env, value: Unknown<'_>, faults: &mut Faults) -> napi::Result<Vec<String>> {
    let Some(elements) = elements(env, value, &"options.stop", faults)? else { return Ok(Vec::new()) };
    if !request::check_stop_count(elements.len(), faults) {
        return Ok(Vec::new());
    }
    let mut stop = Vec::new();
    for index in 0..elements.len() {
        let text = whole_text(elements.get(index)?, &format_args!("options.stop[{index}]"), faults)?;
        stop.push(text.unwrap_or_default());
    }
    Ok(stop)
}

/// What `read` finds, or its faults.
fn alone<T>(read: impl FnOnce(&mut Faults) -> napi::Result<Option<T>>) -> Read<T> {
    let mut faults = Faults::new();
    read(&mut faults)?.ok_or_else(|| EngineError::InvalidRequest(faults).into())
}

/// A string that stands at `path`, without half of a surrogate pair.
pub(super) fn text_of(value: Unknown<'_>, path: &dyn Display) -> Read<String> {
    alone(|faults| whole_text(value, path, faults))
}

/// A kind of failure that stands at `path`.
pub(super) fn kind(value: Unknown<'_>, path: &dyn Display) -> Read<FailureKind> {
    alone(|faults| {
        let name = if value.get_type()? == ValueType::String { Some(String::from_unknown(value)?) } else { None };
        let kind = name.and_then(|name| FailureKind::named(&name));
        if kind.is_none() {
            let kinds: Vec<&str> = FailureKind::ALL.iter().map(|kind| kind.as_str()).collect();
            expected(faults, path, &format!("one of {}", kinds.join(", ")), value)?;
        }
        Ok(kind)
    })
}

/// A function that stands at `path`.
pub(super) fn function<'a>(value: Unknown<'a>, path: &dyn Display) -> Read<Listener<'a>> {
    alone(|faults| {
        if value.get_type()? == ValueType::Function {
            return Listener::from_unknown(value).map(Some);
        }
        expected(faults, path, "a function", value)?;
        Ok(None)
    })
}

/// A string that stands at `path`, or nothing.
pub(super) fn optional_text(value: Option<Unknown<'_>>, path: &dyn Display) -> Read<Option<String>> {
    let Some(value) = value else { return Ok(None) };
    match value.get_type()? {
        ValueType::Undefined | ValueType::Null => Ok(None),
        _ => text_of(value, path).map(Some),
    }
}
