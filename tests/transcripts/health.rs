//! Models and providers that are left alone or switched off, and what is told of it.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use super::told::{events, in_short, invalidations, told};
use super::*;
use fallcast::kind::FailureKind;
use support::Step;

/// A wait in seconds, rounded up: what is left of it when it is looked at.
fn seconds(wait: Option<Duration>) -> u64 {
    u64::try_from(wait.unwrap().as_millis().div_ceil(1000)).unwrap()
}

fn left(until: Option<SystemTime>) -> Option<Duration> {
    until?.duration_since(SystemTime::now()).ok()
}

#[tokio::test]
async fn a_disabled_model_is_never_called_and_the_count_is_told_before_the_call_ends() {
    let upstream = Upstream::script([
        Step::model("a", Reply::chat("no idea")),
        Step::model("b", scores(&[("m1", 1, 0)])),
        Step::model("a", Reply::chat("no idea")),
        Step::model("b", scores(&[("m2", 1, 0)])),
        Step::model("b", scores(&[("m1", 1, 0)])),
    ])
    .await;
    let engine = engine(&config_with(&upstream, json!({ "disableThreshold": 2 })));
    let (mut events, mut counts) = (events(&engine), invalidations(&engine));
    assert_eq!(engine.active_model_count(), 4);
    predict(&engine, request(1)).await.unwrap();
    assert_eq!(told(&mut events), ["fallback b parse_error"]);
    predict(&engine, request_for(["m2"])).await.unwrap();
    assert_eq!(told(&mut events), ["disabled a 2", "fallback b parse_error"]);
    let count = counts.try_recv().unwrap();
    assert_eq!((count.sequence, count.active_models, count.model_id.as_deref()), (1, 3, Some("a")));
    assert_eq!(engine.active_model_count(), 3);
    let outcome = predict(&engine, request(1)).await;
    assert_eq!(skips(&outcome), pairs(&[("a", "disabled")]));
    assert_eq!(told(&mut events), ["fallback b disabled"]);
    assert!(counts.try_recv().is_err());
}

#[tokio::test]
async fn the_timer_brings_a_model_back_and_tells_it() {
    let upstream = Upstream::script([Step::model("a", Reply::chat("no idea"))]).await;
    let fields = json!({ "disableThreshold": 1, "cooldownMs": 20, "maxFallbackDepth": 0 });
    let engine = engine(&config_with(&upstream, fields));
    let mut counts = invalidations(&engine);
    let tending = tokio::spawn(engine.tend());
    predict(&engine, request(1)).await.unwrap_err();
    assert_eq!(counts.recv().await.unwrap().active_models, 3);
    let back = counts.recv().await.unwrap();
    assert_eq!((back.cause.as_str(), back.active_models, back.sequence), ("recovered", 4, 2));
    engine.close().await;
    tending.await.unwrap();
}

#[tokio::test]
async fn the_timer_tells_when_a_cooling_is_over_and_when_another_lasts_longer_later() {
    let upstream = Upstream::script([Step::model("a", error(429, "slow down").header("retry-after", "1"))]).await;
    let fields = json!({ "maxFallbackDepth": 0, "maxRetries": 0, "providerCooldownMs": 20 });
    let engine = engine(&config_with(&upstream, fields));
    let mut events = events(&engine);
    let tending = tokio::spawn(engine.tend());
    predict(&engine, request(1)).await.unwrap_err();
    engine.report_failure("b", FailureKind::RateLimited).unwrap();
    engine.report_failure("c", FailureKind::Unauthorized).unwrap();
    let mut happened = Vec::new();
    while happened.len() < 5 {
        let event = events.recv().await.unwrap();
        happened.push((event.sequence, in_short(&event)));
    }
    let all = [
        "cooling a rate_limited",
        "cooling b rate_limited",
        "provider p unauthorized",
        "provider p cooled",
        "cooled a",
    ];
    assert_eq!(happened, (1..).zip(all.map(str::to_owned)).collect::<Vec<_>>());
    engine.enable_model("b").unwrap();
    engine.close().await;
    tending.await.unwrap();
    assert_eq!(told(&mut events), Vec::<String>::new(), "what was ended by hand is not told");
}

#[tokio::test]
async fn a_model_that_has_come_back_is_tried_by_as_many_calls_as_failures_are_left() {
    let upstream = Upstream::handler(|_| Reply::stall()).await;
    let fields = json!({ "cooldownMs": 1, "maxFallbackDepth": 1 });
    let mut config = config_with(&upstream, fields);
    config["models"][0]["fallbacks"] = json!([]);
    let engine = engine(&config);
    for _ in 0..5 {
        engine.report_failure("a", FailureKind::ParseError).unwrap();
    }
    while engine.recover_due() == 0 {
        tokio::task::yield_now().await;
    }
    let abort = CancellationToken::new();
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let (call, abort) = (engine.call(request(1), RawOptions::default()).unwrap(), abort.clone());
            tokio::spawn(async move { call.run(&abort).await })
        })
        .collect();
    upstream.request(2).await;
    let outcome = engine.call(request(1), RawOptions::default()).unwrap().run(&CancellationToken::new()).await;
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.code(), error.history().unwrap().retry_after),
        ("NO_MODEL_AVAILABLE", Some(Duration::from_secs(1)))
    );
    let skip = &error.history().unwrap().skips[0];
    assert_eq!((skip.reason.as_str(), skip.detail.as_str()), ("cooling", "coming back: 3 calls under way"));
    let explanation = engine.call(request(1), RawOptions::default()).unwrap().explain();
    assert_eq!(explanation.steps[0].verdict.as_ref().unwrap_err().detail, skip.detail);
    assert_eq!((engine.active_model_count(), upstream.requests().len()), (4, 3), "it is active all the same");
    abort.cancel();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap_err().code(), "ABORT_ERR");
    }
    let again = engine.call(request(1), RawOptions::default()).unwrap().explain();
    assert!(again.steps[0].verdict.is_ok(), "who gives up gives the place back");
}

#[tokio::test]
async fn a_retry_of_a_model_that_has_come_back_needs_no_second_place() {
    let upstream =
        Upstream::script([Step::model("d", error(503, "down")), Step::model("d", scores(&[("m1", 1, 0)]))]).await;
    let engine = engine(&config_with(&upstream, json!({ "cooldownMs": 1, "failuresAfterRecovery": 4 })));
    for _ in 0..5 {
        engine.report_failure("d", FailureKind::ParseError).unwrap();
    }
    while engine.recover_due() == 0 {
        tokio::task::yield_now().await;
    }
    let outcome = predict(&engine, Question { model_id: "d".to_owned(), ..request(1) }).await.unwrap();
    assert_eq!(outcome.history.attempts[0].retries, 1);
    assert_eq!(engine.models()[3].health.failures, 0);
}

#[tokio::test]
async fn an_engine_that_is_dropped_ends_its_timer() {
    let upstream = Upstream::script([]).await;
    let engine = engine(&config(&upstream));
    engine.disable_model("a", "by hand").unwrap();
    let tending = tokio::spawn(engine.tend());
    drop(engine);
    tending.await.unwrap();
}

#[tokio::test]
async fn a_429_leaves_the_model_alone_for_everybody_but_its_own_retry() {
    let upstream = Upstream::script([
        Step::model("a", error(429, "slow down")),
        Step::model("b", scores(&[("m1", 1, 0)])),
        Step::model("b", error(429, "slow down").header("retry-after", "7200")),
        Step::model("c", error(429, "slow down").header("retry-after", "7")),
        Step::model("d", error(429, "slow down")),
        Step::model("d", scores(&[("m1", 1, 0)])),
    ])
    .await;
    let engine = engine(&config(&upstream));
    let mut events = events(&engine);
    predict(&engine, request(1)).await.unwrap();
    assert_eq!(told(&mut events), ["cooling a rate_limited", "fallback b rate_limited"]);
    let outcome = predict(&engine, request(1)).await;
    assert_eq!(skips(&outcome), pairs(&[("a", "cooling")]));
    assert_eq!(outcome.unwrap().history.attempts.last().unwrap().retries, 1, "the last model's own 429");
    let cooling: Vec<u64> = engine.models().iter().map(|model| seconds(left(model.health.cooling_until))).collect();
    assert_eq!(cooling, [30, 3600, 7, 30], "the default, at most an hour, as asked, the default");
    assert_eq!(engine.active_model_count(), 4, "who is left alone is active");
    let error = predict(&engine, request(1)).await.unwrap_err();
    assert_eq!(error.code(), "NO_MODEL_AVAILABLE");
    assert_eq!(seconds(error.history().unwrap().retry_after), 7, "the soonest of them");
}

#[tokio::test]
async fn transient_failures_in_a_row_leave_a_model_alone() {
    let upstream = Upstream::handler(|_| error(503, "down")).await;
    let fields = json!({ "transientThreshold": 2, "maxFallbackDepth": 0, "maxRetries": 0 });
    let engine = engine(&config_with(&upstream, fields));
    let mut events = events(&engine);
    for _ in 0..2 {
        predict(&engine, request(1)).await.unwrap_err();
    }
    assert_eq!(told(&mut events), ["cooling a server_error"]);
    let outcome = predict(&engine, request(1)).await;
    assert_eq!((skips(&outcome)[0].1, upstream.requests().len()), ("cooling", 2));
    assert_eq!(engine.models()[0].health.failures, 0, "an outage is no fault");
}

#[tokio::test]
async fn a_provider_that_refuses_the_key_is_left_alone_by_every_request_until_it_has_another() {
    let upstream =
        Upstream::script([Step::model("a", error(401, "bad key")), Step::model("b", scores(&[("m1", 1, 0)]))]).await;
    let engine = engine(&config(&upstream));
    let mut events = events(&engine);
    predict(&engine, request(1)).await.unwrap_err();
    assert_eq!(told(&mut events), ["provider p unauthorized"]);
    let outcome = predict(&engine, Question { model_id: "b".to_owned(), ..request(1) }).await;
    assert_eq!(skips(&outcome)[0], ("b".to_owned(), "provider_failed"));
    let error = outcome.unwrap_err();
    assert_eq!((error.code(), seconds(error.history().unwrap().retry_after)), ("NO_MODEL_AVAILABLE", 60));
    assert!(
        engine.models().iter().all(|model| model.health.disabled.is_none() && model.health.cooling_until.is_some())
    );
    let provider = json!({ "id": "p", "baseUrl": upstream.base_url(), "apiKey": "another" });
    engine.update_catalog(&json!({ "providers": [provider] }), &|_| None).unwrap();
    predict(&engine, Question { model_id: "b".to_owned(), ..request(1) }).await.unwrap();
}

#[tokio::test]
async fn an_error_says_when_a_model_can_be_asked_again_and_not_when_none_can() {
    let upstream = Upstream::handler(|_| Reply::chat("no idea")).await;
    let mut config = config_with(&upstream, json!({ "disableThreshold": 1, "maxFallbackDepth": 0 }));
    config["models"][1]["promptUsdPer1M"] = json!(100);
    let engine = engine(&config);
    let error = predict(&engine, request(1)).await.unwrap_err();
    assert_eq!((error.code(), seconds(error.history().unwrap().retry_after)), ("ALL_ATTEMPTS_FAILED", 3600));
    for (model, fields, code, wait) in [
        // The fallback that cools is beyond the depth, and beyond the price.
        ("a", json!({ "maxFallbackDepth": 0 }), "NO_MODEL_AVAILABLE", None),
        ("a", json!({ "maxFallbackDepth": 1 }), "NO_MODEL_AVAILABLE", Some(30)),
        ("a", json!({ "maxFallbackDepth": 1, "maxPriceRatio": 1.5 }), "NO_MODEL_AVAILABLE", None),
        ("b", json!({ "maxFallbackDepth": 0 }), "NO_MODEL_AVAILABLE", Some(30)),
        // One that answers nonsense can be asked again at once.
        ("c", json!({ "maxFallbackDepth": 1 }), "ALL_ATTEMPTS_FAILED", None),
    ] {
        let mut config = config_with(&upstream, fields);
        config["models"][1]["promptUsdPer1M"] = json!(3);
        config["models"][1]["completionUsdPer1M"] = json!(6);
        config["models"][1]["fallbacks"] = json!([]);
        let engine = super::engine(&config);
        engine.disable_model("a", "for good").unwrap();
        engine.report_failure("b", FailureKind::RateLimited).unwrap();
        let outcome = engine.call(Question { model_id: model.to_owned(), ..request(1) }, RawOptions::default());
        let error = outcome.unwrap().run(&CancellationToken::new()).await.unwrap_err();
        let again = error.history().unwrap().retry_after;
        assert_eq!((error.code(), again.map(|again| seconds(Some(again)))), (code, wait), "{error}");
    }
}

#[tokio::test]
async fn what_a_model_was_passed_over_for_is_asked_again_when_an_attempt_came_after_it() {
    let known: Arc<OnceLock<Arc<Engine>>> = Arc::default();
    let engine_of_call = Arc::clone(&known);
    let upstream = Upstream::handler(move |_| {
        engine_of_call.wait().enable_model("a").unwrap();
        error(429, "later").header("retry-after", "60")
    })
    .await;
    let mut config = config_with(&upstream, json!({ "maxFallbackDepth": 1, "maxRetries": 0 }));
    config["models"][1]["fallbacks"] = json!([]);
    let engine = engine(&config);
    known.set(Arc::clone(&engine)).unwrap_or_else(|_| panic!("it was set already"));
    engine.report_failure("a", FailureKind::RateLimited).unwrap();
    let outcome = predict(&engine, request(1)).await;
    assert_eq!((attempts(&outcome), skips(&outcome)), (pairs(&[("b", "rate_limited")]), pairs(&[("a", "cooling")])));
    assert_eq!(outcome.unwrap_err().history().unwrap().retry_after, None, "it can be asked at once");
}

#[tokio::test]
async fn a_late_refusal_of_the_old_key_is_none_of_the_new_one() {
    let upstream = Upstream::handler(|request| {
        let is_old = request.header("authorization") == Some("Bearer the-old-one");
        if is_old { error(401, "bad key") } else { scores(&[("m1", 1, 0)]) }
    })
    .await;
    let mut config = config_with(&upstream, json!({ "maxFallbackDepth": 0 }));
    config["providers"][0]["apiKey"] = json!("the-old-one");
    let engine = engine(&config);
    let late = engine.call(request(1), RawOptions::default()).unwrap();
    let provider = json!({ "id": "p", "baseUrl": upstream.base_url(), "apiKey": "the-new-one" });
    engine.update_catalog(&json!({ "providers": [provider] }), &|_| None).unwrap();
    late.run(&CancellationToken::new()).await.unwrap_err();
    predict(&engine, request(1)).await.unwrap();
}

#[tokio::test]
async fn a_much_dearer_fallback_is_told_with_both_estimates() {
    let upstream =
        Upstream::script([Step::model("a", error(500, "down")), Step::model("b", scores(&[("m1", 0, 2)]))]).await;
    let mut config = config(&upstream);
    config["models"][1]["promptUsdPer1M"] = json!(3);
    config["models"][1]["completionUsdPer1M"] = json!(6);
    let engine = engine(&config);
    let mut events = events(&engine);
    predict(&engine, request(1)).await.unwrap();
    assert_eq!(told(&mut events), ["fallback b server_error", "cost b 3"]);
}

#[tokio::test]
async fn what_the_caller_reports_counts_like_an_attempt() {
    let upstream = Upstream::script([]).await;
    let engine = engine(&config(&upstream));
    let mut events = events(&engine);
    for _ in 0..4 {
        engine.report_failure("a", FailureKind::ParseError).unwrap();
    }
    engine.report_success("a").unwrap();
    assert_eq!(engine.models()[0].health.failures, 0);
    for _ in 0..9 {
        engine.report_failure("a", FailureKind::ParseError).unwrap();
    }
    engine.report_failure("b", FailureKind::RateLimited).unwrap();
    engine.report_failure("c", FailureKind::Unauthorized).unwrap();
    assert_eq!(told(&mut events), ["disabled a 5", "cooling b rate_limited", "provider p unauthorized"]);
    assert_eq!(engine.report_success("x").unwrap_err().code(), "UNKNOWN_MODEL");
    let error = engine.disable_model("a", " ").unwrap_err();
    assert_eq!(error.code(), "INVALID_REQUEST");
    assert_eq!(error.to_string(), "reason: must be 1 to 1000 characters that say why, got \" \"");
}

#[tokio::test]
async fn a_snapshot_is_taken_over_by_another_engine() {
    let upstream = Upstream::script([]).await;
    let engine = engine(&config(&upstream));
    engine.disable_model("a", "broken").unwrap();
    for _ in 0..5 {
        engine.report_failure("b", FailureKind::Truncated).unwrap();
    }
    engine.report_failure("c", FailureKind::RateLimited).unwrap();
    engine.report_failure("d", FailureKind::QuotaExhausted).unwrap();
    let mut snapshot = engine.snapshot();
    snapshot["models"]["stranger"] = snapshot["models"]["a"].clone();

    let other = super::engine(&config(&upstream));
    let (mut events, mut counts) = (events(&other), invalidations(&other));
    other.restore(&snapshot).unwrap();
    assert_eq!(counts.try_recv().unwrap().active_models, 2);
    assert_eq!(told(&mut events), [r#"Restored { ignored: ["stranger"] }"#]);
    let mut again = other.snapshot();
    again["takenAt"] = snapshot["takenAt"].clone();
    again["models"]["stranger"] = snapshot["models"]["stranger"].clone();
    assert_eq!(without_until(again), without_until(snapshot.clone()));
    other.restore(&snapshot).unwrap();
    assert!(counts.try_recv().is_err(), "the same once more changes nothing");
}

/// A snapshot without the times in the future, which two engines may name a millisecond apart.
fn without_until(mut snapshot: Value) -> Value {
    let parts = snapshot.as_object_mut().unwrap().values_mut().filter_map(Value::as_object_mut);
    for entry in parts.flat_map(|part| part.values_mut()) {
        for pointer in ["/coolingUntil", "/disabled/until"] {
            if let Some(until) = entry.pointer_mut(pointer).filter(|until| until.is_string()) {
                *until = json!("later");
            }
        }
    }
    snapshot
}

#[tokio::test]
async fn a_snapshot_with_faults_is_refused_as_a_whole() {
    let upstream = Upstream::script([]).await;
    let engine = engine(&config(&upstream));
    for (snapshot, problem) in [
        (json!(null), "snapshot: must be an object, got null"),
        (json!({}), "snapshot.version: is required"),
        (json!({ "version": 2, "new": [] }), "snapshot.version: must be 1, the only version that is understood, got 2"),
        (
            json!({ "version": 1, "models": { "a": { "changedAt": "yesterday", "failures": 256 } } }),
            "snapshot.models.a.changedAt: must be a time such as 2025-10-19T15:30:00.000Z, got \"yesterday\"\n\
             snapshot.models.a.failures: must be a whole number from 0 to 255, got 256",
        ),
        (
            json!({ "version": 1, "providers": { "p": { "coolingUntil": "2025-10-19T15:30:00Z", "kind": "bad" } } }),
            "snapshot.providers.p.kind: must be a kind of failure, got \"bad\"",
        ),
    ] {
        let error = engine.restore(&snapshot).unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), ("INVALID_CONFIG", problem));
    }
}
