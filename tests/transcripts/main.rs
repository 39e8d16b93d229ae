//! The fallback loop over real HTTP: expect this request, send this reply, assert what comes next.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod blame;
mod ending;
mod formats;
mod health;
mod kinds;
mod money;
mod partial;
mod retries;
mod skips;
mod slates;
mod storm;
mod time;
mod told;
mod turns;

#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fallcast::engine::Engine;
use fallcast::error::EngineError;
use fallcast::football::{Answers, Match, Question, Score};
use fallcast::request::RawOptions;
use serde_json::{Value, json};
use support::{Reply, Upstream};
use tokio_util::sync::CancellationToken;

/// Models `a`, `b`, `c`, `d`, each falling back to the next, at 1 USD for a million prompt tokens and 2 for a million
/// completion tokens.
fn config(upstream: &Upstream) -> Value {
    let model = |id: &str, fallbacks: &[&str]| {
        json!({
            "id": id, "provider": "p", "upstreamModel": id, "promptUsdPer1M": 1, "completionUsdPer1M": 2,
            "fallbacks": fallbacks,
        })
    };
    json!({
        "builtinCatalog": false,
        "providers": [{ "id": "p", "baseUrl": upstream.base_url() }],
        "models": [model("a", &["b"]), model("b", &["c"]), model("c", &["d"]), model("d", &[])],
    })
}

/// The same with some fields replaced.
fn config_with(upstream: &Upstream, fields: Value) -> Value {
    let mut config = config(upstream);
    if let Value::Object(fields) = fields {
        for (name, value) in fields {
            config[name] = value;
        }
    }
    config
}

fn engine(config: &Value) -> Arc<Engine> {
    hold_off_midnight();
    Arc::new(Engine::new(config, &|_| None).unwrap_or_else(|error| panic!("{error}")))
}

/// What was spent is a day's: in the last seconds of one a test waits, so as not to end on the next.
fn hold_off_midnight() {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let left = 86_400 - since % 86_400;
    if left <= 10 {
        std::thread::sleep(Duration::from_secs(left));
    }
}

/// Asks `a` for the matches `m1`, `m2`, ….
fn request(matches: usize) -> Question {
    request_for((1..=matches).map(|number| format!("m{number}")))
}

/// Asks `a` for the matches of these ids.
fn request_for(ids: impl IntoIterator<Item = impl Into<String>>) -> Question {
    let game = |id: String| Match {
        id,
        home_team: "Real Betis".to_owned(),
        away_team: "Villarreal".to_owned(),
        ..Match::default()
    };
    Question {
        model_id: "a".to_owned(),
        items: ids.into_iter().map(Into::into).map(game).collect(),
        ..Question::default()
    }
}

/// The matches of an outcome that have a score, with it and the model that gave it.
fn filled(outcome: &Answers) -> impl Iterator<Item = (&str, Score, &str)> {
    outcome.findings.iter().filter_map(|finding| {
        let (score, model) = finding.filled.as_ref()?;
        Some((finding.id.as_str(), *score, model.as_str()))
    })
}

async fn predict(engine: &Arc<Engine>, request: Question) -> Result<Answers, EngineError> {
    predict_with(engine, request, RawOptions::default()).await
}

async fn predict_with(engine: &Arc<Engine>, request: Question, options: RawOptions) -> Result<Answers, EngineError> {
    let outcome = engine.call(request, options)?.run(&CancellationToken::new()).await;
    assert_eq!(engine.ledger().reserved().0, 0, "every reservation is given back");
    outcome
}

/// A reply with these scores.
fn scores(scores: &[(&str, u8, u8)]) -> Reply {
    Reply::chat(&answer(scores))
}

fn answer(scores: &[(&str, u8, u8)]) -> String {
    let entry = |(id, home, away): &(&str, u8, u8)| json!({"match_id": id, "home_score": home, "away_score": away});
    json!({ "predictions": scores.iter().map(entry).collect::<Vec<_>>() }).to_string()
}

fn error(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "error": { "message": message } }))
}

/// What each attempt ended in, in order: the model, and the kind of its failure.
fn attempts(outcome: &Result<Answers, EngineError>) -> Vec<(String, &'static str)> {
    let history = match outcome {
        Ok(outcome) => &outcome.history,
        Err(error) => error.history().unwrap_or_else(|| panic!("{error}")),
    };
    let kind = |attempt: &fallcast::outcome::Attempt| attempt.failure.map_or("answered", |kind| kind.as_str());
    history.attempts.iter().map(|attempt| (attempt.model_id.clone(), kind(attempt))).collect()
}

/// The models that were passed over, with the reasons.
fn skips(outcome: &Result<Answers, EngineError>) -> Vec<(String, &'static str)> {
    let history = match outcome {
        Ok(outcome) => &outcome.history,
        Err(error) => error.history().unwrap_or_else(|| panic!("{error}")),
    };
    history.skips.iter().map(|skip| (skip.model_id.clone(), skip.reason.as_str())).collect()
}

fn pairs(expected: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    expected.iter().map(|(model, what)| ((*model).to_owned(), *what)).collect()
}
