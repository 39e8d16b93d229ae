//! The end of a cooling is told once, when it is over.

use super::*;

fn brief() -> Case {
    Case::new(health(|config| {
        config.transient_cooldown = Duration::from_millis(1);
        config.provider_cooldown = Duration::from_millis(1);
    }))
}

impl Case {
    fn cool(&self, wait: Duration) {
        self.health.cool("m", wait, FailureKind::RateLimited, &|what, cause| self.told.note(what, cause));
    }

    fn recover_due(&self) -> usize {
        self.health.recover_due(&|what, cause| self.told.note(what, cause))
    }

    /// Waits until nothing is to come back any more; returns what was told meanwhile.
    fn until_over(&self) -> Vec<String> {
        while self.health.next_recovery().is_some() {
            assert_eq!(self.recover_due(), 0, "what cooled was not off");
            thread::yield_now();
        }
        self.told.take()
    }
}

#[test]
fn whatever_began_it_its_end_is_told_once() {
    let case = brief();
    assert_eq!((case.health.next_recovery(), case.until_over()), (None, Vec::new()));
    case.fail(TRANSIENT, 5);
    assert_eq!(case.until_over(), ["m cooled"]);
    case.cool(Duration::from_millis(1));
    assert_eq!(case.until_over(), ["m cooling for rate_limited", "m cooled"]);
    case.health.cool_provider("p", FailureKind::Unauthorized, || true, &|what, cause| case.told.note(what, cause));
    assert_eq!(case.until_over(), ["p cooling for unauthorized", "p cooled"]);
    assert!(case.admit().is_ok());
    assert_eq!(case.until_over(), Vec::<String>::new());
}

#[test]
fn it_is_over_only_when_the_longest_is() {
    let case = brief();
    case.cool(Duration::from_millis(1));
    case.cool(Duration::from_secs(3600));
    wait_for_the_clock(&case.health);
    wait_for_the_clock(&case.health);
    assert_eq!(case.recover_due(), 0);
    assert!(case.admit().is_err());
    assert_eq!(case.told.take(), ["m cooling for rate_limited", "m cooling for rate_limited"]);
    assert!(case.health.next_recovery().expect("its end") > Duration::from_secs(3590));
}

#[test]
fn who_calls_first_ends_it_and_it_is_not_told_again() {
    let case = brief();
    case.cool(Duration::from_millis(1));
    case.health.cool_provider("p", FailureKind::Unauthorized, || true, &|what, cause| case.told.note(what, cause));
    wait_for_the_clock(&case.health);
    drop(case.admit().expect("both are over"));
    let all = ["m cooling for rate_limited", "p cooling for unauthorized", "m cooled", "p cooled"];
    assert_eq!(case.told.take(), all);
    assert_eq!(case.until_over(), Vec::<String>::new());
}

#[test]
fn one_that_begins_when_another_is_over_is_told_after_its_end() {
    let case = brief();
    let tell = |what, cause| case.told.note(what, cause);
    for _ in 0..2 {
        case.cool(Duration::from_millis(1));
        case.health.cool_provider("p", FailureKind::Unauthorized, || true, &tell);
        wait_for_the_clock(&case.health);
    }
    let once = ["m cooling for rate_limited", "p cooling for unauthorized"];
    let again = ["m cooled", "m cooling for rate_limited", "p cooled", "p cooling for unauthorized"];
    assert_eq!(case.told.take(), [&once[..], &again].concat());
}

#[test]
fn what_is_ended_by_hand_is_not_told_when_its_time_would_be_over() {
    let case = brief();
    case.cool(Duration::from_millis(1));
    case.health.cool_provider("p", FailureKind::Unauthorized, || true, &|_, _| {});
    case.health.enable("m", &|_, _| {});
    case.health.warm_provider("p");
    wait_for_the_clock(&case.health);
    assert_eq!(case.until_over(), ["m cooling for rate_limited"]);
}

#[test]
fn a_saved_cooling_ends_in_the_engine_that_takes_it_over_unless_it_is_over_already() {
    let before = Case::new(lasting());
    before.cool(Duration::from_secs(30));
    before.health.cool_provider("q", FailureKind::Unauthorized, || true, &|_, _| {});
    let mut saved = before.health.saved();
    let after = Case::new(lasting());
    after.health.restore(&saved, |_| true, |_| {});
    assert!(after.health.next_recovery().expect("the model's is the first to end") <= Duration::from_secs(30));
    saved.models[0].1.cooling_until = Some(SystemTime::now());
    saved.providers[0].1 = SystemTime::now();
    let late = Case::new(lasting());
    late.health.restore(&saved, |_| true, |_| {});
    assert_eq!((late.health.next_recovery(), late.until_over()), (None, Vec::new()), "no news");
    assert!(late.admit().is_ok());
}

#[test]
fn threads_that_look_at_the_same_time_tell_it_once() {
    let case = brief();
    for _ in 0..50 {
        case.cool(Duration::from_millis(1));
        case.health.cool_provider("p", FailureKind::Unauthorized, || true, &|what, cause| case.told.note(what, cause));
        wait_for_the_clock(&case.health);
        thread::scope(|scope| {
            for number in 0..4 {
                let case = &case;
                scope.spawn(move || if number % 2 == 0 { case.admit().is_ok() } else { case.recover_due() == 0 });
            }
        });
        let told = case.told.take();
        assert_eq!(told.iter().filter(|told| *told == "m cooled").count(), 1, "{told:?}");
        assert_eq!(told.iter().filter(|told| *told == "p cooled").count(), 1, "{told:?}");
    }
}
