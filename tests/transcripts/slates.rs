//! Slates: many models about many matches, over real HTTP.

mod ending;
mod kickoff;
mod limits;
mod random;

use std::collections::BTreeMap;
use std::time::Duration;

use fallcast::engine::{Slate, SlateEnd, SlateEvent};
use fallcast::football::{PATH, check_slate};
use fallcast::outcome::NanoUsd;
use fallcast::slate::{Fallbacks, RawSlateOptions, Selection, SlateRequest};
use support::Request;

use super::*;

/// The ids of the matches that a request asks about.
fn asked(request: &Request) -> Vec<String> {
    let text = request.json()["messages"].to_string();
    let ids = text.split(r#"\"match_id\":\""#).skip(1);
    ids.filter_map(|rest| rest.split('\\').next()).filter(|id| id.starts_with('m')).map(str::to_owned).collect()
}

/// A reply with a score for each match that is asked about.
fn everything(request: &Request) -> Reply {
    let ids = asked(request);
    let scores: Vec<(&str, u8, u8)> = ids.iter().map(|id| (id.as_str(), 1, 0)).collect();
    super::scores(&scores)
}

fn games(count: usize) -> Vec<Match> {
    request(count).items
}

fn slate(
    engine: &Arc<Engine>,
    request: SlateRequest<Match>,
    options: RawOptions,
    own: &RawSlateOptions,
) -> Slate<Match> {
    engine
        .slate(request, options, own, |items, faults| check_slate(PATH, items, faults))
        .unwrap_or_else(|error| panic!("{error}"))
}

fn of_models(models: &[&str], matches: usize) -> SlateRequest<Match> {
    SlateRequest {
        items: games(matches),
        selection: Selection::Models(models.iter().map(|&id| id.to_owned()).collect()),
        ..SlateRequest::default()
    }
}

/// What a slate told, and what it came to.
struct Told {
    answered: Vec<Answers>,
    missed: Vec<(String, Vec<String>, &'static str)>,
    end: SlateEnd<Score>,
}

/// Runs a slate to its end; `seen` is called after each event, with how many there were.
async fn run(slate: &Slate<Match>, abort: &CancellationToken, mut seen: impl FnMut(usize)) -> Told {
    let (mut answered, mut missed) = (Vec::new(), Vec::new());
    let ((), ()) = tokio::join!(slate.run(abort), async {
        let mut count = 0;
        while let Some(events) = slate.next(3).await {
            for event in events {
                match event {
                    SlateEvent::Answered(outcome) => answered.push(*outcome),
                    SlateEvent::Missed { model_id, item_ids, why, .. } => {
                        missed.push((model_id, item_ids, why.as_str()));
                    }
                }
                count += 1;
                seen(count);
            }
        }
    });
    Told { answered, missed, end: slate.end() }
}

async fn run_all(slate: &Slate<Match>) -> Told {
    run(slate, &CancellationToken::new(), |_| {}).await
}

impl Told {
    /// How often each cell was told of, answered or missed.
    fn cells(&self) -> BTreeMap<(String, String), usize> {
        let mut cells = BTreeMap::new();
        for outcome in &self.answered {
            for (id, _, _) in filled(outcome) {
                *cells.entry((outcome.original_model_id.clone(), id.to_owned())).or_default() += 1;
            }
        }
        for (model, ids, _) in &self.missed {
            for id in ids {
                *cells.entry((model.clone(), id.clone())).or_default() += 1;
            }
        }
        cells
    }

    /// Of each answered request the model that was asked for, and what its attempts came to.
    fn attempts_of(&self, model: &str) -> Vec<(String, &'static str, bool)> {
        let outcome = self.answered.iter().find(|outcome| outcome.original_model_id == model).expect("it is answered");
        let kind = |attempt: &fallcast::outcome::Attempt| attempt.failure.map_or("answered", |kind| kind.as_str());
        let attempts = outcome.history.attempts.iter();
        attempts.map(|attempt| (attempt.model_id.clone(), kind(attempt), attempt.reused)).collect()
    }
}

#[tokio::test]
async fn every_model_is_asked_about_every_match_and_told_of_as_it_answers() {
    let upstream = Upstream::handler(everything).await;
    let engine = engine(&config(&upstream));
    let slate = slate(&engine, of_models(&["a", "b", "c", "d"], 3), RawOptions::default(), &RawSlateOptions::default());
    assert_eq!((slate.plan().cells, slate.plan().requests, slate.progress().waiting), (12, 4, 4));
    let told = run_all(&slate).await;
    assert_eq!(told.cells().len(), 12);
    assert!(told.missed.is_empty() && told.end.is_complete && told.end.error.is_none());
    assert_eq!((told.end.answers.len(), upstream.requests().len()), (12, 4));
    let metrics: u64 = engine.metrics().models.iter().map(|model| model.tally.cost.0).sum();
    assert_eq!((told.end.cost.0, metrics), (metrics, slate.progress().cost.0));
    assert!(told.end.cost.0 > 0);
}

#[tokio::test]
async fn a_model_that_fails_takes_the_answer_that_the_slate_asks_another_for_at_no_cost() {
    let upstream = Upstream::handler(|request| match request.model().as_str() {
        "a" | "b" => error(500, "down"),
        _ => everything(request),
    })
    .await;
    let engine = engine(&config(&upstream));
    let slate = slate(&engine, of_models(&["a", "b", "c"], 2), RawOptions::default(), &RawSlateOptions::default());
    let told = run_all(&slate).await;
    assert!(told.end.is_complete);
    assert_eq!(upstream.requests().len(), 3, "nobody is asked twice");
    let expected = [("a", "server_error", false), ("b", "server_error", true), ("c", "answered", true)];
    assert_eq!(told.attempts_of("a"), expected.map(|(model, kind, reused)| (model.to_owned(), kind, reused)));
    let a = told.answered.iter().find(|outcome| outcome.original_model_id == "a").unwrap();
    assert_eq!((a.model_id.as_str(), a.history.cost().0, a.history.attempts[2].usage), ("c", 0, None));
    assert!(filled(a).all(|(_, _, by)| by == "c"));
    // What another answered is no call of a model that the metrics count, and its route costs nothing.
    let metrics = engine.metrics();
    assert_eq!(metrics.models.iter().map(|model| model.tally.results.attempts).sum::<u64>(), 3);
    let route = metrics.routes.iter().find(|route| route.original_model_id == "a").unwrap();
    assert_eq!((route.answered_by.as_deref(), route.cost.0, route.calls), (Some("c"), 0, 1));
    let own: Vec<_> = told.end.answers.iter().filter(|answer| answer.is_own).collect();
    assert_eq!((own.len(), told.end.answers.len()), (2, 6));
}

#[tokio::test]
async fn a_fallback_outside_the_slate_is_asked_once_for_all_who_need_it() {
    let upstream = Upstream::handler(|request| match request.model().as_str() {
        "a" | "b" => error(500, "down"),
        _ => everything(request),
    })
    .await;
    let mut config = config(&upstream);
    config["models"][0]["fallbacks"] = json!(["c"]);
    let engine = engine(&config);
    let told =
        run_all(&slate(&engine, of_models(&["a", "b"], 2), RawOptions::default(), &RawSlateOptions::default())).await;
    assert!(told.end.is_complete);
    let models: Vec<String> = upstream.requests().iter().map(Request::model).collect();
    assert_eq!(models.iter().filter(|model| *model == "c").count(), 1, "{models:?}");
    let reused = |model| told.attempts_of(model).iter().filter(|(_, _, reused)| *reused).count();
    assert_eq!(reused("a") + reused("b"), 1);
}

#[tokio::test]
async fn each_calls_its_own_fallbacks_or_none_where_that_is_asked() {
    let upstream = Upstream::handler(|request| match request.model().as_str() {
        "a" => error(400, "down"),
        _ => everything(request),
    })
    .await;
    let engine = engine(&config(&upstream));
    let with = |fallbacks| SlateRequest { fallbacks, ..of_models(&["a", "b"], 1) };
    let told =
        run_all(&slate(&engine, with(Fallbacks::Call), RawOptions::default(), &RawSlateOptions::default())).await;
    assert!(told.end.is_complete);
    assert_eq!(upstream.requests().len(), 3, "b is asked for itself and for a");
    let told =
        run_all(&slate(&engine, with(Fallbacks::None), RawOptions::default(), &RawSlateOptions::default())).await;
    assert_eq!(told.missed, [("a".to_owned(), vec!["m1".to_owned()], "bad_request")]);
    assert_eq!(upstream.requests().len(), 5);
}

#[tokio::test]
async fn depth_holds_for_answers_that_cost_nothing_and_price_does_not() {
    let upstream = Upstream::handler(|request| match request.model().as_str() {
        "c" => everything(request),
        _ => error(400, "down"),
    })
    .await;
    let mut config = config_with(&upstream, json!({ "maxPriceRatio": 1.5 }));
    config["models"][2]["promptUsdPer1M"] = json!(100);
    let engine = engine(&config);
    let deep = |depth: f64| RawOptions { max_fallback_depth: Some(depth), ..RawOptions::default() };
    let request = || of_models(&["a", "b", "c"], 1);
    let told = run_all(&slate(&engine, request(), deep(1.0), &RawSlateOptions::default())).await;
    assert_eq!(
        told.missed,
        [("a".to_owned(), vec!["m1".to_owned()], "bad_request")],
        "c is the second of its fallbacks"
    );
    engine.enable_model("a").unwrap();
    let told = run_all(&slate(&engine, request(), deep(2.0), &RawSlateOptions::default())).await;
    assert!(told.end.is_complete, "c is far too dear, but costs nothing");
}

#[tokio::test]
async fn what_is_wrong_with_a_slate_is_told_at_once() {
    let upstream = Upstream::handler(everything).await;
    let engine = engine(&config(&upstream));
    let check = |request, own: &RawSlateOptions| {
        let checked = engine
            .slate(request, RawOptions::default(), own, |items: &[Match], faults| check_slate(PATH, items, faults));
        checked.map(drop).unwrap_err().to_string()
    };
    let cells = [("a", "m1"), ("x", "m1"), ("a", "m9"), ("a", "m1")];
    let cells = cells.iter().map(|&(model, id)| (model.to_owned(), id.to_owned())).collect();
    let own = RawSlateOptions {
        max_cost_usd: Some(-1.0),
        max_in_flight: Some(0.0),
        items_per_request: Some(101.0),
        enough: Some((0.0, -1.0)),
        ..RawSlateOptions::default()
    };
    let told = check(SlateRequest { selection: Selection::Cells(cells), ..of_models(&[], 1) }, &own);
    for line in [
        "options.maxCostUsd: must be a number from 0 to 1000000, got -1",
        "options.maxInFlight: must be a whole number from 1 to 100000, got 0",
        "options.matchesPerRequest: must be a whole number from 1 to 100, got 101",
        "options.enough.modelsPerMatch: must be a whole number from 1 to 10000, got 0",
        "request.cells[1].modelId: no model has the id \"x\"",
        "request.cells[2].matchId: must be the id of one of request.matches, got \"m9\"",
        "request.cells[3]: the same cell twice: \"a\" about \"m1\"",
    ] {
        assert!(told.contains(line), "{line}\nis not in\n{told}");
    }
    let own = RawSlateOptions::default();
    assert!(check(of_models(&["a", "a"], 1), &own).contains("request.models[1]: must differ from request.models[0]"));
    assert!(check(of_models(&["a"], 0), &own).contains("request.matches: must hold 1 to 1000 matches, got 0"));
    assert!(check(of_models(&["a"], 1001), &own).contains("request.matches: must hold 1 to 1000 matches, got 1001"));
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn only_the_cells_that_are_named_are_asked() {
    let upstream = Upstream::handler(everything).await;
    let engine = engine(&config(&upstream));
    let cells = [("b", "m2"), ("a", "m3"), ("b", "m1")];
    let cells = cells.iter().map(|&(model, id)| (model.to_owned(), id.to_owned())).collect();
    let request = SlateRequest { items: games(3), selection: Selection::Cells(cells), ..SlateRequest::default() };
    let told = run_all(&slate(&engine, request, RawOptions::default(), &RawSlateOptions::default())).await;
    assert!(told.end.is_complete && told.cells().len() == 3);
    let mut asked: Vec<_> = upstream.requests().iter().map(|request| (request.model(), asked(request))).collect();
    asked.sort();
    assert_eq!(
        asked,
        [("a".to_owned(), vec!["m3".to_owned()]), ("b".to_owned(), vec!["m1".to_owned(), "m2".to_owned()])]
    );
}
