//! The estimate of tokens, measured against real tokenizers.

mod corpus;
mod held_out;
mod lists;

use std::fs;
use std::path::Path;

use fallcast::money::estimate_tokens;

/// The estimate of `text` as a share of what the dearer of two vocabularies makes of it.
#[expect(clippy::cast_precision_loss, reason = "a few hundred tokens")]
fn share_of_truth(text: &str) -> f64 {
    let vocabularies = [tiktoken_rs::cl100k_base_singleton(), tiktoken_rs::o200k_base_singleton()];
    let truth = vocabularies.iter().map(|vocabulary| vocabulary.encode_ordinary(text).len()).max();
    estimate_tokens(text) as f64 / truth.unwrap_or(0) as f64
}

/// Each of `texts` is estimated at no less than 95 % of the truth, and no more than `most` times as much.
fn assert_close<'a>(texts: impl IntoIterator<Item = &'a str>, most: f64) {
    for text in texts {
        let share = share_of_truth(text);
        assert!((0.95..=most).contains(&share), "estimated at {share:.3} of the truth: {text}");
    }
}

#[test]
fn english_is_priced_a_little_high() {
    assert_close(corpus::ENGLISH.iter().copied(), 1.4);
}

#[test]
fn german_is_close() {
    assert_close(corpus::GERMAN.iter().copied(), 1.3);
}

#[test]
fn chinese_is_close() {
    assert_close(corpus::CHINESE.iter().copied(), 1.25);
}

#[test]
fn other_prose_in_latin_letters_is_not_priced_too_low() {
    assert_close(corpus::OTHER_LATIN.iter().copied(), 1.3);
}

#[test]
fn matches_and_answers_as_json_are_close() {
    assert_close(corpus::LINES.iter().copied(), 1.35);
}

#[test]
fn ids_and_odds_are_close() {
    assert_close(corpus::NUMBERS.iter().copied(), 1.1);
}

#[test]
fn names_in_latin_letters_are_close() {
    assert_close(lists::NAMES.iter().copied(), 1.35);
}

#[test]
fn chinese_line_ups_are_close() {
    assert_close(lists::LINE_UPS.iter().copied(), 1.25);
}

#[test]
fn traditional_chinese_is_close() {
    assert_close(lists::TRADITIONAL.iter().copied(), 1.2);
}

#[test]
fn japanese_and_korean_are_close() {
    assert_close(lists::JAPANESE_AND_KOREAN.iter().copied(), 1.25);
}

#[test]
fn what_it_was_not_fitted_to_is_as_close() {
    assert_close(held_out::PROSE.iter().copied(), 1.35);
    assert_close(held_out::NAMES.iter().copied(), 1.25);
    assert_close(held_out::CHINESE.iter().copied(), 1.25);
    assert_close(held_out::JAPANESE_AND_KOREAN.iter().copied(), 1.25);
    assert_close(held_out::NUMBERS.iter().copied(), 1.15);
}

#[test]
fn the_prompts_that_ship_are_not_priced_too_low() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog/prompts");
    let files = [folder.join("overrides"), folder].into_iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = files.map(|file| file.unwrap().path()).filter(|path| path.is_file());
    let texts: Vec<String> = paths.map(|path| fs::read_to_string(path).unwrap()).collect();
    assert!(texts.len() > 3);
    assert_close(texts.iter().map(String::as_str), 1.5);
}
