//! A thousand random slates: whatever the catalogue, the chains, the faults and the moment at which the caller leaves, every
//! cell is told of once, nobody is asked twice, the money adds up, and nothing is left.

use std::collections::BTreeMap;

use fastrand::Rng;

use super::*;

/// How many slates are tried.
const SLATES: u64 = 1000;

/// Whether most that an engine of this seed asks goes wrong.
fn is_harsh(seed: u64) -> bool {
    seed.is_multiple_of(2)
}

/// What an upstream says to a request, by which engine asks, which model and about what: always the same.
fn reply(request: &Request) -> Reply {
    let seed = request.target.split('/').nth(1).and_then(|seed| seed.parse().ok()).unwrap_or(0_u64);
    let mut of_engine = seed;
    for byte in request.model().bytes() {
        of_engine = of_engine.wrapping_mul(31).wrapping_add(byte.into());
    }
    for id in asked(request) {
        of_engine = of_engine.wrapping_mul(31).wrapping_add(id.len() as u64 + u64::from(id.as_bytes()[1]));
    }
    let mut rng = Rng::with_seed(of_engine);
    // Of every other engine most requests are answered.
    match rng.u8(0..if is_harsh(seed) { 20 } else { 200 }) {
        0 => error(500, "down"),
        1 => error(400, "no"),
        2 => error(402, "no credit left"),
        3 => error(401, "who are you"),
        4 => error(429, "too many requests").header("retry-after", "3000"),
        5 => error(404, "no such model"),
        6 => error(503, "overloaded"),
        7 => Reply::chat("I would rather not say."),
        8 => Reply::completion(&json!({ "role": "assistant", "content": "" }), "content_filter", &json!({})),
        9 | 10 => {
            // Of some it says nothing.
            let ids = asked(request);
            let some: Vec<(&str, u8, u8)> = ids.iter().step_by(2).map(|id| (id.as_str(), 2, 1)).collect();
            scores(&some)
        }
        11 => Reply::stall(),
        12..=14 => everything(request).drip(Duration::ZERO),
        _ => everything(request),
    }
}

/// A catalogue of models at two providers, each with fallbacks among those after it.
fn catalogue(upstream: &Upstream, seed: u64, rng: &mut Rng) -> Value {
    let count = rng.usize(1..=6);
    let base_url = format!("{}/{seed}/v1", upstream.base_url().trim_end_matches("/v1"));
    let mut provider = |id: &str| {
        let mut provider = json!({ "id": id, "baseUrl": base_url });
        if rng.bool() {
            provider["maxConcurrency"] = json!(rng.u32(1..=3));
        }
        if rng.u8(0..4) == 0 {
            provider["limits"] = json!({ "requestsPerMinute": 60_000, "tokensPerMinute": 100_000_000 });
        }
        provider
    };
    let providers = [provider("p"), provider("q")];
    let models = (0..count).map(|place| {
        let mut fallbacks: Vec<String> = (place + 1..count).filter(|_| rng.bool()).map(|other| format!("x{other}")).collect();
        rng.shuffle(&mut fallbacks);
        json!({
            "id": format!("x{place}"), "provider": if rng.bool() { "p" } else { "q" }, "upstreamModel": format!("x{place}"),
            "promptUsdPer1M": rng.u32(0..10), "completionUsdPer1M": rng.u32(0..40), "reasoning": rng.bool(),
            "fallbacks": fallbacks, "enabled": rng.u8(0..10) > 0,
        })
    });
    json!({
        "builtinCatalog": false, "providers": providers, "models": models.collect::<Vec<_>>(), "maxRetries": 0,
        "attemptTimeoutMs": 100, "maxPriceRatio": if rng.bool() { json!(null) } else { json!(3) },
        "dailyBudgetUsd": if rng.u8(0..5) == 0 { json!(0.05) } else { json!(null) },
        "maxFallbackDepth": rng.u32(0..4),
    })
}

fn random_request(config: &Value, rng: &mut Rng) -> SlateRequest<Match> {
    let mut items = games(rng.usize(1..=6));
    for game in &mut items {
        let kickoffs = [None, Some("2020-01-01T15:00Z"), Some("2999-01-01"), Some("2998-06-01T12:00+02:00")];
        game.kickoff = rng.choice(kickoffs).flatten().filter(|_| rng.bool()).map(str::to_owned);
    }
    let models: Vec<String> =
        config["models"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect();
    let some: Vec<String> = models.iter().filter(|_| rng.bool()).cloned().collect();
    let mut cells: Vec<(String, String)> = models
        .iter()
        .flat_map(|model| items.iter().map(move |game| (model.clone(), game.id.clone())))
        .filter(|_| rng.bool())
        .collect();
    rng.shuffle(&mut cells);
    let selection = match rng.u8(0..4) {
        0 if !cells.is_empty() => Selection::Cells(cells),
        1 if !some.is_empty() => Selection::Models(some),
        2 => Selection::Active,
        _ => Selection::Models(models),
    };
    let fallbacks =
        if rng.u8(0..6) == 0 { rng.choice([Fallbacks::Call, Fallbacks::None]).unwrap() } else { Fallbacks::Reuse };
    SlateRequest { items, selection, fallbacks, prompt_version: None }
}

/// How the caller leaves, and after how many events.
#[derive(Clone, Copy, Debug)]
enum Leaves {
    Never,
    Aborts(usize),
    Cancels(usize),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_every_cell_is_told_of_once_and_nothing_is_left() {
    let upstream = Arc::new(Upstream::handler(reply).await);
    let seeds = std::env::var("SLATE_SEED").ok().and_then(|seed| seed.parse().ok());
    let is_whole = seeds.is_none();
    let seeds = seeds.map_or(0..SLATES, |seed: u64| seed..seed + 1);
    let mut slates = tokio::task::JoinSet::new();
    let mut counts = [0_usize; 4];
    for seed in seeds {
        if slates.len() == 16 {
            add(&mut counts, slates.join_next().await.unwrap().unwrap());
        }
        slates.spawn(try_one(Arc::clone(&upstream), seed));
    }
    while let Some(ended) = slates.join_next().await {
        add(&mut counts, ended.unwrap());
    }
    // The slates were of all kinds, else nothing is shown. How many of each is a matter of the machine too: what is late is missed.
    let [answered, missed, reused, left] = counts;
    if is_whole {
        assert!(answered > 200 && missed > 300 && reused > 10 && left > 20, "{counts:?}");
    }
}

fn add(counts: &mut [usize; 4], more: [usize; 4]) {
    for (count, more) in counts.iter_mut().zip(more) {
        *count += more;
    }
}

/// How many cells had an answer and how many none, how many attempts were another's, and whether the caller left.
async fn try_one(upstream: Arc<Upstream>, seed: u64) -> [usize; 4] {
    let mut rng = Rng::with_seed(seed);
    let config = catalogue(&upstream, seed, &mut rng);
    let engine = engine(&config);
    let request = random_request(&config, &mut rng);
    let fallbacks = request.fallbacks;
    let leaves = match rng.u8(0..6) {
        0 => Leaves::Aborts(rng.usize(1..6)),
        1 => Leaves::Cancels(rng.usize(1..6)),
        _ => Leaves::Never,
    };
    let own = RawSlateOptions {
        max_cost_usd: (rng.u8(0..3) == 0).then(|| f64::from(rng.u32(1..400)) / 1e4),
        max_in_flight: (rng.u8(0..3) == 0).then(|| rng.u8(1..4).into()),
        items_per_request: rng.bool().then(|| rng.u8(1..5).into()),
        allow_begun: rng.bool(),
        keep_replies: rng.bool(),
        enough: (rng.u8(0..5) == 0).then(|| (rng.u8(1..3).into(), 0.0)),
    };
    let options = RawOptions { deadline_ms: (rng.u8(0..8) == 0).then_some(60.0), ..RawOptions::default() };
    let slate = slate(&engine, request.clone(), options, &own);
    let case = || format!("SLATE_SEED={seed}: {request:?} {own:?} {leaves:?}\n{config}");

    let abort = CancellationToken::new();
    let told = run(&slate, &abort, |count| match leaves {
        Leaves::Aborts(after) if count == after => abort.cancel(),
        Leaves::Cancels(after) if count == after => slate.cancel(),
        _ => {}
    })
    .await;

    // Every cell is in exactly one of answered and missing.
    let (plan, progress) = (slate.plan(), slate.progress());
    let cells = told.cells();
    assert_eq!((cells.len(), cells.values().max().copied().unwrap_or(1)), (plan.cells, 1), "{}", case());
    let answered: usize = told.answered.iter().map(|outcome| filled(outcome).count()).sum();
    assert_eq!((progress.answered, progress.missing), (answered, told.end.missing.len()), "{}", case());
    assert_eq!(answered + told.end.missing.len(), plan.cells, "{}", case());
    assert_eq!(told.end.answers.len(), answered, "{}", case());
    let mut told_missing: Vec<(String, String, &str)> = told
        .missed
        .iter()
        .flat_map(|(model, ids, why)| ids.iter().map(move |id| (model.clone(), id.clone(), *why)))
        .collect();
    let mut missing: Vec<(String, String, &str)> =
        told.end.missing.iter().map(|(model, id, why)| (model.clone(), id.clone(), why.as_str())).collect();
    told_missing.sort();
    missing.sort();
    assert_eq!(told_missing, missing, "{}", case());

    // Nobody is asked twice about the same.
    let mut times: BTreeMap<(String, String), usize> = BTreeMap::new();
    let prefix = format!("/{seed}/");
    for request in upstream.requests().iter().filter(|request| request.target.starts_with(&prefix)) {
        for id in asked(request) {
            *times.entry((request.model(), id)).or_default() += 1;
        }
    }
    if fallbacks == Fallbacks::Reuse {
        let twice: Vec<_> = times.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "{twice:?} {}", case());
    }

    // The money adds up.
    let metrics = engine.metrics();
    let of_models: u64 = metrics.models.iter().map(|model| model.tally.cost.0).sum();
    let of_routes: u64 = metrics.routes.iter().map(|route| route.cost.0).sum();
    let cost = told.end.cost.0;
    assert_eq!((cost, cost, cost), (of_models, of_routes, progress.cost.0), "{}", case());
    assert_eq!(engine.ledger().status(std::time::SystemTime::now()).spent.0, cost, "{}", case());
    if let Some(limit) = own.max_cost_usd {
        assert!(told.end.cost.usd() <= limit, "{cost} {}", case());
    }

    // Nothing is left: no request, no reservation; and the engine closes.
    assert_eq!((progress.in_flight, progress.waiting, engine.ledger().reserved().0), (0, 0, 0), "{}", case());
    drop(slate);
    tokio::time::timeout(Duration::from_secs(20), engine.close()).await.unwrap_or_else(|_| panic!("{}", case()));
    let reused =
        told.answered.iter().flat_map(|outcome| &outcome.history.attempts).filter(|attempt| attempt.reused).count();
    [answered, told.end.missing.len(), reused, usize::from(!matches!(leaves, Leaves::Never))]
}
