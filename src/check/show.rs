//! How a value is shown in a fault: as JSON, short, and without what looks like a key.

use serde_json::Value;

use crate::line;

/// The most characters of a value that are shown.
pub(super) const LONGEST: usize = 80;

/// The most characters of a path or a problem.
const LONGEST_TEXT: usize = 1000;

/// How much of the end of a longer one stays.
const END: usize = 200;

/// What did not pass a rule, as JSON, cut where it is long. Objects, and arrays that hold more than numbers, are only
/// named, for there may be a secret inside.
pub(super) fn value(value: &Value) -> String {
    shown(value, line::without_keys)
}

/// An id or a name, which may look like a key as a whole, but does not begin like one.
pub(super) fn name(value: &Value) -> String {
    shown(value, line::without_known_keys)
}

/// What kind of value it is.
pub(super) fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "a boolean".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::String(_) => "a string".to_owned(),
        Value::Array(elements) => format!("an array of {}", elements.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// The key of an entry as JSON, cut where it is long.
pub(super) fn key(key: &str) -> String {
    text(key, line::without_known_keys)
}

/// The text; of one that is too long, its beginning and its end.
pub(super) fn without_middle(text: String) -> String {
    let Some(beyond) = text.chars().count().checked_sub(LONGEST_TEXT).filter(|beyond| *beyond > 0) else { return text };
    let start: String = text.chars().take(LONGEST_TEXT - END - 3).collect();
    let end: String = text.chars().skip(LONGEST_TEXT - END + beyond).collect();
    format!("{start} … {end}")
}

fn shown(value: &Value, safe: fn(&str) -> String) -> String {
    match value {
        Value::String(string) => text(string, safe),
        Value::Array(elements) if elements.len() <= 8 && elements.iter().all(is_plain) => value.to_string(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Object(_) | Value::Array(_) => shape(value),
    }
}

fn text(string: &str, safe: fn(&str) -> String) -> String {
    let (safe, is_cut) = line::beginning(string, LONGEST, safe);
    if is_cut { format!("{}…", json(&safe)) } else { json(&safe) }
}

/// Text as JSON that is one line.
fn json(text: &str) -> String {
    let json = Value::from(text).to_string();
    let escape = |c: char| format!("\\u{:04x}", u32::from(c));
    json.chars().map(|c| if line::is_steering(c) { escape(c) } else { c.to_string() }).collect()
}

fn is_plain(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(_) | Value::Number(_))
}
