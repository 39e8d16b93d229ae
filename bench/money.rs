//! What it takes to reserve and settle, and to estimate the tokens of a prompt.
//!
//! `cargo bench --bench money`

use std::time::SystemTime;

use divan::Bencher;
use divan::counter::BytesCount;
use fallcast::money::{BudgetRules, Ledger, estimate_tokens};
use fallcast::outcome::NanoUsd;

fn main() {
    divan::main();
}

/// A ledger with a budget, on which as many models as the catalogue has were charged today.
fn ledger() -> Ledger {
    let ledger = Ledger::new(BudgetRules { daily: Some(NanoUsd::from_usd(1e9)), ..BudgetRules::default() });
    (0..50).for_each(|model| reserve_and_settle(&ledger, &format!("model-{model}")));
    ledger
}

fn reserve_and_settle(ledger: &Ledger, model: &str) {
    if let Ok(reservation) = ledger.reserve(model, NanoUsd(4_100), true, SystemTime::UNIX_EPOCH) {
        reservation.settle(NanoUsd(1_200), |alert| drop(divan::black_box(alert.clone())));
    }
}

#[divan::bench(threads = [1, 2])]
fn reserve_settle(bencher: Bencher<'_, '_>) {
    let ledger = ledger();
    bencher.bench(|| reserve_and_settle(&ledger, divan::black_box("model-21")));
}

/// The built-in prompt with twenty matches has about three kilobytes.
#[divan::bench(args = ["english", "json", "chinese"])]
fn estimate(bencher: Bencher<'_, '_>, kind: &str) {
    let piece = match kind {
        "english" => "Weigh the strength of both sides, their form, the venue, and what is at stake. ",
        "json" => "{\"match_id\":\"7f3e9a52-1c4b\",\"home_team\":\"1. FC Köln\",\"away_team\":\"Mainz 05\"}\n",
        _ => "主队近期状态火热，联赛取得六连胜，场均打入三球以上。",
    };
    let text = piece.repeat(3_000 / piece.len());
    bencher.counter(BytesCount::new(text.len())).bench_local(|| estimate_tokens(divan::black_box(&text)));
}
