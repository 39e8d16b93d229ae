//! Failures of the provider that come with a 200: they are never the model's.

use super::*;

/// The scores of both asked matches.
fn all() -> String {
    let away = json!({ "match_id": "b", "home_score": 0, "away_score": 2 }).to_string();
    format!("[{},{away}]", answer(1, 0))
}

/// How a reply ends: with scores or a kind.
fn seen(reply: &Reply) -> &'static str {
    reply.result.as_ref().map_or_else(|failure| failure.kind.as_str(), |_| "ok")
}

/// Texts without a score, with some, and with all of them.
fn texts() -> [(&'static str, String); 4] {
    [("silent", String::new()), ("prose", "I think".to_owned()), ("partial", answer(1, 0)), ("all", all())]
}

#[test]
fn an_error_beside_or_in_a_choice_stands_over_all_but_a_whole_answer() {
    let errors = [
        (json!({ "message": "Provider returned error", "code": 502 }), "server_error"),
        (json!({ "message": "Invalid value", "code": 400 }), "server_error"),
        (json!("Something went wrong"), "server_error"),
        (json!(true), "server_error"),
        (json!({ "code": "x" }), "server_error"),
        (json!({ "message": "Too many requests" }), "rate_limited"),
        (json!({ "message": "no", "code": 429 }), "rate_limited"),
        (json!({ "message": "Please try again in 20s" }), "rate_limited"),
        (json!({ "message": "Overloaded", "type": "overloaded_error" }), "server_error"),
        (json!({ "code": "insufficient_quota" }), "quota_exhausted"),
        (json!({ "code": 402 }), "quota_exhausted"),
        (json!({ "code": 401 }), "unauthorized"),
        (json!({ "code": 404, "message": "No endpoints found" }), "model_unavailable"),
        (json!({ "code": "content_filter" }), "content_filtered"),
        (json!({ "message": "maximum context length" }), "context_too_long"),
    ];
    for (error, expected) in errors {
        for (name, text) in texts() {
            let expected = if name == "all" { "ok" } else { expected };
            for finish in ["stop", "length", "error"] {
                let inside = json!({ "message": { "content": text }, "finish_reason": finish, "error": error });
                assert_eq!(seen(&chose(&json!([inside]))), expected, "{name} {finish} {error}");
                let choice = json!({ "message": { "content": text }, "finish_reason": finish });
                let beside = json!({ "choices": [choice], "error": error }).to_string();
                assert_eq!(seen(&replied(200, beside)), expected, "{name} {finish} {error}");
            }
        }
    }
}

#[test]
fn no_error_is_none() {
    for nothing in [json!(null), json!(false), json!(""), json!({}), json!([]), json!(0), json!(" ")] {
        let choice = json!({ "message": { "content": "Prose." }, "error": nothing });
        let body = json!({ "choices": [choice], "error": nothing }).to_string();
        assert_eq!(seen(&replied(200, body)), "parse_error", "{nothing}");
    }
}

#[test]
fn a_finish_reason_that_ends_no_answer_is_the_providers() {
    for (reason, expected) in [
        ("error", "server_error"),
        ("server_error", "server_error"),
        ("ABORTED", "server_error"),
        ("cancelled", "server_error"),
        ("insufficient_system_resource", "server_error"),
        ("network_error", "server_error"),
        ("timeout", "server_error"),
        ("overloaded", "server_error"),
        ("rate_limit_exceeded", "rate_limited"),
        ("insufficient_quota", "quota_exhausted"),
        ("context_window_exceeded", "context_too_long"),
        ("content_filter", "content_filtered"),
    ] {
        for (name, text) in texts() {
            let reply = chose(&json!([{ "message": { "content": text }, "finish_reason": reason }]));
            assert_eq!(seen(&reply), if name == "all" { "ok" } else { expected }, "{reason} {name}");
            assert_eq!(reply.text, text, "what came is kept");
        }
    }
}

#[test]
fn an_unknown_finish_reason_is_no_fault_of_the_models() {
    for reason in ["other", "xyz", "unknown", "OTHER", "new-thing"] {
        for (name, text) in texts() {
            let reply = chose(&json!([{ "message": { "content": text }, "finish_reason": reason }]));
            let is_scored = ["partial", "all"].contains(&name);
            assert_eq!(seen(&reply), if is_scored { "ok" } else { "server_error" }, "{reason} {name}");
        }
    }
    for reason in [json!(null), json!(""), json!("null"), json!("stop"), json!("eos"), json!("tool_calls"), json!(7)] {
        let reply = chose(&json!([{ "message": { "content": "Prose." }, "finish_reason": reason }]));
        assert_eq!(seen(&reply), "parse_error", "{reason}");
    }
}

#[test]
fn a_stream_that_breaks_off_or_tells_an_error_is_the_providers() {
    let error = json!({ "error": { "message": "Upstream is overloaded", "code": 502 } });
    let limited = json!({ "message": "Rate limit exceeded" });
    let inside = json!({ "choices": [{ "delta": {}, "finish_reason": "error", "error": { "code": 429 } }] });
    for (name, text) in texts() {
        let piece = json!({ "choices": [{ "index": 0, "delta": { "role": "assistant", "content": text } }] });
        let piece = format!("data: {piece}\n\n");
        for (end, expected) in [
            (String::new(), "server_error"),
            ("data: {\"choi".to_owned(), "server_error"),
            (": wait\n\n".to_owned(), "server_error"),
            (format!("data: {error}\n\n"), "server_error"),
            (format!("data: {error}\n\ndata: [DONE]\n\n"), "server_error"),
            (format!("event: error\ndata: {limited}\n\n"), "rate_limited"),
            (format!("event: error\ndata: {limited}"), "rate_limited"),
            ("event: error\ndata: {\"message\":\"Oh\"}\n\n".to_owned(), "server_error"),
            ("event: error\ndata: Rate limit exceeded\n\n".to_owned(), "rate_limited"),
            (format!("data: {inside}\n\ndata: [DONE]"), "rate_limited"),
        ] {
            let reply = replied(200, format!("{piece}{end}"));
            assert_eq!(seen(&reply), if name == "all" { "ok" } else { expected }, "{name} {end}");
        }
    }
    assert_eq!(
        failure(&replied(200, "data: {\"choices\":[{\"delta\":{\"content\":\"I\"}}]}")).message,
        "HTTP 200 with a stream that broke off: I"
    );
}

#[test]
fn a_stream_without_a_piece_fails_by_what_it_says() {
    for (stream, expected) in [
        ("data: {\"choi", "server_error"),
        ("event: error\ndata: {\"message\":\"Oh\"}\n\n", "server_error"),
        ("event: error\ndata: Too many requests\n\n", "rate_limited"),
        ("data: {\"choices\":[]}\n\n", "invalid_response"),
    ] {
        assert_eq!(kind(&replied(200, stream)), expected, "{stream}");
    }
}

#[test]
fn a_reason_of_a_provider_behind_the_provider_counts_where_the_other_says_nothing() {
    for (reason, native, expected) in [
        ("stop", "MALFORMED_FUNCTION_CALL", "server_error"),
        ("stop", "SAFETY", "content_filtered"),
        ("stop", "completed", "empty_response"),
    ] {
        let choice = json!({ "message": { "content": "" }, "finish_reason": reason, "native_finish_reason": native });
        assert_eq!(kind(&chose(&json!([choice]))), expected, "{native}");
    }
}

#[test]
fn what_a_provider_says_of_itself_has_its_wait_too() {
    let headers = [("retry-after".to_owned(), "7".to_owned())];
    for body in [
        json!({ "choices": [{ "message": { "content": "" }, "error": { "code": 429 } }] }),
        json!({ "choices": [{ "message": { "content": "" }, "finish_reason": "rate_limit" }] }),
        json!({ "choices": [{ "message": { "content": "" }, "finish_reason": "error" }] }),
    ] {
        let body = body.to_string();
        let reply = read_for(&Received { headers: &headers, ..received(200, body.as_bytes()) }, &["a"]);
        assert_eq!(failure(&reply).retry_after, Some(Duration::from_secs(7)), "{body}");
    }
}
