use proptest::prelude::*;
use serde_json::json;

use super::super::json::parse;
use super::*;

/// What an envelope says, to be compared.
fn said(envelope: &Envelope<'_>) -> impl PartialEq + std::fmt::Debug {
    let choice = envelope.choice.as_ref().map(|choice| {
        let texts = [&choice.content, &choice.arguments, &choice.refusal].map(ToString::to_string);
        let thoughts: Vec<String> = choice.reasoning.iter().map(ToString::to_string).collect();
        let ends = [&choice.finish, &choice.native_finish].map(|end| end.as_ref().map(ToString::to_string));
        (texts, thoughts, ends, choice.index, choice.error.is_some())
    });
    (
        choice,
        envelope.error.is_some(),
        envelope.usage,
        envelope.model.as_ref().map(ToString::to_string),
        envelope.is_cut,
    )
}

/// Whether it is read here; then it must be read as the general way reads it.
#[track_caller]
fn is_usual(text: &str) -> bool {
    let Some(usual) = read(text) else { return false };
    let general = Envelope::read(parse(text).expect("JSON"));
    assert_eq!(format!("{:?}", said(&usual)), format!("{:?}", said(&general)), "{text}");
    true
}

#[test]
fn what_providers_usually_send_is_read_here() {
    let usage = json!({ "prompt_tokens": 780, "completion_tokens": 24, "total_tokens": 804 });
    let openai = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_760_000_000, "model": "m",
        "choices": [{
            "index": 0, "logprobs": null, "finish_reason": "stop",
            "message": { "role": "assistant", "content": "{\"a\": \"é\\n\"}", "refusal": null, "annotations": [] },
        }],
        "usage": usage, "service_tier": "default", "system_fingerprint": null,
    });
    let together = json!({
        "id": "o", "object": "chat.completion", "created": 1, "model": "m", "prompt": [],
        "choices": [{
            "finish_reason": "stop", "seed": 1, "logprobs": null, "index": 0,
            "message": { "role": "assistant", "content": "2-1", "tool_calls": [], "reasoning": "They won." },
        }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "cached_tokens": 1 },
    });
    let vllm = json!({
        "object": "chat.completion", "error": null, "choices": [{
            "message": { "content": "", "reasoning_content": " why ", "reasoning": "why", "function_call": null },
            "finish_reason": "length", "stop_reason": null, "delta": null, "native_finish_reason": "",
        }],
        "usage": null,
    });
    for body in [openai, together, vllm, json!({ "choices": [{}] })] {
        assert!(is_usual(&body.to_string()), "{body}");
        assert!(is_usual(&format!("{body:#}")), "{body:#}");
    }
}

#[test]
fn what_says_more_or_is_no_such_thing_is_declined() {
    let plain = r#"{"choices":[{"message":{"content":"2-1"},"finish_reason":"stop"}]}"#;
    assert!(is_usual(plain));
    let declined = [
        String::new(),
        format!("[{plain}]"),
        format!("{plain}{plain}"),
        plain.replace('}', ""),
        plain.replace("content", "conten\\u0074"),
        plain.replace("2-1", "\\ud83d"),
        plain.replace("\"2-1\"", "[\"2-1\"]"),
        plain.replace("\"2-1\"", "{\"text\":\"2-1\"}"),
        plain.replace("\"stop\"", "1"),
        plain.replace("[{", "[[").replace("}]", "]]"),
        plain.replace("{\"content\":\"2-1\"}", "[\"2-1\"]"),
        plain.replace("}]", "},{\"message\":{\"content\":\"3-1\"}}]"),
        plain.replace("2-1", &"x".repeat(LONGEST)),
        r#"{"choices":[]}"#.to_owned(),
        r#"{"choices":{}}"#.to_owned(),
        r#"{"error":{"message":"overloaded"}}"#.to_owned(),
    ];
    for text in declined {
        assert!(!is_usual(&text), "{text}");
    }
    for (at, telling) in [
        ("{\"choices\"", "\"error\":\"overloaded\","),
        ("{\"choices\"", "\"errors\":[1],"),
        ("{\"choices\"", "\"object\":\"error\","),
        ("{\"choices\"", "\"success\":false,"),
        ("{\"message\"", "\"error\":{},"),
        ("{\"message\"", "\"delta\":{\"content\":\"3-1\"},"),
        ("{\"message\"", "\"text\":\"3-1\","),
        ("{\"message\"", "\"native_finish_reason\":\"SAFETY\","),
        ("{\"content\"", "\"refusal\":\"no\","),
        ("{\"content\"", "\"tool_calls\":[{}],"),
        ("{\"content\"", "\"reasoning_details\":[{\"text\":\"why\"}],"),
    ] {
        let text = plain.replace(at, &at.replace('{', &format!("{{{telling}")));
        assert!(parse(&text).is_some() && !is_usual(&text), "{text}");
    }
}

/// Values that stand where others are expected.
fn odd() -> impl Strategy<Value = String> {
    let texts = ["null", "\"\"", "[]", "{}", "\"error\"", "\"stop\"", "\"null\"", "false", "true", "0", "7", "-1.5e3"];
    let more = [
        "[\"a\"]",
        "{\"text\":\"a\"}",
        "[null]",
        "[[]]",
        "\" \\u00e9\\n\"",
        "\"\\ud83d\\ude00\"",
        "1e999",
        "\"why\"",
        "\" why \"",
    ];
    prop::sample::select([&texts[..], &more[..]].concat()).prop_map(str::to_owned)
}

/// An object of some of these fields, each with one of these values or an odd one; a field may stand there twice.
fn object(
    names: &'static [&'static str],
    value: impl Strategy<Value = String> + 'static,
) -> impl Strategy<Value = String> {
    let field = (prop::sample::select(names), prop_oneof![1 => value, 3 => odd()]);
    let fields = prop::collection::vec(field, 0..5);
    fields.prop_map(|fields| {
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        format!("{{{}}}", fields.join(","))
    })
}

/// A chat completion of every kind, mostly of an odd one.
fn body() -> impl Strategy<Value = String> {
    const MESSAGE: &[&str] = &[
        "role",
        "content",
        "content",
        "refusal",
        "tool_calls",
        "function_call",
        "reasoning_content",
        "reasoning",
        "thinking",
        "reasoning_details",
        "error",
        "text",
        "annotations",
    ];
    const CHOICE: &[&str] = &[
        "index",
        "finish_reason",
        "native_finish_reason",
        "delta",
        "text",
        "content",
        "refusal",
        "reasoning",
        "error",
        "logprobs",
    ];
    const BODY: &[&str] =
        &["id", "object", "type", "status", "success", "error", "errors", "message", "base_resp", "usage", "detail"];
    const USAGE: &[&str] =
        &["prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "cached_tokens"];
    let message = object(MESSAGE, "\"[a-z \\\\\\\\]{0,9}\"".prop_map(|text| text));
    let choice = (message, object(CHOICE, Just("\"stop\"".to_owned())));
    let choice =
        choice.prop_map(|(message, more)| format!("{{\"message\": {message},{}", &more[1..]).replace(",}", "}"));
    let choices = prop::collection::vec(prop_oneof![6 => choice, 1 => odd()], 0..3);
    let choices = choices.prop_map(|choices| format!("[{}]", choices.join(",")));
    let usage = object(USAGE, (0..3000_u32).prop_map(|count| count.to_string()));
    (choices, object(BODY, usage))
        .prop_map(|(choices, more)| format!("{{\"choices\": {choices},{}", &more[1..]).replace(",}", "}"))
}

proptest! {
    #[test]
    fn what_is_read_here_is_read_as_elsewhere(body in body()) {
        if parse(&body).is_some() {
            is_usual(&body);
        }
    }

    #[test]
    fn a_plain_reply_with_any_text_is_usual(content in "(?s).{0,200}", thoughts in prop::option::of("(?s).{0,50}"), tokens in any::<u32>()) {
        let body = json!({
            "choices": [{ "message": { "content": content, "reasoning_content": thoughts }, "finish_reason": "stop" }],
            "usage": { "prompt_tokens": tokens, "completion_tokens": 1 },
        });
        prop_assert!(is_usual(&body.to_string()));
    }
}
