//! What is planned and composed, here and where instructions are counted.

use std::sync::Arc;

use fallcast::engine::Engine;
use fallcast::football::Match;
use serde_json::json;

pub const MODEL: &str = "deepseek-r1-0528-syn";

/// An engine in which the whole chain of [`MODEL`] may be called: it has every key, and a budget for the day.
pub fn engine() -> Arc<Engine> {
    let Ok(engine) = Engine::new(&json!({}), &|_| Some("1000".to_owned())) else { std::process::exit(1) };
    Arc::new(engine)
}

pub fn matches(count: usize) -> Vec<Match> {
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
