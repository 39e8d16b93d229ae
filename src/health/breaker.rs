//! One circuit breaker: closed, it counts failures in a row; open, it refuses until its time has come.
//!
//! Results are counted without a lock. What opens or closes a breaker happens under the caller's lock `changes`, and is
//! told before the lock is given back: so it is told exactly once, and in the order in which it happened.

use std::num::NonZeroU64;

use super::seen::Seen;
use super::word::{NEVER, Rules, Word};
use crate::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// The lock under which breakers open and close.
pub(super) type Changes = Mutex<()>;

/// A breaker; closed when it is made.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    word: AtomicU64,
    /// How often it opened by failures since the last success; changed under the lock.
    strikes: AtomicU8,
    /// The calls that are under way since it came back, if it is half-open; given back without the lock.
    probes: AtomicU32,
    /// What failed and was counted since the last success; changed under the lock.
    counted: Seen,
}

/// Leave to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leave {
    /// The epoch against which the result is to be counted.
    pub(super) epoch: u16,
    /// Whether it took a place of a half-open breaker, which [`Breaker::give_back`] is to be told.
    pub(super) is_probe: bool,
}

/// Why there is no leave to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shut {
    /// It is open until a time.
    Until(u64),
    /// It is half-open, and so many calls are under way already.
    ComingBack(u32),
}

impl Breaker {
    /// The state as it stands.
    pub(super) fn word(&self) -> Word {
        Word::unpack(self.word.load(Ordering::Acquire))
    }

    /// How often it opened by failures since the last success.
    pub(super) fn strikes(&self) -> u8 {
        self.strikes.load(Ordering::Acquire)
    }

    /// Leave to call. A breaker whose time has come closes first. Who has a place already, of the epoch `placed`, keeps it
    /// and needs no other.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn admit(
        &self,
        placed: Option<u16>,
        now: impl Fn() -> u64,
        rules: &Rules,
        changes: &Changes,
        tell: impl Fn(Word),
    ) -> Result<Leave, Shut> {
        loop {
            let word = self.word();
            if !word.is_open() {
                if !self.is_half_open(rules) || placed == Some(word.epoch) {
                    return Ok(Leave { epoch: word.epoch, is_probe: false });
                }
                if let Some(probe) = self.probe(rules, changes) {
                    return probe;
                }
                continue;
            }
            let now = now();
            if !word.is_due(now) {
                return Err(Shut::Until(word.open_until));
            }
            self.recover(now, rules, changes, &tell);
        }
    }

    /// Takes a place of a breaker that is half-open; `None` if it is not any more.
    fn probe(&self, rules: &Rules, changes: &Changes) -> Option<Result<Leave, Shut>> {
        let _held = lock(changes);
        if let Some(shut) = self.full(rules) {
            return Some(Err(shut));
        }
        let word = self.word();
        if word.is_open() || !self.is_half_open(rules) {
            return None;
        }
        self.probes.fetch_add(1, Ordering::AcqRel);
        Some(Ok(Leave { epoch: word.epoch, is_probe: true }))
    }

    /// Gives back the place that a call took, after its result was counted.
    pub(super) fn give_back(&self) {
        self.probes.fetch_sub(1, Ordering::AcqRel);
    }

    /// Why it has no place, if it is half-open and has none.
    pub(super) fn full(&self, rules: &Rules) -> Option<Shut> {
        // In this order: of a call whose place is given back, the failure is seen.
        let under_way = self.probes.load(Ordering::Acquire);
        let word = self.word();
        let is_full = !word.is_open() && self.is_half_open(rules) && under_way >= rules.failures_left(word.failures);
        is_full.then_some(Shut::ComingBack(under_way))
    }

    /// Whether a breaker that is closed is half-open: its failures opened it, and no success came since.
    fn is_half_open(&self, rules: &Rules) -> bool {
        rules.half_open && self.strikes() != 0
    }

    /// Closes the breaker if its time has come; returns whether this call closed it.
    pub(super) fn recover(&self, now: u64, rules: &Rules, changes: &Changes, tell: impl Fn(Word)) -> bool {
        if !self.word().is_due(now) {
            return false;
        }
        let held = lock(changes);
        let close = |word: Word| word.is_due(now).then(|| word.closed(rules.failures_after));
        let closed = self.change(close);
        if let Some((_, word)) = closed {
            tell(word);
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
        rules: &Rules,
        changes: &Changes,
        tell: impl FnOnce(Word),
    ) {
        let count = |word: Word| {
            let counted = word.failed(0, 0, rules);
            (word.is_closed_since(epoch) && !counted.is_open()).then_some(counted)
        };
        if cause.is_none() && self.change(count).is_some() || !self.word().is_closed_since(epoch) {
            return;
        }
        let held = lock(changes);
        if !self.word().is_closed_since(epoch) || cause.is_some_and(|cause| !self.counted.add(cause)) {
            return;
        }
        let (now, strikes) = (now(), self.strikes());
        let count = |word: Word| Some(word.failed(now, strikes, rules));
        if let Some((_, word)) = self.change(count)
            && word.is_open()
        {
            self.strikes.store(strikes.saturating_add(1), Ordering::Release);
            tell(word);
        }
        drop(held);
    }

    /// Forgets the failures before a success, unless the breaker opened or closed since `epoch`. (Who may ignore that it
    /// is open has the epoch of an open one.)
    pub(super) fn succeeded(&self, epoch: u16, changes: &Changes) {
        if self.word().failures == 0 && self.strikes() == 0 && self.counted.is_empty() {
            return;
        }
        let held = lock(changes);
        if self.word().epoch == epoch {
            self.change(|word| Some(word.succeeded()));
            self.forget(0);
        }
        drop(held);
    }

    /// Begins anew: with so many strikes, and nothing that was counted. The caller has the lock.
    fn forget(&self, strikes: u8) {
        self.strikes.store(strikes, Ordering::Release);
        self.counted.clear();
    }

    /// Opens the breaker until a time, or longer if it is open already; `tell` is given the state before and after.
    pub(super) fn open(&self, until: u64, changes: &Changes, tell: impl FnOnce(Word, Word)) {
        let held = lock(changes);
        if let Some((before, after)) = self.change(|word| Some(word.opened(until))) {
            tell(before, after);
        }
        drop(held);
    }

    /// Closes the breaker and forgets what was counted; told if it was open.
    pub(super) fn reset(&self, changes: &Changes, tell: impl FnOnce()) {
        let held = lock(changes);
        let closed = self.change(|word| Some(word.closed(0)));
        self.forget(0);
        if closed.is_some_and(|(before, _)| before.is_open()) {
            tell();
        }
        drop(held);
    }

    /// Takes over a state that was saved. The lock is `_held`, for other breakers may change with this one.
    pub(super) fn restore(&self, failures: u8, open_until: u64, strikes: u8, _held: &MutexGuard<'_, ()>) {
        self.change(|word| {
            let epoch = word.epoch.wrapping_add(1);
            Some(Word { failures, open_until: open_until.min(NEVER), epoch })
        });
        self.forget(strikes);
    }

    /// Replaces the word by what `step` makes of it, if it makes anything; returns both.
    fn change(&self, step: impl Fn(Word) -> Option<Word>) -> Option<(Word, Word)> {
        let mut bits = self.word.load(Ordering::Acquire);
        loop {
            let before = Word::unpack(bits);
            let after = step(before)?;
            match self.word.compare_exchange_weak(bits, after.pack(), Ordering::AcqRel, Ordering::Acquire) {
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
