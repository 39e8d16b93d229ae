//! Time-outs inside the deadline, and the caller's signal. Each waits for what it names; none for a fixed time.

use super::*;
use support::Step;

#[tokio::test]
async fn a_hung_model_leaves_time_for_its_fallback() {
    let upstream =
        Upstream::script([Step::model("a", Reply::stall()), Step::model("b", scores(&[("m1", 2, 1)]))]).await;
    let engine = engine(&config(&upstream));
    let options = RawOptions { deadline_ms: Some(3000.0), max_fallback_depth: Some(1.0), ..RawOptions::default() };
    let outcome = predict_with(&engine, request(1), options).await;
    assert_eq!(attempts(&outcome), pairs(&[("a", "timeout"), ("b", "answered")]));
    let outcome = outcome.unwrap();
    assert!(outcome.history.attempts[0].usage.unwrap().estimated, "it may have been charged for");
    upstream.hung_up(0).await;
}

#[tokio::test]
async fn a_time_out_is_not_retried_and_a_drip_is_one() {
    for reply in [Reply::stall(), scores(&[("m1", 1, 1)]).drip(std::time::Duration::from_secs(1))] {
        let upstream = Upstream::script([Step::model("a", reply)]).await;
        let options =
            RawOptions { attempt_timeout_ms: Some(200.0), max_fallback_depth: Some(0.0), ..RawOptions::default() };
        let outcome = predict_with(&engine(&config(&upstream)), request(1), options).await;
        assert_eq!(attempts(&outcome), pairs(&[("a", "timeout")]));
        upstream.hung_up(0).await;
    }
}

#[tokio::test]
async fn for_the_last_model_the_deadline_is_what_ends_it() {
    let upstream = Upstream::script([Step::model("a", Reply::stall())]).await;
    let options = RawOptions { deadline_ms: Some(300.0), max_fallback_depth: Some(0.0), ..RawOptions::default() };
    let outcome = predict_with(&engine(&config(&upstream)), request(1), options).await;
    assert_eq!(attempts(&outcome), pairs(&[("a", "deadline")]));
    assert_eq!(outcome.unwrap_err().code(), "DEADLINE_EXCEEDED");
    upstream.hung_up(0).await;
}

#[tokio::test]
async fn a_deadline_after_a_prediction_resolves_with_what_there_is() {
    let upstream =
        Upstream::script([Step::model("a", scores(&[("m1", 1, 0)])), Step::model("b", Reply::stall())]).await;
    let options = RawOptions { deadline_ms: Some(500.0), max_fallback_depth: Some(1.0), ..RawOptions::default() };
    let outcome = predict_with(&engine(&config(&upstream)), request(2), options).await;
    assert_eq!(attempts(&outcome), pairs(&[("a", "answered"), ("b", "deadline")]));
    assert_eq!(outcome.unwrap().missing().collect::<Vec<_>>(), ["m2"]);
}

#[tokio::test]
async fn an_abort_cancels_the_request_and_rejects_even_with_a_prediction_in_hand() {
    let upstream =
        Upstream::script([Step::model("a", scores(&[("m1", 1, 0)])), Step::model("b", Reply::stall())]).await;
    let engine = engine(&config(&upstream));
    let abort = CancellationToken::new();
    let call = engine.call(request(2), RawOptions::default()).unwrap();
    let (outcome, ()) = tokio::join!(call.run(&abort), async {
        upstream.request(1).await;
        abort.cancel();
    });
    assert_eq!(attempts(&outcome), pairs(&[("a", "answered"), ("b", "aborted")]));
    let error = outcome.unwrap_err();
    assert_eq!(error.code(), "ABORT_ERR");
    assert!(error.history().unwrap().cost().0 > 0);
    upstream.hung_up(0).await;
}

#[tokio::test]
async fn a_signal_that_is_already_aborted_sends_nothing() {
    let upstream = Upstream::script([]).await;
    let abort = CancellationToken::new();
    abort.cancel();
    let call = engine(&config(&upstream)).call(request(1), RawOptions::default()).unwrap();
    assert_eq!(call.run(&abort).await.unwrap_err().code(), "ABORT_ERR");
}

#[tokio::test]
async fn the_status_of_an_error_stands_though_its_body_stalls() {
    let stalled = error(429, "later").header("retry-after", "7").header("content-length", "9999").then_stall();
    let upstream = Upstream::script([Step::model("a", stalled)]).await;
    let options =
        RawOptions { attempt_timeout_ms: Some(400.0), max_fallback_depth: Some(0.0), ..RawOptions::default() };
    let engine = engine(&config_with(&upstream, json!({ "maxRetries": 0 })));
    let outcome = predict_with(&engine, request(1), options).await;
    assert_eq!(attempts(&outcome), pairs(&[("a", "rate_limited")]));
    let error = outcome.unwrap_err();
    let history = error.history().unwrap();
    assert_eq!((history.cost().0, history.retry_after.map(|wait| wait.as_secs())), (0, Some(7)));
}

#[tokio::test]
async fn a_time_out_tells_the_status_of_the_reply_whose_body_stalls() {
    // However busy the machine is, one of these is long enough for the head of the reply to come.
    for timeout in [200.0, 2_000.0, 20_000.0] {
        let stalled = Reply::status(200).header("content-length", "99").body("{").then_stall();
        let upstream = Upstream::handler(move |_| stalled.clone()).await;
        let options =
            RawOptions { attempt_timeout_ms: Some(timeout), max_fallback_depth: Some(0.0), ..RawOptions::default() };
        let outcome = predict_with(&engine(&config(&upstream)), request(1), options).await;
        assert_eq!(attempts(&outcome), pairs(&[("a", "timeout")]));
        let error = outcome.unwrap_err();
        let attempt = &error.history().unwrap().attempts[0];
        if attempt.status.is_some() {
            assert_eq!((attempt.status, attempt.cost.0 > 0), (Some(200), true));
            return;
        }
    }
    panic!("no time-out told a status");
}

#[tokio::test]
async fn what_was_never_sent_is_not_charged() {
    // It accepts connections, but never agrees on TLS.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = Upstream::script([]).await;
    let mut config = config(&upstream);
    config["providers"][0]["baseUrl"] = json!(format!("https://127.0.0.1:{}", silent.local_addr().unwrap().port()));
    let options =
        RawOptions { attempt_timeout_ms: Some(200.0), max_fallback_depth: Some(0.0), ..RawOptions::default() };
    let outcome = predict_with(&engine(&config), request(1), options).await;
    assert_eq!(attempts(&outcome), pairs(&[("a", "timeout")]));
    let error = outcome.unwrap_err();
    let attempt = &error.history().unwrap().attempts[0];
    assert_eq!((attempt.cost.0, attempt.usage), (0, None));
}

#[tokio::test]
async fn an_abort_during_the_wait_for_a_retry_is_an_abort() {
    let upstream = Upstream::script([Step::model("a", error(429, "later").header("retry-after", "10"))]).await;
    let engine = engine(&config(&upstream));
    let abort = CancellationToken::new();
    let options = RawOptions { max_fallback_depth: Some(0.0), ..RawOptions::default() };
    let call = engine.call(request(1), options).unwrap();
    let (outcome, ()) = tokio::join!(call.run(&abort), async {
        upstream.request(0).await;
        abort.cancel();
    });
    assert_eq!(outcome.unwrap_err().code(), "ABORT_ERR");
}
