//! A ledger whose budget is a fleet's: it goes by what it was granted, and by what it said that it keeps.

use proptest::prelude::*;

use super::*;

/// A ledger that shares a budget of a dollar a day.
fn shared() -> Ledger {
    Ledger::new(BudgetRules { daily: Some(DAILY), is_shared: true, ..BudgetRules::default() })
}

fn today() -> Day {
    Day::of(at(1.0))
}

fn micro(amount: u64) -> NanoUsd {
    NanoUsd::micro(amount)
}

/// Grants `limit` in all, where the others have `elsewhere`.
fn grant(ledger: &Ledger, limit: u64, elsewhere: Elsewhere) {
    ledger.grant(today(), Grant { limit: micro(limit), elsewhere, daily: None });
}

fn ask(ledger: &Ledger, worst: u64) -> Result<Reservation, BudgetRefusal> {
    ledger.reserve("m", micro(worst), false, at(1.0))
}

#[test]
fn nothing_is_reserved_beyond_what_is_granted() {
    let ledger = shared();
    let refusal = ask(&ledger, 10).err().expect("nothing is granted");
    assert!(refusal.is_for_want_of_a_grant());
    assert_eq!(
        refusal.to_string(),
        "could cost $0.000010 where the fleet has granted this engine nothing yet of the day's budget of $1"
    );
    assert_eq!(refusal.until, at(1.0) + Duration::from_secs(1));
    grant(&ledger, 30, Elsewhere::default());
    let _held = ask(&ledger, 20).expect("it is granted");
    let refusal = ask(&ledger, 11).err().expect("more than is granted");
    assert_eq!(
        refusal.to_string(),
        "could cost $0.000011 where the fleet has granted this engine $0.000010 more of the day's budget of $1"
    );
    assert!(ask(&ledger, 0).is_ok(), "what costs nothing is never refused");
}

#[test]
fn only_a_day_of_which_nothing_may_come_back_is_refused_until_midnight() {
    let ledger = shared();
    let others =
        Elsewhere { spent: micro(600_000), uncertain: micro(100_000), held: micro(100_000), lapsed: micro(100_000) };
    grant(&ledger, 50_000, others);
    let own = ask(&ledger, 50_000).expect("it is granted");
    let refusal = ask(&ledger, 200_000).err().expect("what is free and held covers it, but nothing of it is granted");
    assert!(refusal.is_for_want_of_a_grant());
    let refusal = ask(&ledger, 200_001).err().expect("more than will ever come back");
    assert_eq!((refusal.is_for_want_of_a_grant(), refusal.until), (false, at(24.0)));
    own.settle(micro(50_000), |_| {});
    let refusal = ask(&ledger, 150_001).err().expect("more than will ever come back");
    assert_eq!(refusal.until, at(24.0));
    assert_eq!(
        refusal.to_string(),
        "could cost $0.150001 where the day's budget of $1 leaves $0.050000, with $0.650000 spent and $0.100000 reserved, \
         and $0.200000 that may be billed yet"
    );
}

#[test]
fn a_day_stands_as_it_does_for_the_fleet() {
    let ledger = shared();
    let others = Elsewhere { spent: micro(500_000), uncertain: micro(1), held: micro(20), lapsed: micro(300_000) };
    grant(&ledger, 100, others);
    let _held = ask(&ledger, 40).expect("it is granted");
    let status = ledger.status(at(1.0));
    assert_eq!((status.spent, status.reserved, status.uncertain), (micro(500_000), micro(60), micro(300_001)));
    assert_eq!((status.remaining, status.state), (Some(micro(199_939)), BudgetState::FallbacksPaused));
    assert_eq!(ledger.refuses(micro(1), true, at(1.0)).map(|refusal| refusal.until), Some(at(24.0)));
    assert_eq!(ledger.spend(at(1.0)).models, [], "what the others spent is not saved as the engine's own");
    assert_eq!(ledger.granted(today()), Some(micro(100)));
}

#[test]
fn shares_that_seem_to_be_gone_count_what_the_others_spent() {
    let ledger = shared();
    grant(&ledger, 100_000, Elsewhere { spent: micro(450_000), ..Elsewhere::default() });
    let reservation = ask(&ledger, 100_000).expect("it is granted");
    assert_eq!(told_by(reservation, 50_000), [0.5]);
    ledger.exhausted(at(1.0), |alert| panic!("only the fleet knows what is reserved: {alert:?}"));
}

#[test]
fn a_report_rounds_up_and_keeps_what_is_taken_and_a_reserve() {
    let ledger = shared();
    grant(&ledger, 1000, Elsewhere::default());
    ledger.reserve("m", NanoUsd(1500), false, at(1.0)).expect("it is granted").settle(NanoUsd(1200), |_| {});
    ledger.reserve("m", NanoUsd(1500), false, at(1.0)).expect("it is granted").settle_uncertain(NanoUsd(1), |_| {});
    let held = ledger.reserve("m", NanoUsd(301), false, at(1.0)).expect("it is granted");
    let report = ledger.report(today(), NanoUsd(0));
    let expected = DayReport { spent: micro(2), uncertain: micro(1), taken: micro(4), keep: micro(4) };
    assert_eq!(report, expected, "1,201 spent, 1,499 uncertain and 301 reserved");
    assert!(ask(&ledger, 1).is_err(), "the rest was given back");
    drop(held);
    grant(&ledger, 1000, Elsewhere::default());
    assert_eq!(ledger.report(today(), micro(50)).keep, micro(53));
    assert!(ask(&ledger, 50).is_ok());
    ask(&ledger, 50).expect("the reservation was dropped").settle(micro(2_000), |_| {});
    let report = ledger.report(today(), micro(50));
    assert_eq!(
        (report.taken, report.keep),
        (micro(2_003), micro(2_003)),
        "a reply dearer than its reservation is booked"
    );
    assert_eq!(ledger.report(today().next(), micro(50)), DayReport::default(), "of a day without books");
}

#[test]
fn the_day_is_the_one_of_the_fleet_whatever_the_clock_here_said() {
    let ledger = shared();
    assert_eq!(ledger.status(at(30.0)).day, "2026-03-15");
    ledger.follow(at(10.0));
    assert_eq!(ledger.status(at(10.0)).day, "2026-03-14");
    assert_eq!(ledger.today(at(9.0)), today(), "and from then on it does not go back");
}

#[derive(Clone, Debug)]
enum Step {
    Reserve(u64),
    Settle { which: usize, actual: u64, is_certain: bool },
    Report { reserve: u64 },
    Grant { more: u64, elsewhere: [u64; 4] },
}

fn step() -> impl Strategy<Value = Step> {
    let amount = 0..300_u64;
    prop_oneof![
        4 => amount.clone().prop_map(Step::Reserve),
        3 => (any::<usize>(), amount.clone(), any::<bool>())
            .prop_map(|(which, actual, is_certain)| Step::Settle { which, actual, is_certain }),
        2 => amount.clone().prop_map(|reserve| Step::Report { reserve }),
        2 => (amount.clone(), prop::array::uniform4(amount)).prop_map(|(more, elsewhere)| Step::Grant { more, elsewhere }),
    ]
}

proptest! {
    /// Amounts are whole millionths, so that a plain account needs no rounding.
    #[test]
    fn what_is_taken_stays_within_what_is_granted_or_kept(
        daily in 0..2_000_u64,
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let rules = BudgetRules { daily: Some(micro(daily)), is_shared: true, ..BudgetRules::default() };
        let ledger = Ledger::new(rules);
        let (mut held, mut spent, mut uncertain) = (Vec::new(), 0, 0);
        let (mut limit, mut others) = (None, [0; 4]);
        for step in steps {
            let reserved: u64 = held.iter().map(|(_, worst)| worst).sum();
            let taken = spent + uncertain + reserved;
            match step {
                Step::Reserve(worst) => {
                    let gone = spent + uncertain + others[0] + others[1] + others[3];
                    let expected = if worst == 0 {
                        Ok(())
                    } else if gone + worst > daily {
                        Err(false)
                    } else if limit.is_none_or(|limit| taken + worst > limit) {
                        Err(true)
                    } else {
                        Ok(())
                    };
                    let reserved = ask(&ledger, worst);
                    let found = reserved.as_ref().map(|_| ()).map_err(BudgetRefusal::is_for_want_of_a_grant);
                    prop_assert_eq!(found, expected);
                    held.extend(reserved.ok().map(|reservation| (reservation, worst)));
                }
                Step::Settle { which, actual, is_certain } if !held.is_empty() => {
                    let (reservation, worst) = held.swap_remove(which % held.len());
                    spent += actual;
                    if is_certain {
                        reservation.settle(micro(actual), |_| {});
                    } else {
                        uncertain += worst.saturating_sub(actual);
                        reservation.settle_uncertain(micro(actual), |_| {});
                    }
                }
                Step::Settle { .. } => {}
                Step::Report { reserve } => {
                    let keep = taken.max(limit.unwrap_or(0).min(taken + reserve));
                    let [spent, uncertain, taken, keep] = [spent, uncertain, taken, keep].map(micro);
                    let report = ledger.report(today(), micro(reserve));
                    let is_booked = ledger.booked_days().contains(&today());
                    prop_assert_eq!(report, if is_booked { DayReport { spent, uncertain, taken, keep } } else { DayReport::default() });
                    limit = limit.map(|_| keep.0 / 1000);
                }
                Step::Grant { more, elsewhere } => {
                    let granted = limit.unwrap_or(0).max(taken) + more;
                    (limit, others) = (Some(granted), elsewhere);
                    let [spent, uncertain, held, lapsed] = elsewhere.map(micro);
                    grant(&ledger, granted, Elsewhere { spent, uncertain, held, lapsed });
                }
            }
            let status = ledger.status(at(1.0));
            let reserved: u64 = held.iter().map(|(_, worst)| worst).sum();
            prop_assert_eq!(status.spent, micro(spent + others[0]));
            prop_assert_eq!(status.reserved, micro(reserved + others[2]));
            prop_assert_eq!(status.uncertain, micro(uncertain + others[1] + others[3]));
        }
    }
}
