//! The tokens that a reply says it used, as it says it, in any dialect.

use serde::Deserialize;
use serde_json::Value;

use crate::outcome::Told;

/// What nearly every provider sends, and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "so they are called")]
struct Usual {
    prompt_tokens: u32,
    completion_tokens: u32,
    total_tokens: u32,
}

/// Reads the JSON of a `usage`; `None` if it is no object with a number of any part.
pub(super) fn read(json: &str) -> Option<Told> {
    let usual = Some(json).filter(|json| json.starts_with('{')).and_then(|json| serde_json::from_str(json).ok());
    match usual {
        Some(Usual { prompt_tokens, completion_tokens, total_tokens }) => Some(Told {
            prompt: Some(prompt_tokens.into()),
            completion: Some(completion_tokens.into()),
            total: Some(total_tokens.into()),
            ..Told::default()
        }),
        None => of_any_dialect(&serde_json::from_str(json).ok()?),
    }
}

fn of_any_dialect(usage: &Value) -> Option<Told> {
    let number = |names: &[&str]| best(names.iter().map(|name| usage.get(name)));
    let detail = |groups: &[&str], names: &[&str]| {
        let groups = groups.iter().filter_map(|group| usage.get(group));
        best(groups.flat_map(|group| names.iter().map(|name| group.get(name))))
    };
    let prompt_details: &[&str] = &["prompt_tokens_details", "input_tokens_details"];
    let read = number(&["cache_read_input_tokens"]);
    let written = number(&["cache_creation_input_tokens"])
        .or_else(|| detail(prompt_details, &["cache_write_tokens", "cache_creation_tokens"]));
    let cached = detail(prompt_details, &["cached_tokens"])
        .or_else(|| number(&["prompt_cache_hit_tokens", "cached_tokens"]))
        .or(read);
    let told = Told {
        prompt: number(&["prompt_tokens", "input_tokens"]),
        completion: number(&["completion_tokens", "output_tokens"]),
        total: number(&["total_tokens"]),
        cached,
        written,
        reasoning: detail(&["completion_tokens_details", "output_tokens_details"], &["reasoning_tokens"])
            .or_else(|| number(&["reasoning_tokens"])),
    };
    told.prompt.or(told.completion).or(told.cached).or(told.reasoning)?;
    Some(told)
}

/// Of the names of one part the first whose number counts anything, for some servers fill in one name and leave the
/// other at 0; else the first that is a number at all.
fn best<'a>(named: impl Iterator<Item = Option<&'a Value>>) -> Option<f64> {
    let numbers: Vec<f64> = named.flatten().filter_map(Value::as_f64).collect();
    numbers.iter().copied().find(|&number| number > 0.0).or_else(|| numbers.first().copied())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// No number.
    const NO: f64 = f64::NAN;

    /// Prompt, completion, cached and reasoning tokens.
    fn numbers(usage: &Value) -> Option<[Option<f64>; 4]> {
        let told = of_any_dialect(usage)?;
        assert_eq!(read(&usage.to_string()), Some(told));
        Some([told.prompt, told.completion, told.cached, told.reasoning])
    }

    #[test]
    fn every_dialect_is_read() {
        let some = |numbers: [f64; 4]| Some(numbers.map(|number| Some(number).filter(|number| !number.is_nan())));
        for (usage, expected) in [
            (json!({ "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15 }), [10.0, 5.0, NO, NO]),
            (json!({ "input_tokens": 10, "output_tokens": 5 }), [10.0, 5.0, NO, NO]),
            (json!({ "prompt_tokens": 9, "prompt_tokens_details": { "cached_tokens": 4 } }), [9.0, NO, 4.0, NO]),
            (json!({ "prompt_tokens": 9, "prompt_tokens_details": null, "cached_tokens": 3 }), [9.0, NO, 3.0, NO]),
            (json!({ "prompt_tokens": 9, "prompt_cache_hit_tokens": 6 }), [9.0, NO, 6.0, NO]),
            (json!({ "input_tokens": 9, "cache_read_input_tokens": 6 }), [9.0, NO, 6.0, NO]),
            (json!({ "completion_tokens_details": { "reasoning_tokens": 7 } }), [NO, NO, NO, 7.0]),
            (json!({ "completion_tokens": 9, "reasoning_tokens": 2 }), [NO, 9.0, NO, 2.0]),
            (json!({ "output_tokens": 9, "output_tokens_details": { "reasoning_tokens": 1 } }), [NO, 9.0, NO, 1.0]),
            (json!({ "prompt_tokens": 12.0, "completion_tokens": 1e3 }), [12.0, 1000.0, NO, NO]),
            (json!({ "prompt_tokens": 0, "completion_tokens": 0 }), [0.0, 0.0, NO, NO]),
            (json!({ "prompt_tokens": -1, "input_tokens": 3 }), [3.0, NO, NO, NO]),
            (json!({ "prompt_tokens": 0, "input_tokens": 3, "output_tokens": 4 }), [3.0, 4.0, NO, NO]),
            (json!({ "prompt_tokens": "5", "completion_tokens": -2.5 }), [NO, -2.5, NO, NO]),
        ] {
            assert_eq!(numbers(&usage), some(expected), "{usage}");
        }
    }

    #[test]
    fn totals_and_what_was_written_into_a_cache_are_read() {
        let told = |usage: Value| read(&usage.to_string()).map(|told| (told.total, told.written));
        let usage = json!({ "input_tokens": 1, "cache_creation_input_tokens": 7, "total_tokens": 9 });
        assert_eq!(told(usage), Some((Some(9.0), Some(7.0))));
        let usage = json!({ "prompt_tokens": 1, "prompt_tokens_details": { "cache_write_tokens": 8 } });
        assert_eq!(told(usage), Some((None, Some(8.0))));
    }

    #[test]
    fn what_holds_no_number_of_any_part_tells_nothing() {
        for usage in [
            json!(null),
            json!({}),
            json!([1, 2]),
            json!("12"),
            json!(12),
            json!({ "total_tokens": 9 }),
            json!({ "prompt_tokens": "5" }),
            json!({ "prompt_tokens": null }),
            json!([1, 2, 3]),
        ] {
            assert_eq!(numbers(&usage), None, "{usage}");
            assert_eq!(read(&usage.to_string()), None, "{usage}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_nearly_every_provider_sends_is_read_as_any_dialect(
            numbers in proptest::array::uniform3("[0-9]{1,12}|-?[0-9]{1,3}|[0-9]\\.0|1e2|null"),
            order in proptest::sample::subsequence(&[0_usize, 1, 2, 0][..], 0..=4),
        ) {
            const NAMES: [&str; 3] = ["prompt_tokens", "completion_tokens", "total_tokens"];
            let field = |&index: &usize| format!("\"{}\":{}", NAMES[index], numbers[index]);
            let json = format!("{{{}}}", order.iter().map(field).collect::<Vec<_>>().join(","));
            let general = serde_json::from_str(&json).ok().and_then(|usage| of_any_dialect(&usage));
            proptest::prop_assert_eq!(read(&json), general);
        }
    }
}
