//! Whose doing a failure is: the model's, the caller's, or that of the matches that are asked again and again.

use super::*;
use fallcast::kind::FailureKind;
use fallcast::request::OwnPrompt;

/// An engine whose models are switched off by the second failure that counts, and fall back to nothing.
fn strict(upstream: &Upstream) -> Arc<Engine> {
    engine(&config_with(upstream, json!({ "disableThreshold": 2, "maxFallbackDepth": 0, "maxRetries": 0 })))
}

/// Asks `a` for different matches each time, as often as given.
async fn ask(engine: &Arc<Engine>, times: usize, like: &Question, options: &RawOptions) {
    for _ in 0..times {
        let id = format!("m{}", fastrand::u64(..));
        let asked =
            Question { prompt: like.prompt.clone(), prompt_version: like.prompt_version.clone(), ..request_for([id]) };
        let _ = predict_with(engine, asked, options.clone()).await;
    }
}

fn failures(engine: &Engine) -> u8 {
    engine.models()[0].health.failures
}

fn own(system: Option<&str>, user: &str) -> Question {
    Question {
        prompt: Some(OwnPrompt { system: system.map(str::to_owned), user: user.to_owned(), ..OwnPrompt::default() }),
        ..request(1)
    }
}

fn with_stop(sequence: &str) -> RawOptions {
    RawOptions { stop: Some(vec![sequence.to_owned()]), ..RawOptions::default() }
}

/// Calls with settings of their own.
fn of_the_callers_own() -> Vec<(Question, RawOptions)> {
    let version = Question { prompt_version: Some("1".to_owned()), ..request(1) };
    vec![
        (own(Some("say no more"), "scores?"), RawOptions::default()),
        (own(None, "a haiku, please"), RawOptions::default()),
        (version, RawOptions::default()),
        (request(1), with_stop("}")),
        (request(1), RawOptions { temperature: Some(2.0), ..RawOptions::default() }),
        (request(1), RawOptions { max_tokens: Some(900.0), ..RawOptions::default() }),
    ]
}

/// What an upstream says that spoils an answer, and a caller's settings may have done it.
fn spoilt() -> [Reply; 5] {
    [
        Reply::chat("Autumn rain at Elland Road"),
        Reply::chat(""),
        Reply::completion(&json!({ "content": "{\"predic" }), "length", &Value::Null),
        error(400, "temperature: is not supported"),
        error(422, "stop: is not supported"),
    ]
}

#[tokio::test]
async fn what_settings_that_nobody_has_answered_may_have_done_is_no_fault_of_the_model() {
    for reply in spoilt() {
        let upstream = Upstream::handler(move |_| reply.clone()).await;
        let engine = strict(&upstream);
        for (request, options) in of_the_callers_own() {
            ask(&engine, 2, &request, &options).await;
            assert_eq!((failures(&engine), engine.active_model_count()), (0, 4), "{request:?} {options:?}");
        }
        assert!(engine.models()[0].health.last_failure.is_some(), "it is known all the same");
        ask(&engine, 2, &request(1), &RawOptions::default()).await;
        assert_eq!(engine.active_model_count(), 3, "without settings it counts");
    }
}

#[tokio::test]
async fn once_a_model_has_answered_with_them_the_same_settings_are_no_excuse() {
    for (like, options) in of_the_callers_own() {
        let upstream = Upstream::handler(|request| match request.model().as_str() {
            "b" => scores(&[("m1", 2, 1)]),
            _ => Reply::chat("no idea"),
        })
        .await;
        let engine = strict(&upstream);
        ask(&engine, 2, &like, &options).await;
        assert_eq!(failures(&engine), 0);
        let answered = Question { model_id: "b".to_owned(), ..like.clone() };
        predict_with(&engine, answered, options.clone()).await.unwrap();
        ask(&engine, 2, &request(1), &RawOptions { temperature: Some(0.123), ..RawOptions::default() }).await;
        assert_eq!(failures(&engine), 0, "others were not answered");
        ask(&engine, 2, &like, &options).await;
        assert_eq!(engine.active_model_count(), 3, "{like:?} {options:?}");
    }
}

#[tokio::test]
async fn a_model_that_is_gone_counts_whatever_the_caller_set() {
    let upstream = Upstream::handler(|_| error(404, "no such model")).await;
    let engine = strict(&upstream);
    for _ in 0..2 {
        predict_with(&engine, own(None, "a haiku, please"), with_stop("}")).await.unwrap_err();
    }
    assert_eq!(engine.active_model_count(), 3, "the same matches too");
}

#[tokio::test]
async fn neither_too_long_a_context_nor_too_large_a_request_counts() {
    for reply in [
        error(413, "too large"),
        error(413, "maximum context length is 8 tokens"),
        error(400, "maximum context length is 8 tokens"),
    ] {
        let upstream = Upstream::handler(move |_| reply.clone()).await;
        let engine = strict(&upstream);
        ask(&engine, 3, &request(1), &RawOptions::default()).await;
        assert_eq!((failures(&engine), upstream.requests().len()), (0, 3));
    }
}

#[tokio::test]
async fn matches_that_are_asked_again_and_again_count_once_for_a_model_until_it_answers() {
    let upstream = Upstream::handler(|request| {
        let is_poisoned = String::from_utf8_lossy(&request.body).contains("poison");
        if is_poisoned { Reply::chat("no idea") } else { scores(&[("good", 1, 0)]) }
    })
    .await;
    let fields = json!({ "disableThreshold": 5, "maxRetries": 0, "maxFallbackDepth": 1 });
    let engine = engine(&config_with(&upstream, fields));
    for order in [["poison", "other"], ["other", "poison"]].iter().cycle().take(7) {
        predict(&engine, request_for(*order)).await.unwrap_err();
    }
    let failures = || engine.models().iter().map(|model| model.health.failures).collect::<Vec<_>>();
    assert_eq!(failures(), [1, 1, 0, 0], "of each model that was asked");
    for id in ["poison-2", "poison-3", "poison-4"] {
        predict(&engine, request_for([id])).await.unwrap_err();
    }
    assert_eq!((failures(), engine.active_model_count()), (vec![4, 4, 0, 0], 4));
    predict(&engine, request_for(["good"])).await.unwrap();
    predict(&engine, request_for(["poison", "other"])).await.unwrap_err();
    assert_eq!(failures(), [1, 4, 0, 0], "it has answered since; the other has not");
}

#[tokio::test]
async fn a_fallback_fails_over_the_matches_that_it_was_asked_for() {
    let upstream = Upstream::handler(|request| match request.model().as_str() {
        "a" => scores(&[("m1", 1, 0)]),
        _ => Reply::chat("no idea"),
    })
    .await;
    let fields = json!({ "maxRetries": 0, "maxFallbackDepth": 1 });
    let engine = engine(&config_with(&upstream, fields));
    for ids in [["m1", "m2"], ["m1", "m3"], ["m1", "m2"]] {
        predict(&engine, request_for(ids)).await.unwrap();
    }
    assert_eq!(engine.models()[1].health.failures, 2, "m2, m3, and m2 again");
    predict(&engine, Question { model_id: "b".to_owned(), ..request_for(["m3"]) }).await.unwrap_err();
    assert_eq!(engine.models()[1].health.failures, 2);
}

#[tokio::test]
async fn a_time_out_counts_only_if_the_attempt_had_the_time_that_the_configuration_gives() {
    let upstream = Upstream::handler(|_| Reply::stall()).await;
    let mut config = config_with(
        &upstream,
        json!({ "attemptTimeoutMs": 60, "deadlineMs": 300, "transientThreshold": 1, "maxFallbackDepth": 1 }),
    );
    config["models"][1]["fallbacks"] = json!([]);
    let time = |attempt: Option<f64>, deadline: Option<f64>| RawOptions {
        attempt_timeout_ms: attempt,
        deadline_ms: deadline,
        ..RawOptions::default()
    };
    for (case, options, counts) in [
        ("nothing set", time(None, None), true),
        ("as much", time(Some(60.0), Some(300.0)), true),
        ("more", time(Some(70.0), None), true),
        ("less", time(Some(20.0), None), false),
        ("less, for the deadline", time(None, Some(60.0)), false),
        ("less, whatever the deadline", time(Some(20.0), Some(2000.0)), false),
        ("as much, though the deadline is short", time(None, Some(200.0)), true),
    ] {
        let engine = super::engine(&config);
        let error = predict_with(&engine, request(1), options).await.unwrap_err();
        assert_eq!(error.history().unwrap().attempts[0].failure, Some(FailureKind::Timeout), "{case}: {error}");
        let health = &engine.models()[0].health;
        assert_eq!((health.cooling_until.is_some(), health.failures), (counts, 0), "{case}");
        assert!(health.last_failure.is_some(), "{case}");
    }
}

#[tokio::test]
async fn a_share_of_the_configured_deadline_is_time_enough() {
    let upstream = Upstream::handler(|_| Reply::stall()).await;
    // Its share of the deadline, 100 ms, is less than its own time-out.
    let mut config = config_with(
        &upstream,
        json!({ "attemptTimeoutMs": 5000, "deadlineMs": 200, "transientThreshold": 1, "maxFallbackDepth": 1 }),
    );
    config["models"][1]["fallbacks"] = json!([]);
    for (attempt_timeout_ms, counts) in [(None, true), (Some(150.0), true), (Some(40.0), false)] {
        let engine = engine(&config);
        let options = RawOptions { attempt_timeout_ms, ..RawOptions::default() };
        predict_with(&engine, request(1), options).await.unwrap_err();
        assert_eq!(engine.models()[0].health.cooling_until.is_some(), counts, "{attempt_timeout_ms:?}");
    }
}
