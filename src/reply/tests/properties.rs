//! What holds for any bytes.

use proptest::prelude::*;

use super::*;

/// JSON as deep and odd as a reply may be, made of the names that are looked for.
fn odd() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "choices",
        "message",
        "delta",
        "content",
        "text",
        "type",
        "error",
        "code",
        "detail",
        "reasoning",
        "thinking",
        "reasoning_details",
        "tool_calls",
        "function",
        "arguments",
        "function_call",
        "refusal",
        "finish_reason",
        "usage",
        "prompt_tokens",
        "index",
        "metadata",
        "raw",
        "match_id",
        "home_score",
    ]);
    let word = prop::sample::select(vec![
        "a",
        "length",
        "content_filter",
        "reasoning",
        "2-1",
        " ",
        "<think>",
        "model not found",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        word.prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(name.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn check(status: u16, retry_after: Option<&str>, body: &[u8]) -> Result<(), TestCaseError> {
    let headers: Vec<_> = retry_after.iter().map(|&value| ("retry-after".to_owned(), value.to_owned())).collect();
    let received = Received { headers: &headers, ..received(status, body) };
    let reply = read_for(&received, &["a", "b"]);
    match &reply.result {
        Ok(scores) => {
            prop_assert!((200..300).contains(&status));
            prop_assert_eq!(scores.len(), 2);
            prop_assert!(scores.iter().any(Option::is_some));
        }
        Err(failure) => {
            prop_assert!(failure.message.chars().count() <= 300);
            prop_assert!(is_one_line(&failure.message));
            let beginning = format!("HTTP {status}");
            prop_assert!(failure.message.starts_with(&beginning));
        }
    }
    prop_assert!(reply.reasoning.is_none_or(|reasoning| !reasoning.is_empty() && reasoning.trim() == reasoning));
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_are_read(status in any::<u16>(), retry_after in prop::option::of(".{0,40}"),
        body in prop::collection::vec(any::<u8>(), 0..600)) {
        check(status, retry_after.as_deref(), &body)?;
    }

    #[test]
    fn any_envelope_is_read(
        status in prop::sample::select(vec![200, 400, 403, 413, 429, 500]),
        body in odd(),
        broken in any::<prop::sample::Index>(),
    ) {
        let body = body.to_string();
        check(status, None, body.as_bytes())?;
        check(status, None, &body.as_bytes()[broken.index(body.len())..])?;
        let choices = format!("{{\"choices\":[{{\"message\":{body}}},{body}]}}");
        check(status, None, choices.as_bytes())?;
        check(status, None, format!("data: {choices}\n\ndata: {body}\n\n").as_bytes())?;
    }

    #[test]
    fn a_key_in_an_error_is_never_told(
        status in 400_u16..600,
        key in "(sk-|tgp_|hf_|syn_)[a-zA-Z0-9_-]{8,50}",
        before in ".{0,400}",
        after in ".{0,400}",
    ) {
        let message = format!("{before} {key} {after}");
        for body in [message.clone(), json!(message).to_string(), plain(&message)] {
            prop_assert!(!failure(&replied(status, body)).message.contains(&key));
        }
    }
}
