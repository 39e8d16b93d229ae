//! JavaScript values read as a slate's request and options. What a value of the right type may be is decided by the core.

use napi::bindgen_prelude::FromNapiValue;
use napi::{Env, Unknown, ValueType};

use super::abort;
use super::fields::{Fields, elements, whole_text};
use super::football;
use super::mistake::expected;
use super::read::options_of;
use crate::check::Faults;
use crate::football::{ITEM_ID, ITEMS, Item, PATH};
use crate::request::RawOptions;
use crate::slate::{Fallbacks, RawSlateOptions, Selection, SlateRequest};

/// The fields that a request may have; one misspelt would ask every model.
const REQUEST: &[&str] = &[ITEMS, "models", "cells", "fallbacks", "promptVersion"];

/// The fields that options may have.
const OPTIONS: &[&str] = &[
    "signal",
    "deadlineMs",
    "attemptTimeoutMs",
    "temperature",
    "maxTokens",
    "maxFallbackCost",
    "maxFallbackDepth",
    "maxCostUsd",
    "maxInFlight",
    "matchesPerRequest",
    "allowStarted",
    "keepReplies",
    "requestId",
    "traceparent",
    "enough",
];

/// The arguments of `predictSlate` and `explainSlate`.
#[derive(Default)]
pub(super) struct SlateArguments<'a> {
    pub(super) request: SlateRequest<Item>,
    pub(super) options: RawOptions,
    pub(super) own: RawSlateOptions,
    pub(super) signal: Option<Unknown<'a>>,
}

/// Reads the arguments of a slate as far as they can be read.
pub(super) fn read<'a>(
    env: &Env,
    request: Unknown<'_>,
    options: Option<Unknown<'a>>,
    faults: &mut Faults,
) -> napi::Result<SlateArguments<'a>> {
    let mut arguments = SlateArguments { request: self::request(env, request, faults)?, ..SlateArguments::default() };
    let Some(value) = options else { return Ok(arguments) };
    if matches!(value.get_type()?, ValueType::Undefined | ValueType::Null) {
        return Ok(arguments);
    }
    let Some(fields) = Fields::new(env, value, &"options", faults)? else { return Ok(arguments) };
    fields.only(OPTIONS, faults)?;
    arguments.signal = fields.value("signal")?;
    if let Some(signal) = arguments.signal {
        abort::check(env, signal, faults)?;
    }
    arguments.options = options_of(env, &fields, faults)?;
    arguments.own = RawSlateOptions {
        max_cost_usd: fields.number("maxCostUsd", faults)?,
        max_in_flight: fields.number("maxInFlight", faults)?,
        items_per_request: fields.number("matchesPerRequest", faults)?,
        allow_begun: fields.boolean("allowStarted", faults)?.unwrap_or(false),
        keep_replies: fields.boolean("keepReplies", faults)?.unwrap_or(false),
        enough: match fields.value("enough")? {
            Some(value) => enough(env, value, faults)?,
            None => None,
        },
    };
    Ok(arguments)
}

fn request(env: &Env, value: Unknown<'_>, faults: &mut Faults) -> napi::Result<SlateRequest<Item>> {
    let Some(fields) = Fields::new(env, value, &"request", faults)? else { return Ok(SlateRequest::default()) };
    fields.only(REQUEST, faults)?;
    let items = if let Some(value) = fields.value(ITEMS)? {
        football::slate_items(env, value, PATH, faults)?
    } else {
        faults.push(PATH, "must be an array, got nothing");
        Vec::new()
    };
    let (models, cells) = (fields.value("models")?, fields.value("cells")?);
    let selection = match (models, cells) {
        (None, None) => Selection::Active,
        (Some(_), Some(_)) => {
            faults.push("request.cells", "has no meaning beside request.models");
            Selection::Active
        }
        (Some(models), None) => self::models(env, models, faults)?,
        (None, Some(cells)) => self::cells(env, cells, faults)?,
    };
    let fallbacks = match fields.value("fallbacks")? {
        Some(value) => self::fallbacks(value, faults)?,
        None => Fallbacks::default(),
    };
    Ok(SlateRequest { items, selection, fallbacks, prompt_version: fields.id("promptVersion", faults)? })
}

fn models(env: &Env, value: Unknown<'_>, faults: &mut Faults) -> napi::Result<Selection> {
    const PATH: &str = "request.models";
    if value.get_type()? == ValueType::String {
        if String::from_unknown(value)? != "active" {
            expected(faults, &PATH, "an array of ids, or \"active\"", value)?;
        }
        return Ok(Selection::Active);
    }
    let Some(elements) = elements(env, value, &PATH, faults)? else { return Ok(Selection::Active) };
    let mut ids = Vec::with_capacity(elements.len());
    let before = faults.len();
    for index in 0..elements.len() {
        ids.extend(whole_text(elements.get(index)?, &format_args!("{PATH}[{index}]"), faults)?);
    }
    // What is left of a list with faults has other places.
    Ok(if faults.len() > before { Selection::Active } else { Selection::Models(ids) })
}

fn cells(env: &Env, value: Unknown<'_>, faults: &mut Faults) -> napi::Result<Selection> {
    const PATH: &str = "request.cells";
    let Some(elements) = elements(env, value, &PATH, faults)? else { return Ok(Selection::Active) };
    let mut cells = Vec::with_capacity(elements.len());
    let before = faults.len();
    for index in 0..elements.len() {
        let path = format_args!("{PATH}[{index}]");
        let Some(fields) = Fields::new(env, elements.get(index)?, &path, faults)? else { continue };
        cells.push((fields.required_id("modelId", faults)?, fields.required_id(ITEM_ID, faults)?));
    }
    Ok(if faults.len() > before { Selection::Active } else { Selection::Cells(cells) })
}

fn fallbacks(value: Unknown<'_>, faults: &mut Faults) -> napi::Result<Fallbacks> {
    let name = if value.get_type()? == ValueType::String { String::from_unknown(value)? } else { String::new() };
    Ok(match name.as_str() {
        "reuse" => Fallbacks::Reuse,
        "call" => Fallbacks::Call,
        "none" => Fallbacks::None,
        _ => {
            expected(faults, &"request.fallbacks", "\"reuse\", \"call\" or \"none\"", value)?;
            Fallbacks::default()
        }
    })
}

fn enough(env: &Env, value: Unknown<'_>, faults: &mut Faults) -> napi::Result<Option<(f64, f64)>> {
    const FIELDS: [&str; 2] = ["modelsPerMatch", "afterMs"];
    let Some(fields) = Fields::new(env, value, &"options.enough", faults)? else { return Ok(None) };
    fields.only(&FIELDS, faults)?;
    let before = faults.len();
    let [models, after] = [fields.number(FIELDS[0], faults)?, fields.number(FIELDS[1], faults)?];
    for (name, number) in FIELDS.iter().zip([models, after]) {
        if number.is_none() && faults.len() == before {
            faults.push(&format!("options.enough.{name}"), "must be a number, got nothing");
        }
    }
    Ok(models.zip(after))
}
