//! Every reason to pass a model over.

use super::*;
use support::Step;

#[tokio::test]
async fn a_model_that_is_not_enabled_or_has_no_key_is_passed_over_and_takes_no_place() {
    let upstream = Upstream::script([Step::model("d", scores(&[("m1", 1, 1)]))]).await;
    let mut config = config_with(&upstream, json!({ "maxFallbackDepth": 1 }));
    config["providers"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "id": "locked", "baseUrl": upstream.base_url(), "apiKeyEnv": "NO_KEY" }));
    config["models"][0]["enabled"] = json!(false);
    config["models"][1]["provider"] = json!("locked");
    config["models"][2]["enabled"] = json!(false);
    let outcome = predict(&engine(&config), request(1)).await;
    assert_eq!(skips(&outcome), pairs(&[("a", "not_enabled"), ("b", "unconfigured"), ("c", "not_enabled")]));
    let outcome = outcome.unwrap();
    assert_eq!((outcome.model_id.as_str(), outcome.fallback_reason.unwrap().as_str()), ("d", "not_enabled"));
}

#[tokio::test]
async fn beyond_the_depth_nothing_is_called() {
    let upstream = Upstream::script([Step::model("a", error(500, "down")), Step::model("b", error(500, "down"))]).await;
    let engine = engine(&config_with(&upstream, json!({ "maxFallbackDepth": 1, "maxRetries": 0 })));
    let outcome = predict(&engine, request(1)).await;
    assert_eq!(attempts(&outcome), pairs(&[("a", "server_error"), ("b", "server_error")]));
    assert_eq!(skips(&outcome), pairs(&[("c", "depth"), ("d", "depth")]));
    let error = outcome.unwrap_err();
    assert_eq!(error.code(), "ALL_ATTEMPTS_FAILED");
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "a line for each model: {text}");
    assert!(lines[1].contains("a: server_error") && lines[4].contains("d: skipped, depth"), "{text}");
}

#[tokio::test]
async fn a_fallback_beyond_the_price_ratio_is_passed_over() {
    let upstream =
        Upstream::script([Step::model("a", error(500, "down")), Step::model("c", scores(&[("m1", 0, 2)]))]).await;
    let mut config = config(&upstream);
    config["models"][1]["promptUsdPer1M"] = json!(8);
    config["models"][1]["completionUsdPer1M"] = json!(16);
    let outcome = predict(&engine(&config), request(1)).await;
    assert_eq!(skips(&outcome), pairs(&[("b", "too_expensive")]));
    assert!(outcome.unwrap().history.skips[0].detail.contains("8.00 times"));
}

#[tokio::test]
async fn all_fallbacks_together_stay_below_the_cost_that_the_caller_allows() {
    let upstream = Upstream::script([Step::model("a", error(500, "down")), Step::model("b", error(500, "down"))]).await;
    let engine = engine(&config_with(&upstream, json!({ "maxRetries": 0 })));
    let plan = engine.call(request(1), RawOptions::default()).unwrap().explain();
    let worst = plan.steps[1].verdict.as_ref().unwrap().worst;
    let options = RawOptions { max_fallback_cost: Some(worst.usd() * 1.5), ..RawOptions::default() };
    let outcome = predict_with(&engine, request(1), options).await;
    assert_eq!(skips(&outcome), pairs(&[("c", "too_expensive"), ("d", "too_expensive")]));
}

#[tokio::test]
async fn when_all_are_passed_over_nothing_is_sent() {
    let upstream = Upstream::script([]).await;
    let mut config = config(&upstream);
    for index in 0..4 {
        config["models"][index]["enabled"] = json!(false);
    }
    let error = predict(&engine(&config), request(1)).await.unwrap_err();
    assert_eq!(error.code(), "NO_MODEL_AVAILABLE");
    assert_eq!(error.history().unwrap().skips.len(), 4);
}

#[tokio::test]
async fn another_provider_goes_on_where_one_refused_the_key() {
    let upstream =
        Upstream::script([Step::model("a", error(401, "bad key")), Step::model("c", scores(&[("m1", 1, 0)]))]).await;
    let mut config = config(&upstream);
    config["providers"].as_array_mut().unwrap().push(json!({ "id": "q", "baseUrl": upstream.base_url() }));
    config["models"][2]["provider"] = json!("q");
    let outcome = predict(&engine(&config), request(1)).await;
    assert_eq!(skips(&outcome), pairs(&[("b", "provider_failed")]));
    assert_eq!(outcome.unwrap().model_id, "c");
}
