//! Any reply is read without a panic, and what is read of it keeps to its promises.
//!
//! The first byte of an input chooses the status, the second the asked ids and the third how the rest is sent: as the
//! body itself, or as one of the texts of a chat completion.
//!
//! `cargo +nightly fuzz run reply fuzz/corpus/reply fuzz/seeds/reply -- -dict=fuzz/reply.dict`

#![no_main]

use std::time::{Duration, SystemTime};

use fallcast::protocol::Received;
use fallcast::reply::read;
use fallcast::football::Match;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

const STATUSES: [u16; 8] = [200, 200, 200, 200, 301, 400, 429, 503];
const ASKED: [&[&str]; 5] = [&["m1"], &["m1", "m2"], &["17", "4"], &["A", "a", " é "], &[]];

fuzz_target!(|input: &[u8]| {
    let [status, asked, manner, rest @ ..] = input else { return };
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    let asked = ASKED[usize::from(*asked) % ASKED.len()];
    let text = String::from_utf8_lossy(rest);
    let message = match manner % 8 {
        0 => None,
        1 => Some(json!({ "content": null, "reasoning_content": text })),
        2 => Some(json!({ "tool_calls": [{ "function": { "arguments": text } }] })),
        3 => Some(json!({ "content": [{ "type": "text", "text": text }] })),
        _ => Some(json!({ "content": text })),
    };
    let body = match message {
        Some(message) => json!({ "choices": [{ "message": message }] }).to_string().into_bytes(),
        None => rest.to_vec(),
    };
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let told = text.lines().next().unwrap_or_default();
    let headers = ["retry-after", "x-ratelimit-reset", "retry-after-ms"].map(|name| header(name, told));
    let headers = [headers.as_slice(), &[header("x-ratelimit-remaining", "0")]].concat();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let matches: Vec<Match> = asked
        .iter()
        .map(|&id| Match {
            id: id.to_owned(),
            home_team: "Leeds United".to_owned(),
            away_team: "Burnley".to_owned(),
            ..Match::default()
        })
        .collect();
    let asked: Vec<&Match> = matches.iter().collect();
    let reply = read(&Received { status, headers: &headers, body: &body, now }, &asked);
    match reply.result {
        Ok(slots) => {
            assert_eq!(slots.len(), asked.len());
            assert!(slots.iter().any(Option::is_some));
            assert!(slots.iter().flatten().all(|score| score.home <= 20 && score.away <= 20));
        }
        Err(failure) => {
            assert!(failure.message.chars().count() <= 300);
            assert!(!failure.message.contains(['\n', '\r']));
        }
    }
    assert!(reply.reasoning.is_none_or(|reasoning| !reasoning.is_empty() && reasoning == reasoning.trim()));
});
