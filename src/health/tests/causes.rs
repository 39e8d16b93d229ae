//! Failures over the same count once.

use std::num::NonZeroU64;

use super::*;
use crate::health::seen::Seen;

fn over(ids: &[&str]) -> Verdict {
    Verdict::Fault(FailureKind::ParseError, Some(Fingerprint::of(ids.iter().copied())))
}

#[test]
fn the_last_eight_are_known_and_what_comes_again_stays() {
    let seen = Seen::default();
    let add = |fingerprint| seen.add(NonZeroU64::new(fingerprint).expect("not 0"));
    assert!(seen.is_empty());
    for fingerprint in 1..=8 {
        assert!(add(fingerprint));
    }
    assert!(!add(1), "the eighth last, which is the latest now");
    assert!(add(9));
    assert!(!add(1));
    assert!(add(2), "the one that was forgotten");
    seen.clear();
    assert!(seen.is_empty() && add(1));
}

#[test]
fn what_is_asked_again_and_again_counts_once_and_what_is_not_each_time() {
    let case = Case::new(lasting());
    assert_eq!(case.fail(over(&["m1", "m2"]), 7), Vec::<String>::new());
    assert_eq!(case.fail(over(&["m2", "m1"]), 7), Vec::<String>::new());
    assert_eq!(case.status().failures, 1);
    case.fail(over(&["m2"]), 7);
    case.fail(FAULT, 2);
    assert_eq!(case.status().failures, 4);
    assert_eq!(case.fail(over(&["m3"]), 1), ["m disabled at 5 !"]);
}

#[test]
fn it_is_known_of_each_model_until_that_answers_or_is_switched_on_by_hand() {
    let case = Case::new(lasting());
    case.fail(over(&["m1"]), 2);
    let tell = |what, cause| case.told.note(what, cause);
    let other = case.health.admit("other", "p", None, None, &tell).expect("active");
    case.health.record("other", &other, over(&["m1"]), &tell);
    assert_eq!(case.health.status("other", "p").failures, 1, "one model's failure is none of the other's");
    for forget in [(&|| drop(case.fail(Verdict::Success, 1))) as &dyn Fn(), &|| case.health.enable("m", &tell)] {
        assert_eq!(case.status().failures, 1);
        case.fail(Verdict::Neutral(FailureKind::InvalidResponse), 1);
        case.fail(over(&["m1"]), 1);
        assert_eq!(case.status().failures, 1, "what is no answer changes nothing");
        forget();
        assert_eq!(case.status().failures, 0);
        case.fail(over(&["m1"]), 1);
    }
}

#[test]
fn a_model_that_comes_back_is_not_blamed_again_for_what_switched_it_off() {
    let case = Case::new(health(|_| {}));
    for id in ["m1", "m2", "m3", "m4", "m5"] {
        case.fail(over(&[id]), 1);
    }
    wait_for_the_clock(&case.health);
    assert_eq!(case.fail(over(&["m5"]), 9), ["m disabled at 5 !", "m recovered with 2 !"][1..]);
    assert_eq!(case.status().failures, 2);
}

#[test]
fn a_failure_from_before_the_model_was_switched_off_is_not_noted() {
    let case = Case::new(lasting());
    let late = case.admit().expect("active");
    case.health.enable("m", &|_, _| {});
    case.health.disable("m", "by hand", &|_, _| {});
    case.health.enable("m", &|_, _| {});
    case.record(&late, over(&["m1"]));
    case.fail(over(&["m1"]), 1);
    assert_eq!(case.status().failures, 1);
}

/// Whatever the interleaving, so many distinct sets as the threshold switch a model off, exactly once.
#[test]
fn threads_that_fail_over_the_same_switch_off_at_the_threshold_and_never_before() {
    for sets in [4, 5] {
        let case = Case::new(lasting());
        let permits: Vec<_> = (0..64).map(|_| case.admit().expect("active")).collect();
        thread::scope(|scope| {
            for (number, permit) in permits.iter().enumerate() {
                let (case, id) = (&case, format!("m{}", number % sets));
                scope.spawn(move || case.record(permit, over(&[&id])));
            }
        });
        let told = case.told.take();
        assert_eq!(told, ["m disabled at 5 !"][..usize::from(sets == 5)]);
        assert_eq!(usize::from(case.status().failures), sets);
    }
}
