//! What a slate waits for: limits that a 429 told, providers that are down, money, and turns at a provider.

use super::*;

#[tokio::test]
async fn a_limit_is_waited_out_and_nobody_asks_before_its_time() {
    let began = std::time::Instant::now();
    let limited = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let first = Arc::clone(&limited);
    let early = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&early);
    let upstream = Upstream::handler(move |request| {
        if request.model() == "a" {
            seen.lock().unwrap().push(began.elapsed());
            if first.swap(false, std::sync::atomic::Ordering::Relaxed) {
                return error(429, "slow down").header("retry-after", "1");
            }
        }
        everything(request)
    })
    .await;
    let mut config = config_with(&upstream, json!({ "maxRetries": 0 }));
    config["providers"][0]["maxConcurrency"] = json!(1);
    let engine = engine(&config);
    let own = RawSlateOptions { items_per_request: Some(1.0), ..RawSlateOptions::default() };
    let slate = slate(&engine, of_models(&["a", "b"], 3), RawOptions::default(), &own);
    let told = run_all(&slate).await;
    assert!(told.end.is_complete, "{:?}", told.missed);
    let early = early.lock().unwrap();
    let again = early.iter().skip(1).min().unwrap();
    assert!(*again >= early[0] + Duration::from_secs(1), "{early:?}");
    assert_eq!(early.len(), 4, "three answers and one refusal");
    assert_eq!(told.attempts_of("a"), [("a".to_owned(), "answered", false)], "it is no other model's");
}

#[tokio::test]
async fn where_a_limit_leaves_no_time_the_fallback_is_asked() {
    let upstream = Upstream::handler(|request| match request.model().as_str() {
        "a" => error(429, "slow down").header("retry-after", "30"),
        _ => everything(request),
    })
    .await;
    let engine = engine(&config(&upstream));
    let soon = RawOptions { deadline_ms: Some(20_000.0), ..RawOptions::default() };
    let told = run_all(&slate(&engine, of_models(&["a"], 1), soon, &RawSlateOptions::default())).await;
    assert_eq!(told.attempts_of("a"), [("a".to_owned(), "rate_limited", false), ("b".to_owned(), "answered", false)]);
}

#[tokio::test]
async fn a_slate_never_costs_more_than_it_may_and_waits_for_what_others_leave() {
    let upstream = Upstream::handler(everything).await;
    let engine = engine(&config(&upstream));
    let request = || of_models(&["a", "b", "c", "d"], 2);
    let one = RawSlateOptions { items_per_request: Some(1.0), ..RawSlateOptions::default() };
    let plan = slate(&engine, request(), RawOptions::default(), &one);
    let (worst, count) = (plan.plan().worst.0, plan.plan().requests as u64);
    // One request at a time fits, and each costs far less than it could.
    let limit = worst / count * 2;
    let own = RawSlateOptions { max_cost_usd: Some(NanoUsd(limit).usd()), ..one.clone() };
    let told = run_all(&slate(&engine, request(), RawOptions::default(), &own)).await;
    assert!(told.end.cost.0 <= limit);
    assert!(told.end.is_complete, "{:?} of {limit}: {:?}", told.end.cost, told.missed);
    assert!(upstream.most_under_way() <= 2);

    let few = RawSlateOptions { max_cost_usd: Some(1e-6), ..one };
    let refused = slate(&engine, request(), RawOptions::default(), &few);
    let error = refused.check_cost().unwrap_err();
    assert_eq!((error.code(), error.history().is_none()), ("BUDGET_EXHAUSTED", true));
    assert!(error.to_string().contains("the first 0 of its 8 requests would fit"), "{error}");
}

#[tokio::test]
async fn a_lone_prediction_does_not_wait_for_a_slate_to_end() {
    let upstream = Upstream::handler(everything).await;
    let mut config = config(&upstream);
    config["providers"][0]["maxConcurrency"] = json!(1);
    let engine = engine(&config);
    let own = RawSlateOptions { items_per_request: Some(1.0), ..RawSlateOptions::default() };
    let request = of_models(&["a", "b"], 20);
    let slate = slate(&engine, request, RawOptions::default(), &own);
    let (told, before) = tokio::join!(run_all(&slate), async {
        upstream.request(3).await;
        let before = upstream.requests().len();
        predict(&engine, Question { model_id: "d".to_owned(), ..super::request(1) }).await.unwrap();
        before
    });
    assert!(told.end.is_complete);
    let single = upstream.requests().iter().position(|request| request.model() == "d").unwrap();
    assert!(single <= before + 2, "it waited from {before} to {single}");
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_the_caller_and_the_provider_allow() {
    for (in_flight, most) in [(Some(3.0), 3), (None, 8)] {
        let upstream = Upstream::handler(|request| everything(request).drip(Duration::ZERO)).await;
        let engine = engine(&config(&upstream));
        let own =
            RawSlateOptions { items_per_request: Some(1.0), max_in_flight: in_flight, ..RawSlateOptions::default() };
        let told = run_all(&slate(&engine, of_models(&["a", "b"], 20), RawOptions::default(), &own)).await;
        assert!(told.end.is_complete);
        assert!(upstream.most_under_way() <= most, "{}", upstream.most_under_way());
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_not_waited_for_where_another_can_answer() {
    let upstream = Upstream::handler(|request| match request.model().as_str() {
        "a" | "b" => error(503, "down"),
        _ => everything(request),
    })
    .await;
    // Left alone for so long that a wait for it would leave its mark on the deadline, and yet within that.
    let mut config =
        config_with(&upstream, json!({ "transientThreshold": 2, "transientCooldownMs": 300_000, "maxRetries": 0 }));
    config["models"][1]["fallbacks"] = json!(["d"]);
    let engine = engine(&config);
    let own = RawSlateOptions { items_per_request: Some(1.0), max_in_flight: Some(1.0), ..RawSlateOptions::default() };
    let slate = slate(&engine, of_models(&["a", "b", "c", "d"], 6), RawOptions::default(), &own);
    let told = tokio::time::timeout(Duration::from_secs(60), run_all(&slate)).await.expect("nothing is waited for");
    assert!(told.end.is_complete, "{:?}", told.missed);
    let of = |model| upstream.requests().iter().filter(|request| request.model() == model).count();
    assert_eq!(["a", "b", "c", "d"].map(of), [2, 2, 6, 6], "those that cool are passed over");
}

#[tokio::test]
async fn a_model_that_failed_is_waited_for_where_nobody_else_may_be_asked() {
    let failures = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = Arc::clone(&failures);
    let upstream = Upstream::handler(move |request| match count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0 => error(503, "down"),
        _ => everything(request),
    })
    .await;
    let config = config_with(&upstream, json!({ "transientThreshold": 1, "transientCooldownMs": 50, "maxRetries": 0 }));
    let engine = engine(&config);
    let own = RawSlateOptions { items_per_request: Some(1.0), max_in_flight: Some(1.0), ..RawSlateOptions::default() };
    let request = SlateRequest { fallbacks: Fallbacks::None, ..of_models(&["a"], 3) };
    let told = run_all(&slate(&engine, request, RawOptions::default(), &own)).await;
    assert_eq!(told.missed, [("a".to_owned(), vec!["m1".to_owned()], "server_error")]);
    assert_eq!((told.cells().len(), upstream.requests().len()), (3, 3));
}
