//! Any text is read without a panic, and a score that is found in it stands there beside its id.
//!
//! The first byte of an input chooses the asked ids and whether the text was cut off; the rest is the text.
//!
//! `cargo +nightly fuzz run shapes fuzz/corpus/shapes fuzz/seeds/shapes -- -dict=fuzz/shapes.dict`

#![no_main]

use fallcast::football::{Match, find};
use fallcast::task::Passage;
use libfuzzer_sys::fuzz_target;

const ASKED: [&[&str]; 4] = [&["m1"], &["m1", "m2"], &["17", "4"], &["a b", "a:b", "a-b"]];

fuzz_target!(|input: &[u8]| {
    let [manner, text @ ..] = input else { return };
    let text = String::from_utf8_lossy(text);
    let asked = ASKED[usize::from(manner / 2) % ASKED.len()];
    let game = |&id: &&str| Match {
        id: id.to_owned(),
        home_team: "Leeds United".to_owned(),
        away_team: "Burnley".to_owned(),
        ..Match::default()
    };
    let matches: Vec<Match> = asked.iter().map(game).collect();
    let passage = Passage { text: &text, is_thought: false, is_cut: manner % 2 == 1 };
    let slots = find(&passage, &matches.iter().collect::<Vec<_>>());
    assert_eq!(slots.len(), asked.len());
    for (id, score) in asked.iter().zip(slots).filter_map(|(id, slot)| Some((id, slot?))) {
        assert!(score.home <= 20 && score.away <= 20);
        if !text.contains(['{', '[', '"', '\\']) {
            // Without JSON nothing is folded but case and white space, and numbers stand as they are.
            assert!(text.to_lowercase().contains(id), "{score:?} for {id} in {text:?}");
        }
    }
});
