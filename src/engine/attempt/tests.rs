//! Attempts beside one another; what one attempt does is shown by the transcripts.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::engine::time::Patience;
use crate::engine::{Call, Engine};
use crate::football::{Match, Question, Score};
use crate::plan::{Plan, Wanted};
use crate::request::RawOptions;

/// A provider that answers nobody before so many requests have come; each model answers with another score.
async fn provider(together: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    let barrier = Arc::new(Barrier::new(together));
    tokio::spawn(async move {
        for _ in 0..together {
            let (connection, _) = listener.accept().await.expect("a connection");
            tokio::spawn(answer(connection, Arc::clone(&barrier)));
        }
    });
    url
}

async fn answer(mut connection: TcpStream, together: Arc<Barrier>) {
    let mut request = String::new();
    while !request.ends_with('}') {
        let mut bytes = [0; 4096];
        let count = connection.read(&mut bytes).await.expect("a request");
        request.push_str(std::str::from_utf8(&bytes[..count]).expect("text"));
    }
    let home = if request.contains(r#""model":"a""#) { 1 } else { 2 };
    together.wait().await;
    let content = json!({ "predictions": [{ "match_id": "m1", "home_score": home, "away_score": 0 }] }).to_string();
    let body = json!({
        "choices": [{ "message": { "content": content }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 10, "completion_tokens": 5 },
    });
    let body = body.to_string();
    let reply = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(reply.as_bytes()).await.expect("somebody listens");
}

fn engine(base_url: &str) -> Arc<Engine> {
    let model = |id: &str, fallbacks: Value| {
        json!({
            "id": id, "provider": "p", "upstreamModel": id, "promptUsdPer1M": 1, "completionUsdPer1M": 2,
            "fallbacks": fallbacks,
        })
    };
    let config = json!({
        "builtinCatalog": false,
        "providers": [{ "id": "p", "baseUrl": base_url }],
        "models": [model("a", json!(["b"])), model("b", json!([]))],
    });
    Arc::new(Engine::new(&config, &|_| None).expect("a configuration without a fault"))
}

fn call(engine: &Arc<Engine>) -> Call<Match> {
    let game = Match {
        id: "m1".to_owned(),
        home_team: "Real Betis".to_owned(),
        away_team: "Villarreal".to_owned(),
        ..Match::default()
    };
    let request = Question { model_id: "a".to_owned(), items: vec![game], ..Question::default() };
    engine.call(request, RawOptions::default()).expect("a request without a fault")
}

/// What the model at `position` is assigned when nothing else is.
fn assigned<'a>(call: &'a Call<Match>, plan: &'a Plan, position: usize) -> Assignment<'a> {
    let candidate = &plan.candidates[position];
    Assignment {
        model: call.catalog.model(candidate.model),
        fitted: candidate.verdict.as_ref().expect("it may be asked"),
        patience: Patience { timeout: call.engine.config.attempt_timeout, later: std::time::Duration::ZERO },
        usual_patience: None,
        announcement: None,
        is_dearer: false,
        may_wait: false,
        spare: 0,
    }
}

/// The model that was asked, and how many goals it gave to the home side.
fn answered(attempted: &Attempted<Score>) -> (&str, u8) {
    match attempted {
        Attempted::Ended { record, result: Ok(answered), stop: None, charged_again: 0 } => {
            (&record.model_id, answered.values[0].expect("a score").home)
        }
        Attempted::Ended { record, .. } => panic!("no answer: {record:?}"),
        Attempted::Skipped(refusal) => panic!("no answer: {refusal:?}"),
        Attempted::Begun => panic!("nothing begins"),
    }
}

#[tokio::test]
async fn attempts_of_one_call_and_of_two_run_beside_one_another() {
    let engine = engine(&provider(3).await);
    let (one, other, abort) = (call(&engine), call(&engine), CancellationToken::new());
    let formats = engine.formats.left();
    let (rendering, other_rendering) = (one.rendering(), other.rendering());
    let wanted = Wanted { rendering: &rendering, options: &one.options, formats: &formats };
    let other_wanted = Wanted { rendering: &other_rendering, options: &other.options, formats: &formats };
    let plan = engine.plan(&one.catalog, one.original, &wanted);
    let (context, other_context) = (one.context(&wanted, &abort), other.context(&other_wanted, &abort));

    let [first, second] = [0, 1].map(|position| assigned(&one, &plan, position));
    let (first, second, third) = tokio::join!(
        attempt(&context, &first, None),
        attempt(&context, &second, None),
        attempt(&other_context, &second, None)
    );

    assert_eq!([&first, &second, &third].map(answered), [("a", 1), ("b", 2), ("b", 2)]);
    assert_eq!(engine.ledger().reserved(), NanoUsd::default(), "every reservation is given back");
    assert!(engine.budget().spent > NanoUsd::default());
    assert_eq!(engine.metrics().models.len(), 0, "whoever makes an attempt writes what is counted of it");
}

#[tokio::test]
async fn an_attempt_at_a_model_that_was_switched_off_meanwhile_is_skipped_with_the_time_that_is_left() {
    let engine = engine("http://127.0.0.1:1/v1");
    let (call, abort) = (call(&engine), CancellationToken::new());
    let (rendering, formats) = (call.rendering(), engine.formats.left());
    let wanted = Wanted { rendering: &rendering, options: &call.options, formats: &formats };
    let plan = engine.plan(&call.catalog, call.original, &wanted);
    let context = call.context(&wanted, &abort);
    engine.report_failure("a", FailureKind::RateLimited).expect("a known model");
    let Attempted::Skipped(refusal) = attempt(&context, &assigned(&call, &plan, 0), None).await else {
        panic!("it was asked")
    };
    assert_eq!(refusal.reason.as_str(), "cooling");
    assert!(refusal.retry_after.is_some_and(|left| left.as_secs() >= 29), "{refusal:?}");
}

/// Every call in flight holds its future: what few calls come to is made when they do, and not held by all.
#[tokio::test]
async fn a_call_in_flight_is_small() {
    let engine = engine("http://127.0.0.1:1/v1");
    let abort = CancellationToken::new();
    let run = call(&engine).run(&abort);
    let bytes = std::mem::size_of_val(&run);
    assert!(bytes <= 6144, "the future of a call takes {bytes} bytes");
}
