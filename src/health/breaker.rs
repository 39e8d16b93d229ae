//! One circuit breaker: closed, it counts failures in a row; open, it refuses until its time has come.
//!
//! Results are counted without a lock. What opens or closes a breaker happens under the caller's lock `changes`, and is
//! told before the lock is given back: so it is told exactly once, and in the order in which it happened.

use super::word::{NEVER, Rules, Word};
use crate::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// The lock under which breakers open and close.
pub(super) type Changes = Mutex<()>;

/// A breaker; closed when it is made.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    word: AtomicU64,
    /// How often it opened by failures since the last success; changed under the lock.
    strikes: AtomicU8,
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

    /// The epoch against which a result is to be counted. A breaker whose time has come closes first.
    ///
    /// # Errors
    /// The time until which it is open.
    pub(super) fn admit(
        &self,
        now: impl Fn() -> u64,
        rules: &Rules,
        changes: &Changes,
        tell: impl Fn(Word),
    ) -> Result<u16, u64> {
        loop {
            let word = self.word();
            if !word.is_open() {
                return Ok(word.epoch);
            }
            let now = now();
            if !word.is_due(now) {
                return Err(word.open_until);
            }
            self.recover(now, rules, changes, &tell);
        }
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

    /// Counts a failure, unless the breaker opened or closed since `epoch`. The failure that reaches the threshold opens
    /// it, which is told.
    pub(super) fn failed(
        &self,
        epoch: u16,
        now: impl FnOnce() -> u64,
        rules: &Rules,
        changes: &Changes,
        tell: impl FnOnce(Word),
    ) {
        let count = |word: Word| {
            let counted = word.failed(0, 0, rules);
            (word.is_closed_since(epoch) && !counted.is_open()).then_some(counted)
        };
        if self.change(count).is_some() || !self.word().is_closed_since(epoch) {
            return;
        }
        let held = lock(changes);
        let (now, strikes) = (now(), self.strikes());
        let count = |word: Word| word.is_closed_since(epoch).then(|| word.failed(now, strikes, rules));
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
        self.change(|word| (word.epoch == epoch && word.failures != 0).then(|| word.succeeded()));
        if self.strikes() != 0 {
            let held = lock(changes);
            if self.word().epoch == epoch {
                self.strikes.store(0, Ordering::Release);
            }
            drop(held);
        }
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
        self.strikes.store(0, Ordering::Release);
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
        self.strikes.store(strikes, Ordering::Release);
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
