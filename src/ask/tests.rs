//! Replies to questions, as the reader takes them.

use std::sync::Arc;
use std::time::SystemTime;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{AnswerText, Form, Judge, Judgement, OpenQuestion};
use crate::kind::FailureKind;
use crate::protocol::{Received, Reply};
use crate::reply;
use crate::request::OwnPrompt;

/// Takes whatever is likeliest.
struct Anything;

impl Judge for Anything {
    fn judge(&self, _: Vec<String>) -> Judgement {
        Box::pin(std::future::ready(Ok(0)))
    }
}

fn question(has_form: bool) -> OpenQuestion {
    let prompt = OwnPrompt { user: "Who?".to_owned(), ..OwnPrompt::default() };
    OpenQuestion::new(
        &prompt,
        has_form.then(|| Form::new("answer", Some(&json!({ "type": "object" })), Arc::new(Anything))),
    )
}

fn read(has_form: bool, body: &[u8]) -> Reply<Vec<Option<AnswerText>>> {
    let received = Received { status: 200, headers: &[], body, now: SystemTime::UNIX_EPOCH };
    reply::read(&received, &[&question(has_form)])
}

fn completion(content: &str, finish: &str) -> Vec<u8> {
    let message = json!({ "choices": [{ "message": { "content": content }, "finish_reason": finish }] });
    serde_json::to_vec(&message).unwrap()
}

fn texts(reply: Reply<Vec<Option<AnswerText>>>) -> Result<Vec<String>, FailureKind> {
    let values = reply.result.map_err(|failure| failure.kind)?;
    Ok(values.into_iter().flatten().flat_map(|reading| reading.texts).collect())
}

#[test]
fn a_text_is_what_is_said_without_thinking_unless_it_was_cut_off() {
    let text = |content: &str, finish: &str| texts(read(false, &completion(content, finish)));
    assert_eq!(text("<think>a</think> Ann. ", "stop"), Ok(vec!["Ann.".to_owned()]));
    assert_eq!(text("Ann is", "length"), Err(FailureKind::Truncated));
    assert_eq!(text(" ", "stop"), Err(FailureKind::EmptyResponse));
    assert_eq!(text("Ann.", "content_filter"), Err(FailureKind::ContentFiltered));
    let silent = br#"{"choices":[{"message":{"content":"","reasoning":"Ann."},"finish_reason":"stop"}]}"#;
    assert!(texts(read(false, silent)).is_err(), "what was only thought is not said");
}

#[test]
fn a_value_may_stand_wherever_a_model_puts_it() {
    let value =
        |content: &str, finish: &str| texts(read(true, &completion(content, finish))).map(|texts| texts[0].clone());
    assert_eq!(value("<think>{\"a\":0}</think>{\"a\":1}", "stop"), Ok("{\"a\":1}".to_owned()));
    assert_eq!(value("{\"a\":1, \"b\": [2", "length"), Err(FailureKind::Truncated));
    assert_eq!(value("{\"a\":1} {\"a\": ", "length"), Err(FailureKind::Truncated), "a draft is no answer");
    let call = br#"{"choices":[{"message":{"tool_calls":[{"function":{"arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}]}"#;
    assert_eq!(texts(read(true, call)).map(|texts| texts[0].clone()), Ok("{\"a\":1}".to_owned()));
    let thought = br#"{"choices":[{"message":{"content":"","reasoning":"So {\"a\":1}"},"finish_reason":"stop"}]}"#;
    assert_eq!(texts(read(true, thought)), Ok(vec!["{\"a\":1}".to_owned(), "1".to_owned()]));
}

#[test]
fn the_same_question_has_the_same_name_and_another_form_makes_another_of_it() {
    use crate::task::Item as _;
    assert_eq!(question(true).id(), question(true).id());
    assert_ne!(question(true).id(), question(false).id());
}

proptest! {
    #[test]
    fn whatever_is_said_each_candidate_is_json_and_there_are_few(
        content in "(?s)([{}\\[\\]:,\"'`a1 \n]|<think>|</think>|\"a\":|null){0,40}",
        finish in "stop|length|error|",
    ) {
        if let Ok(texts) = texts(read(true, &completion(&content, &finish))) {
            prop_assert!((1..=super::candidates::MOST).contains(&texts.len()));
            for text in texts {
                prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
            }
        }
        if let Ok(texts) = texts(read(false, &completion(&content, &finish))) {
            prop_assert!(!texts[0].trim().is_empty());
        }
    }

    #[test]
    fn whatever_comes_is_read(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = (read(true, &body), read(false, &body));
    }
}
