//! A model that has come back is tried by few calls until the first success.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A model that has come back with two failures on its account.
fn come_back() -> Case {
    let case = Case::new(health(|config| config.transient_threshold = Some(2)));
    case.fail(FAULT, 5);
    wait_for_the_clock(&case.health);
    assert_eq!(case.health.recover_due(&|what, cause| case.told.note(what, cause)), 1);
    case.told.take();
    case
}

fn refusal(case: &Case) -> (SkipReason, String, Option<Duration>) {
    let refusal = case.admit().expect_err("refused");
    assert_eq!(case.health.refuses("m", "p").as_ref(), Some(&refusal), "who only looks is told the same");
    (refusal.reason, refusal.detail, refusal.retry_after)
}

fn coming_back(calls: &str) -> (SkipReason, String, Option<Duration>) {
    (SkipReason::Cooling, format!("coming back: {calls} under way"), Some(Duration::from_secs(1)))
}

#[test]
fn no_more_calls_are_under_way_than_failures_are_left() {
    let case = come_back();
    let mut permits: Vec<_> = (0..3).map(|_| case.admit().expect("three failures are left")).collect();
    assert_eq!(refusal(&case), coming_back("3 calls"));
    assert!(!case.health.is_disabled("m") && case.status().cooling_until.is_none());
    case.record(&permits.remove(0), FAULT);
    assert_eq!(refusal(&case), coming_back("2 calls"));
    case.record(&permits.remove(0), FAULT);
    assert_eq!(refusal(&case), coming_back("1 call"));
    case.record(&permits.remove(0), FAULT);
    assert_eq!(case.told.take(), ["m disabled at 5 !"]);
}

#[test]
fn the_first_success_lets_everybody_through() {
    let case = come_back();
    let permits: Vec<_> = (0..3).map(|_| case.admit().expect("a place")).collect();
    case.record(&permits[0], Verdict::Success);
    let more: Vec<_> = (0..100).map(|_| case.admit().expect("it has answered")).collect();
    drop((permits, more));
    assert_eq!(case.status().failures, 0);
}

#[test]
fn whatever_else_ends_a_call_gives_its_place_back() {
    let case = come_back();
    for verdict in [Verdict::None, Verdict::Neutral(FailureKind::ContentFiltered), TRANSIENT] {
        let permits: Vec<_> = (0..3).map(|_| case.admit().expect("a place")).collect();
        assert_eq!(refusal(&case), coming_back("3 calls"));
        case.record(&permits[0], verdict);
        drop(permits);
        assert!(case.health.refuses("m", "p").is_none(), "{verdict:?}");
    }
}

#[test]
fn one_who_is_refused_for_another_reason_takes_no_place() {
    let case = come_back();
    case.health.cool("m", Duration::from_secs(60), FailureKind::RateLimited, &|_, _| {});
    for _ in 0..9 {
        assert!(case.admit().expect_err("cooling").detail.starts_with("left alone"));
    }
    case.health.enable("other", &|_, _| {});
    let state = case.health.models.get("m").expect("known").faults.full(&case.health.faults);
    assert_eq!(state, None);
}

#[test]
fn a_call_that_is_made_once_more_keeps_its_place() {
    let case = come_back();
    let tell = |what, cause| case.told.note(what, cause);
    let mut permits: Vec<_> = (0..3).map(|_| case.admit().expect("a place")).collect();
    let again = case.health.admit("m", "p", permits.first(), None, &tell).expect("its own place");
    assert_eq!(refusal(&case), coming_back("3 calls"));
    drop(std::mem::replace(&mut permits[0], again));
    assert_eq!(refusal(&case), coming_back("3 calls"), "the place goes on with the later permit");
    drop(permits);
    assert!(case.admit().is_ok());
}

#[test]
fn a_place_from_before_it_went_off_again_is_no_place_after_it() {
    let case = come_back();
    let tell = |what, cause| case.told.note(what, cause);
    let old = case.admit().expect("a place");
    for _ in 0..3 {
        let reported = case.health.permit("m", &tell).expect("on");
        case.record(&reported, FAULT);
    }
    wait_for_the_clock(&case.health);
    wait_for_the_clock(&case.health);
    case.health.recover_due(&tell);
    let again = case.health.admit("m", "p", Some(&old), None, &tell).expect("a place of its own");
    assert_eq!(case.health.models.get("m").expect("known").faults.full(&case.health.faults), None);
    let more = case.admit().expect("the third, with the old one");
    assert_eq!(refusal(&case), coming_back("3 calls"));
    drop((again, more));
}

#[test]
fn switched_on_by_hand_it_is_trusted_at_once() {
    let case = Case::new(lasting());
    case.fail(FAULT, 5);
    case.health.enable("m", &|_, _| {});
    let permits: Vec<_> = (0..100).map(|_| case.admit().expect("switched on")).collect();
    drop(permits);
    let case = come_back();
    case.health.disable("m", "by hand", &|_, _| {});
    case.health.enable("m", &|_, _| {});
    let permits: Vec<_> = (0..100).map(|_| case.admit().expect("switched on")).collect();
    drop(permits);
}

#[test]
fn a_model_that_only_cooled_is_trusted_at_once() {
    let case = Case::new(health(|config| config.transient_cooldown = Duration::from_millis(1)));
    case.fail(TRANSIENT, 5);
    wait_for_the_clock(&case.health);
    let permits: Vec<_> = (0..100).map(|_| case.admit().expect("cooled")).collect();
    drop(permits);
}

#[test]
fn one_that_was_off_before_a_restart_is_tried_by_few_after_it() {
    let before = Case::new(lasting());
    before.fail(FAULT, 5);
    let mut saved = before.health.saved();
    let off = saved.models[0].1.disabled.as_mut().expect("off");
    off.until = Some(SystemTime::now());
    // As somebody might write it by hand.
    saved.models[0].1.disables = 0;
    let case = Case::new(lasting());
    case.health.restore(&saved, |_| true, |_| {});
    wait_for_the_clock(&case.health);
    let permits: Vec<_> = (0..3).map(|_| case.admit().expect("a place")).collect();
    assert_eq!(refusal(&case), coming_back("3 calls"));
    drop(permits);

    let back = case.health.saved();
    assert!(back.models[0].1.disabled.is_none());
    let case = Case::new(lasting());
    case.health.restore(&back, |_| true, |_| {});
    let permits: Vec<_> = (0..3).map(|_| case.admit().expect("a place")).collect();
    assert_eq!(refusal(&case), coming_back("3 calls"), "nor had it answered when it was saved");
    drop(permits);
}

#[test]
fn of_many_threads_no_more_than_failures_are_left_are_let_through_at_once() {
    let case = come_back();
    let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let Ok(permit) = case.admit() else { continue };
                    most.fetch_max(under_way.fetch_add(1, Ordering::AcqRel) + 1, Ordering::AcqRel);
                    thread::yield_now();
                    under_way.fetch_sub(1, Ordering::AcqRel);
                    drop(permit);
                }
            });
        }
    });
    assert!((1..=3).contains(&most.into_inner()));
    assert!(case.health.refuses("m", "p").is_none(), "every place was given back");
}
