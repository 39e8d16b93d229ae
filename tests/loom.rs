//! Every interleaving of a few threads over the atomics, checked with loom, which stands in for `sync` here.
#![allow(dead_code, unreachable_pub, reason = "the files are a part of the library; not all of it is used here")]
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod sync {
    pub use std::sync::PoisonError;

    pub use loom::sync::{Mutex, MutexGuard, atomic};
}

#[path = "../src/health/breaker.rs"]
mod breaker;
#[path = "../src/health/breaker_state.rs"]
mod breaker_state;
#[path = "../src/count/cache.rs"]
mod cache;
#[path = "../src/health/seen.rs"]
mod seen;

use std::num::NonZeroU64;

use loom::sync::{Arc, Mutex};
use loom::thread;

use breaker::{Admitted, Breaker, Changes, Shut};
use breaker_state::{BreakerRules, BreakerState};
use cache::{Count, Counted, Store};
use sync::atomic::{AtomicUsize, Ordering};

const RULES: BreakerRules =
    BreakerRules { threshold: Some(3), cooldown: 1000, longest_cooldown: 8000, failures_after: 1, half_open: true };

/// Without a bound on preemptions there are too many interleavings; most faults need two.
fn few_preemptions(most: usize) -> loom::model::Builder {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(most);
    model
}

/// A breaker, the lock of its changes, and what was told.
#[derive(Default)]
struct Case {
    breaker: Breaker,
    changes: Changes,
    told: Mutex<Vec<BreakerState>>,
}

impl Case {
    /// A closed breaker with so many failures, and the epoch of its permits.
    fn with_failures(failures: u8) -> (Arc<Self>, u16) {
        let case = Self::default();
        for _ in 0..failures {
            case.fail(0, 0);
        }
        (Arc::new(case), 0)
    }

    fn fail(&self, epoch: u16, now: u64) {
        self.breaker.failed(epoch, None, || now, &RULES, &self.changes, |state| self.note(state));
    }

    /// A failure over something of that fingerprint.
    fn fail_over(&self, cause: u64, epoch: u16) {
        self.breaker.failed(epoch, NonZeroU64::new(cause), || 10, &RULES, &self.changes, |state| self.note(state));
    }

    fn admit(&self) -> Result<Admitted, Shut> {
        self.breaker.admit(None, || 2000, &RULES, &self.changes, Some(&|_| {}))
    }

    /// A breaker that has come back with one failure on its account, so that two calls may be under way.
    fn half_open() -> Arc<Self> {
        let (case, _) = Self::with_failures(3);
        assert!(case.recover(2000));
        case
    }

    fn recover(&self, now: u64) -> bool {
        self.breaker.recover(now, &RULES, &self.changes, |state| self.note(state))
    }

    fn note(&self, state: BreakerState) {
        self.told.lock().expect("no panic").push(state);
    }

    fn told(&self) -> Vec<BreakerState> {
        self.told.lock().expect("no panic").clone()
    }
}

#[test]
fn failures_never_exceed_the_threshold_and_it_opens_once() {
    loom::model(|| {
        let (case, epoch) = Case::with_failures(1);
        let others: Vec<_> = (0..2)
            .map(|_| {
                let case = Arc::clone(&case);
                thread::spawn(move || case.fail(epoch, 10))
            })
            .collect();
        case.fail(epoch, 10);
        for other in others {
            other.join().expect("no panic");
        }
        let open = BreakerState { failures: 3, open_until: 1010, epoch: 1 };
        assert_eq!((case.breaker.state(), case.told(), case.breaker.trips()), (open, vec![open], 1));
    });
}

#[test]
fn a_success_that_races_with_the_last_failure_comes_before_or_after_it() {
    loom::model(|| {
        let (case, epoch) = Case::with_failures(2);
        let other = {
            let case = Arc::clone(&case);
            thread::spawn(move || case.breaker.succeeded(epoch, &case.changes))
        };
        case.fail(epoch, 10);
        other.join().expect("no panic");
        let state = case.breaker.state();
        let open = BreakerState { failures: 3, open_until: 1010, epoch: 1 };
        match case.told().as_slice() {
            [] => assert!(state.failures <= 1 && !state.is_open()),
            told => assert_eq!((told, state, case.breaker.trips()), (&[open][..], open, 1)),
        }
    });
}

#[test]
fn two_racing_recoveries_recover_once() {
    loom::model(|| {
        let (case, _) = Case::with_failures(3);
        let other = {
            let case = Arc::clone(&case);
            thread::spawn(move || case.recover(2000))
        };
        let here = case.recover(2000);
        assert!(here != other.join().expect("no panic"), "exactly one of them");
        let closed = BreakerState { failures: 1, open_until: 0, epoch: 2 };
        assert_eq!((case.breaker.state(), case.told().last(), case.told().len()), (closed, Some(&closed), 2));
    });
}

#[test]
fn who_is_admitted_while_it_recovers_or_opens_has_the_epoch_of_a_closed_breaker() {
    loom::model(|| {
        let (case, _) = Case::with_failures(3);
        let opening = {
            let case = Arc::clone(&case);
            thread::spawn(move || case.breaker.open(5000, &case.changes, |_, _| {}))
        };
        match case.admit() {
            Ok(admitted) => {
                assert_eq!(admitted, Admitted { epoch: 2, is_probe: true }, "it had recovered before it opened again");
            }
            Err(shut) => assert_eq!(shut, Shut::Until(5000)),
        }
        opening.join().expect("no panic");
        assert_eq!(case.breaker.state().open_until, 5000);
    });
}

#[test]
fn a_result_of_an_older_epoch_changes_nothing_whenever_it_comes() {
    loom::model(|| {
        let (case, epoch) = Case::with_failures(3);
        let other = {
            let case = Arc::clone(&case);
            thread::spawn(move || {
                case.fail(epoch, 2000);
                case.breaker.succeeded(epoch, &case.changes);
            })
        };
        assert!(case.recover(2000));
        other.join().expect("no panic");
        let closed = BreakerState { failures: 1, open_until: 0, epoch: 2 };
        assert_eq!((case.breaker.state(), case.breaker.trips()), (closed, 1));
    });
}

#[test]
fn a_failure_that_races_with_an_enabling_by_hand_is_told_in_order() {
    loom::model(|| {
        let (case, epoch) = Case::with_failures(2);
        let other = {
            let case = Arc::clone(&case);
            thread::spawn(move || case.fail(epoch, 10))
        };
        let closed = BreakerState { failures: 0, open_until: 0, epoch: 0 };
        case.breaker.reset(&case.changes, || case.note(closed));
        other.join().expect("no panic");
        let state = case.breaker.state();
        match case.told().as_slice() {
            [] => assert_eq!(state, BreakerState { failures: 1, ..closed }),
            [open] => assert!(open.is_open() && state == *open, "opened after: {state:?}"),
            told => assert!(told[0].is_open() && !state.is_open() && state.failures == 0, "opened before: {told:?}"),
        }
    });
}

#[test]
fn failures_over_the_same_count_once_and_over_others_each() {
    loom::model(|| {
        let (case, epoch) = Case::with_failures(1);
        let others = [7, 7].map(|cause| {
            let case = Arc::clone(&case);
            thread::spawn(move || case.fail_over(cause, epoch))
        });
        case.fail_over(8, epoch);
        for other in others {
            other.join().expect("no panic");
        }
        let open = BreakerState { failures: 3, open_until: 1010, epoch: 1 };
        assert_eq!((case.breaker.state(), case.told(), case.breaker.trips()), (open, vec![open], 1));
    });
}

#[test]
fn a_failure_over_the_same_counts_again_only_after_a_success() {
    loom::model(|| {
        let (case, epoch) = Case::with_failures(0);
        case.fail_over(7, epoch);
        let other = {
            let case = Arc::clone(&case);
            thread::spawn(move || case.breaker.succeeded(epoch, &case.changes))
        };
        case.fail_over(7, epoch);
        other.join().expect("no panic");
        let before = case.breaker.state().failures;
        assert!(before <= 1);
        case.fail_over(7, epoch);
        assert_eq!(case.breaker.state().failures, 1, "whether or not it was counted after the success");
    });
}

#[test]
fn of_a_half_open_breaker_no_more_calls_are_under_way_than_failures_are_left() {
    few_preemptions(2).check(|| {
        let case = Case::half_open();
        let under_way = Arc::new(AtomicUsize::new(0));
        let call = |case: Arc<Case>, under_way: Arc<AtomicUsize>| {
            move || {
                let Ok(admitted) = case.admit() else { return };
                under_way.fetch_add(1, Ordering::AcqRel);
                let state = case.breaker.state();
                // Looked at later, so that none is among them whose failure is in the word.
                let calls = under_way.load(Ordering::Acquire);
                assert!(admitted.is_probe && !state.is_open() && calls + usize::from(state.failures) <= 3);
                under_way.fetch_sub(1, Ordering::AcqRel);
                case.fail(admitted.epoch, 3000);
                case.breaker.give_back();
            }
        };
        let others = [(); 2].map(|()| thread::spawn(call(Arc::clone(&case), Arc::clone(&under_way))));
        call(Arc::clone(&case), under_way)();
        for other in others {
            other.join().expect("no panic");
        }
        let opened = case.told().iter().filter(|state| state.is_open()).count();
        let state = case.breaker.state();
        assert_eq!(opened, if state.failures == 3 { 2 } else { 1 }, "it opened once more, with the second that failed");
        assert!(state.is_open() || (state.failures == 2 && case.admit().is_ok()), "every place was given back");
    });
}

#[test]
fn the_first_success_lets_everybody_through_and_a_place_that_is_given_back_is_free() {
    loom::model(|| {
        let case = Case::half_open();
        let (first, second) = (case.admit().expect("a place"), case.admit().expect("a place"));
        assert_eq!(case.admit(), Err(Shut::ComingBack(2)));
        let aborted = {
            let case = Arc::clone(&case);
            thread::spawn(move || {
                case.breaker.give_back();
                second
            })
        };
        case.breaker.succeeded(first.epoch, &case.changes);
        case.breaker.give_back();
        assert_eq!(case.admit(), Ok(Admitted { epoch: first.epoch, is_probe: false }));
        assert_eq!(aborted.join().expect("no panic"), first);
    });
}

/// Stands for the moka cache: what is put replaces what was there, and each step is atomic.
#[derive(Default)]
struct Kept(Mutex<Option<Counted>>);

impl Store for Kept {
    fn get(&self) -> Option<Counted> {
        *self.0.lock().expect("no panic")
    }

    fn put(&self, counted: Counted) {
        *self.0.lock().expect("no panic") = Some(counted);
    }

    fn remove(&self) {
        *self.0.lock().expect("no panic") = None;
    }
}

/// How many models are active, and the cached count of them.
#[derive(Default)]
struct Counting {
    active: AtomicUsize,
    count: Count<Kept>,
    /// The number that was told last.
    told: AtomicUsize,
}

impl Counting {
    fn get(&self) -> usize {
        self.count.get(|| self.active.load(Ordering::Acquire))
    }

    fn change(&self) {
        let active = self.active.fetch_add(1, Ordering::AcqRel) + 1;
        self.count.invalidate();
        self.told.store(active, Ordering::Release);
    }
}

#[test]
fn a_count_is_never_older_than_what_was_told_before_it_was_asked_for() {
    few_preemptions(3).check(|| {
        let case = Arc::new(Counting::default());
        let changing = {
            let case = Arc::clone(&case);
            thread::spawn(move || case.change())
        };
        let counting = {
            let case = Arc::clone(&case);
            thread::spawn(move || case.get())
        };
        let told = case.told.load(Ordering::Acquire);
        assert!(case.get() >= told);
        changing.join().expect("no panic");
        counting.join().expect("no panic");
        assert_eq!(case.get(), 1, "nobody leaves an older count behind");
    });
}
