//! The tokens that a reply says it used.

use serde_json::Value;

use crate::outcome::Usage;

/// From here on a number is no count of tokens, and no longer exact in JavaScript.
const ABSURD: u64 = 1 << 53;

/// Reads a `usage` object; `None` if it holds no usable number.
pub(super) fn read(usage: &Value) -> Option<Usage> {
    let count = |names: &[&str]| names.iter().find_map(|name| usage.get(name).and_then(tokens));
    let detail = |groups: &[&str], name: &str| {
        groups.iter().find_map(|group| usage.get(group).and_then(|group| group.get(name)).and_then(tokens))
    };
    let prompt = count(&["prompt_tokens", "input_tokens"]);
    let completion = count(&["completion_tokens", "output_tokens"]);
    let cached = detail(&["prompt_tokens_details", "input_tokens_details"], "cached_tokens")
        .or_else(|| count(&["prompt_cache_hit_tokens", "cached_tokens"]));
    let reasoning = detail(&["completion_tokens_details", "output_tokens_details"], "reasoning_tokens")
        .or_else(|| count(&["reasoning_tokens"]));
    prompt.or(completion).or(cached).or(reasoning)?;
    Some(Usage {
        prompt_tokens: prompt.unwrap_or_default(),
        completion_tokens: completion.unwrap_or_default(),
        cached_tokens: cached.unwrap_or_default(),
        reasoning_tokens: reasoning.unwrap_or_default(),
        estimated: false,
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "checked")]
fn tokens(value: &Value) -> Option<u64> {
    let whole = |number: f64| number.fract() == 0.0 && (0.0..ABSURD as f64).contains(&number);
    let number = value.as_u64().or_else(|| value.as_f64().filter(|&number| whole(number)).map(|number| number as u64));
    number.filter(|&number| number < ABSURD)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Prompt, completion, cached and reasoning tokens.
    fn counts(usage: &Value) -> Option<[u64; 4]> {
        let usage = read(usage)?;
        assert!(!usage.estimated);
        Some([usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens, usage.reasoning_tokens])
    }

    #[test]
    fn every_dialect_is_read() {
        for (usage, expected) in [
            (json!({ "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15 }), [10, 5, 0, 0]),
            (json!({ "input_tokens": 10, "output_tokens": 5 }), [10, 5, 0, 0]),
            (json!({ "prompt_tokens": 9, "prompt_tokens_details": { "cached_tokens": 4 } }), [9, 0, 4, 0]),
            (json!({ "prompt_tokens": 9, "prompt_tokens_details": null, "cached_tokens": 3 }), [9, 0, 3, 0]),
            (json!({ "prompt_tokens": 9, "prompt_cache_hit_tokens": 6 }), [9, 0, 6, 0]),
            (json!({ "completion_tokens": 9, "completion_tokens_details": { "reasoning_tokens": 7 } }), [0, 9, 0, 7]),
            (json!({ "completion_tokens": 9, "reasoning_tokens": 2 }), [0, 9, 0, 2]),
            (json!({ "output_tokens": 9, "output_tokens_details": { "reasoning_tokens": 1 } }), [0, 9, 0, 1]),
            (json!({ "prompt_tokens": 12.0, "completion_tokens": 1e3 }), [12, 1000, 0, 0]),
            (json!({ "prompt_tokens": 0, "completion_tokens": 0 }), [0, 0, 0, 0]),
            (json!({ "prompt_tokens": (1_u64 << 53) - 1 }), [(1 << 53) - 1, 0, 0, 0]),
            (json!({ "prompt_tokens": -1, "input_tokens": 3 }), [3, 0, 0, 0]),
        ] {
            assert_eq!(counts(&usage), Some(expected), "{usage}");
        }
    }

    #[test]
    fn what_is_no_count_is_ignored() {
        for number in
            [json!(-1), json!(1.5), json!(1_u64 << 53), json!(u64::MAX), json!(1e300), json!("5"), json!(null)]
        {
            assert_eq!(counts(&json!({ "prompt_tokens": number, "completion_tokens": 2 })), Some([0, 2, 0, 0]));
            assert_eq!(counts(&json!({ "prompt_tokens": number })), None, "{number}");
        }
        for usage in [json!(null), json!({}), json!([1, 2]), json!("12"), json!(12), json!({ "total_tokens": 9 })] {
            assert_eq!(counts(&usage), None, "{usage}");
        }
    }
}
