//! Closing the engine, and changing its catalogue, with calls under way.

use super::*;
use support::Step;

#[tokio::test]
async fn closing_rejects_what_is_pending_and_what_comes_later() {
    let upstream = Upstream::script([Step::model("a", Reply::stall())]).await;
    let engine = engine(&config(&upstream));
    let never = CancellationToken::new();
    let call = engine.call(request(1), RawOptions::default()).unwrap();
    let (outcome, ()) = tokio::join!(call.run(&never), async {
        upstream.request(0).await;
        engine.close().await;
    });
    assert_eq!(outcome.unwrap_err().code(), "CLOSED");
    assert_eq!(predict(&engine, request(1)).await.unwrap_err().code(), "CLOSED");
    upstream.hung_up(0).await;
}

#[tokio::test]
async fn a_call_keeps_the_catalogue_with_which_it_began() {
    let upstream =
        Upstream::script([Step::model("a", error(500, "down")), Step::model("b", scores(&[("m1", 1, 1)]))]).await;
    let engine = engine(&config(&upstream));
    let call = engine.call(request(1), RawOptions::default()).unwrap();
    engine.update_catalog(&json!({ "fallbacks": { "a": [] } }), &|_| None).unwrap();
    assert_eq!(call.run(&CancellationToken::new()).await.unwrap().model_id, "b");
    assert_eq!(engine.fallback_of("a"), None, "later calls have the new one");
}

#[tokio::test]
async fn a_faulty_change_changes_nothing() {
    let upstream = Upstream::script([]).await;
    let engine = engine(&config(&upstream));
    let changes = json!({ "fallbacks": { "d": "a" }, "models": [{ "id": "b", "provider": "nobody" }] });
    let error = engine.update_catalog(&changes, &|_| None).unwrap_err();
    assert_eq!(error.code(), "INVALID_CONFIG");
    assert!(error.to_string().contains("nobody"), "{error}");
    assert_eq!((engine.active_model_count(), engine.fallback_of("a").unwrap().0.as_str()), (4, "b"));
    let cycle = engine.update_catalog(&json!({ "fallbacks": { "d": "a" } }), &|_| None).unwrap_err();
    assert!(cycle.to_string().contains("→"), "{cycle}");
}
