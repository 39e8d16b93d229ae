//! One circuit breaker: closed, it counts failures in a row; open, it refuses until its time has come.
//!
//! Results are counted without a lock. What opens or closes a breaker happens under the caller's lock `changes`, and is
//! told before the lock is given back: so it is told exactly once, and in the order in which it happened.

use std::num::NonZeroU64;

use super::breaker_state::{BreakerRules, BreakerState, NEVER};
use super::seen::Seen;
use crate::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// The lock under which breakers open and close.
pub(super) type Changes = Mutex<()>;

/// A breaker; closed when it is made.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: AtomicU64,
    /// How often it opened by failures since the last success; changed under the lock.
    trips: AtomicU8,
    /// The calls that are under way since it came back, if it is half-open; given back without the lock.
    probes: AtomicU32,
    /// What failed and was counted since the last success; changed under the lock.
    counted: Seen,
}

/// A call that a breaker has let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Admitted {
    /// The epoch against which the result is to be counted.
    pub(super) epoch: u16,
    /// Whether it took a place of a half-open breaker, which [`Breaker::give_back`] is to be told.
    pub(super) is_probe: bool,
}

/// Why a call is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shut {
    /// It is open until a time.
    Until(u64),
    /// It is half-open, and so many calls are under way already.
    ComingBack(u32),
}

impl Breaker {
    /// The state as it stands.
    pub(super) fn state(&self) -> BreakerState {
        BreakerState::unpack(self.state.load(Ordering::Acquire))
    }

    /// How often it opened by failures since the last success.
    pub(super) fn trips(&self) -> u8 {
        self.trips.load(Ordering::Acquire)
    }

    /// Lets a call through. A breaker whose time has come closes first, which `recovered` is told; without it, it stays open. Who has a place already, of the epoch `placed`, keeps it
    /// and needs no other.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn admit(
        &self,
        placed: Option<u16>,
        now: impl Fn() -> u64,
        rules: &BreakerRules,
        changes: &Changes,
        recovered: Option<&dyn Fn(BreakerState)>,
    ) -> Result<Admitted, Shut> {
        loop {
            let state = self.state();
            if !state.is_open() {
                if !self.is_half_open(rules) || placed == Some(state.epoch) {
                    return Ok(Admitted { epoch: state.epoch, is_probe: false });
                }
                if let Some(probe) = self.probe(rules, changes) {
                    return probe;
                }
                continue;
            }
            let now = now();
            let Some(tell) = recovered.filter(|_| state.is_due(now)) else {
                return Err(Shut::Until(state.open_until));
            };
            self.recover(now, rules, changes, tell);
        }
    }

    /// Takes a place of a breaker that is half-open; `None` if it is not any more.
    fn probe(&self, rules: &BreakerRules, changes: &Changes) -> Option<Result<Admitted, Shut>> {
        let _held = lock(changes);
        if let Some(shut) = self.full(rules) {
            return Some(Err(shut));
        }
        let state = self.state();
        if state.is_open() || !self.is_half_open(rules) {
            return None;
        }
        self.probes.fetch_add(1, Ordering::AcqRel);
        Some(Ok(Admitted { epoch: state.epoch, is_probe: true }))
    }

    /// Gives back the place that a call took, after its result was counted.
    pub(super) fn give_back(&self) {
        self.probes.fetch_sub(1, Ordering::AcqRel);
    }

    /// Why it has no place, if it is half-open and has none.
    pub(super) fn full(&self, rules: &BreakerRules) -> Option<Shut> {
        // In this order: of a call whose place is given back, the failure is seen.
        let under_way = self.probes.load(Ordering::Acquire);
        let state = self.state();
        let is_full = !state.is_open() && self.is_half_open(rules) && under_way >= rules.failures_left(state.failures);
        is_full.then_some(Shut::ComingBack(under_way))
    }

    /// Whether a breaker that is closed is half-open: its failures opened it, and no success came since.
    fn is_half_open(&self, rules: &BreakerRules) -> bool {
        rules.half_open && self.trips() != 0
    }

    /// Closes the breaker if its time has come; returns whether this call closed it.
    pub(super) fn recover(
        &self,
        now: u64,
        rules: &BreakerRules,
        changes: &Changes,
        tell: impl Fn(BreakerState),
    ) -> bool {
        if !self.state().is_due(now) {
            return false;
        }
        let held = lock(changes);
        let close = |state: BreakerState| state.is_due(now).then(|| state.closed(rules.failures_after));
        let closed = self.change(close);
        if let Some((_, state)) = closed {
            tell(state);
        }
        drop(held);
        closed.is_some()
    }

    /// Counts a failure, unless the breaker opened or closed since `epoch`, or one of the same `cause` was counted since the
    /// last success. The failure that reaches the threshold opens it, which is told.
    pub(super) fn failed(
        &self,
        epoch: u16,
        cause: Option<NonZeroU64>,
        now: impl FnOnce() -> u64,
        rules: &BreakerRules,
        changes: &Changes,
        tell: impl FnOnce(BreakerState),
    ) {
        let count = |state: BreakerState| {
            let counted = state.failed(0, 0, rules);
            (state.is_closed_since(epoch) && !counted.is_open()).then_some(counted)
        };
        if cause.is_none() && self.change(count).is_some() || !self.state().is_closed_since(epoch) {
            return;
        }
        let held = lock(changes);
        if !self.state().is_closed_since(epoch) || cause.is_some_and(|cause| !self.counted.add(cause)) {
            return;
        }
        let (now, trips) = (now(), self.trips());
        let count = |state: BreakerState| Some(state.failed(now, trips, rules));
        if let Some((_, state)) = self.change(count)
            && state.is_open()
        {
            self.trips.store(trips.saturating_add(1), Ordering::Release);
            tell(state);
        }
        drop(held);
    }

    /// Whether a success would change anything.
    pub(super) fn is_blemished(&self) -> bool {
        self.state().failures != 0 || self.trips() != 0 || !self.counted.is_empty()
    }

    /// The epoch, if it is half-open.
    pub(super) fn half_open_epoch(&self, rules: &BreakerRules) -> Option<u16> {
        let state = self.state();
        (!state.is_open() && self.is_half_open(rules)).then_some(state.epoch)
    }

    /// What failed and was counted since the last success, the latest first.
    pub(super) fn causes(&self) -> Vec<u64> {
        self.counted.all()
    }

    /// Forgets the failures before a success, unless the breaker opened or closed since `epoch`.
    ///
    /// The breaker may be open, for the call whose own 429 opened it may be made once more meanwhile. Say that 429 opened
    /// it and so moved it to epoch 1: the retry is let through in epoch 1, and when it succeeds in epoch 1 the failures
    /// before it are forgotten, while the breaker stays open to others until its time has come.
    pub(super) fn succeeded(&self, epoch: u16, changes: &Changes) {
        if !self.is_blemished() {
            return;
        }
        let held = lock(changes);
        if self.state().epoch == epoch {
            self.change(|state| Some(state.succeeded()));
            self.forget(0);
        }
        drop(held);
    }

    /// Begins anew: with so many trips, and nothing that was counted. The caller has the lock.
    fn forget(&self, trips: u8) {
        self.trips.store(trips, Ordering::Release);
        self.counted.clear();
    }

    /// Opens the breaker until a time, or longer if it is open already; `tell` is given the state before and after.
    pub(super) fn open(&self, until: u64, changes: &Changes, tell: impl FnOnce(BreakerState, BreakerState)) {
        let held = lock(changes);
        if let Some((before, after)) = self.change(|state| Some(state.opened(until))) {
            tell(before, after);
        }
        drop(held);
    }

    /// Closes the breaker and forgets what was counted; told if it was open.
    pub(super) fn reset(&self, changes: &Changes, tell: impl FnOnce()) {
        let held = lock(changes);
        let closed = self.change(|state| Some(state.closed(0)));
        self.forget(0);
        if closed.is_some_and(|(before, _)| before.is_open()) {
            tell();
        }
        drop(held);
    }

    /// Takes over a state that was saved. The lock is `_held`, for other breakers may change with this one.
    pub(super) fn restore(&self, failures: u8, open_until: u64, trips: u8, _held: &MutexGuard<'_, ()>) {
        self.change(|state| {
            let epoch = state.epoch.wrapping_add(1);
            Some(BreakerState { failures, open_until: open_until.min(NEVER), epoch })
        });
        self.forget(trips);
    }

    /// Takes over a state as it is, its epoch included; returns the one before. The lock is `_held`.
    pub(super) fn adopt(
        &self,
        after: BreakerState,
        trips: u8,
        causes: impl DoubleEndedIterator<Item = NonZeroU64>,
        _held: &MutexGuard<'_, ()>,
    ) -> BreakerState {
        let before = self.change(|_| Some(after)).map_or(after, |(before, _)| before);
        self.forget(trips);
        for cause in causes.rev() {
            self.counted.add(cause);
        }
        before
    }

    /// Closes it and forgets what was counted. The lock is `_held`.
    pub(super) fn forget_all(&self, _held: &MutexGuard<'_, ()>) {
        self.change(|state| Some(state.closed(0)));
        self.forget(0);
    }

    /// Replaces the state by what `step` makes of it, if it makes anything; returns both.
    fn change(&self, step: impl Fn(BreakerState) -> Option<BreakerState>) -> Option<(BreakerState, BreakerState)> {
        let mut bits = self.state.load(Ordering::Acquire);
        loop {
            let before = BreakerState::unpack(bits);
            let after = step(before)?;
            match self.state.compare_exchange_weak(bits, after.pack(), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some((before, after)),
                Err(changed) => bits = changed,
            }
        }
    }
}

/// Takes the lock; a panic under it left nothing half-done, for every change is one word.
pub(super) fn lock(changes: &Changes) -> MutexGuard<'_, ()> {
    changes.lock().unwrap_or_else(PoisonError::into_inner)
}
