//! How a value is shown in a fault: as JSON, and short.

use serde_json::Value;

/// The most characters of a value that are shown.
pub(super) const LONGEST: usize = 80;

/// A value as JSON, cut where it is long. Objects, and arrays that hold more than numbers, are only named, for
/// there may be a secret inside.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(string) => text(string),
        Value::Object(_) => "an object".to_owned(),
        Value::Array(elements) if elements.len() <= 8 && elements.iter().all(is_plain) => value.to_string(),
        Value::Array(elements) => format!("an array of {}", elements.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A string as JSON, cut where it is long.
pub(super) fn text(string: &str) -> String {
    match string.char_indices().nth(LONGEST) {
        None => Value::from(string).to_string(),
        Some((end, _)) => format!("{}…", Value::from(&string[..end])),
    }
}

fn is_plain(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(_) | Value::Number(_))
}
