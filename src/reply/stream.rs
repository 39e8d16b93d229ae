//! A reply that came as server-sent events although no stream was asked for.

use serde_json::Value;

use super::envelope::{Choice, Envelope};

/// Joins the pieces of the first choice; `None` if the text is no stream.
pub(super) fn read(text: &str) -> Option<Envelope> {
    let is_event_line =
        |line: &str| ["data:", "event:", "id:", "retry:", ":"].iter().any(|name| line.starts_with(name));
    if !is_event_line(text.trim_start()) {
        return None;
    }
    let pieces = text.lines().filter_map(|line| line.trim_start().strip_prefix("data:"));
    let mut whole = Envelope::default();
    let mut index = None;
    for mut piece in pieces.filter_map(|piece| serde_json::from_str::<Value>(piece).ok()) {
        if let Some(Value::Array(choices)) = piece.get_mut("choices") {
            let of = |choice: &Value| choice.get("index").and_then(Value::as_u64).unwrap_or_default();
            choices.retain(|choice| choice.is_object() && of(choice) == *index.get_or_insert_with(|| of(choice)));
            for mut choice in choices.iter_mut().map(Value::take).map(Choice::read) {
                whole.error = whole.error.or(choice.error.take());
                whole.choice.get_or_insert_default().extend(choice);
            }
        }
        let piece = Envelope::read(piece);
        whole.usage = piece.usage.or(whole.usage);
        whole.error = whole.error.or(piece.error);
    }
    Some(whole)
}
