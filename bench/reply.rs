//! How long a reply takes to read: the manners of models at a usual length, and the growth with the length.
//!
//! `cargo bench --bench reply`

use std::time::SystemTime;

use divan::Bencher;
use divan::counter::BytesCount;
use fallcast::football::Match;
use fallcast::protocol::Received;
use fallcast::reply::read;

const MATCHES: usize = 10;

fn main() {
    divan::main();
}

/// The answer for ten matches, as it was asked for.
fn clean() -> String {
    let objects: Vec<String> = (0..MATCHES)
        .map(|id| format!(r#"{{"match_id": "m{id}", "home_score": {}, "away_score": 1}}"#, id % 4))
        .collect();
    format!(r#"{{"predictions": [{}]}}"#, objects.join(", "))
}

/// The same in fences, with quotes and commas that JSON does not have.
fn fenced() -> String {
    format!("Here are my predictions:\n```json\n{}\n```", clean().replace('"', "'").replace("}]", "},]"))
}

/// The same after three thousand words of thinking.
fn thinking() -> String {
    let thought = "Let me think: {\"home_score\": 1} isn't likely, as they won \"at home\" 3-0. ".repeat(300);
    format!("<think>{thought}</think>\n{}", clean())
}

/// No answer at all.
fn prose() -> String {
    "I'd say it's 2-1 for the hosts; they don't lose at home, but the \"derby\" {as ever} is open. ".repeat(20)
}

/// Answers without end, `bytes` of them.
fn long(bytes: usize) -> String {
    let object = r#"{"match_id": "m3", "home_score": 2, "away_score": 1, "reasoning": "They're in form."}, "#;
    format!("[{}]", object.repeat(bytes / object.len()))
}

fn run(bencher: Bencher<'_, '_>, content: &str) {
    let body = serde_json::json!({ "choices": [{ "message": { "content": content }, "finish_reason": "stop" }] });
    let body = body.to_string().into_bytes();
    let matches: Vec<Match> = (0..MATCHES)
        .map(|id| Match {
            id: format!("m{id}"),
            home_team: format!("Home {id}"),
            away_team: format!("Away {id}"),
            ..Match::default()
        })
        .collect();
    let asked: Vec<&Match> = matches.iter().collect();
    let received = Received { status: 200, headers: &[], body: &body, now: SystemTime::UNIX_EPOCH };
    bencher.counter(BytesCount::new(body.len())).bench_local(|| read(divan::black_box(&received), &asked));
}

#[divan::bench(args = ["clean", "fenced", "thinking", "prose"])]
fn manner(bencher: Bencher<'_, '_>, manner: &str) {
    let content = match manner {
        "clean" => clean(),
        "fenced" => fenced(),
        "thinking" => thinking(),
        _ => prose(),
    };
    run(bencher, &content);
}

/// Up to nearly the most values that a text may have: of a longer one all is given up.
#[divan::bench(args = [100_000, 1_000_000, 2_000_000], sample_count = 20, sample_size = 1)]
fn growth(bencher: Bencher<'_, '_>, bytes: usize) {
    run(bencher, &long(bytes));
}

/// The same length of text that opens and never closes, at which a scanner that starts anew at each brace fails.
#[divan::bench(args = ["{", "[\"", "{\"a\":", "“", "<think>"], sample_count = 20, sample_size = 1)]
fn million_bytes_of(bencher: Bencher<'_, '_>, piece: &str) {
    run(bencher, &piece.repeat(1_000_000 / piece.len()));
}
