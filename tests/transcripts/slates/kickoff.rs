//! Matches are asked about in the order of their kick-offs, and not after them.

use super::*;

#[tokio::test]
async fn what_has_kicked_off_is_not_asked_about_unless_it_may_be() {
    let upstream = Upstream::handler(everything).await;
    let engine = engine(&config(&upstream));
    let request = || {
        let mut request = of_models(&["a", "b"], 3);
        request.items[0].kickoff = Some("2020-01-01T15:00Z".to_owned());
        request.items[1].kickoff = Some("2999-01-01T15:00Z".to_owned());
        request
    };
    let told = run_all(&slate(&engine, request(), RawOptions::default(), &RawSlateOptions::default())).await;
    assert_eq!(
        told.missed.iter().map(|(_, ids, why)| (ids[0].as_str(), *why)).collect::<Vec<_>>(),
        [("m1", "kicked_off"); 2]
    );
    assert!(upstream.requests().iter().all(|request| asked(request) == ["m2", "m3"]));
    assert_eq!((told.cells().len(), told.end.is_complete), (6, false));
    let allowed = RawSlateOptions { allow_begun: true, ..RawSlateOptions::default() };
    let told = run_all(&slate(&engine, request(), RawOptions::default(), &allowed)).await;
    assert!(told.end.is_complete);
}

#[tokio::test]
async fn earliest_kickoff_is_asked_first() {
    let upstream = Upstream::handler(everything).await;
    let mut config = config(&upstream);
    config["providers"][0]["maxConcurrency"] = json!(1);
    let engine = engine(&config);
    let mut request = of_models(&["a", "b"], 4);
    for (game, hour) in request.items.iter_mut().zip(["18:00", "15:00", "21:00", "12:00"]) {
        game.kickoff = Some(format!("2999-01-01T{hour}Z"));
    }
    request.items[2].kickoff = None;
    let own = RawSlateOptions { items_per_request: Some(2.0), ..RawSlateOptions::default() };
    run_all(&slate(&engine, request, RawOptions::default(), &own)).await;
    let order: Vec<Vec<String>> = upstream.requests().iter().map(asked).collect();
    assert_eq!(order, [["m4", "m2"], ["m4", "m2"], ["m1", "m3"], ["m1", "m3"]]);
}

#[tokio::test]
async fn what_kicks_off_while_its_request_waits_is_not_asked_about() {
    let upstream = Upstream::handler(|request| match request.model().as_str() {
        "a" => Reply::stall(),
        _ => everything(request),
    })
    .await;
    // What `a` is asked holds the only turn for longer than it is until the second match begins.
    let mut config = config_with(&upstream, json!({ "attemptTimeoutMs": 2500 }));
    config["models"][0]["timeoutMs"] = json!(2500);
    config["providers"][0]["maxConcurrency"] = json!(1);
    let engine = engine(&config);
    let mut request = SlateRequest { fallbacks: Fallbacks::None, ..of_models(&["a", "b"], 2) };
    request.items[0].kickoff = Some("2999-01-01T15:00Z".to_owned());
    let soon = std::time::SystemTime::now() + Duration::from_millis(1500);
    request.items[1].kickoff = Some(humantime::format_rfc3339_seconds(soon).to_string());
    let told = run_all(&slate(&engine, request, RawOptions::default(), &RawSlateOptions::default())).await;
    let asked: Vec<_> = upstream.requests().iter().map(|request| (request.model(), asked(request))).collect();
    assert_eq!(asked[1], ("b".to_owned(), vec!["m1".to_owned()]), "{asked:?}");
    assert!(told.missed.contains(&("b".to_owned(), vec!["m2".to_owned()], "kicked_off")), "{:?}", told.missed);
}
