//! `maxConcurrency`: callers beyond it wait their turn.

use super::*;
use std::time::Duration;
use support::Step;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_calls_run_at_once_than_the_provider_allows() {
    // A reply in many pieces leaves room for calls that should have waited.
    let upstream = Upstream::handler(|_| scores(&[("m1", 1, 0)]).drip(Duration::ZERO)).await;
    let mut config = config(&upstream);
    config["providers"][0]["maxConcurrency"] = json!(2);
    let engine = engine(&config);
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let engine = Arc::clone(&engine);
            tokio::spawn(async move { predict_one(&engine).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().model_id, "a");
    }
    assert_eq!(upstream.most_under_way(), 2);
}

async fn predict_one(engine: &Arc<Engine>) -> Answers {
    let call = engine.call(request(1), RawOptions::default()).unwrap();
    call.run(&CancellationToken::new()).await.unwrap()
}

#[tokio::test]
async fn a_signal_that_ends_many_calls_lets_none_of_those_that_wait_begin() {
    let upstream = Upstream::script([Step::model("a", Reply::stall())]).await;
    let mut config = config(&upstream);
    config["providers"][0]["maxConcurrency"] = json!(1);
    let engine = engine(&config);
    let abort = CancellationToken::new();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let (engine, abort) = (Arc::clone(&engine), abort.clone());
            tokio::spawn(async move { engine.call(request(1), RawOptions::default()).unwrap().run(&abort).await })
        })
        .collect();
    upstream.request(0).await;
    abort.cancel();
    let mut charged = 0;
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(error.code(), "ABORT_ERR");
        charged += usize::from(error.history().unwrap().cost().0 > 0);
    }
    assert_eq!((upstream.requests().len(), charged), (1, 1));
}

#[tokio::test]
async fn who_waits_longer_than_its_share_goes_on_to_the_next_model() {
    let upstream =
        Upstream::script([Step::model("a", Reply::stall()), Step::model("b", scores(&[("m1", 1, 0)]))]).await;
    let mut config = config(&upstream);
    config["providers"][0]["maxConcurrency"] = json!(1);
    config["providers"].as_array_mut().unwrap().push(json!({ "id": "q", "baseUrl": upstream.base_url() }));
    config["models"][1]["provider"] = json!("q");
    let engine = engine(&config);
    let holder = engine.call(request(1), RawOptions::default()).unwrap();
    let abort = CancellationToken::new();
    let (held, outcome) = tokio::join!(holder.run(&abort), async {
        upstream.request(0).await;
        let options = RawOptions { deadline_ms: Some(1000.0), max_fallback_depth: Some(1.0), ..RawOptions::default() };
        let outcome = engine.call(request(1), options).unwrap().run(&CancellationToken::new()).await;
        abort.cancel();
        outcome
    });
    held.unwrap_err();
    assert_eq!(attempts(&outcome), pairs(&[("a", "timeout"), ("b", "answered")]));
    let waited = &outcome.unwrap().history.attempts[0];
    assert_eq!((waited.cost.0, waited.usage), (0, None), "nothing was sent");
}

#[tokio::test]
async fn a_fallback_that_was_switched_off_before_its_turn_came_takes_no_place_from_the_next() {
    let upstream = Upstream::script([
        Step::model("b", Reply::stall()),
        Step::model("a", error(400, "no")),
        Step::model("c", scores(&[("m1", 1, 0)])),
    ])
    .await;
    let mut config = config_with(&upstream, json!({ "maxFallbackDepth": 1 }));
    let busy = json!({ "id": "q", "baseUrl": upstream.base_url(), "maxConcurrency": 1 });
    config["providers"].as_array_mut().unwrap().push(busy);
    config["models"][1]["provider"] = json!("q");
    let engine = engine(&config);
    let to_b = Question { model_id: "b".to_owned(), ..request(1) };
    let holder = engine.call(to_b, RawOptions::default()).unwrap();
    let abort = CancellationToken::new();
    let waits = async {
        upstream.request(0).await;
        engine.call(request(1), RawOptions::default()).unwrap().run(&CancellationToken::new()).await
    };
    let (held, outcome, ()) = tokio::join!(holder.run(&abort), waits, async {
        // The attempt at `a` is counted, so the call waits for its turn at `q` by now.
        while engine.metrics().models.is_empty() {
            tokio::task::yield_now().await;
        }
        engine.disable_model("b", "broken").unwrap();
        abort.cancel();
    });
    held.unwrap_err();
    assert_eq!(attempts(&outcome), pairs(&[("a", "bad_request"), ("c", "answered")]));
    assert_eq!(skips(&outcome), pairs(&[("b", "disabled")]));
}
