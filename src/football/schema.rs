//! The schema of an answer, for servers that hold a model to one.

use std::borrow::Cow;

use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::Match;
use super::score::MOST_GOALS;
use crate::task::Schema;

/// The JSON Schema of an answer about these matches: the form that the built-in prompts ask for, one entry for
/// each match and no id but theirs.
///
/// It holds itself to what every dialect of strict schemas takes: every field required, no others, no references, and the
/// ids as values, for not every server takes any text as the name of a field.
pub(super) fn schema(matches: &[&Match]) -> Schema {
    let ids: Vec<&str> = matches.iter().map(|asked| asked.id.as_str()).collect();
    let count = ids.len();
    let goals = json!({ "type": "integer", "minimum": 0, "maximum": MOST_GOALS });
    let prediction = json!({
        "type": "object",
        "properties": { "match_id": { "type": "string", "enum": ids }, "home_score": goals, "away_score": goals },
        "required": ["match_id", "home_score", "away_score"],
        "additionalProperties": false,
    });
    let schema = json!({
        "type": "object",
        "properties": {
            "predictions": { "type": "array", "items": prediction, "minItems": count, "maxItems": count },
        },
        "required": ["predictions"],
        "additionalProperties": false,
    });
    // Texts and numbers written to memory cannot fail.
    let schema = to_raw_value(&schema).unwrap_or_else(|_| RawValue::NULL.to_owned());
    Schema { name: Cow::Borrowed("predictions"), schema, is_strict: true }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::catalog::ResponseFormat;
    use crate::football::lines::lines;
    use crate::money::estimate_tokens;

    fn matches(ids: impl IntoIterator<Item = String>) -> Vec<Match> {
        ids.into_iter().map(|id| Match { id, ..Match::default() }).collect()
    }

    fn written(matches: &[Match]) -> Box<RawValue> {
        schema(&matches.iter().collect::<Vec<_>>()).schema
    }

    #[test]
    fn it_has_the_asked_ids_alone_whatever_they_hold() {
        let ids = ["m1", "a \"b\"\n", "{{matches}}", "日本"];
        let schema: Value = serde_json::from_str(written(&matches(ids.map(str::to_owned))).get()).unwrap();
        let list = &schema["properties"]["predictions"];
        assert_eq!(list["items"]["properties"]["match_id"]["enum"], json!(ids));
        assert_eq!((&list["minItems"], &list["maxItems"]), (&json!(4), &json!(4)));
        assert_eq!(
            list["items"]["properties"]["home_score"],
            json!({ "type": "integer", "minimum": 0, "maximum": 20 })
        );
    }

    #[test]
    fn its_tokens_are_foreseen_without_writing_it() {
        for count in [1, 2, 20, 100] {
            let matches = matches((0..count).map(|index| format!("2026-{index}-liverpool-everton")));
            let foreseen =
                lines(&matches, false).schema_tokens(&(0..count).collect::<Vec<_>>(), ResponseFormat::JsonSchema);
            let written = estimate_tokens(written(&matches).get());
            assert!((written..=written + written / 4).contains(&foreseen), "{count}: {foreseen} for {written}");
        }
    }
}
