//! A ledger over a day and a midnight, call by call.

mod costs;
mod properties;
mod storm;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::day::Day;
use super::*;

const DAILY: MicroUsd = MicroUsd(1_000_000);

/// `hours` after the midnight at which 2026-03-14 began.
fn at(hours: f64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_773_446_400) + Duration::from_secs_f64(hours * 3600.0)
}

/// A ledger with a budget of a dollar a day.
fn ledger() -> Ledger {
    Ledger::new(Rules { daily: Some(DAILY), ..Rules::default() })
}

fn reserve(ledger: &Ledger, model: &str, worst: u64, hours: f64) -> Reservation {
    ledger.reserve(model, MicroUsd(worst), false, at(hours)).expect("the budget covers it")
}

/// Reserves and settles `amount`; the shares of which was told.
fn spend(ledger: &Ledger, amount: u64, hours: f64) -> Vec<f64> {
    told_by(reserve(ledger, "m", amount, hours), amount)
}

fn told_by(reservation: Reservation, actual: u64) -> Vec<f64> {
    let mut told = Vec::new();
    reservation.settle(MicroUsd(actual), |alert| told.push(alert.share));
    told
}

/// What is spent and reserved today.
fn sums(ledger: &Ledger, hours: f64) -> (u64, u64) {
    let status = ledger.status(at(hours));
    (status.spent.0, status.reserved.0)
}

#[test]
fn a_reservation_is_given_back_once_whether_settled_or_dropped() {
    let ledger = ledger();
    let settled = reserve(&ledger, "a", 70, 1.0);
    let unsent = reserve(&ledger, "b", 30, 1.0);
    let mut sent = reserve(&ledger, "c", 20, 1.0);
    sent.sent(MicroUsd(5));
    assert_eq!(sums(&ledger, 1.0), (0, 120));
    settled.settle(MicroUsd(12), |_| {});
    drop(unsent);
    assert_eq!(sums(&ledger, 1.0), (12, 20));
    drop(sent);
    let status = ledger.status(at(1.0));
    assert_eq!((status.spent, status.reserved, status.remaining), (MicroUsd(17), MicroUsd(0), Some(MicroUsd(999_983))));
    let line = |id: &str, spent| (id.to_owned(), Sums { spent: MicroUsd(spent), ..Sums::default() });
    assert_eq!(status.models, [line("a", 12), line("c", 5)]);
}

#[test]
fn what_could_exceed_the_budget_is_refused_until_midnight() {
    let ledger = ledger();
    spend(&ledger, 500_000, 1.0);
    let held = reserve(&ledger, "m", 498_000, 1.0);
    let refusal = ledger.reserve("m", MicroUsd(4_100), false, at(2.0)).err().expect("refused");
    assert_eq!(
        refusal.to_string(),
        "could cost $0.004100 where the day's budget of $1 leaves $0.002000, with $0.500000 spent and $0.498000 reserved"
    );
    assert_eq!(refusal.until, at(24.0));
    assert_eq!(ledger.refuses(MicroUsd(4_100), false, at(2.0)), Some(refusal));
    assert_eq!(ledger.refuses(MicroUsd(2_000), false, at(2.0)), None, "all that is left may be spent");
    assert_eq!(sums(&ledger, 2.0), (500_000, 498_000), "a refusal reserves nothing, and neither does the question");
    drop(held);
    assert!(ledger.reserve("m", MicroUsd(4_100), false, at(2.0)).is_ok());
}

#[test]
fn dearer_fallbacks_are_paused_before_the_rest() {
    let ledger = ledger();
    spend(&ledger, 799_999, 1.0);
    assert_eq!(ledger.refuses(MicroUsd(10), true, at(1.0)), None);
    assert_eq!(ledger.status(at(1.0)).state.as_str(), "open");
    spend(&ledger, 1, 1.0);
    let refusal = ledger.refuses(MicroUsd(10), true, at(1.0)).expect("paused");
    let words = "is dearer than the original, and $0.800000 of the day's budget of $1 is spent";
    assert_eq!((refusal.to_string().as_str(), refusal.until), (words, at(24.0)));
    assert_eq!(ledger.refuses(MicroUsd(10), false, at(1.0)), None);
    assert_eq!(ledger.status(at(1.0)).state.as_str(), "fallbacks_paused");
    spend(&ledger, 200_000, 1.0);
    assert_eq!(ledger.status(at(1.0)).state.as_str(), "exhausted");
}

#[test]
fn a_free_model_is_never_refused_and_no_model_without_a_budget() {
    let exhausted = Ledger::new(Rules { daily: Some(MicroUsd(0)), ..Rules::default() });
    assert_eq!(exhausted.status(at(1.0)).state, BudgetState::Exhausted);
    assert!(exhausted.reserve("free", MicroUsd(0), true, at(1.0)).is_ok());
    assert!(exhausted.refuses(MicroUsd(1), false, at(1.0)).is_some());
    let boundless = Ledger::default();
    let held = reserve(&boundless, "m", u64::MAX, 1.0);
    let more = reserve(&boundless, "m", 5, 1.0);
    assert_eq!(told_by(more, u64::MAX), [] as [f64; 0]);
    assert_eq!(sums(&boundless, 1.0), (u64::MAX, u64::MAX), "what could not be counted is not given back");
    drop(held);
    assert_eq!(sums(&boundless, 1.0), (u64::MAX, 0));
    assert_eq!(boundless.status(at(1.0)).remaining, None);
}

#[test]
fn an_attempt_dearer_than_its_estimate_is_booked_in_full() {
    let ledger = ledger();
    reserve(&ledger, "m", 999_999, 1.0).settle(MicroUsd(1_300_000), |_| {});
    let status = ledger.status(at(1.0));
    assert_eq!((status.spent.0, status.remaining, status.state.as_str()), (1_300_000, Some(MicroUsd(0)), "exhausted"));
}

#[test]
fn each_share_is_told_once_a_day_in_order() {
    let ledger = Ledger::new(Rules { daily: Some(DAILY), alerts: vec![1.0, 0.5, 0.8, 0.5], ..Rules::default() });
    assert_eq!(spend(&ledger, 499_999, 1.0), [] as [f64; 0]);
    assert_eq!(spend(&ledger, 1, 1.0), [0.5]);
    let mut alerts = Vec::new();
    reserve(&ledger, "m", 400_000, 1.0).settle(MicroUsd(600_000), |alert| alerts.push(alert.clone()));
    let alert = |share| Alert { share, spent: MicroUsd(1_100_000), daily: DAILY, day: "2026-03-14".to_owned() };
    assert_eq!(alerts, [alert(0.8), alert(1.0)]);
    assert_eq!(told_by(reserve(&ledger, "free", 0, 2.0), 0), [] as [f64; 0]);
    assert_eq!(spend(&ledger, 900_000, 25.0), [0.5, 0.8], "the next day tells anew");
}

#[test]
fn what_a_drop_spent_is_told_by_the_next_that_settles() {
    let ledger = ledger();
    let mut aborted = reserve(&ledger, "m", 600_000, 1.0);
    aborted.sent(MicroUsd(600_000));
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
    today.settle(MicroUsd(200), |_| {});
    let totals: Vec<(String, u64)> = ledger.days().into_iter().map(|day| (day.day.clone(), day.total().0)).collect();
    assert_eq!(totals, [("2026-03-14".to_owned(), 900_100), ("2026-03-15".to_owned(), 200)]);
}

#[test]
fn only_days_that_are_still_needed_stay_on_the_books() {
    let ledger = ledger();
    let held = reserve(&ledger, "m", 10, 1.0);
    for day in 1..5 {
        spend(&ledger, 1, 24.0 * f64::from(day));
    }
    let days = |ledger: &Ledger| ledger.days().into_iter().map(|spend| spend.day).collect::<Vec<_>>();
    assert_eq!(days(&ledger), ["2026-03-14", "2026-03-17", "2026-03-18"]);
    assert_eq!(ledger.reserved(), MicroUsd(10));
    drop(held);
    spend(&ledger, 1, 24.0 * 5.0);
    assert_eq!(days(&ledger), ["2026-03-18", "2026-03-19"]);
}

#[test]
fn a_clock_set_back_opens_no_budget_anew() {
    let ledger = ledger();
    spend(&ledger, 1_000_000, 25.0);
    let refusal = ledger.refuses(MicroUsd(1), false, at(1.0)).expect("today's spend is not forgotten");
    assert_eq!(refusal.until, at(48.0));
    assert_eq!(ledger.status(at(1.0)).day, "2026-03-15");
}

#[test]
fn a_restored_spend_replaces_a_smaller_one_of_the_same_day() {
    let (before, after) = (ledger(), ledger());
    reserve(&before, "a", 1, 1.0).settle(MicroUsd(500_000), |_| {});
    reserve(&before, "b", 1, 1.0).settle(MicroUsd(100_000), |_| {});
    let snapshot = before.spend(at(2.0));
    assert_eq!(snapshot.models, [("a".to_owned(), MicroUsd(500_000)), ("b".to_owned(), MicroUsd(100_000))]);

    spend(&after, 7, 2.0);
    let held = reserve(&after, "b", 40, 2.0);
    after.restore(&snapshot, at(2.0));
    assert_eq!(after.spend(at(2.0)), snapshot);
    assert_eq!(sums(&after, 2.0), (600_000, 40));
    assert_eq!(told_by(held, 40), [] as [f64; 0], "half of it was told before");
    assert_eq!(spend(&after, 200_000, 2.0), [0.8]);

    after.restore(&snapshot, at(2.0));
    assert_eq!(sums(&after, 2.0).0, 800_040, "a smaller one changes nothing");
    after.restore(&snapshot, at(24.0));
    assert_eq!(sums(&after, 24.0).0, 0, "nor does yesterday's");
}

#[test]
fn a_listener_that_panics_leaves_the_books_right() {
    let ledger = ledger();
    let reservation = reserve(&ledger, "m", 500_000, 1.0);
    let panicked = catch_unwind(AssertUnwindSafe(|| reservation.settle(MicroUsd(500_000), |_| panic!("no"))));
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
    let ledger = Ledger::new(Rules { daily: Some(MicroUsd(1000)), ..Rules::default() });
    let now = SystemTime::UNIX_EPOCH;
    let told = std::cell::RefCell::new(Vec::new());
    let note = |alert: &Alert| told.borrow_mut().push((alert.share, alert.spent));
    let reserve = || ledger.reserve("m", MicroUsd(600), false, now);
    let first = reserve().expect("fits");
    assert!(reserve().is_err());
    ledger.exhausted(now, note);
    assert!(told.borrow().is_empty(), "what is reserved may come back");
    first.settle(MicroUsd(550), note);
    assert!(reserve().is_err());
    ledger.exhausted(now, note);
    ledger.exhausted(now, note);
    assert_eq!(told.take(), [(0.5, MicroUsd(550)), (0.8, MicroUsd(550)), (1.0, MicroUsd(550))]);
}
