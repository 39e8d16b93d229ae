//! JSON that is broken in the two ways in which servers break it: an escape of half a character, as a text cut in the
//! middle of an emoji leaves it, and the numbers `NaN` and `Infinity`.

/// The body with U+FFFD for each half of a character and null for each number that is none.
pub(super) fn mended(body: &str) -> String {
    let mut mended = String::with_capacity(body.len());
    let mut rest = body;
    let mut is_string = false;
    while let Some(at) = rest.find(['"', '\\', 'N', 'I', '-']) {
        let (before, from) = rest.split_at(at);
        mended.push_str(before);
        let (taken, kept) = if is_string { quoted(from) } else { bare(from) };
        is_string ^= from.starts_with('"');
        mended.push_str(kept);
        rest = from.get(taken..).unwrap_or_default();
    }
    mended.push_str(rest);
    mended
}

/// Outside strings: how many bytes are read, and what stands for them.
fn bare(from: &str) -> (usize, &str) {
    match ["NaN", "-Infinity", "Infinity", "-NaN"].iter().find(|word| from.starts_with(**word)) {
        Some(word) => (word.len(), "null"),
        None => (1, first(from)),
    }
}

/// Inside a string, where only an escape matters.
fn quoted(from: &str) -> (usize, &str) {
    match unit(from) {
        Some(0xD800..=0xDBFF) if from.get(6..).and_then(unit).is_some_and(|low| (0xDC00..=0xDFFF).contains(&low)) => {
            (12, from.get(..12).unwrap_or_default())
        }
        Some(0xD800..=0xDFFF) => (6, "\u{fffd}"),
        _ if from.starts_with('\\') => {
            let length = 1 + from.chars().nth(1).map_or(0, char::len_utf8);
            (length, from.get(..length).unwrap_or_default())
        }
        _ => (1, first(from)),
    }
}

fn first(from: &str) -> &str {
    from.get(..1).unwrap_or_default()
}

/// The unit of UTF-16 that the text begins with, if it is escaped.
fn unit(from: &str) -> Option<u16> {
    u16::from_str_radix(from.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_a_character_and_a_number_that_is_none_are_replaced() {
        for (broken, whole) in [
            (r#"{"a": "x \ud83d"}"#, "{\"a\": \"x \u{fffd}\"}"),
            (r#"["\ud83d\ude00", "\ude00\ud83d"]"#, "[\"\\ud83d\\ude00\", \"\u{fffd}\u{fffd}\"]"),
            (
                r#"{"logprobs": NaN, "a": [-Infinity, Infinity], "b": -1}"#,
                r#"{"logprobs": null, "a": [null, null], "b": -1}"#,
            ),
            (r#"{"a": "NaN \"Infinity\" \\ud83d"}"#, r#"{"a": "NaN \"Infinity\" \\ud83d"}"#),
        ] {
            assert_eq!(mended(broken), whole);
        }
    }

    proptest! {
        #[test]
        fn what_is_json_already_stays_as_it_is(text in ".*", number in any::<f64>()) {
            let json = serde_json::json!({ "text": text, "number": number, "list": [text, null] }).to_string();
            prop_assert_eq!(mended(&json), json);
        }

        #[test]
        fn any_text_is_read(text in ".*") {
            let _ = mended(&text);
            let _ = mended(&format!("\"{text}"));
        }
    }
}
