use serde_json::json;

use super::*;

fn source(text: &str) -> Source {
    Source::given(&json!({ "versions": {}, "components": { "a": text } }), PATH)
}

fn last(accepted: bool) -> LastReading<Source> {
    LastReading { reading: 5, source: source("known"), accepted }
}

#[test]
fn what_is_new_is_looked_at_whoever_asked() {
    for asked in [false, true] {
        let mut last = last(true);
        assert!(last.note(6, source("new"), asked));
        assert_eq!((last.reading, &last.source), (6, &source("new")));
    }
}

#[test]
fn what_was_rejected_is_told_to_who_asked_although_another_reading_was_quicker() {
    for (reading, found) in [(6, "known"), (4, "older"), (4, "known")] {
        let mut rejected = last(false);
        assert!(rejected.note(reading, source(found), true), "{reading} {found}");
        assert_eq!(rejected.source, source("known"));
        assert!(!last(false).note(reading, source(found), false), "{reading} {found}");
        assert!(!last(true).note(reading, source(found), true), "{reading} {found}");
    }
}

#[test]
fn a_reading_that_began_earlier_never_goes_before_one_that_found_nothing_new() {
    let mut last = last(true);
    assert!(!last.note(7, source("known"), false));
    assert!(!last.note(6, source("between"), true));
    assert_eq!(last.source, source("known"));
}
