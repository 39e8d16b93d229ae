//! Where an answer may be in a reply of status 200.

use super::*;

#[test]
fn an_answer_is_found_wherever_it_is() {
    let answer = answer(2, 1);
    let parsed = json!({ "match_id": "a", "home_score": 2, "away_score": 1 });
    let thinking = json!({ "type": "thinking", "thinking": [{ "type": "text", "text": "hm" }] });
    for message in [
        json!({ "content": answer }),
        json!({ "content": { "text": answer } }),
        json!({ "content": { "type": "text", "text": { "value": answer } } }),
        json!({ "content": [answer] }),
        json!({ "content": [{ "type": "text", "text": answer }] }),
        json!({ "content": [{ "type": "output_text", "text": &answer[..9] }, { "text": &answer[9..] }] }),
        json!({ "content": [thinking, { "type": "image_url" }, 7, null, { "type": "text", "text": answer }] }),
        json!({ "content": parsed }),
        json!({ "content": [parsed] }),
        json!({ "content": null, "tool_calls": [{ "function": { "name": "f", "arguments": answer } }] }),
        json!({ "tool_calls": [{ "function": { "arguments": parsed } }] }),
        json!({ "tool_calls": [{ "function": { "arguments": "{}" } }, { "function": { "arguments": answer } }] }),
        json!({ "content": "", "function_call": { "name": "f", "arguments": answer } }),
        json!({ "content": "I called a tool.", "function_call": { "name": "f", "arguments": answer } }),
        json!({ "content": null, "refusal": answer }),
        json!({ "content": [{ "type": "refusal", "refusal": answer }] }),
        json!({ "content": null, "reasoning": answer }),
        json!({ "content": " ", "reasoning_content": answer }),
        json!({ "thinking": answer }),
        json!({ "content": null, "reasoning": { "content": answer } }),
        json!({ "reasoning_details": [{ "type": "reasoning.text", "text": answer }] }),
        json!({ "reasoning_details": [{ "type": "reasoning.summary", "summary": answer }] }),
        json!({ "reasoning_details": [{ "type": "reasoning.encrypted", "data": "…" }, { "content": answer }] }),
        json!({ "content": "I could not say.", "reasoning": answer }),
        json!({ "content": format!("<think>{answer}") }),
        json!({ "content": null, "reasoning": format!("<think>no</think>{answer}") }),
    ] {
        let reply = said(&message);
        assert_eq!(score(&reply), Some((2, 1)), "{message}: {reply:?}");
    }
}

#[test]
fn an_earlier_source_is_preferred() {
    let [content, arguments, refusal, reasoning] = [1, 2, 3, 4].map(|home| answer(home, 0));
    let all = json!({ "reasoning": reasoning, "refusal": refusal, "content": content,
        "tool_calls": [{ "function": { "arguments": arguments } }] });
    let mut message = all.as_object().cloned().unwrap_or_default();
    for (home, text, field) in
        [(1, content, "content"), (2, arguments, "tool_calls"), (3, refusal, "refusal"), (4, reasoning, "reasoning")]
    {
        let reply = said(&json!(message));
        assert_eq!(score(&reply), Some((home, 0)), "{field}");
        assert_eq!(reply.text, text);
        message.remove(field);
    }
    assert_eq!(kind(&said(&json!(message))), "empty_response");
}

#[test]
fn the_text_is_raw_and_the_first_there_is_when_none_has_a_score() {
    let content = format!(" <think>x</think>{} ", answer(1, 0));
    assert_eq!(said(&json!({ "content": content })).text, content);
    assert_eq!(said(&json!({ "content": " ", "refusal": "No.", "reasoning": "Well." })).text, "No.");
    assert_eq!(said(&json!({ "content": null, "reasoning": " Well." })).text, " Well.");
    assert_eq!(said(&json!({ "content": null })).text, "");
}

#[test]
fn reasoning_is_returned_beside_the_answer() {
    let answer = answer(1, 0);
    let parts = json!([{ "type": "thinking", "thinking": [{ "type": "text", "text": "deep" }] }, answer]);
    for (message, reasoning) in [
        (json!({ "content": answer }), None),
        (json!({ "content": answer, "reasoning": " \n " }), None),
        (json!({ "content": answer, "reasoning": " so \n" }), Some("so")),
        (json!({ "content": format!("<think>\nthen\n</think>{answer}"), "reasoning": "so" }), Some("so\n\nthen")),
        (json!({ "content": answer, "reasoning": "so", "reasoning_content": "so " }), Some("so")),
        (json!({ "content": answer, "reasoning": "so", "reasoning_details": [{ "text": "so" }] }), Some("so")),
        (json!({ "content": answer, "reasoning": "so", "thinking": "it is" }), Some("so\n\nit is")),
        (json!({ "content": parts }), Some("deep")),
        (json!({ "content": "Prose.", "reasoning": "so" }), Some("so")),
        (json!({ "content": null, "reasoning": answer }), Some(answer.as_str())),
    ] {
        assert_eq!(said(&message).reasoning.as_deref(), reasoning, "{message}");
    }
}

#[test]
fn a_closed_block_in_a_reasoning_field_is_no_answer() {
    let reply = said(&json!({ "content": null, "reasoning": format!("<think>{}</think>", answer(1, 0)) }));
    assert_eq!(kind(&reply), "parse_error");
    assert_eq!(reply.reasoning, Some(reply.text), "once");
}

#[test]
fn a_draft_in_a_closed_block_fills_no_gap() {
    let draft = json!([{ "match_id": "a", "score": "9-9" }, { "match_id": "b", "score": "9-9" }]);
    for name in ["think", "x:think", "draft", "whatever"] {
        let reply = said(&json!({ "content": format!("<{name}>{draft}</{name}>{}", answer(2, 1)) }));
        assert_eq!(reply.result, Ok(vec![Some(Score { home: 2, away: 1 }), None]), "{name}");
    }
}

#[test]
fn the_first_choice_with_text_counts() {
    let with = |content: &str| json!({ "message": { "content": content } });
    let answers = [answer(1, 0), answer(2, 0)];
    assert_eq!(score(&chose(&json!([with(&answers[0]), with(&answers[1])]))), Some((1, 0)));
    assert_eq!(score(&chose(&json!([with(" "), with(&answers[1])]))), Some((2, 0)));
    assert_eq!(score(&chose(&json!([null, {}, with(&answers[1])]))), Some((2, 0)));
    assert_eq!(kind(&chose(&json!([with("Prose."), with(&answers[1])]))), "parse_error");
}

#[test]
fn a_choice_may_be_a_legacy_completion_or_a_delta() {
    let answer = answer(3, 3);
    for choice in
        [json!({ "text": answer }), json!({ "delta": { "content": answer } }), json!({ "message": {}, "text": answer })]
    {
        assert_eq!(score(&chose(&json!([choice]))), Some((3, 3)), "{choice}");
    }
}

#[test]
fn why_the_model_stopped_decides_where_there_is_no_score() {
    let answer = answer(1, 0);
    for (reason, content, expected) in [
        ("stop", "Prose.", "parse_error"),
        ("stop", "", "empty_response"),
        ("length", "Prose", "truncated"),
        ("length", "", "truncated"),
        ("MAX_TOKENS", "Prose", "truncated"),
        ("length", answer.as_str(), "ok"),
        ("content_filter", "", "content_filtered"),
        ("content_filter", "Prose.", "content_filtered"),
        ("content_filter", answer.as_str(), "content_filtered"),
        ("tool_calls", "", "empty_response"),
        ("anything", answer.as_str(), "ok"),
    ] {
        let reply = chose(&json!([{ "message": { "content": content }, "finish_reason": reason }]));
        let seen = if reply.result.is_ok() { "ok" } else { kind(&reply) };
        assert_eq!(seen, expected, "{reason} {content}");
        assert_eq!(reply.text, content);
    }
}

#[test]
fn bytes_that_are_not_utf8_do_not_matter_around_the_answer() {
    let body = json!({ "choices": [{ "message": { "content": format!("|{}", answer(4, 0)) } }] }).to_string();
    let (head, tail) = body.split_once('|').expect("a mark");
    let bytes = [b"\xef\xbb\xbf \n", head.as_bytes(), b"\xff\xfe\x80", tail.as_bytes()].concat();
    let reply = replied(200, bytes);
    assert_eq!(score(&reply), Some((4, 0)));
    assert!(reply.text.starts_with("\u{fffd}"));
}

#[test]
fn usage_is_read_whatever_became_of_the_reply() {
    let usage = json!({ "prompt_tokens": 7, "completion_tokens": 8, "prompt_tokens_details": { "cached_tokens": 3 } });
    let expected = Some(Told { prompt: Some(7.0), completion: Some(8.0), cached: Some(3.0), ..Told::default() });
    for (status, body) in [
        (200, json!({ "choices": [{ "message": { "content": answer(1, 0) } }], "usage": usage })),
        (200, json!({ "choices": [{ "message": { "content": "" } }], "usage": usage })),
        (200, json!({ "usage": usage })),
        (200, json!({ "error": "no", "usage": usage })),
        (500, json!({ "error": "no", "usage": usage })),
    ] {
        assert_eq!(replied(status, body.to_string()).usage, expected, "{status} {body}");
    }
    assert_eq!(said(&json!({ "content": "x" })).usage, None);
}

#[test]
fn the_model_that_a_reply_names_is_one_short_line_without_keys() {
    let named = |name: &Value| {
        let choices = json!([{ "message": { "content": answer(1, 0) } }]);
        let usual = json!({ "model": name, "choices": choices });
        let other = json!({ "model": name, "choices": choices, "error": false, "tool": { "error": 0 } });
        let stream = format!(
            "data: {}\n\ndata: {}\n\ndata: [DONE]\n\n",
            json!({ "model": name, "choices": [{ "delta": { "content": answer(1, 0) } }] }),
            json!({ "model": "a later one", "choices": [] }),
        );
        let models = [usual.to_string(), format!("[{other}]"), stream].map(|body| replied(200, body).model);
        assert_eq!(models[0], models[1]);
        assert_eq!(models[2], models[0].clone().or(Some("a later one".to_owned())));
        models[0].clone()
    };
    for (name, kept) in [
        ("deepseek-ai/DeepSeek-R1-0528", "deepseek-ai/DeepSeek-R1-0528"),
        (" qwen\r\n\u{1b}[31m3\u{200b}", "qwen [31m3"),
        ("Bearer sk-secret-of-4242", "Bearer [key]"),
        ("x/SK-secret-of-4242", "x/[key]"),
        ("bearer:4242", "bearer:[key]"),
        (&"⚽".repeat(300), &"⚽".repeat(200)),
        (&"x".repeat(100_000), &"x".repeat(200)),
    ] {
        assert_eq!(named(&json!(name)).as_deref(), Some(kept));
    }
    for nothing in [json!(null), json!(""), json!(" \n"), json!(7), json!(["a"]), json!({ "name": "a" })] {
        assert_eq!(named(&nothing), None, "{nothing}");
    }
    let failing = json!({ "model": "m", "choices": [{ "message": { "content": "" } }] });
    assert_eq!(replied(200, failing.to_string()).model.as_deref(), Some("m"));
    assert_eq!(replied(500, failing.to_string()).model, None);
}
