//! Whole replies, from bytes to scores or a kind.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::read;
use crate::football::{Match, Score};
use crate::outcome::Told;
use crate::protocol::{Failure, Received, is_one_line};

mod answers;
mod errors;
mod failing;
mod memory;
mod properties;
mod streams;

type Reply = crate::protocol::Reply<Vec<Option<Score>>>;

const NOW: SystemTime = SystemTime::UNIX_EPOCH;

fn received(status: u16, body: &[u8]) -> Received<'_> {
    Received { status, headers: &[], body, now: NOW }
}

/// Reads a reply to a question about the matches `a` and `b`.
fn replied(status: u16, body: impl AsRef<[u8]>) -> Reply {
    read_for(&received(status, body.as_ref()), &["a", "b"])
}

/// Reads a reply to a question about matches with these ids.
fn read_for(received: &Received<'_>, ids: &[&str]) -> Reply {
    let matches: Vec<Match> = ids.iter().map(|&id| Match { id: id.to_owned(), ..Match::default() }).collect();
    read(received, &matches.iter().collect::<Vec<_>>())
}

/// Reads a chat completion with this message.
fn said(message: &Value) -> Reply {
    chose(&json!([{ "index": 0, "message": message, "finish_reason": "stop" }]))
}

/// Reads a chat completion with these choices.
fn chose(choices: &Value) -> Reply {
    replied(200, json!({ "id": "x", "object": "chat.completion", "choices": choices }).to_string())
}

/// An answer for the match `a` alone.
fn answer(home: u8, away: u8) -> String {
    json!({ "match_id": "a", "home_score": home, "away_score": away }).to_string()
}

/// The score of the match `a`.
fn score(reply: &Reply) -> Option<(u8, u8)> {
    let scores = reply.result.as_ref().ok()?;
    assert_eq!(scores.len(), 2, "a slot for each asked match");
    scores[0].map(|score| (score.home, score.away))
}

fn failure(reply: &Reply) -> &Failure {
    reply.result.as_ref().expect_err("a failure was expected")
}

fn kind(reply: &Reply) -> &'static str {
    failure(reply).kind.as_str()
}

/// An error that is only a message.
fn plain(message: &str) -> String {
    json!({ "error": { "message": message } }).to_string()
}
