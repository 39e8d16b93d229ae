//! Many threads at one ledger.

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::thread;

use fastrand::Rng;

use super::*;

const THREADS: usize = 64;

#[test]
fn exactly_as_many_attempts_pass_as_the_budget_covers() {
    let ledger = Ledger::new(BudgetRules { daily: Some(NanoUsd(100 * 7 + 6)), ..BudgetRules::default() });
    let start = Barrier::new(THREADS);
    let held: Vec<Reservation> = thread::scope(|scope| {
        let ask = || {
            start.wait();
            (0..5).filter_map(|_| ledger.reserve("m", NanoUsd(7), false, at(1.0)).ok()).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no thread panics")).collect()
    });
    assert_eq!(held.len(), 100);
    assert_eq!(ledger.status(at(1.0)).reserved, NanoUsd(700));
}

/// What each model has spent.
type Spent = BTreeMap<String, u64>;

/// Reserves, and settles or drops, in any order, within an hour of the midnight after `at(0.0)`. What it spent, and how
/// often a share was told.
fn reserve_and_settle(ledger: &Ledger, seed: u64) -> (Spent, usize) {
    let mut rng = Rng::with_seed(seed);
    let (mut spent, mut told, mut held) = (Spent::new(), 0, Vec::new());
    for _ in 0..200 {
        let (model, worst) = (format!("m{}", rng.u8(0..5)), rng.u64(0..50));
        let now = at(23.0 + 2.0 * rng.f64());
        held.extend(ledger.reserve(&model, NanoUsd(worst), rng.bool(), now).map(|held| (held, model, worst)));
        if held.is_empty() || rng.bool() {
            continue;
        }
        let (mut reservation, model, worst) = held.swap_remove(rng.usize(0..held.len()));
        let amount = rng.u64(0..=worst);
        match rng.u8(0..3) {
            0 => continue,
            1 => reservation.sent(NanoUsd(amount)),
            _ => reservation.settle(NanoUsd(amount), |_| told += 1),
        }
        *spent.entry(model).or_default() += amount;
    }
    (spent, told)
}

#[test]
fn no_micro_dollar_is_lost_or_overspent_around_a_midnight() {
    for round in 0..10 {
        let daily = NanoUsd(3_000 * (round + 1));
        let ledger = Ledger::new(BudgetRules { daily: Some(daily), ..BudgetRules::default() });
        let counted: Vec<(Spent, usize)> = thread::scope(|scope| {
            let ledger = &ledger;
            let spawn = |thread| scope.spawn(move || reserve_and_settle(ledger, round * 100 + thread));
            let threads: Vec<_> = (0..16).map(spawn).collect();
            threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
        });
        let days = ledger.days();
        let mut booked = Spent::new();
        for of in days.iter().flat_map(|day| &day.models).filter(|of| of.spent > NanoUsd(0)) {
            *booked.entry(of.model.clone()).or_default() += of.spent.0;
        }
        let mut expected = Spent::new();
        for (model, spent) in counted.iter().flat_map(|(spent, _)| spent).filter(|&(_, &spent)| spent > 0) {
            *expected.entry(model.clone()).or_default() += spent;
        }
        assert_eq!(booked, expected);
        assert_eq!(ledger.reserved(), NanoUsd(0));
        assert!(days.len() <= 2 && days.iter().all(|day| day.total() <= daily), "{days:?}");
        assert!(counted.iter().map(|(_, told)| told).sum::<usize>() <= 3 * days.len());
    }
}
