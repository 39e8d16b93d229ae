//! How long it takes to compose a prompt, and to plan a request along its whole chain.
//!
//! `cargo bench --bench plan`

use std::sync::Arc;

use divan::{Bencher, black_box};
use fallcast::engine::Engine;
use fallcast::request::{Match, RawOptions, Request};
use serde_json::json;

const MODEL: &str = "deepseek-r1-0528-syn";

fn main() {
    divan::main();
}

/// An engine in which the whole chain of [`MODEL`] may be called.
fn engine() -> Arc<Engine> {
    // A budget as well as a key.
    let key = |_: &str| Some("1000".to_owned());
    let Ok(engine) = Engine::new(&json!({}), &key) else { std::process::exit(1) };
    Arc::new(engine)
}

fn matches(count: usize) -> Vec<Match> {
    let game = |index| Match {
        id: format!("m{index}"),
        home_team: "Liverpool".to_owned(),
        away_team: "Manchester United".to_owned(),
        competition: Some("Premier League".to_owned()),
        kickoff: Some("2025-10-19T15:30:00Z".to_owned()),
        analysis: Some("Won 3, drawn 1, lost 1 of the last five; 11 goals for, 6 against. ".repeat(4)),
    };
    (0..count).map(game).collect()
}

#[divan::bench(args = [1, 10, 100])]
fn prompt(bencher: Bencher<'_, '_>, count: usize) {
    let (engine, matches) = (engine(), matches(count));
    bencher.bench(|| engine.build_prompt(MODEL, black_box(&matches), None));
}

#[divan::bench(args = [1, 10, 100])]
fn plan(bencher: Bencher<'_, '_>, count: usize) {
    let engine = engine();
    let request = Request { model_id: MODEL.to_owned(), matches: matches(count), prompt: None, prompt_version: None };
    bencher
        .with_inputs(|| request.clone())
        .bench_values(|request| engine.call(request, RawOptions::default()).map(|call| call.explain()));
}
