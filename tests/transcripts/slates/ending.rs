//! How a slate ends before its last request has: enough is answered, an abort, a close, its deadline.

use super::*;

#[tokio::test]
async fn when_it_is_enough_what_waits_is_given_up_and_what_is_sent_is_awaited() {
    let upstream = Upstream::handler(everything).await;
    let mut config = config(&upstream);
    config["providers"][0]["maxConcurrency"] = json!(1);
    let engine = engine(&config);
    let own = RawSlateOptions { enough: Some((2.0, 0.0)), ..RawSlateOptions::default() };
    let told = run_all(&slate(&engine, of_models(&["a", "b", "c", "d"], 2), RawOptions::default(), &own)).await;
    let given_up: Vec<&str> = told.missed.iter().map(|(_, _, why)| *why).collect();
    assert!(given_up.iter().all(|why| *why == "enough") && !given_up.is_empty(), "{given_up:?}");
    assert_eq!(told.answered.len() + given_up.len(), 4);
    assert!((2..=3).contains(&told.answered.len()), "one may have been sent meanwhile");
    assert!(told.end.error.is_none() && !told.end.is_complete);
}

#[tokio::test]
async fn an_abort_ends_what_is_under_way_and_a_cancellation_keeps_what_there_is() {
    for is_abort in [true, false] {
        let upstream = Upstream::handler(|request| match request.model().as_str() {
            "a" => everything(request),
            _ => Reply::stall(),
        })
        .await;
        let engine = engine(&config(&upstream));
        let slate =
            slate(&engine, of_models(&["a", "b", "c", "d"], 1), RawOptions::default(), &RawSlateOptions::default());
        let abort = CancellationToken::new();
        let (told, ()) = tokio::join!(run(&slate, &abort, |_| {}), async {
            upstream.request(3).await;
            while slate.progress().answered == 0 {
                tokio::task::yield_now().await;
            }
            if is_abort { abort.cancel() } else { slate.cancel() }
        });
        let why = if is_abort { "ABORT_ERR" } else { "cancelled" };
        assert!(told.missed.iter().all(|(_, _, missed)| *missed == why), "{:?}", told.missed);
        assert_eq!((told.answered.len(), told.missed.len(), told.end.is_complete), (1, 3, false));
        assert_eq!(told.end.error.as_ref().map(EngineError::code), is_abort.then_some("ABORT_ERR"));
        assert!(told.end.cost.0 > 0, "what was cut off is paid for");
        assert_eq!((engine.ledger().reserved().0, slate.progress().in_flight, slate.progress().waiting), (0, 0, 0));
        engine.close().await;
    }
}

#[tokio::test]
async fn a_close_ends_a_slate_and_waits_for_it() {
    let upstream = Upstream::handler(|_| Reply::stall()).await;
    let engine = engine(&config(&upstream));
    let slate = slate(&engine, of_models(&["a", "b"], 1), RawOptions::default(), &RawSlateOptions::default());
    let (told, ()) = tokio::join!(run_all(&slate), async {
        upstream.request(1).await;
        engine.close().await;
    });
    assert_eq!(told.missed.iter().map(|(_, _, why)| *why).collect::<Vec<_>>(), ["CLOSED"; 2]);
    assert_eq!(told.end.error.as_ref().map(EngineError::code), Some("CLOSED"));
}

#[tokio::test]
async fn the_deadline_is_the_whole_slates() {
    let upstream = Upstream::handler(|request| match request.model().as_str() {
        "a" => everything(request),
        _ => Reply::stall(),
    })
    .await;
    let mut config = config(&upstream);
    config["providers"][0]["maxConcurrency"] = json!(1);
    let engine = engine(&config);
    let alone = |models| SlateRequest { fallbacks: Fallbacks::None, ..of_models(models, 1) };
    let soon = RawOptions { deadline_ms: Some(500.0), ..RawOptions::default() };
    let told = run_all(&slate(&engine, alone(&["a", "b", "c"]), soon.clone(), &RawSlateOptions::default())).await;
    assert_eq!(told.missed.iter().map(|(_, _, why)| *why).collect::<Vec<_>>(), ["DEADLINE_EXCEEDED"; 2]);
    assert!(told.end.error.is_none() && upstream.requests().len() == 2, "one waited for its turn to the end");
    let told = run_all(&slate(&engine, alone(&["c"]), soon, &RawSlateOptions::default())).await;
    assert_eq!(told.end.error.as_ref().map(EngineError::code), Some("DEADLINE_EXCEEDED"));
}

#[tokio::test]
async fn a_slate_in_which_nothing_came_ends_in_an_error_that_says_why() {
    let upstream = Upstream::handler(|_| error(400, "no")).await;
    let engine = engine(&config(&upstream));
    let told =
        run_all(&slate(&engine, of_models(&["a", "d"], 1), RawOptions::default(), &RawSlateOptions::default())).await;
    assert_eq!(told.end.error.as_ref().map(EngineError::code), Some("ALL_ATTEMPTS_FAILED"));
    engine.disable_model("d", "broken").unwrap();
    let told = run_all(&slate(&engine, of_models(&["d"], 1), RawOptions::default(), &RawSlateOptions::default())).await;
    assert_eq!(told.end.error.as_ref().map(EngineError::code), Some("NO_MODEL_AVAILABLE"));
    assert_eq!(told.missed, [("d".to_owned(), vec!["m1".to_owned()], "disabled")]);
}
