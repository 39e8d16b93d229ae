use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use super::*;

/// A limit on how many requests are under way at once, and no other.
fn at_once(limit: u32) -> Allowance {
    Allowance { at_once: Some(limit), ..Allowance::default() }
}

fn single(limits: &ConcurrencyLimits, limit: u32) -> impl Future<Output = Slot> {
    limits.slot("a", at_once(limit), Party::Single, 0)
}

/// Polls once: the slot, if it is the caller's.
fn now(mut take: Pin<&mut impl Future<Output = Slot>>) -> Option<Slot> {
    match take.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(slot) => Some(slot),
        Poll::Pending => None,
    }
}

#[test]
fn callers_beyond_the_limit_wait_in_order() {
    let limits = ConcurrencyLimits::default();
    let first = now(pin!(single(&limits, 2))).expect("the first slot");
    let second = now(pin!(single(&limits, 2))).expect("the second slot");
    let (mut third, mut fourth) = (pin!(single(&limits, 2)), pin!(single(&limits, 2)));
    assert!(now(third.as_mut()).is_none() && now(fourth.as_mut()).is_none());

    drop(second);
    assert!(now(fourth.as_mut()).is_none(), "the fourth overtook the third");
    let third = now(third.as_mut()).expect("the third slot");
    drop(first);
    assert!(now(fourth.as_mut()).is_some());
    drop(third);
}

#[test]
fn providers_do_not_wait_for_one_another_and_no_limit_is_no_wait() {
    let limits = ConcurrencyLimits::default();
    let _a = now(pin!(single(&limits, 1))).expect("a slot at a");
    assert!(now(pin!(limits.slot("b", at_once(1), Party::Single, 0))).is_some());
    assert!(now(pin!(limits.slot("a", Allowance::default(), Party::Single, 0))).is_some());
    assert!(now(pin!(limits.slot("c", Allowance::default(), Party::Single, 0))).is_some());
    assert!(!limits.gates.contains_key("c"));
}

#[test]
fn slates_are_counted_where_nothing_limits_singles() {
    let limits = ConcurrencyLimits::default();
    let slate = || limits.slot("a", Allowance::default(), Party::Slate, 0);
    let held: Vec<Slot> = (0..SLATE_WIDTH).filter_map(|_| now(pin!(slate()))).collect();
    assert_eq!(held.len(), SLATE_WIDTH as usize);
    let mut waiting = pin!(slate());
    assert!(now(waiting.as_mut()).is_none());
    drop(held);
    assert!(now(waiting.as_mut()).is_some());
}

#[test]
fn who_gives_up_holds_nobody_back() {
    let limits = ConcurrencyLimits::default();
    let first = now(pin!(single(&limits, 1))).expect("the first slot");
    {
        let mut given_up = pin!(single(&limits, 1));
        assert!(now(given_up.as_mut()).is_none());
        drop(first);
        // It is the turn of the waiting caller by now, but it never looks again.
    }
    assert!(now(pin!(single(&limits, 1))).is_some());
}

#[test]
fn a_raised_limit_holds_at_once() {
    let limits = ConcurrencyLimits::default();
    let _first = now(pin!(single(&limits, 1))).expect("the first slot");
    assert!(now(pin!(single(&limits, 1))).is_none());
    let _second = now(pin!(single(&limits, 2))).expect("the second slot");
    assert!(now(pin!(single(&limits, 2))).is_none());
}

#[test]
fn a_lowered_limit_counts_the_slots_in_use() {
    let limits = ConcurrencyLimits::default();
    let held: Vec<Slot> = (0..3).filter_map(|_| now(pin!(single(&limits, 3)))).collect();
    assert_eq!(held.len(), 3);
    let mut waiting = pin!(single(&limits, 1));
    assert!(now(waiting.as_mut()).is_none());
    let mut held = held.into_iter();
    drop(held.next());
    drop(held.next());
    assert!(now(waiting.as_mut()).is_none(), "one slot is still in use");
    drop(held.next());
    let waiting = now(waiting.as_mut()).expect("the slot of the one who waited");
    assert!(now(pin!(single(&limits, 1))).is_none());
    drop(waiting);
    assert!(now(pin!(single(&limits, 1))).is_some());
}

#[test]
fn a_lowered_limit_takes_the_slots_that_nobody_holds() {
    let limits = ConcurrencyLimits::default();
    drop(now(pin!(single(&limits, 3))).expect("a slot"));
    let _first = now(pin!(single(&limits, 1))).expect("the first slot");
    assert!(now(pin!(single(&limits, 1))).is_none());
}

#[test]
fn the_extremes_are_limits_too() {
    let limits = ConcurrencyLimits::default();
    let slot = now(pin!(single(&limits, 0))).expect("0 counts as 1");
    assert!(now(pin!(single(&limits, 0))).is_none());
    drop(slot);
    assert!(now(pin!(single(&limits, u32::MAX))).is_some());
}

#[tokio::test]
async fn whoever_waits_for_a_rate_is_woken_by_time_and_a_lower_count_alike() {
    let limits = ConcurrencyLimits::default();
    let allowance =
        |tokens_per_minute| Allowance { tokens_per_minute: Some(tokens_per_minute), ..Allowance::default() };
    // A minute allows a million, so what is beyond the burst is worked off in a moment.
    let fast = |tokens| limits.slot("fast", allowance(1_000_000), Party::Slate, tokens);
    drop(fast(60_000).await);
    drop(fast(50_001).await);
    // A minute allows one, so only the correction lets the next one go.
    let slow = |tokens| limits.slot("slow", allowance(1), Party::Slate, tokens);
    let mut first = slow(100).await;
    let (next, ()) = tokio::join!(slow(1), async {
        tokio::task::yield_now().await;
        first.took(0);
    });
    next.give_back();
    drop(slow(1).await);
}

#[test]
fn a_slot_that_is_given_back_is_not_counted() {
    let limits = ConcurrencyLimits::default();
    limits.share_rates("a", 3);
    let allowance = Allowance { requests_per_minute: Some(1), ..Allowance::default() };
    let slot = || limits.slot("a", allowance, Party::Single, 0);
    now(pin!(slot())).expect("the first slot").give_back();
    assert!(now(pin!(slot())).is_some());
}
