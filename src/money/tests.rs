//! A ledger over a day and a midnight, call by call.

mod charges;
mod costs;
mod properties;
mod sharing;
mod storm;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::day::Day;
use super::*;
use crate::outcome::NanoUsd;

const DAILY: NanoUsd = NanoUsd::micro(1_000_000);

/// `hours` after the midnight at which 2026-03-14 began.
fn at(hours: f64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_773_446_400) + Duration::from_secs_f64(hours * 3600.0)
}

/// A ledger with a budget of a dollar a day.
fn ledger() -> Ledger {
    Ledger::new(BudgetRules { daily: Some(DAILY), ..BudgetRules::default() })
}

fn reserve(ledger: &Ledger, model: &str, worst: u64, hours: f64) -> Reservation {
    ledger.reserve(model, NanoUsd::micro(worst), false, at(hours)).expect("the budget covers it")
}

/// Reserves and settles `amount`; the shares of which was told.
fn spend(ledger: &Ledger, amount: u64, hours: f64) -> Vec<f64> {
    told_by(reserve(ledger, "m", amount, hours), amount)
}

fn told_by(reservation: Reservation, actual: u64) -> Vec<f64> {
    let mut told = Vec::new();
    reservation.settle(NanoUsd::micro(actual), |alert| told.push(alert.share));
    told
}

/// What is spent and reserved today.
fn sums(ledger: &Ledger, hours: f64) -> (u64, u64) {
    let status = ledger.status(at(hours));
    (status.spent.0 / 1000, status.reserved.0 / 1000)
}

#[test]
fn a_reservation_is_given_back_once_whether_settled_or_dropped() {
    let ledger = ledger();
    let settled = reserve(&ledger, "a", 70, 1.0);
    let unsent = reserve(&ledger, "b", 30, 1.0);
    let mut sent = reserve(&ledger, "c", 20, 1.0);
    sent.sent(NanoUsd::micro(5));
    assert_eq!(sums(&ledger, 1.0), (0, 120));
    settled.settle(NanoUsd::micro(12), |_| {});
    drop(unsent);
    assert_eq!(sums(&ledger, 1.0), (12, 20));
    drop(sent);
    let status = ledger.status(at(1.0));
    let micro = [status.spent, status.reserved, status.uncertain].map(|amount| amount.0 / 1000);
    assert_eq!((micro, status.remaining), ([17, 0, 15], Some(NanoUsd::micro(999_968))));
    let line = |id: &str, amounts: [u64; 2]| {
        let [known, uncertain] = amounts.map(NanoUsd::micro);
        (id.to_owned(), Sums { spent: known, uncertain, ..Sums::default() })
    };
    assert_eq!(status.models, [line("a", [12, 0]), line("c", [5, 15])]);
}

#[test]
fn what_nobody_counted_is_held_up_to_the_reservation_for_the_day() {
    let ledger = ledger();
    reserve(&ledger, "m", 700_000, 1.0).settle_uncertain(NanoUsd::micro(200_000), |_| {});
    let status = ledger.status(at(1.0));
    let micro = [status.spent, status.reserved, status.uncertain].map(|amount| amount.0 / 1000);
    assert_eq!((micro, status.remaining), ([200_000, 0, 500_000], Some(NanoUsd::micro(300_000))));
    assert_eq!(
        ledger.refuses(NanoUsd::micro(300_001), false, at(1.0)).expect("refused").to_string(),
        "could cost $0.300001 where the day's budget of $1 leaves $0.300000, with $0.200000 spent and $0.000000 reserved, \
         and $0.500000 that may be billed yet"
    );
    assert_eq!(ledger.refuses(NanoUsd::micro(10), true, at(1.0)), None);
    reserve(&ledger, "m", 100_000, 1.0).settle_uncertain(NanoUsd::micro(150_000), |_| {});
    assert_eq!(ledger.status(at(1.0)).state.as_str(), "fallbacks_paused", "by what is gone, spent or not");
    assert!(ledger.refuses(NanoUsd::micro(10), true, at(1.0)).is_some());
    assert_eq!(ledger.status(at(24.0)).uncertain, NanoUsd(0), "the next day begins with nothing");
}

#[test]
fn a_share_counts_as_gone_where_it_is_uncertain() {
    let ledger = ledger();
    let mut alerts = Vec::new();
    reserve(&ledger, "m", 600_000, 1.0).settle_uncertain(NanoUsd::micro(1), |alert| alerts.push(alert.clone()));
    let [alert] = &alerts[..] else { panic!("half of the budget is gone: {alerts:?}") };
    assert_eq!((alert.share, alert.spent), (0.5, NanoUsd::micro(1)));
}

#[test]
fn parts_of_a_billionth_are_carried() {
    let ledger = ledger();
    let whole: Vec<u64> = (0..6).map(|_| ledger.whole(466.4).0).collect();
    assert_eq!(whole, [466, 467, 466, 467, 466, 466], "2798.4 in all");
    for (billionths, whole) in [(21_000.0, 21_000), (0.0, 0), (f64::NAN, 0), (-5.0, 0), (1e300, u64::MAX), (0.1, 0)] {
        assert_eq!(ledger.whole(billionths).0, whole, "{billionths}");
    }
    let total: u64 = (0..20_000).map(|_| ledger.whole(466.65).0).sum();
    assert_eq!(total, 9_333_000);
}

#[test]
fn what_could_exceed_the_budget_is_refused_until_midnight() {
    let ledger = ledger();
    spend(&ledger, 500_000, 1.0);
    let held = reserve(&ledger, "m", 498_000, 1.0);
    let refusal = ledger.reserve("m", NanoUsd::micro(4_100), false, at(2.0)).err().expect("refused");
    assert_eq!(
        refusal.to_string(),
        "could cost $0.004100 where the day's budget of $1 leaves $0.002000, with $0.500000 spent and $0.498000 reserved"
    );
    assert_eq!(refusal.until, at(24.0));
    assert_eq!(ledger.refuses(NanoUsd::micro(4_100), false, at(2.0)), Some(refusal));
    assert_eq!(ledger.refuses(NanoUsd::micro(2_000), false, at(2.0)), None, "all that is left may be spent");
    assert_eq!(sums(&ledger, 2.0), (500_000, 498_000), "a refusal reserves nothing, and neither does the question");
    drop(held);
    assert!(ledger.reserve("m", NanoUsd::micro(4_100), false, at(2.0)).is_ok());
}

#[test]
fn dearer_fallbacks_are_paused_before_the_rest() {
    let ledger = ledger();
    spend(&ledger, 799_999, 1.0);
    assert_eq!(ledger.refuses(NanoUsd::micro(10), true, at(1.0)), None);
    assert_eq!(ledger.status(at(1.0)).state.as_str(), "open");
    spend(&ledger, 1, 1.0);
    let refusal = ledger.refuses(NanoUsd::micro(10), true, at(1.0)).expect("paused");
    let words = "is dearer than the original, and $0.800000 of the day's budget of $1 is spent";
    assert_eq!((refusal.to_string().as_str(), refusal.until), (words, at(24.0)));
    assert_eq!(ledger.refuses(NanoUsd::micro(10), false, at(1.0)), None);
    assert_eq!(ledger.status(at(1.0)).state.as_str(), "fallbacks_paused");
    spend(&ledger, 200_000, 1.0);
    assert_eq!(ledger.status(at(1.0)).state.as_str(), "exhausted");
}

#[test]
fn a_free_model_is_never_refused_and_no_model_without_a_budget() {
    let exhausted = Ledger::new(BudgetRules { daily: Some(NanoUsd::micro(0)), ..BudgetRules::default() });
    assert_eq!(exhausted.status(at(1.0)).state, BudgetState::Exhausted);
    assert!(exhausted.reserve("free", NanoUsd::micro(0), true, at(1.0)).is_ok());
    assert!(exhausted.refuses(NanoUsd::micro(1), false, at(1.0)).is_some());
    let boundless = Ledger::default();
    let held = reserve(&boundless, "m", u64::MAX, 1.0);
    let more = reserve(&boundless, "m", 5, 1.0);
    assert_eq!(told_by(more, u64::MAX), [] as [f64; 0]);
    let most = u64::MAX / 1000;
    assert_eq!(sums(&boundless, 1.0), (most, most), "what could not be counted is not given back");
    drop(held);
    assert_eq!(sums(&boundless, 1.0), (most, 0));
    assert_eq!(boundless.status(at(1.0)).remaining, None);
}

#[test]
fn an_attempt_dearer_than_its_estimate_is_booked_in_full() {
    let ledger = ledger();
    reserve(&ledger, "m", 999_999, 1.0).settle(NanoUsd::micro(1_300_000), |_| {});
    let status = ledger.status(at(1.0));
    assert_eq!(
        (status.spent.0 / 1000, status.remaining, status.state.as_str()),
        (1_300_000, Some(NanoUsd::micro(0)), "exhausted")
    );
}

#[test]
fn each_share_is_told_once_a_day_in_order() {
    let ledger =
        Ledger::new(BudgetRules { daily: Some(DAILY), alerts: vec![1.0, 0.5, 0.8, 0.5], ..BudgetRules::default() });
    assert_eq!(spend(&ledger, 499_999, 1.0), [] as [f64; 0]);
    assert_eq!(spend(&ledger, 1, 1.0), [0.5]);
    let mut alerts = Vec::new();
    reserve(&ledger, "m", 400_000, 1.0).settle(NanoUsd::micro(600_000), |alert| alerts.push(alert.clone()));
    let alert = |share| Alert { share, spent: NanoUsd::micro(1_100_000), daily: DAILY, day: "2026-03-14".to_owned() };
    assert_eq!(alerts, [alert(0.8), alert(1.0)]);
    assert_eq!(told_by(reserve(&ledger, "free", 0, 2.0), 0), [] as [f64; 0]);
    assert_eq!(spend(&ledger, 900_000, 25.0), [0.5, 0.8], "the next day tells anew");
}

#[test]
fn what_a_drop_spent_is_told_by_the_next_that_settles() {
    let ledger = ledger();
    let mut aborted = reserve(&ledger, "m", 600_000, 1.0);
    aborted.sent(NanoUsd::micro(600_000));
    drop(aborted);
    assert_eq!(spend(&ledger, 1, 1.0), [0.5]);
}

#[test]
fn a_call_over_midnight_is_booked_in_the_day_of_its_reservation() {
    let ledger = ledger();
    spend(&ledger, 100, 23.0);
    let late = reserve(&ledger, "late", 900_000, 23.99);
    assert_eq!(sums(&ledger, 24.0), (0, 0), "a new day begins with nothing");
    let today = reserve(&ledger, "m", 300, 24.0);
    assert_eq!(told_by(late, 900_000), [] as [f64; 0], "yesterday's shares are nobody's concern");
    today.settle(NanoUsd::micro(200), |_| {});
    let totals: Vec<(String, u64)> =
        ledger.days().into_iter().map(|day| (day.day.clone(), day.total().0 / 1000)).collect();
    assert_eq!(totals, [("2026-03-14".to_owned(), 900_100), ("2026-03-15".to_owned(), 200)]);
}

#[test]
fn only_days_that_are_still_needed_stay_on_the_books() {
    let ledger = ledger();
    let held = reserve(&ledger, "m", 10, 1.0);
    for day in 1..12 {
        spend(&ledger, 1, 24.0 * f64::from(day));
    }
    let days =
        |ledger: &Ledger| ledger.days().iter().map(|spend| spend.day[8..].parse().expect("a day")).collect::<Vec<u8>>();
    assert_eq!(days(&ledger), [14, 19, 20, 21, 22, 23, 24, 25]);
    assert_eq!(ledger.reserved(), NanoUsd::micro(10));
    drop(held);
    spend(&ledger, 1, 24.0 * 12.0);
    assert_eq!(days(&ledger), [19, 20, 21, 22, 23, 24, 25, 26]);
}

#[test]
fn a_clock_that_is_set_back_by_a_day_or_less_opens_no_budget_anew() {
    for back in [0.001, 1.5, 24.0] {
        let ledger = ledger();
        spend(&ledger, 1_000_000, 25.0);
        let refusal =
            ledger.refuses(NanoUsd::micro(1), false, at(25.0 - back)).expect("today's spend is not forgotten");
        assert_eq!(refusal.until, at(48.0));
        assert_eq!(ledger.status(at(25.0 - back)).day, "2026-03-15");
        assert_eq!(ledger.refuses(NanoUsd::micro(1), false, at(48.0)), None);
    }
}

#[test]
fn a_clock_that_is_set_back_by_more_was_wrong_and_each_day_has_one_budget() {
    let ledger = ledger();
    spend(&ledger, 300_000, 1.0);
    for ahead in [24.0 * 5.0, 24.0 * 400.0] {
        spend(&ledger, 1_000_000, ahead + 1.0);
        assert_eq!(ledger.status(at(2.0)).remaining, Some(NanoUsd::micro(700_000)), "what today had spent is known");
        assert!(
            ledger.refuses(NanoUsd::micro(1), false, at(ahead + 2.0)).is_some(),
            "and what was spent ahead of time"
        );
        assert_eq!(ledger.status(at(2.0)).day, "2026-03-14");
    }
    for day in [1.0, 2.0] {
        assert_eq!(ledger.refuses(DAILY, false, at(24.0 * day)), None, "the days between have budgets of their own");
    }
}

#[test]
fn a_restart_with_a_clock_that_was_set_back_opens_nothing() {
    let before = ledger();
    spend(&before, 1_000_000, 25.0);
    let today = before.spend(at(25.0));
    let restarted = |taken_at: Option<f64>, hours: f64| {
        let after = ledger();
        after.restore(Some(&today), &[], taken_at.map(at), at(hours));
        (after.status(at(hours)).day, after.refuses(NanoUsd::micro(1), false, at(hours)).is_some(), after)
    };
    for (taken_at, hours) in [(Some(25.0), 1.0), (Some(25.0), 23.0), (None, 1.0), (Some(23.0), 22.0), (None, 47.9)] {
        let (day, is_shut, _) = restarted(taken_at, hours);
        assert_eq!((day.as_str(), is_shut), ("2026-03-15", true), "taken at {taken_at:?}, restarted at {hours}");
    }
    let (day, is_shut, after) = restarted(Some(25.0), 0.5);
    assert_eq!((day.as_str(), is_shut), ("2026-03-14", false), "a correction");
    assert!(after.refuses(NanoUsd::micro(1), false, at(26.0)).is_some(), "the later day's spend is not forgotten");
}

#[test]
fn a_restored_spend_replaces_a_smaller_one_of_the_same_day() {
    let (before, after) = (ledger(), ledger());
    reserve(&before, "a", 1, 1.0).settle(NanoUsd::micro(500_000), |_| {});
    reserve(&before, "b", 1, 1.0).settle(NanoUsd::micro(100_000), |_| {});
    let snapshot = before.spend(at(2.0));
    let of =
        |model: &str, spent| SpendOf { model: model.to_owned(), spent: NanoUsd::micro(spent), uncertain: NanoUsd(0) };
    assert_eq!(snapshot.models, [of("a", 500_000), of("b", 100_000)]);

    spend(&after, 7, 2.0);
    let held = reserve(&after, "b", 40, 2.0);
    after.restore(Some(&snapshot), &[], None, at(2.0));
    assert_eq!(after.spend(at(2.0)), snapshot);
    assert_eq!(sums(&after, 2.0), (600_000, 40));
    assert_eq!(told_by(held, 40), [] as [f64; 0], "half of it was told before");
    assert_eq!(spend(&after, 200_000, 2.0), [0.8]);

    after.restore(Some(&snapshot), &[], None, at(2.0));
    assert_eq!(sums(&after, 2.0).0, 800_040, "a smaller one changes nothing");
    after.restore(Some(&snapshot), &[], None, at(24.0));
    assert_eq!(sums(&after, 24.0).0, 0, "nor does yesterday's");
}

#[test]
fn a_listener_that_panics_leaves_the_books_right() {
    let ledger = ledger();
    let reservation = reserve(&ledger, "m", 500_000, 1.0);
    let panicked = catch_unwind(AssertUnwindSafe(|| reservation.settle(NanoUsd::micro(500_000), |_| panic!("no"))));
    assert!(panicked.is_err());
    assert_eq!(sums(&ledger, 1.0), (500_000, 0));
    assert_eq!(spend(&ledger, 300_000, 1.0), [0.8]);
}

#[test]
fn days_are_those_of_utc() {
    for (seconds, text) in [
        (0, "1970-01-01"),
        (86_399, "1970-01-01"),
        (86_400, "1970-01-02"),
        (951_782_400, "2000-02-29"),
        (4_107_542_400, "2100-03-01"),
        (253_402_300_799, "9999-12-31"),
        (253_402_300_800, "9999-12-31"),
        (9_000_000_000_000, "9999-12-31"),
    ] {
        assert_eq!(Day::of(UNIX_EPOCH + Duration::from_secs(seconds)).to_string(), text);
    }
    assert_eq!(Day::of(UNIX_EPOCH - Duration::from_secs(1)).to_string(), "1970-01-01");
    assert_eq!(Day::of(at(23.5)).end(), at(24.0));
}

#[test]
fn a_budget_whose_rest_covers_nothing_is_told_as_spent_once_unless_some_may_come_back() {
    let ledger = Ledger::new(BudgetRules { daily: Some(NanoUsd::micro(1000)), ..BudgetRules::default() });
    let now = SystemTime::UNIX_EPOCH;
    let told = std::cell::RefCell::new(Vec::new());
    let note = |alert: &Alert| told.borrow_mut().push((alert.share, alert.spent));
    let reserve = || ledger.reserve("m", NanoUsd::micro(600), false, now);
    let first = reserve().expect("fits");
    assert!(reserve().is_err());
    ledger.exhausted(now, note);
    assert!(told.borrow().is_empty(), "what is reserved may come back");
    first.settle(NanoUsd::micro(550), note);
    assert!(reserve().is_err());
    ledger.exhausted(now, note);
    ledger.exhausted(now, note);
    assert_eq!(told.take(), [(0.5, NanoUsd::micro(550)), (0.8, NanoUsd::micro(550)), (1.0, NanoUsd::micro(550))]);
}
