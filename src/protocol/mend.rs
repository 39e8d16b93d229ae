//! What servers break: bytes that are no UTF-8, and numbers of JSON that are none.

use std::borrow::Cow;

/// Words that stand for numbers, and what stands for them.
const NO_NUMBERS: [&str; 4] = ["NaN", "-Infinity", "Infinity", "-NaN"];
const NULL: &str = "null";

/// The body as a text, with one U+FFFD for all bytes beside each other that are no UTF-8.
pub(super) fn utf8(body: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(body) {
        return Cow::Borrowed(text);
    }
    let pieces = || {
        let mut after_mark = false;
        body.utf8_chunks().map(move |chunk| {
            let is_repeated = after_mark && chunk.valid().is_empty();
            after_mark = !chunk.invalid().is_empty();
            (chunk.valid(), if after_mark && !is_repeated { "\u{fffd}" } else { "" })
        })
    };
    // Counted before, for a text that grows while it is made takes three times its size.
    let mut text = String::with_capacity(pieces().map(|(valid, mark)| valid.len() + mark.len()).sum());
    for (valid, mark) in pieces() {
        text.push_str(valid);
        text.push_str(mark);
    }
    Cow::Owned(text)
}

/// The body with null for each number that is none; `None` if there is no such.
pub(super) fn mended(body: &str) -> Option<String> {
    let growth: usize =
        NO_NUMBERS.iter().map(|word| body.matches(word).count() * NULL.len().saturating_sub(word.len())).sum();
    let is_broken = NO_NUMBERS.iter().any(|word| body.contains(word));
    let mut mended = String::with_capacity(if is_broken { body.len() + growth } else { return None });
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
    Some(mended)
}

/// Outside strings: how many bytes are read, and what stands for them.
fn bare(from: &str) -> (usize, &str) {
    match NO_NUMBERS.iter().find(|word| from.starts_with(**word)) {
        Some(word) => (word.len(), NULL),
        None => (1, from.get(..1).unwrap_or_default()),
    }
}

/// Inside a string, where only an escape matters.
fn quoted(from: &str) -> (usize, &str) {
    let escaped = from.strip_prefix('\\').and_then(|escaped| escaped.chars().next());
    let length = 1 + escaped.map_or(0, char::len_utf8);
    (length, from.get(..length).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_that_is_none_is_replaced() {
        for (broken, whole) in [
            (r#"{"a": NaN}"#, Some(r#"{"a": null}"#)),
            (
                r#"{"logprobs": NaN, "a": [-Infinity, Infinity], "b": -1}"#,
                Some(r#"{"logprobs": null, "a": [null, null], "b": -1}"#),
            ),
            (r#"{"a": "NaN \"Infinity\" \\"}"#, Some(r#"{"a": "NaN \"Infinity\" \\"}"#)),
            (r#"{"a": "é\é", "b": -NaN}"#, Some(r#"{"a": "é\é", "b": null}"#)),
            (r#"{"a": -1, "b": "In"}"#, None),
        ] {
            assert_eq!(mended(broken).as_deref(), whole);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_marked_once() {
        for (bytes, text) in [
            (&b"plain"[..], "plain"),
            (b"a\xff\xfe\x80b\xc3", "a\u{fffd}b\u{fffd}"),
            (b"\xff", "\u{fffd}"),
            ("é".as_bytes(), "é"),
        ] {
            assert_eq!(utf8(bytes), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_json_already_stays_as_it_is(text in ".*", number in any::<f64>()) {
            let json = serde_json::json!({ "text": text, "number": number, "list": [text, "NaN"] }).to_string();
            prop_assert_eq!(mended(&json), Some(json));
        }

        #[test]
        fn any_text_is_read(text in ".*", bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = mended(&text);
            let _ = mended(&format!("\"{text}NaN"));
            prop_assert!(utf8(&bytes).len() <= 3 * bytes.len());
        }
    }
}
