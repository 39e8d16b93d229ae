//! Every interleaving of a few threads at one ledger: the files of the room itself, with loom's lock in place of std's.

#[expect(dead_code, reason = "a test needs only a part of each file")]
#[path = "../src/money"]
mod money {
    pub mod account;
    pub mod day;
    pub mod grant;
    pub mod ledger;
    pub mod report;
    pub mod rules;
    pub mod sums;
}

mod outcome {
    pub use fallcast::outcome::NanoUsd;
}

mod sync {
    pub use std::sync::PoisonError;

    pub use loom::sync::{Mutex, MutexGuard};
}

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use loom::thread;

use money::day::Day;
use money::grant::Grant;
use money::ledger::Ledger;
use money::rules::BudgetRules;
use outcome::NanoUsd;

/// What one request can cost, which the budget covers once.
const WORST: NanoUsd = NanoUsd(10);
const TODAY: SystemTime = UNIX_EPOCH;

/// What is granted of a budget that is shared: one request.
const WORST_GRANTED: NanoUsd = NanoUsd::micro(10);

fn tomorrow() -> SystemTime {
    TODAY + Duration::from_secs(86_400)
}

/// Runs `check` for every interleaving of the threads that it spawns.
fn explore(check: impl Fn(Arc<Ledger>) + Send + Sync + 'static) {
    loom::model(move || {
        let rules = BudgetRules { daily: Some(WORST), alerts: vec![1.0], ..BudgetRules::default() };
        check(Arc::new(Ledger::new(rules)));
    });
}

/// What was spent on each day on the books, and what is reserved.
fn sums(ledger: &Ledger) -> (Vec<u64>, u64) {
    (ledger.days().iter().map(|day| day.total().0).collect(), ledger.reserved().0)
}

#[test]
fn of_two_callers_one_is_refused_until_the_other_settles_for_less() {
    explore(|ledger| {
        let attempt = |ledger: Arc<Ledger>, actual| {
            move || {
                let reservation = ledger.reserve("m", WORST, false, TODAY).ok();
                reservation.map(|reservation| reservation.settle(NanoUsd(actual), |_| {})).is_some()
            }
        };
        let nothing = thread::spawn(attempt(Arc::clone(&ledger), 0));
        let all = thread::spawn(attempt(Arc::clone(&ledger), WORST.0));
        let (nothing, all) = (nothing.join().unwrap(), all.join().unwrap());
        assert!(nothing || all);
        assert_eq!(sums(&ledger), (vec![if all { WORST.0 } else { 0 }], 0));
    });
}

#[test]
fn two_callers_and_a_settlement_never_hold_more_than_the_budget() {
    explore(|ledger| {
        let first = ledger.reserve("a", WORST, false, TODAY).ok().unwrap();
        let callers = ["b", "c"].map(|model| {
            let ledger = Arc::clone(&ledger);
            thread::spawn(move || ledger.reserve(model, WORST, false, TODAY).ok())
        });
        first.settle(NanoUsd(0), |_| {});
        let held: Vec<_> = callers.into_iter().filter_map(|caller| caller.join().unwrap()).collect();
        assert!(held.len() <= 1);
        assert_eq!(sums(&ledger), (vec![0], WORST.0 * held.len() as u64));
        drop(held);
        assert_eq!(sums(&ledger), (vec![0], 0));
    });
}

#[test]
fn a_settlement_that_races_midnight_is_booked_in_its_day() {
    explore(|ledger| {
        let late = ledger.reserve("late", WORST, false, TODAY).ok().unwrap();
        let turn = {
            let ledger = Arc::clone(&ledger);
            thread::spawn(move || ledger.reserve("m", WORST, false, tomorrow()).ok().unwrap())
        };
        late.settle(WORST, |alert| assert_eq!(alert.day, "1970-01-01"));
        let next = turn.join().unwrap();
        assert_eq!(sums(&ledger), (vec![WORST.0, 0], WORST.0));
        next.settle(NanoUsd(3), |_| {});
        assert_eq!(sums(&ledger), (vec![WORST.0, 3], 0));
    });
}

#[test]
fn a_drop_that_races_a_status_is_seen_whole_or_not_at_all() {
    explore(|ledger| {
        let mut aborted = ledger.reserve("m", WORST, false, TODAY).ok().unwrap();
        aborted.sent(NanoUsd(4));
        let dropping = thread::spawn(move || drop(aborted));
        let status = ledger.status(TODAY);
        assert!([(0, 10, 0), (4, 0, 6)].contains(&(status.spent.0, status.reserved.0, status.uncertain.0)));
        assert_eq!(status.remaining, Some(NanoUsd(0)));
        dropping.join().unwrap();
        assert_eq!(sums(&ledger), (vec![4], 0));
    });
}

#[test]
fn what_a_report_keeps_covers_whatever_is_reserved_meanwhile() {
    loom::model(|| {
        let rules = BudgetRules { daily: Some(NanoUsd::micro(100)), is_shared: true, ..BudgetRules::default() };
        let (ledger, today) = (Arc::new(Ledger::new(rules)), Day::of(TODAY));
        ledger.grant(today, Grant { limit: NanoUsd::micro(30), ..Grant::default() });
        let callers = [10, 20].map(|worst| {
            let ledger = Arc::clone(&ledger);
            thread::spawn(move || ledger.reserve("m", NanoUsd::micro(worst), false, TODAY).ok())
        });
        // Whoever reads it grants the rest to others.
        let report = ledger.report(today, NanoUsd::micro(10));
        let held: Vec<_> = callers.into_iter().map(|caller| caller.join().unwrap()).collect();
        assert!(ledger.reserved() <= report.keep && report.taken <= report.keep);
        drop(held);
        assert_eq!(ledger.reserved(), NanoUsd(0));
    });
}

#[test]
fn of_two_callers_one_waits_for_the_grant_that_comes_meanwhile() {
    loom::model(|| {
        let rules = BudgetRules { daily: Some(NanoUsd::micro(100)), is_shared: true, ..BudgetRules::default() };
        let (ledger, today) = (Arc::new(Ledger::new(rules)), Day::of(TODAY));
        let granting = {
            let ledger = Arc::clone(&ledger);
            thread::spawn(move || ledger.grant(today, Grant { limit: WORST_GRANTED, ..Grant::default() }))
        };
        let reserve = |ledger: &Ledger| ledger.reserve("m", WORST_GRANTED, false, TODAY);
        let caller = {
            let ledger = Arc::clone(&ledger);
            thread::spawn(move || reserve(&ledger).ok())
        };
        let early = reserve(&ledger).ok();
        granting.join().unwrap();
        let other = caller.join().unwrap();
        assert!(early.is_none() || other.is_none(), "it was granted once");
        let late = reserve(&ledger);
        assert_eq!(late.is_ok(), early.is_none() && other.is_none());
        assert!(late.err().is_none_or(|refusal| refusal.is_for_want_of_a_grant()));
    });
}
