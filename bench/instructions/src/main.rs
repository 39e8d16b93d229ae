//! `instructions <case> <times> <origin>`: does one thing that many times, for `count.mjs` to count its instructions. At the
//! origin listens the upstream. `FALLCAST_REDIS` is the Redis of the cases in a fleet, which `bench/fleet.mjs` counts.

#[path = "../../work.rs"]
mod work;

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use fallcast::config::HealthConfig;
use fallcast::count::{Count, Moka};
use fallcast::engine::Engine;
use fallcast::health::{Health, Verdict};
use fallcast::money::{Ledger, BudgetRules, estimate_tokens};
use fallcast::outcome::NanoUsd;
use fallcast::protocol::Received;
use fallcast::reply::read;
use fallcast::football::{Match, Question};
use fallcast::request::RawOptions;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use work::{MODEL, engine, matches};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [case, times, origin] = arguments.as_slice() else { return ExitCode::FAILURE };
    let Ok(times) = times.parse() else { return ExitCode::FAILURE };
    match case.as_str() {
        "call" => return call(times, origin, ["answers", "answers"], None),
        "fallback" => return call(times, origin, ["fails", "answers"], None),
        "call_in_fleet" => return call(times, origin, ["answers", "answers"], std::env::var("FALLCAST_REDIS").ok()),
        "member" => return member(times, std::env::var("FALLCAST_REDIS").ok()),
        "plan" => plan(times),
        "prompt" => prompt(times),
        "tokens" => tokens(times),
        "reply_clean" => reply(times, &scores()),
        "reply_fenced" => reply(times, &format!("Here they are:\n```json\n{}\n```", scores().replace('"', "'"))),
        "reply_thinking" => reply(times, &format!("<think>{}</think>\n{}", "They won 3-0. ".repeat(300), scores())),
        "reply_1mb" => reply(times, &format!("[{}]", format!("{}, ", scores()).repeat(1_000_000 / scores().len()))),
        "admit_record" => admit_record(times),
        "reserve_settle" => reserve_settle(times),
        "cached_count" => cached_count(times),
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}

/// Whole calls for one match, one after the other, with a model that the upstream answers below the first path, and a
/// fallback below the second; in a fleet if a Redis is given.
fn call(times: u64, origin: &str, paths: [&str; 2], fleet: Option<String>) -> ExitCode {
    let id = |index| format!("model-{index}");
    let provider = |(index, path): (usize, &&str)| {
        let base_url = format!("{origin}/{path}/v1");
        json!({ "id": id(index), "baseUrl": base_url, "apiKey": "sk-0123456789abcdef", "responseFormat": true })
    };
    let model = |index: usize| {
        json!({
            "id": id(index), "provider": id(index), "upstreamModel": format!("org/{index}"), "promptUsdPer1M": 1,
            "completionUsdPer1M": 2, "fallbacks": if index == 0 { vec![id(1)] } else { Vec::new() },
        })
    };
    let mut config = json!({
        "builtinCatalog": false, "disableThreshold": null, "transientThreshold": null, "dailyBudgetUsd": 1_000_000,
        "providers": paths.iter().enumerate().map(provider).collect::<Vec<_>>(), "models": [model(0), model(1)],
    });
    if let Some(url) = fleet {
        config["fleet"] = json!({ "url": url, "timeoutMs": 5000 });
    }
    let Ok(engine) = Engine::new(&config, &|_| None) else { return ExitCode::FAILURE };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return ExitCode::FAILURE };
    let (engine, abort) = (Arc::new(engine), CancellationToken::new());
    let mut items = matches(1);
    items[0].id = "m1".to_owned();
    let request = Question { model_id: id(0), items, prompt: None, prompt_version: None };
    let answered = runtime.block_on(async {
        let tended = tokio::spawn(engine.tend());
        let _ = engine.ready().await;
        let mut answered = 0;
        for _ in 0..times {
            let Ok(call) = engine.call(black_box(request.clone()), RawOptions::default()) else { break };
            answered += u64::from(black_box(call.run(&abort).await).is_ok());
        }
        engine.close().await;
        let _ = tended.await;
        answered
    });
    if answered == times { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The plan of a request along its whole chain, its prompt's tokens estimated.
fn plan(times: u64) {
    let engine = engine();
    let request = Question { model_id: MODEL.to_owned(), items: matches(10), prompt: None, prompt_version: None };
    for _ in 0..times {
        let call = engine.call(black_box(request.clone()), RawOptions::default());
        drop(black_box(call.map(|call| call.explain())));
    }
}

fn prompt(times: u64) {
    let (engine, matches) = (engine(), matches(10));
    for _ in 0..times {
        drop(black_box(engine.build_prompt(MODEL, black_box(&matches), None)));
    }
}

fn tokens(times: u64) {
    let text = "Weigh the strength of both sides, their form, the venue, and what is at stake. ".repeat(40);
    for _ in 0..times {
        black_box(estimate_tokens(black_box(&text)));
    }
}

/// The answer for ten matches, as it was asked for.
fn scores() -> String {
    let score = |id| format!(r#"{{"match_id": "m{id}", "home_score": 2, "away_score": 1}}"#);
    format!(r#"{{"predictions": [{}]}}"#, (0..10).map(score).collect::<Vec<_>>().join(", "))
}

fn reply(times: u64, content: &str) {
    let body = json!({ "choices": [{ "message": { "content": content }, "finish_reason": "stop" }] }).to_string();
    let matches = matches(10);
    let asked: Vec<&Match> = matches.iter().collect();
    let received = Received { status: 200, headers: &[], body: body.as_bytes(), now: SystemTime::UNIX_EPOCH };
    for _ in 0..times {
        drop(black_box(read(black_box(&received), &asked)));
    }
}

/// A member of a fleet that makes no calls, for so many seconds.
fn member(seconds: u64, fleet: Option<String>) -> ExitCode {
    let config = json!({ "dailyBudgetUsd": 1_000_000, "fleet": fleet });
    let Ok(engine) = Engine::new(&config, &|_| None) else { return ExitCode::FAILURE };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return ExitCode::FAILURE };
    let engine = Arc::new(engine);
    runtime.block_on(async {
        let tended = tokio::spawn(engine.tend());
        let _ = engine.ready().await;
        tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
        engine.close().await;
        let _ = tended.await;
    });
    ExitCode::SUCCESS
}

fn admit_record(times: u64) {
    let health = Health::new(&HealthConfig::default());
    for _ in 0..times {
        if let Ok(permit) = health.admit(black_box(MODEL), "synthetic", None, None, &|_, _| {}) {
            health.record(MODEL, &permit, Verdict::Success, &|_, _| {});
        }
    }
}

fn reserve_settle(times: u64) {
    let ledger = Ledger::new(BudgetRules { daily: Some(NanoUsd::from_usd(1e9)), ..BudgetRules::default() });
    for _ in 0..times {
        if let Ok(reservation) = ledger.reserve(black_box(MODEL), NanoUsd(4_100), true, SystemTime::UNIX_EPOCH) {
            reservation.settle(NanoUsd(1_200), |_| {});
        }
    }
}

fn cached_count(times: u64) {
    let count: Count<Moka> = Count::default();
    for _ in 0..times {
        black_box(count.get(|| black_box(42)));
    }
}
