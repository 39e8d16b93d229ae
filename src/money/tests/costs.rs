//! What usage costs.

use super::*;

const PRICES: Prices = Prices { prompt: 0.6, completion: 2.4, cached_prompt: Some(0.06), reasoning: Some(3.0) };

fn usage(prompt_tokens: u64, cached_tokens: u64, completion_tokens: u64, reasoning_tokens: u64) -> Usage {
    Usage { prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens, estimated: false }
}

fn whole(prices: &Prices, usage: &Usage) -> NanoUsd {
    NanoUsd::rounded(cost(prices, usage))
}

#[test]
fn parts_of_a_millionth_count() {
    assert_eq!(whole(&PRICES, &usage(1, 0, 0, 0)), NanoUsd(600));
    assert_eq!(whole(&Prices { prompt: 0.033_33, ..PRICES }, &usage(14, 0, 0, 0)), NanoUsd(467));
}

#[test]
fn every_part_has_its_price() {
    for (usage, micro_usd) in [
        (usage(0, 0, 0, 0), 0),
        (usage(1_000, 0, 0, 0), 600),
        (usage(1_000, 400, 0, 0), 384),
        (usage(0, 0, 1_000, 0), 2_400),
        (usage(0, 0, 1_000, 700), 2_820),
        (usage(1_000, 400, 1_000, 700), 3_204),
        (usage(1_000_000_000, 0, 1_000_000_000, 0), 3_000_000_000),
    ] {
        assert_eq!(whole(&PRICES, &usage), NanoUsd::micro(micro_usd), "{usage:?}");
    }
}

#[test]
fn parts_without_a_price_cost_what_the_whole_does() {
    let prices = Prices { cached_prompt: None, reasoning: None, ..PRICES };
    assert_eq!(whole(&prices, &usage(1_000, 400, 1_000, 700)), whole(&prices, &usage(1_000, 0, 1_000, 0)));
}

#[test]
fn a_part_is_never_more_than_the_whole() {
    assert_eq!(whole(&PRICES, &usage(10, 5_000, 10, 5_000)), whole(&PRICES, &usage(10, 10, 10, 10)));
    assert_eq!(whole(&Prices::default(), &usage(u64::MAX, 0, u64::MAX, 0)), NanoUsd(0));
    let dear = Prices { prompt: 1e6, ..PRICES };
    assert_eq!(whole(&dear, &usage(u64::MAX, 0, u64::MAX, 0)), NanoUsd(u64::MAX), "it saturates");
}

#[test]
fn an_estimate_is_priced_at_the_dearer_of_completion_and_reasoning() {
    for (reasoning, expected) in [(None, 3e6), (Some(1.0), 3e6), (Some(3.0), 3.6e6)] {
        let estimated = estimated_cost(&Prices { reasoning, ..PRICES }, 1_000, 1_000);
        assert!((estimated - expected).abs() < 1e-3, "{estimated}");
    }
}
