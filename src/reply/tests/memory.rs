//! However a reply is made, reading it takes at most four times its size.

use super::*;
use crate::counting::peak;

const SIZE: usize = 1 << 18;

/// A reply of about [`SIZE`] bytes.
fn filled(before: &str, piece: &str, after: &str) -> Vec<u8> {
    format!("{before}{}{after}", piece.repeat(SIZE / piece.len())).into_bytes()
}

fn check(name: &str, status: u16, body: &[u8], faults: &mut Vec<String>) {
    let received = received(status, body);
    let (reply, peak) = peak(|| read_for(&received, &["a", "b"]));
    drop(reply);
    if peak > 4 * body.len() {
        faults.push(format!("{name} with {status}: {} bytes for {}", peak, body.len()));
    }
}

#[test]
fn an_envelope_takes_no_more_than_what_is_used_of_it() {
    let mut faults = Vec::new();
    let message = "{\"choices\":[{\"message\":{\"content\":\"x\",\"";
    for (name, before, pieces, after) in [
        (
            "choices",
            "{\"choices\":[",
            &["{},", "[],", "1,", "\"\",", "null,", "{\"message\":{}},", "{\"index\":1},"][..],
            "{}]}",
        ),
        ("a list", "[", &["{},", "[],", "1,", "\"\",", "{\"error\":{}},", "[[[[[]]]]],"], "1]"),
        ("fields", "{", &["\"\":1,", "\"a\":{},", "\"error\":{},", "\"message\":\"\","], "\"z\":1}"),
        ("an error", "{\"error\":{\"details\":[", &["{},", "\"a\",", "{\"retryDelay\":\"1s\"},"], "1]}}"),
        ("errors", "{\"errors\":[", &["{\"message\":\"a\"},", "\"a\","], "1]}"),
        ("usage", "{\"usage\":[", &["{},", "1,"], "1]}"),
        ("a usage", "{\"choices\":[{}],\"usage\":{", &["\"a\":1,"], "\"prompt_tokens\":1}}"),
        (
            "content",
            "{\"choices\":[{\"message\":{\"content\":[",
            &["{},", "\"\",", "\"a\",", "[],", "{\"text\":\"a\"},", "{\"type\":\"thinking\"},"],
            "1]}}]}",
        ),
        ("details", &format!("{message}reasoning_details\":["), &["{\"text\":\"ab\"},", "{},", "\"a\","], "{}]}}]}"),
        (
            "calls",
            &format!("{message}tool_calls\":["),
            &["{},", "{\"arguments\":{}},", "{\"function\":{\"arguments\":\"a\"}},"],
            "{}]}}]}",
        ),
        ("ignored", "{\"choices\":[{}],\"logprobs\":[", &["{},", "[],", "NaN,", "-Infinity,"], "1]}"),
        ("text", "{\"choices\":[{\"text\":\"", &["a", "\\n", "\\u00e9", "é", "\\ud83d", "NaN "], "\"}]}"),
        ("thoughts", &format!("{message}reasoning\":\""), &["a", "\\n"], "\"}}]}"),
        ("nesting", "{\"choices\":[{\"message\":{\"content\":", &["[", "{\"a\":"], ""),
        ("deep", "{\"a\":[{}],\"choices\":", &["["], ""),
        (
            "events",
            "",
            &[
                "data: {}\n\n",
                "data:\n",
                "data:1\n\n",
                ":\n",
                "\n",
                "event: a\n",
                "data: {\"choices\":[{}]}\n\n",
                "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n",
                "data: {\n",
            ],
            "data: [DONE]",
        ),
        ("an event", "data: {\"choices\":[", &["{},", "{\"delta\":{\"content\":\"a\"}},"], "{}]}"),
        ("prose", "", &["a", " ", "\n", "<p>", "Rate limit exceeded. ", "\u{fffd}"], ""),
    ] {
        for piece in pieces {
            let body = filled(before, piece, after);
            for status in [200, 400, 429, 500] {
                check(&format!("{name} of {piece:?}"), status, &body, &mut faults);
            }
        }
    }
    for piece in [&b"\xff"[..], b"a\xff", b"\xf0\x9f"] {
        for status in [200, 500] {
            check("no text", status, &piece.repeat(SIZE / piece.len()), &mut faults);
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_text_of_tiny_values_takes_no_more_either() {
    let mut faults = Vec::new();
    for piece in
        ["{\\\"home\\\":1},", "{\\\"home\\\":1,", "{home:1},", "[1,2],", "{},", "\\\"a\\\":1,", "{a:1}", "{id:a}"]
    {
        let count = (4 << 20) / piece.len();
        let body = format!("{{\"choices\":[{{\"text\":\"[{}]\"}}]}}", piece.repeat(count)).into_bytes();
        check(piece, 200, &body, &mut faults);
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_text_of_tags_of_thinking_takes_no_more_either() {
    let mut faults = Vec::new();
    for piece in [
        "<think>",
        "<think/>",
        "</think>",
        "<think></think>",
        "<x></x>{",
        "<b>",
        "[THINK]",
        "&lt;think&gt;",
        "<|end|>",
        "<|channel|>final<|message|>",
        "<think>a</think>{}",
    ] {
        let text = piece.repeat((1 << 20) / piece.len());
        let body = format!("{{\"choices\":[{{\"text\":\"{text}\"}}]}}").into_bytes();
        check(piece, 200, &body, &mut faults);
    }
    let names = (0..60_000).map(|number| format!("<x{number}:think>")).collect::<Vec<_>>().concat();
    check("many names", 200, format!("{{\"choices\":[{{\"text\":\"{names}\"}}]}}").as_bytes(), &mut faults);
    assert!(faults.is_empty(), "{faults:#?}");
}
