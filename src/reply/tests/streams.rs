//! Replies that came as server-sent events.

use super::*;

#[test]
fn a_stream_that_nobody_asked_for_is_joined() {
    let answer = answer(2, 2);
    let (head, tail) = answer.split_at(11);
    let piece = |delta: Value| format!("data: {}\r\n\r\n", json!({ "choices": [{ "index": 0, "delta": delta }] }));
    let other = format!("data: {}\n\n", json!({ "choices": [{ "index": 1, "delta": { "content": "other" } }] }));
    let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6}}\n\n";
    let stream = [
        ": PROCESSING\n\n".to_owned(),
        piece(json!({ "role": "assistant", "content": "" })),
        piece(json!({ "reasoning": "so", "reasoning_content": "so" })),
        piece(json!({ "reasoning": " it" })),
        piece(json!({ "content": head })),
        other,
        "event: ping\ndata: broken {\n\n".to_owned(),
        piece(json!({ "content": tail })),
        usage.to_owned(),
        "data: [DONE]\n\n".to_owned(),
    ];
    let reply = replied(200, stream.concat());
    assert_eq!(score(&reply), Some((2, 2)), "{reply:?}");
    assert_eq!(reply.text, answer);
    assert_eq!(reply.reasoning.as_deref(), Some("so it"));
    assert_eq!(reply.usage.and_then(|told| told.prompt.zip(told.completion)), Some((5.0, 6.0)));

    let call =
        |arguments: &str| piece(json!({ "tool_calls": [{ "index": 0, "function": { "arguments": arguments } }] }));
    let done = "data: [DONE]\n\n";
    assert_eq!(score(&replied(200, call(head) + &call(tail) + done)), Some((2, 2)));
}

#[test]
fn a_stream_fails_as_a_whole_reply_does() {
    let cut = "data: {\"choices\":[{\"delta\":{\"content\":\"Pro\"}}]}\n\n\
        data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n";
    assert_eq!(kind(&replied(200, cut)), "truncated");
    assert_eq!(kind(&replied(200, "data: {\"choices\":[{\"delta\":{}}]}\n\ndata: [DONE]")), "empty_response");
    let limited = "data: {\"error\":{\"message\":\"slow down\",\"code\":\"rate_limit_exceeded\"}}\n\ndata: [DONE]\n";
    assert_eq!(kind(&replied(200, limited)), "rate_limited");
    let busy = "data: {\"choices\":[{\"delta\":{},\"error\":{\"code\":429}}]}\n\ndata: [DONE]\n";
    assert_eq!(kind(&replied(200, busy)), "rate_limited");
    for stream in
        ["data: [DONE]\n", "data: {}\n", "data: 1\n", "data:\n", "event: error\n", ": quiet\n\n", "{\"data:\": 1"]
    {
        assert_eq!(kind(&replied(200, stream)), "invalid_response", "{stream}");
    }
}

/// A stream of these lines, each of which ends with `end`.
fn lines(lines: &[&str], end: &str) -> String {
    lines.join(end) + end
}

/// An event's data: a piece of the content.
fn piece(content: &str) -> String {
    json!({ "choices": [{ "index": 0, "delta": { "content": content } }] }).to_string()
}

#[test]
fn lines_end_as_the_standard_allows_and_as_servers_do() {
    let answer = answer(2, 1);
    let (head, tail) = answer.split_at(11);
    let [head, tail] = [head, tail].map(piece);
    let finish = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] }).to_string();
    // Several lines of data make one text.
    let pretty = serde_json::to_string_pretty(&json!({ "choices": [{ "delta": { "content": answer } }] }));
    let pretty = format!("data:{}\n", pretty.expect("JSON").replace('\n', "\ndata:"));
    for end in ["\r", "\n", "\r\n"] {
        for (name, stream) in [
            ("plain", lines(&[&format!("data: {head}"), "", &format!("data: {tail}"), "", "data: [DONE]", ""], end)),
            ("without spaces", lines(&[&format!("data:{head}"), "", &format!("data:{tail}"), "", "data:[DONE]"], end)),
            ("without blank lines", lines(&[&format!("data: {head}"), &format!("data: {tail}"), "data: [DONE]"], end)),
            (
                "with all fields",
                lines(
                    &[
                        ": hello",
                        "event: message",
                        "id: 7",
                        "retry: 10",
                        &format!("data: {head}"),
                        "",
                        ":",
                        "data",
                        "",
                        "event: chunk",
                        &format!("data: {tail}"),
                        "",
                        &format!("data: {finish}"),
                    ],
                    end,
                ),
            ),
            ("pretty", pretty.replace('\n', end) + end + "data: [DONE]"),
        ] {
            for mark in ["", "\u{feff}", "\n\n"] {
                assert_eq!(score(&replied(200, format!("{mark}{stream}"))), Some((2, 1)), "{name} {end:?} {mark:?}");
            }
        }
    }
}

#[test]
fn comments_may_stand_before_plain_json() {
    let body = json!({ "choices": [{ "message": { "content": answer(2, 1) } }] });
    let pretty = serde_json::to_string_pretty(&body).expect("JSON");
    for end in ["\r", "\n", "\r\n", "\n\n", "\r\n\r\n"] {
        for body in [body.to_string(), pretty.clone()] {
            let comments = lines(&[": OPENROUTER PROCESSING", ":", ": OPENROUTER PROCESSING"], end);
            assert_eq!(score(&replied(200, format!("{comments}{body}"))), Some((2, 1)), "{end:?}");
            assert_eq!(score(&replied(200, format!("\u{feff} \n{comments}\n {body}\n"))), Some((2, 1)), "{end:?}");
        }
        let comments = lines(&[": wait"], end);
        assert_eq!(kind(&replied(400, comments + &plain("maximum context length"))), "context_too_long");
    }
}

#[test]
fn usage_may_come_last_and_is_that_of_the_last_piece_that_has_it() {
    let usage = |tokens: u64| json!({ "choices": [], "usage": { "prompt_tokens": tokens } }).to_string();
    let text = piece(&answer(1, 0));
    let none = json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }], "usage": null }).to_string();
    let stream = lines(
        &[&usage(1), &text, &none, &usage(9)].map(|data| format!("data: {data}\n")).each_ref().map(String::as_str),
        "\n",
    );
    let reply = replied(200, stream);
    assert_eq!(reply.usage.and_then(|told| told.prompt), Some(9.0));
    assert_eq!(score(&reply), Some((1, 0)));
}
