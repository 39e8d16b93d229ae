//! What a provider says in the body of an error.

use serde_json::Value;
use serde_json::value::RawValue;

use super::json;
use super::message::beginning;

/// The fields that hold a message, the best first.
const MESSAGE_FIELDS: &[&str] = &[
    "message",
    "msg",
    "detail",
    "error",
    "error_description",
    "errors",
    "details",
    "title",
    "status_msg",
    "base_resp",
];

/// The fields that hold a code.
const CODE_FIELDS: &[&str] = &["code", "type", "status", "error_code", "error_type", "__type", "status_code"];

/// The objects that hold an error, the outermost first.
const ERRORS: &[&str] = &[
    "",
    "/0",
    "/error",
    "/0/error",
    "/errors",
    "/errors/0",
    "/base_resp",
    "/detail",
    "/error/error",
    "/error/innererror",
    "/error/inner_error",
];

/// The fields that point at a parameter of the request.
const PARAM_FIELDS: &[&str] = &["param", "parameter", "loc"];

/// What the form of an answer is called, by its parameter or by what servers do to hold a model to it.
const FORMAT_PHRASES: &[&str] = &[
    "response_format",
    "response format",
    "responseformat",
    "json_schema",
    "json schema",
    "jsonschema",
    "json_object",
    "json mode",
    "json_mode",
    "structured output",
    "structured_output",
    "structured generation",
    "guided decoding",
    "guided_decoding",
    "guided json",
    "guided_json",
    "constrained decoding",
    "grammar",
];

/// The most items of a list of messages that are read.
const MOST_ITEMS: usize = 8;

/// The most fields of an object that are looked at, and the most that are kept.
const MOST_FIELDS: usize = 64;

/// How deep fields are looked for.
const DEEPEST: usize = 6;

/// Parts of the names of fields that say when to come back.
const TIMELY: &[&str] = &["retry", "ratelimit", "rate-limit", "reset"];

/// A provider's complaint, in its own words.
#[derive(Debug, Default)]
pub(super) struct Complaint {
    /// Its message, as it came; empty if there is none.
    pub(super) message: String,
    /// Its codes and types, in lower case with underscores.
    pub(super) codes: Vec<String>,
    /// The status that its code repeats or replaces.
    pub(super) status: Option<u64>,
    /// The parameters of the request that it points at.
    pub(super) params: Vec<String>,
    /// Its fields that may say when to come back, among them headers that a router hands on.
    pub(super) fields: Vec<(String, String)>,
    /// Whether it says of itself that it is an error.
    pub(super) is_explicit: bool,
    /// Whether the message is a web page, whose words may belong to its menu.
    pub(super) is_page: bool,
}

impl Complaint {
    /// Reads an error that says of itself that it is one.
    pub(super) fn explicit(error: &RawValue) -> Self {
        Self { is_explicit: true, ..Self::read(Some(error), error.get()) }
    }

    /// An error that is told in words alone.
    pub(super) fn in_words(text: &str) -> Self {
        Self { is_explicit: true, ..Self::read(None, text) }
    }

    /// Reads the body of an error, parsed where it is JSON.
    pub(super) fn read(parsed: Option<&RawValue>, text: &str) -> Self {
        let text = beginning(text.trim());
        let Some(body) = parsed.map(|body| json::sketch(body, is_telling)) else {
            return Self { message: text.to_owned(), is_page: text.starts_with('<'), ..Self::default() };
        };
        let errors = ERRORS.iter().filter_map(|path| body.pointer(path)).filter(|error| error.is_object());
        let codes = || errors.clone().flat_map(|error| CODE_FIELDS.iter().filter_map(|field| error.get(*field)));
        let mut message = message(&body).unwrap_or_else(|| text.to_owned());
        // What a router's own upstream said.
        if let Some(raw) = body.pointer("/error/metadata/raw").and_then(Value::as_str).map(beginning) {
            message = format!("{message}: {raw}");
        }
        Self {
            message,
            codes: codes().filter_map(Value::as_str).map(|code| underscored(beginning(code))).collect(),
            status: codes().find_map(|code| code.as_u64().or_else(|| code.as_str()?.parse().ok())),
            params: params(&body),
            fields: fields(&body),
            is_explicit: false,
            is_page: false,
        }
    }
}

impl Complaint {
    /// Whether it is about the form in which the answer was asked for.
    pub(super) fn is_about_format(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        let texts = || [&message].into_iter().chain(&self.codes).chain(&self.params);
        FORMAT_PHRASES.iter().any(|phrase| texts().any(|text| text.contains(phrase)))
    }
}

/// The parameters that an error points at, each as one text in lower case.
fn params(body: &Value) -> Vec<String> {
    let errors = ERRORS.iter().filter_map(|path| body.pointer(path));
    // What checks a request for a server tells a list of faults.
    let faults = body.pointer("/detail").and_then(Value::as_array).into_iter().flatten().take(MOST_ITEMS);
    let fields = errors.chain(faults).flat_map(|error| PARAM_FIELDS.iter().filter_map(|field| error.get(*field)));
    fields.filter_map(param).collect()
}

/// A parameter by its name, or by the names on the way to it.
fn param(value: &Value) -> Option<String> {
    match value {
        Value::String(name) => Some(beginning(name).to_ascii_lowercase()),
        Value::Array(names) => Some(names.iter().take(MOST_ITEMS).filter_map(param).collect::<Vec<_>>().join(".")),
        _ => None,
    }
}

/// The fields of all objects in it that speak of a rate or a wait.
fn fields(body: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![(body, 0)];
    while let Some((value, depth)) = open.pop() {
        match value {
            Value::Object(object) => {
                for (name, value) in object.iter().take(MOST_FIELDS) {
                    let said = match value {
                        Value::String(text) => Some(beginning(text).to_owned()),
                        Value::Number(number) => Some(number.to_string()),
                        _ => None,
                    };
                    let name_lower = name.to_ascii_lowercase();
                    match said {
                        Some(said) if is_timely(&name_lower) => {
                            found.push((name_lower, said));
                        }
                        _ if depth < DEEPEST => open.push((value, depth + 1)),
                        _ => {}
                    }
                }
            }
            Value::Array(items) if depth < DEEPEST => {
                open.extend(items.iter().take(MOST_ITEMS).map(|item| (item, depth + 1)));
            }
            _ => {}
        }
    }
    found.truncate(MOST_FIELDS);
    found
}

/// Whether a field may tell what went wrong, or when to come back.
fn is_telling(name: &str) -> bool {
    let inner = ["innererror", "inner_error", "metadata", "raw", "headers"];
    let known = [MESSAGE_FIELDS, CODE_FIELDS, PARAM_FIELDS, &inner];
    known.iter().any(|names| names.contains(&name)) || is_timely(&name.to_ascii_lowercase())
}

fn is_timely(name: &str) -> bool {
    TIMELY.iter().any(|part| name.contains(part))
}

fn message(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(beginning(text.trim()).to_owned()).filter(|text| !text.is_empty()),
        Value::Array(items) => {
            let messages: Vec<String> = items.iter().take(MOST_ITEMS).filter_map(message).collect();
            Some(messages.join("; ")).filter(|text| !text.is_empty())
        }
        Value::Object(object) => {
            // Each field is looked into once, whatever it is: a body may be nested deeply.
            let is_nested = |field: &&&str| **field == "error" && object.get("error").is_some_and(Value::is_object);
            let nested = MESSAGE_FIELDS.iter().filter(is_nested);
            let others = MESSAGE_FIELDS.iter().filter(|field| !is_nested(field));
            nested.chain(others).find_map(|field| object.get(*field).and_then(message))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn underscored(code: &str) -> String {
    code.trim().chars().map(|c| if matches!(c, '-' | ' ') { '_' } else { c.to_ascii_lowercase() }).collect()
}
