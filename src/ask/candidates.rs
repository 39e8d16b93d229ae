//! The values that a text may mean as its answer.

use serde_json::Value;

use crate::parse::relaxed::{scalar, values};
use crate::task::Passage;

/// The most of them that are judged.
pub(super) const MOST: usize = 8;

/// Names under which models wrap a value, of a call of a function say.
const WRAPPERS: [&str; 10] =
    ["arguments", "parameters", "input", "output", "answer", "result", "response", "value", "data", "json"];

/// Adds what a passage may mean to `found`, the likeliest first, each once.
///
/// What comes later in a text corrects what came before. A value may be wrapped in an object of one field, in one that is
/// called as a wrapper is, or in a text. Where there is no JSON at all, the text itself is a value, but for thinking.
pub(super) fn add(passage: &Passage<'_>, found: &mut Vec<String>) {
    let plain = unfenced(passage.text);
    let groups = values(passage.text, passage.is_cut);
    let mut push = |value: &Value| {
        if let Ok(json) = serde_json::to_string(value)
            && found.len() < MOST
            && !found.contains(&json)
        {
            found.push(json);
        }
    };
    if !passage.is_thought
        && let Ok(text) = serde_json::from_str::<String>(plain)
    {
        values(&text, passage.is_cut).iter().rev().for_each(&mut push);
    }
    for group in groups.iter().rev() {
        push(group);
        for inner in unwrapped(group) {
            push(&inner);
        }
    }
    if groups.is_empty() && !passage.is_thought && !passage.is_cut && !plain.is_empty() {
        if let Ok(text) = serde_json::from_str::<String>(plain) {
            push(&Value::from(text));
            return;
        }
        if let Some(value) = scalar(plain) {
            push(&value);
        }
        push(&Value::from(plain));
    }
}

/// What stands in a wrapper.
fn unwrapped(group: &Value) -> Vec<Value> {
    let Value::Object(fields) = group else { return Vec::new() };
    let is_only = fields.len() == 1;
    let inner = fields.iter().filter(|(name, _)| is_only || WRAPPERS.contains(&name.as_str())).map(|(_, value)| value);
    let read = |value: &Value| match value {
        Value::String(text) if text.contains(['{', '[']) => {
            let mut inner = values(text, false);
            inner.reverse();
            inner.push(value.clone());
            inner
        }
        value => vec![value.clone()],
    };
    inner.flat_map(read).collect()
}

/// A text without the fence around it.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let Some(inner) = text.strip_prefix("```").and_then(|text| text.strip_suffix("```")) else { return text };
    inner.split_once('\n').map_or(inner, |(_, inner)| inner).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        add(&Passage { text, is_thought: false, is_cut: false }, &mut found);
        found
    }

    #[test]
    fn the_last_value_is_the_likeliest_and_what_it_wraps_comes_after_it() {
        assert_eq!(found("A draft: {\"a\":1}. Now: {\"a\":2,\"b\":3}"), ["{\"a\":2,\"b\":3}", "{\"a\":1}", "1"]);
        assert_eq!(found("{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}")[1], "{\"a\":1}");
        assert_eq!(found("{\"items\":[1,2]}"), ["{\"items\":[1,2]}", "[1,2]"]);
    }

    #[test]
    fn a_value_may_be_no_group() {
        assert_eq!(found(" 7 \n"), ["7", "\"7\""]);
        assert_eq!(found("```json\ntrue\n```"), ["true", "\"true\""]);
        assert_eq!(found("\"draw\""), ["\"draw\""]);
        assert_eq!(found("draw\n"), ["\"draw\""]);
        assert_eq!(found("\"{\\\"a\\\":1}\"")[0], "{\"a\":1}");
        assert_eq!(found("  "), Vec::<String>::new());
    }

    #[test]
    fn a_draft_or_what_was_cut_off_is_no_text_of_an_answer() {
        for (is_thought, is_cut) in [(true, false), (false, true)] {
            let mut found = Vec::new();
            add(&Passage { text: "It is a draw", is_thought, is_cut }, &mut found);
            assert_eq!(found, Vec::<String>::new());
        }
    }

    #[test]
    fn no_more_are_judged_than_a_few() {
        assert_eq!(found(&"{\"a\":1,\"b\":[2]} {\"c\":[3]} [4] {} [5] [6] [7] [8] [9] [10]".repeat(9)).len(), MOST);
    }
}
