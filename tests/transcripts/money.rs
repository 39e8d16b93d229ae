//! The day's budget: reserved before each request, settled after it, and what it forbids.

use super::told::{events, told};
use super::*;
use fallcast::outcome::NanoUsd;
use support::Step;
use tokio::sync::mpsc::unbounded_channel;

/// A reply that says that it cost so many millionths of a dollar: 100 prompt tokens at one, the rest of the completion
/// at two.
fn charged(content: &str, micro_usd: u64) -> Reply {
    let usage = json!({ "prompt_tokens": 100, "completion_tokens": (micro_usd - 100) / 2 });
    Reply::completion(&json!({ "role": "assistant", "content": content }), "stop", &usage)
}

/// The most that one attempt at `a` can cost.
fn worst(config: &Value) -> NanoUsd {
    let plan = engine(config).call(request(1), RawOptions::default()).unwrap().explain();
    plan.steps[0].verdict.as_ref().unwrap().worst
}

/// A configuration whose daily budget is `share` times the worst case of one attempt.
fn budget(upstream: &Upstream, share: f64, fields: Value) -> Value {
    let mut config = config_with(upstream, fields);
    config["dailyBudgetUsd"] = json!(worst(&config).usd() * share);
    config
}

#[tokio::test]
async fn what_the_budget_does_not_cover_is_not_sent_and_the_error_says_when_the_day_ends() {
    let upstream = Upstream::script([]).await;
    let engine = engine(&budget(&upstream, 0.99, json!({})));
    let outcome = predict(&engine, request(1)).await;
    assert_eq!(skips(&outcome).iter().map(|skip| skip.1).collect::<Vec<_>>(), ["over_budget"; 4]);
    let error = outcome.unwrap_err();
    assert_eq!(error.code(), "BUDGET_EXHAUSTED");
    let wait = error.history().unwrap().retry_after.unwrap().as_secs();
    assert!(wait <= 86_400, "the day ends in {wait} s");
    assert!(error.to_string().contains("where the day's budget of $"), "{error}");
}

#[tokio::test]
async fn a_free_model_goes_on_without_a_budget() {
    let upstream = Upstream::script([Step::model("c", scores(&[("m1", 1, 0)]))]).await;
    let mut config = config_with(&upstream, json!({ "dailyBudgetUsd": 0 }));
    config["models"][2]["promptUsdPer1M"] = json!(0);
    config["models"][2]["completionUsdPer1M"] = json!(0);
    let outcome = predict(&engine(&config), request(1)).await;
    assert_eq!(skips(&outcome), pairs(&[("a", "over_budget"), ("b", "over_budget")]));
    assert_eq!(outcome.unwrap().model_id, "c");
}

#[tokio::test]
async fn late_in_the_budget_only_dearer_fallbacks_are_passed_over() {
    let upstream = Upstream::script([
        Step::model("d", charged(&answer(&[("m1", 1, 0)]), 800)),
        Step::model("a", error(500, "down")),
        Step::model("c", scores(&[("m1", 1, 0)])),
    ])
    .await;
    let mut config = config_with(&upstream, json!({ "pauseFallbacksAt": 0.1, "dailyBudgetUsd": 0.008 }));
    config["models"][1]["completionUsdPer1M"] = json!(3);
    let engine = engine(&config);
    predict(&engine, Question { model_id: "d".to_owned(), ..request(1) }).await.unwrap();
    assert_eq!((engine.budget().spent, engine.budget().state.as_str()), (NanoUsd::micro(800), "fallbacks_paused"));
    let outcome = predict(&engine, request(1)).await;
    assert_eq!(skips(&outcome), pairs(&[("b", "over_budget")]));
    assert!(outcome.unwrap().history.skips[0].detail.contains("is dearer than the original"));
}

#[tokio::test]
async fn a_retry_that_the_budget_refuses_ends_the_attempt_and_loses_nothing() {
    let cut_off = || Reply::status(200).header("content-length", "99").body("{").then_close();
    let upstream = Upstream::script([Step::model("a", cut_off())]).await;
    let engine = engine(&budget(&upstream, 1.01, json!({ "maxFallbackDepth": 0 })));
    let outcome = predict(&engine, request(1)).await;
    assert_eq!(attempts(&outcome), pairs(&[("a", "network")]));
    let error = outcome.unwrap_err();
    let attempt = &error.history().unwrap().attempts[0];
    assert_eq!((attempt.retries, attempt.cost), (0, engine.budget().spent));
    assert!(attempt.cost > NanoUsd(0) && attempt.usage.unwrap().estimated);
}

#[tokio::test]
async fn a_share_of_the_budget_is_told_once_and_before_the_call_ends() {
    let reply = || charged(&answer(&[("m1", 1, 0)]), 1000);
    let upstream = Upstream::script((0..3).map(|_| Step::model("a", reply())).collect::<Vec<_>>()).await;
    let engine = engine(&config_with(&upstream, json!({ "dailyBudgetUsd": 0.01, "budgetAlerts": [0.25, 0.1] })));
    let mut events = events(&engine);
    for expected in [vec!["budget 0.1 at 1000"], vec![], vec!["budget 0.25 at 3000"]] {
        predict(&engine, request(1)).await.unwrap();
        assert_eq!(told(&mut events), expected);
    }
}

#[tokio::test]
async fn what_a_call_that_was_cut_off_may_be_billed_beyond_its_estimate_is_held_for_the_day() {
    let cut_off = || Reply::status(200).header("content-length", "99").body("{").then_close();
    let upstream = Upstream::script([Step::model("a", cut_off()), Step::model("a", error(504, "gone"))]).await;
    let config = budget(&upstream, 2.0, json!({ "maxFallbackDepth": 0, "maxRetries": 0 }));
    let (engine, worst) = (engine(&config), worst(&config));
    for calls in 1..=2_u64 {
        let attempt = predict(&engine, request(1)).await.unwrap_err().history().unwrap().attempts[0].clone();
        assert!(attempt.cost > NanoUsd(0) && attempt.usage.unwrap().estimated);
        let status = engine.budget();
        assert_eq!(status.spent.plus(status.uncertain), NanoUsd(worst.0 * calls));
        assert_eq!((status.spent, status.reserved), (NanoUsd(attempt.cost.0 * calls), NanoUsd(0)));
    }
    assert_eq!((engine.budget().remaining, engine.budget().state.as_str()), (Some(NanoUsd(0)), "exhausted"));
    assert_eq!(predict(&engine, request(1)).await.unwrap_err().code(), "BUDGET_EXHAUSTED");
}

#[tokio::test]
async fn a_usage_that_cannot_be_true_is_estimated_and_told_once_a_model() {
    let content = json!({ "content": answer(&[("m1", 1, 0)]) });
    let zeros = || Reply::completion(&content, "stop", &json!({ "prompt_tokens": 0, "completion_tokens": 0 }));
    let step = |model| Step::model(model, zeros());
    let upstream = Upstream::script([step("a"), step("a"), step("d")]).await;
    let engine = engine(&config_with(&upstream, json!({})));
    let mut events = events(&engine);
    for (model, is_told) in [("a", true), ("a", false), ("d", true)] {
        let outcome = predict(&engine, Question { model_id: model.to_owned(), ..request(1) }).await.unwrap();
        let usage = outcome.history.attempts[0].usage.unwrap();
        assert!(usage.estimated && usage.prompt_tokens > 0 && usage.completion_tokens > 0);
        let doubted = told(&mut events);
        assert_eq!(doubted.len(), usize::from(is_told), "{doubted:?}");
        assert!(doubted.iter().all(|told| told.contains("0 tokens of the prompt and 0 tokens of the completion")));
    }
    assert_eq!(engine.budget().uncertain, NanoUsd(0), "the whole text of a model that does not reason");
}

/// Sixty-four callers ask eight times each. Nothing is answered, so that every reservation stands: exactly as many
/// requests arrive as the budget covers, and all others are refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_callers_send_exactly_what_the_budget_covers() {
    let upstream = Upstream::handler(|_| Reply::stall()).await;
    let engine = engine(&budget(&upstream, 100.5, json!({ "maxFallbackDepth": 0 })));
    let abort = CancellationToken::new();
    let (ended, mut ends) = unbounded_channel();
    for _ in 0..64 {
        let (engine, abort, ended) = (Arc::clone(&engine), abort.clone(), ended.clone());
        tokio::spawn(async move {
            for _ in 0..8 {
                let call = engine.call(request(1), RawOptions::default()).unwrap();
                let (abort, ended) = (abort.clone(), ended.clone());
                tokio::spawn(async move { ended.send(call.run(&abort).await.unwrap_err().code()) });
            }
        });
    }
    for _ in 0..64 * 8 - 100 {
        assert_eq!(ends.recv().await, Some("BUDGET_EXHAUSTED"));
    }
    upstream.request(99).await;
    abort.cancel();
    for _ in 0..100 {
        assert_eq!(ends.recv().await, Some("ABORT_ERR"));
    }
    assert_eq!((upstream.requests().len(), engine.ledger().reserved()), (100, NanoUsd(0)));
}
