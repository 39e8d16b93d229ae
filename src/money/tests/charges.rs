//! Every row of the rule by which a request is charged.

use super::*;
use crate::outcome::Told;

const PRICES: Prices = Prices { prompt: 1.0, completion: 10.0, cached_prompt: Some(0.1), reasoning: None };
const USUAL: Usage =
    Usage { prompt_tokens: 700, completion_tokens: 60, cached_tokens: 0, reasoning_tokens: 0, estimated: true };
/// Sixteen tokens by estimate.
const TEXT: &str = r#"[{"match_id":"m1","home_score":2,"away_score":1}]"#;

fn terms(reasons: bool) -> Terms<'static> {
    Terms { prices: &PRICES, reasons, usual: USUAL, max_tokens: 1000, bytes: 2_000 }
}

/// Prompt, completion and total, then cached, written and reasoning tokens.
fn told<const N: usize>(numbers: [f64; N]) -> Told {
    let number = |index: usize| numbers.get(index).copied().filter(|number| !number.is_nan());
    let [prompt, completion, total] = [0, 1, 2].map(number);
    let [cached, written, reasoning] = [3, 4, 5].map(number);
    Told { prompt, completion, total, cached, written, reasoning }
}

const NONE: f64 = f64::NAN;

fn replied(status: u16, told: Option<Told>, text: &str) -> Charge {
    charge(&terms(false), &End::Replied { status, told, text, thoughts: None, is_whole: true })
}

/// Prompt, completion, cached and reasoning tokens that are booked, and whether they are estimated.
fn booked(charge: &Charge) -> Option<([u64; 4], bool)> {
    charge.usage.map(|usage| {
        let tokens = [usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens, usage.reasoning_tokens];
        (tokens, usage.estimated)
    })
}

#[test]
fn what_is_told_adds_up_to_the_total() {
    for (numbers, expected) in [
        // Nothing beyond.
        ([100.0, 20.0, 120.0, NONE, NONE, NONE], [100, 20, 0, 0]),
        ([100.0, 20.0, 120.0, 60.0, NONE, 15.0], [100, 20, 60, 15]),
        ([100.0, 20.0, 120.0, NONE, NONE, 80.0], [100, 20, 0, 20]),
        // Reasoning beside the completion, named or not.
        ([32.0, 9.0, 135.0, NONE, NONE, 94.0], [32, 103, 0, 94]),
        ([10.0, 20.0, 500.0, NONE, NONE, NONE], [10, 490, 0, 470]),
        ([10120.0, 1499.0, 14428.0, 0.0, NONE, 2809.0], [10120, 4308, 0, 2809]),
        // Cached prompt beside the prompt, then reasoning.
        ([100.0, 20.0, 1020.0, 900.0, NONE, NONE], [1000, 20, 900, 0]),
        ([100.0, 20.0, 1020.0, 700.0, 200.0, NONE], [1000, 20, 700, 0]),
        ([100.0, 20.0, 1050.0, 900.0, NONE, 30.0], [1000, 50, 900, 30]),
        ([100.0, 20.0, 170.0, 900.0, NONE, NONE], [150, 20, 50, 0]),
        ([100.0, 20.0, 170.0, 60.0, NONE, NONE], [100, 70, 60, 50]),
        // Without a total, or with one that is less.
        ([500.0, 237.0, NONE, NONE, NONE, 1901.0], [500, 2138, 0, 1901]),
        ([20.0, 100.0, NONE, NONE, NONE, 80.0], [20, 100, 0, 80]),
        ([20.0, 100.0, 5.0, NONE, NONE, NONE], [20, 100, 0, 0]),
        ([20.0, 100.0, 5.0, NONE, NONE, 130.0], [20, 230, 0, 130]),
        ([20.0, 100.0, NONE, 300.0, NONE, NONE], [320, 100, 300, 0]),
        // A total or a part that is no count says nothing.
        ([20.0, 100.0, 1e300, -5.0, 0.5, 1e300], [20, 100, 0, 0]),
    ] {
        let charge = replied(200, Some(told(numbers)), TEXT);
        assert_eq!(booked(&charge), Some((expected, false)), "{numbers:?}");
        assert_eq!((charge.is_uncertain, charge.doubt), (false, None), "{numbers:?}");
    }
}

#[test]
fn a_half_that_cannot_be_true_is_estimated() {
    let text = estimate_tokens(TEXT);
    for (numbers, tokens, words) in [
        ([NONE, 20.0], [700, 20], "no tokens of the prompt"),
        ([-1.0, 20.0], [700, 20], "-1 tokens of the prompt"),
        ([1.5, 20.0], [700, 20], "1.5 tokens of the prompt"),
        ([0.0, 20.0], [700, 20], "0 tokens of the prompt"),
        ([2_000_001.0, 20.0], [700, 20], "2000001 tokens of the prompt"),
        ([9_007_199_254_740_992.0, 20.0], [700, 20], "9007199254740992 tokens of the prompt"),
        ([100.0, NONE], [100, text], "no tokens of the completion"),
        ([100.0, 0.0], [100, text], "0 tokens of the completion"),
        ([100.0, -3.0], [100, text], "-3 tokens of the completion"),
        ([100.0, 0.25], [100, text], "0.25 tokens of the completion"),
        ([100.0, 2_000_001.0], [100, text], "2000001 tokens of the completion"),
        ([0.0, 0.0], [700, text], "0 tokens of the prompt and 0 tokens of the completion"),
    ] {
        let charge = replied(200, Some(told(numbers)), TEXT);
        assert_eq!(booked(&charge), Some(([tokens[0], tokens[1], 0, 0], true)), "{numbers:?}");
        let doubt = charge.doubt.expect("told");
        assert_eq!((doubt.problem.as_str(), doubt.booked), (words, charge.usage.expect("booked")));
        let of_reasoning =
            End::Replied { status: 200, told: Some(told(numbers)), text: TEXT, thoughts: None, is_whole: true };
        let is_unknown = tokens[1] == text;
        assert!(!charge.is_uncertain, "the whole text of a model that does not reason");
        assert_eq!(super::charge(&terms(true), &of_reasoning).is_uncertain, is_unknown, "{numbers:?}");
    }
}

#[test]
fn many_tokens_are_booked_as_told_and_doubted() {
    let most = 4 * 2_000 + 4_096_u32;
    for (prompt, is_doubted) in [(most, false), (most + 1, true), (2_000_000, true)] {
        let charge = replied(200, Some(told([f64::from(prompt), 20.0])), TEXT);
        assert_eq!(booked(&charge), Some(([u64::from(prompt), 20, 0, 0], false)));
        assert_eq!(charge.doubt.is_some(), is_doubted, "{prompt}");
    }
    assert_eq!(booked(&replied(200, Some(told([100.0, 2e6])), TEXT)), Some(([100, 2_000_000, 0, 0], false)));
}

#[test]
fn no_tokens_of_a_completion_are_believed_where_nothing_was_said() {
    let charge = replied(200, Some(told([100.0, 0.0])), "");
    assert_eq!((booked(&charge), charge.is_uncertain, charge.doubt), (Some(([100, 0, 0, 0], false)), false, None));
    let thought = End::Replied {
        status: 200,
        told: Some(told([100.0, 0.0])),
        text: "",
        thoughts: Some("Hm, a derby."),
        is_whole: true,
    };
    assert!(super::charge(&terms(true), &thought).is_uncertain);
}

#[test]
fn a_reply_without_a_count_is_estimated_and_the_rest_of_it_held() {
    let text = estimate_tokens(TEXT);
    let reply = |text, thoughts, is_whole, reasons| {
        let charge = charge(&terms(reasons), &End::Replied { status: 200, told: None, text, thoughts, is_whole });
        assert_eq!(charge.doubt, None, "nothing was told");
        (booked(&charge).expect("charged"), charge.is_uncertain)
    };
    assert_eq!(reply(TEXT, None, true, false), (([700, text, 0, 0], true), false));
    assert_eq!(reply(TEXT, None, false, false), (([700, text, 0, 0], true), true), "text that breaks off");
    assert_eq!(reply(TEXT, None, true, true), (([700, text, 0, 0], true), true), "a model that reasons");
    assert_eq!(reply("", None, true, false), (([700, 0, 0, 0], true), true), "no text at all");
    let thought = estimate_tokens("Hm, a derby.");
    assert_eq!(reply(TEXT, Some("Hm, a derby."), true, true), (([700, text + thought, 0, thought], true), true));
    assert_eq!(reply(&"wide ".repeat(5_000), None, true, false), (([700, 1000, 0, 0], true), false), "max_tokens");
}

#[test]
fn what_was_sent_and_cut_off_costs_the_usual_and_the_rest_is_held() {
    let cut_off = |status| charge(&terms(false), &End::CutOff { status });
    for status in [None, Some(200), Some(299), Some(499), Some(504), Some(524)] {
        let charge = cut_off(status);
        assert_eq!((charge.usage, charge.is_uncertain, charge.doubt), (Some(USUAL), true, None), "{status:?}");
    }
    for status in [499, 504, 524] {
        let charge = replied(status, Some(told([100.0, 20.0])), "");
        assert_eq!((charge.usage, charge.is_uncertain), (Some(USUAL), true), "{status}");
    }
}

#[test]
fn no_other_status_and_nothing_unsent_costs_anything() {
    for status in [302, 400, 401, 408, 429, 500, 502, 503, 505, 599] {
        assert_eq!(replied(status, Some(told([100.0, 20.0])), "no"), Charge::default(), "{status}");
        assert_eq!(charge(&terms(true), &End::CutOff { status: Some(status) }), Charge::default(), "{status}");
    }
    assert_eq!(charge(&terms(true), &End::Unsent), Charge::default());
}

#[test]
fn the_cost_is_that_of_what_is_booked() {
    let charge = replied(200, Some(told([100.0, 20.0, 1020.0, 900.0])), TEXT);
    assert_eq!(NanoUsd::rounded(charge.cost), NanoUsd::micro(100 + 90 + 200));
}
