//! The same model once more, where no other is left.

use std::time::{Duration, Instant};

use super::*;
use fallcast::outcome::NanoUsd;
use support::Step;
use support::http2::{Http2, Play};

#[tokio::test]
async fn the_last_model_is_asked_again_after_a_failure_that_may_pass() {
    let upstream = Upstream::script([
        Step::model("a", error(500, "down")),
        Step::model("b", error(500, "down")),
        Step::model("b", error(429, "slow down").header("retry-after", "0")),
        Step::model("b", scores(&[("m1", 1, 0)])),
    ])
    .await;
    let outcome =
        predict(&engine(&config_with(&upstream, json!({ "maxFallbackDepth": 1 }))), request(1)).await.unwrap();
    let retries: Vec<_> = outcome.history.attempts.iter().map(|attempt| attempt.retries).collect();
    assert_eq!(retries, [0, 2], "only the last attempt is repeated");
}

#[tokio::test]
async fn retries_end_with_their_number_and_with_a_long_retry_after() {
    for (reply, requests) in
        [(error(503, "down"), 3), (error(429, "later").header("retry-after", "11"), 1), (error(404, "gone"), 1)]
    {
        let upstream =
            Upstream::script((0..requests).map(|_| Step::model("a", reply.clone())).collect::<Vec<_>>()).await;
        let engine = engine(&config_with(&upstream, json!({ "maxFallbackDepth": 0 })));
        let error = predict(&engine, request(1)).await.unwrap_err();
        let history = error.history().unwrap();
        assert_eq!(history.attempts[0].retries as usize, requests - 1);
        assert_eq!(
            history.retry_after.map(|wait| wait.as_secs()),
            (requests == 1 && error.to_string().contains("429")).then_some(11)
        );
    }
}

#[tokio::test]
async fn a_retry_that_may_cost_again_stays_below_the_cost_that_the_caller_allows() {
    let cut_off = || Reply::status(200).header("content-length", "99").body("{").then_close();
    let upstream = Upstream::script([
        Step::model("a", error(404, "gone")),
        Step::model("b", cut_off()),
        Step::model("b", cut_off()),
    ])
    .await;
    let engine = engine(&config_with(&upstream, json!({ "maxFallbackDepth": 1 })));
    let plan = engine.call(request(1), RawOptions::default()).unwrap().explain();
    let worst = plan.steps[1].verdict.as_ref().unwrap().worst;
    let options = RawOptions { max_fallback_cost: Some(worst.usd() * 2.5), ..RawOptions::default() };
    let outcome = predict_with(&engine, request(1), options).await;
    assert_eq!(attempts(&outcome), pairs(&[("a", "model_unavailable"), ("b", "network")]));
}

#[tokio::test]
async fn a_call_that_waits_for_its_retry_leaves_its_turn_to_others() {
    let mut first = true;
    let upstream = Upstream::handler(move |_| {
        if std::mem::take(&mut first) {
            error(429, "later").header("retry-after", "10")
        } else {
            scores(&[("m1", 1, 0)])
        }
    })
    .await;
    let mut config = config_with(&upstream, json!({ "maxFallbackDepth": 0 }));
    config["providers"][0]["maxConcurrency"] = json!(1);
    let engine = engine(&config);
    let abort = CancellationToken::new();
    let waiting = engine.call(request(1), RawOptions::default()).unwrap();
    let (waited, answered) = tokio::join!(waiting.run(&abort), async {
        upstream.request(0).await;
        // Its deadline comes before the retry; `a` itself is left alone.
        let options = RawOptions { deadline_ms: Some(5000.0), ..RawOptions::default() };
        let request = Question { model_id: "b".to_owned(), ..request(1) };
        let answered = engine.call(request, options).unwrap().run(&CancellationToken::new()).await;
        abort.cancel();
        answered
    });
    assert_eq!(waited.unwrap_err().code(), "ABORT_ERR");
    assert_eq!(answered.unwrap().model_id, "b");
}

#[tokio::test]
async fn a_retry_whose_turn_never_came_is_not_counted() {
    let upstream = Upstream::script([
        Step::model("a", error(429, "later").header("retry-after", "0")),
        Step::model("a", Reply::stall()),
    ])
    .await;
    let mut config = config_with(&upstream, json!({ "maxFallbackDepth": 0 }));
    config["providers"][0]["maxConcurrency"] = json!(1);
    let engine = engine(&config);
    let abort = CancellationToken::new();
    let options = RawOptions { deadline_ms: Some(400.0), ..RawOptions::default() };
    let first = engine.call(request(1), options).unwrap();
    let second = engine.call(request(1), RawOptions::default()).unwrap();
    let never = CancellationToken::new();
    // The second waits for its turn before the first is answered, and so comes before the retry of the first.
    let (first, second) = tokio::join!(
        async {
            let first = first.run(&never).await;
            abort.cancel();
            first
        },
        second.run(&abort)
    );
    second.unwrap_err();
    assert_eq!(attempts(&first), pairs(&[("a", "rate_limited")]));
    let error = first.unwrap_err();
    assert_eq!((error.code(), error.history().unwrap().attempts[0].retries), ("DEADLINE_EXCEEDED", 0));
}

#[tokio::test]
async fn a_retried_attempt_is_one_result_for_health() {
    let upstream = Upstream::handler(|_| error(500, "down")).await;
    let engine = engine(&config_with(&upstream, json!({ "maxFallbackDepth": 0 })));
    predict(&engine, request(1)).await.unwrap_err();
    assert_eq!((upstream.requests().len(), engine.models()[0].health.failures), (3, 0));
}

/// A configuration whose models are at an HTTP/2 server, without retries.
fn at(server: &Http2) -> Value {
    let model = |id: &str, fallbacks: &[&str]| {
        json!({
            "id": id, "provider": "p", "upstreamModel": id, "promptUsdPer1M": 1, "completionUsdPer1M": 2,
            "fallbacks": fallbacks,
        })
    };
    json!({
        "builtinCatalog": false, "maxRetries": 0, "http": { "caCertificates": [server.pem] },
        "providers": [{ "id": "p", "baseUrl": server.base_url }],
        "models": [model("a", &["b"]), model("b", &[])],
    })
}

fn completion() -> String {
    let usage = json!({"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120});
    let message = json!({"role": "assistant", "content": answer(&[("m1", 1, 0)])});
    json!({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}).to_string()
}

#[tokio::test]
async fn what_a_server_did_not_look_at_is_sent_again_at_no_charge_and_is_no_retry() {
    for play in [Play::Reset(h2::Reason::REFUSED_STREAM), Play::GoAway] {
        let server = Http2::serve([play; 3], 100, completion()).await;
        let outcome = predict(&engine(&at(&server)), request(1)).await;
        assert_eq!(attempts(&outcome), pairs(&[("a", "answered")]));
        let attempt = &outcome.unwrap().history.attempts[0];
        assert_eq!((attempt.retries, attempt.cost.0, server.asked()), (0, 140_000, 4), "the answer alone is charged");
    }
}

#[tokio::test]
async fn a_server_that_refuses_always_is_asked_four_times_and_charges_nothing() {
    let server = Http2::serve([Play::Reset(h2::Reason::REFUSED_STREAM); 4], 100, completion()).await;
    let outcome = predict(&engine(&at(&server)), request(1)).await;
    assert_eq!(attempts(&outcome), pairs(&[("a", "network"), ("b", "answered")]));
    let refused = &outcome.unwrap().history.attempts[0];
    assert_eq!((refused.retries, refused.cost.0, refused.usage, server.asked()), (0, 0, None, 5));
}

#[tokio::test]
async fn more_calls_than_a_server_takes_at_once_are_all_answered_by_the_model_itself() {
    let server = Http2::serve([], 4, completion()).await;
    let engine = engine(&at(&server));
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let call = engine.call(request(1), RawOptions::default()).unwrap();
            tokio::spawn(async move { call.run(&CancellationToken::new()).await })
        })
        .collect();
    for call in calls {
        assert_eq!(attempts(&call.await.unwrap()), pairs(&[("a", "answered")]));
    }
    assert_eq!(engine.budget().spent.0, 64 * 140_000);
}

#[tokio::test]
async fn a_request_on_a_stale_connection_is_sent_again_once_on_a_new_one() {
    let upstream = Upstream::script([
        Step::model("a", scores(&[("m1", 1, 0)])),
        Step::model("a", Reply::reset()),
        Step::model("a", scores(&[("m1", 2, 0)])),
        Step::model("a", Reply::close()),
        Step::model("a", Reply::close()),
        Step::model("b", scores(&[("m1", 3, 0)])),
    ])
    .await;
    let engine = engine(&config_with(&upstream, json!({ "maxRetries": 0 })));
    predict(&engine, request(1)).await.unwrap();

    let outcome = predict(&engine, request(1)).await;
    assert_eq!(attempts(&outcome), pairs(&[("a", "answered")]));
    let attempt = &outcome.unwrap().history.attempts[0];
    assert_eq!((attempt.retries, attempt.failure), (0, None));
    assert!(!attempt.usage.unwrap().estimated);
    let held = engine.budget().uncertain;
    assert!(held > attempt.cost, "the first may have been looked at");

    let outcome = predict(&engine, request(1)).await;
    assert_eq!(attempts(&outcome), pairs(&[("a", "network"), ("b", "answered")]), "once, and only if it was kept");
    let failed = &outcome.unwrap().history.attempts[0];
    assert!(failed.usage.unwrap().estimated, "the second is charged as one that was cut off");
    assert_eq!(engine.budget().uncertain.plus(failed.cost), NanoUsd(3 * held.0));
    let connections: Vec<_> = upstream.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0, 1, 1, 2, 3]);
}

#[tokio::test]
async fn callers_who_are_told_to_wait_together_are_all_answered() {
    let mut healthy = None;
    let upstream = Upstream::handler(move |_| {
        let healthy = *healthy.get_or_insert_with(|| Instant::now() + Duration::from_millis(900));
        if Instant::now() < healthy { error(429, "later").header("retry-after", "1") } else { scores(&[("m1", 1, 0)]) }
    })
    .await;
    let engine = engine(&config_with(&upstream, json!({ "maxFallbackDepth": 0, "maxRetries": 1 })));
    let calls: Vec<_> = (0..40)
        .map(|_| {
            let call = engine.call(request(1), RawOptions::default()).unwrap();
            tokio::spawn(async move { call.run(&CancellationToken::new()).await })
        })
        .collect();
    for call in calls {
        assert_eq!(attempts(&call.await.unwrap()), pairs(&[("a", "answered")]));
    }
}

/// An engine of one model, `a`, that is left alone, and the call that was told so.
async fn told_to_wait(upstream: &Upstream, fields: Value) -> (Arc<Engine>, tokio::task::JoinHandle<()>) {
    let mut config = config_with(upstream, fields);
    config["models"].as_array_mut().unwrap().truncate(1);
    config["models"][0]["fallbacks"] = json!([]);
    left_alone(&config, "a").await
}

/// An engine whose last model, `c`, is left alone, and the call that was told so.
async fn last_told_to_wait(upstream: &Upstream, fields: Value) -> (Arc<Engine>, tokio::task::JoinHandle<()>) {
    let mut config = config_with(upstream, fields);
    config["models"][2]["fallbacks"] = json!([]);
    left_alone(&config, "c").await
}

/// An engine, and the call that was told to leave this model of it alone.
async fn left_alone(config: &Value, id: &str) -> (Arc<Engine>, tokio::task::JoinHandle<()>) {
    let engine = engine(config);
    let question = Question { model_id: id.to_owned(), ..request(1) };
    let call = engine.call(question, RawOptions::default()).unwrap();
    let first = tokio::spawn(async move { drop(call.run(&CancellationToken::new()).await) });
    while !engine.models().iter().any(|model| model.id == id && model.health.cooling_until.is_some()) {
        tokio::task::yield_now().await;
    }
    (engine, first)
}

#[tokio::test]
async fn a_call_that_comes_while_the_only_model_was_told_to_wait_waits_as_well() {
    let upstream = Upstream::script([
        Step::model("a", error(429, "later").header("retry-after", "1")),
        Step::model("a", scores(&[("m1", 1, 0)])),
        Step::model("a", scores(&[("m1", 1, 0)])),
    ])
    .await;
    let (engine, first) = told_to_wait(&upstream, json!({ "maxRetries": 1 })).await;
    let second = predict_meanwhile(&engine, RawOptions::default()).await;
    assert_eq!((attempts(&second), skips(&second)), (pairs(&[("a", "answered")]), pairs(&[])));
    assert_eq!(second.unwrap().history.attempts[0].retries, 0, "a wait is no retry");
    first.await.unwrap();
}

#[tokio::test]
async fn a_call_waits_for_nothing_that_is_too_late_or_not_to_be_asked_again() {
    let hurried = RawOptions { deadline_ms: Some(900.0), ..RawOptions::default() };
    for (seconds, retries, options) in
        [("11", 2, RawOptions::default()), ("5", 2, hurried), ("5", 0, RawOptions::default())]
    {
        let step = Step::model("a", error(429, "later").header("retry-after", seconds));
        let upstream = Upstream::script([step]).await;
        let fields = json!({ "maxRetries": retries });
        let (engine, first) = told_to_wait(&upstream, fields).await;
        let second = predict_meanwhile(&engine, options).await;
        assert_eq!((attempts(&second), skips(&second)), (pairs(&[]), pairs(&[("a", "cooling")])));
        assert_eq!(second.unwrap_err().code(), "NO_MODEL_AVAILABLE");
        first.abort();
    }
}

#[tokio::test]
async fn nothing_is_waited_for_beyond_the_depth() {
    let upstream = Upstream::script([
        Step::model("c", error(429, "later").header("retry-after", "5")),
        Step::model("a", error(400, "no")),
        Step::model("b", error(400, "no")),
    ])
    .await;
    let (engine, first) = last_told_to_wait(&upstream, json!({ "maxFallbackDepth": 1 })).await;
    let second = predict_meanwhile(&engine, RawOptions::default()).await;
    let failed = pairs(&[("a", "bad_request"), ("b", "bad_request")]);
    assert_eq!((attempts(&second), skips(&second)), (failed, pairs(&[("c", "cooling")])));
    first.abort();
}

#[tokio::test]
async fn nothing_is_waited_for_that_would_cost_more_than_retries_have_left() {
    let cut_off = || Reply::status(200).header("content-length", "99").body("{").then_close();
    let upstream = Upstream::script([
        Step::model("c", error(429, "later").header("retry-after", "5")),
        Step::model("a", error(404, "gone")),
        Step::model("b", cut_off()),
        Step::model("b", cut_off()),
    ])
    .await;
    let (engine, first) = last_told_to_wait(&upstream, json!({})).await;
    let plan = engine.call(request(1), RawOptions::default()).unwrap().explain();
    let worst = plan.steps[1].verdict.as_ref().unwrap().worst;
    let options = RawOptions { max_fallback_cost: Some(worst.usd() * 2.5), ..RawOptions::default() };
    let second = predict_meanwhile(&engine, options).await;
    let failed = pairs(&[("a", "model_unavailable"), ("b", "network")]);
    assert_eq!((attempts(&second), skips(&second)), (failed, pairs(&[("c", "cooling")])));
    first.abort();
}

#[tokio::test]
async fn a_signal_ends_the_wait_for_a_model_that_others_found_busy() {
    let upstream = Upstream::script([Step::model("a", error(429, "later").header("retry-after", "9"))]).await;
    let (engine, first) = told_to_wait(&upstream, json!({})).await;
    let abort = CancellationToken::new();
    let call = engine.call(request(1), RawOptions::default()).unwrap();
    let (second, ()) = tokio::join!(call.run(&abort), async { abort.cancel() });
    assert_eq!(second.unwrap_err().code(), "ABORT_ERR");
    first.abort();
}

/// As [`predict_with`], while another call has a reservation.
async fn predict_meanwhile(engine: &Arc<Engine>, options: RawOptions) -> Result<Answers, EngineError> {
    engine.call(request(1), options)?.run(&CancellationToken::new()).await
}

#[tokio::test]
async fn a_retry_waits_on_while_another_caller_was_told_to_wait_longer() {
    let upstream = Upstream::script([
        Step::model("a", error(429, "later").header("retry-after", "1")),
        Step::model("a", error(429, "later").header("retry-after", "2")),
        Step::model("a", scores(&[("m1", 1, 0)])),
        Step::model("a", scores(&[("m1", 1, 0)])),
    ])
    .await;
    let engine = engine(&config_with(&upstream, json!({ "maxFallbackDepth": 0, "maxRetries": 1 })));
    let (one, other) = tokio::join!(
        predict_meanwhile(&engine, RawOptions::default()),
        predict_meanwhile(&engine, RawOptions::default())
    );
    for outcome in [one, other] {
        assert_eq!(attempts(&outcome), pairs(&[("a", "answered")]));
        assert_eq!(outcome.unwrap().history.attempts[0].retries, 1, "a wait is no retry");
    }
}
