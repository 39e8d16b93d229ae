//! Whose turn it is at one provider: who waits, how many requests are under way, and what its rates allow, as a value.
//!
//! Single predictions go first, and every fourth turn is the slates', so that neither starves the other. Nobody passes
//! whoever is next, also where that one waits for a rate: else a large request would wait for ever behind small ones.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::rate::{PerMinute, Rate};

/// How many requests of all slates together are under way at a provider without `maxConcurrency`.
pub const SLATE_WIDTH: u32 = 8;
/// So many single predictions go before a slate that waits.
const SINGLES_BEFORE_SLATE: u8 = 3;

/// On whose behalf a provider is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// A prediction for itself.
    Single,
    /// A request of a slate.
    Slate,
}

/// What a provider allows; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// Most requests at once; 0 counts as 1.
    pub at_once: Option<u32>,
    /// Most requests a minute.
    pub requests_per_minute: Option<u32>,
    /// Most tokens a minute.
    pub tokens_per_minute: Option<u32>,
}

/// What is to become of one who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TurnStep {
    /// It is its turn, which it has now.
    Go,
    /// It is next, and goes then if nobody comes before.
    At(Instant),
    /// Others are before it.
    Wait,
}

/// One who waits; `W` is how it is woken.
#[derive(Debug)]
struct Waiter<W> {
    number: u64,
    tokens: u64,
    wake: W,
}

/// The turns of one provider.
#[derive(Debug)]
pub(super) struct Turns<W> {
    allowance: Allowance,
    /// How many engines share the rates.
    sharers: u32,
    singles: VecDeque<Waiter<W>>,
    slates: VecDeque<Waiter<W>>,
    singles_under_way: usize,
    slates_under_way: usize,
    /// How many singles went since the last slate, while one waited.
    passed: u8,
    requests: Rate,
    tokens: Rate,
    next_number: u64,
}

impl<W> Default for Turns<W> {
    fn default() -> Self {
        Self {
            allowance: Allowance::default(),
            sharers: 1,
            singles: VecDeque::new(),
            slates: VecDeque::new(),
            singles_under_way: 0,
            slates_under_way: 0,
            passed: 0,
            requests: Rate::default(),
            tokens: Rate::default(),
            next_number: 0,
        }
    }
}

impl<W> Turns<W> {
    /// From now on this is allowed, where so many engines share it.
    pub(super) fn allow(&mut self, allowance: Allowance, sharers: u32) {
        (self.allowance, self.sharers) = (allowance, sharers.max(1));
    }

    /// Joins those who wait, as the last of its party; returns its number.
    pub(super) fn join(&mut self, party: Party, tokens: u64, wake: W) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        self.waiting(party).push_back(Waiter { number, tokens, wake });
        number
    }

    /// Whether it is the turn of the one with this number.
    pub(super) fn step(&mut self, party: Party, number: u64, now: Instant) -> TurnStep {
        if self.next() != Some(party) {
            return TurnStep::Wait;
        }
        let Some(tokens) = self.waiting(party).front().filter(|next| next.number == number).map(|next| next.tokens)
        else {
            return TurnStep::Wait;
        };
        let ready = self.ready_at(tokens, now);
        if ready > now {
            return TurnStep::At(ready);
        }
        self.waiting(party).pop_front();
        self.begin(party, tokens, now);
        TurnStep::Go
    }

    /// Waits no longer.
    pub(super) fn leave(&mut self, party: Party, number: u64) {
        self.waiting(party).retain(|waiter| waiter.number != number);
    }

    /// A request has ended.
    pub(super) fn end(&mut self, party: Party) {
        let under_way = self.under_way(party);
        *under_way = under_way.saturating_sub(1);
    }

    /// A request that was counted with so many tokens took that many.
    pub(super) fn correct(&mut self, counted: u64, actual: u64) {
        if let Some(limit) = self.allowance.tokens_per_minute {
            self.tokens.correct(counted, actual, self.per_minute(limit));
        }
    }

    /// A request that was counted was never made.
    pub(super) fn take_back(&mut self, tokens: u64) {
        self.correct(tokens, 0);
        if let Some(limit) = self.allowance.requests_per_minute {
            self.requests.correct(1, 0, self.per_minute(limit));
        }
    }

    /// How the one is woken who is next, if there is room for it.
    pub(super) fn first(&mut self) -> Option<&W> {
        let party = self.next()?;
        self.waiting(party).front().map(|waiter| &waiter.wake)
    }

    /// Whose turn it is.
    fn next(&self) -> Option<Party> {
        let single = !self.singles.is_empty() && self.has_room(Party::Single);
        let slate = !self.slates.is_empty() && self.has_room(Party::Slate);
        match (single, slate) {
            (true, true) if self.passed >= SINGLES_BEFORE_SLATE => Some(Party::Slate),
            (true, _) => Some(Party::Single),
            (false, true) => Some(Party::Slate),
            (false, false) => None,
        }
    }

    fn has_room(&self, party: Party) -> bool {
        let (all, slates) = (self.singles_under_way + self.slates_under_way, self.slates_under_way);
        match (self.allowance.at_once, party) {
            (Some(limit), _) => all < size(limit.max(1)),
            (None, Party::Slate) => slates < size(SLATE_WIDTH),
            (None, Party::Single) => true,
        }
    }

    fn ready_at(&self, tokens: u64, now: Instant) -> Instant {
        let Allowance { requests_per_minute, tokens_per_minute, .. } = self.allowance;
        let requests = requests_per_minute.map(|limit| self.requests.ready_at(1, self.per_minute(limit), now));
        let tokens = tokens_per_minute.map(|limit| self.tokens.ready_at(tokens, self.per_minute(limit), now));
        requests.max(tokens).unwrap_or(now)
    }

    fn begin(&mut self, party: Party, tokens: u64, now: Instant) {
        *self.under_way(party) += 1;
        self.passed = match party {
            Party::Slate => 0,
            Party::Single if self.slates.is_empty() => self.passed,
            Party::Single => self.passed.saturating_add(1),
        };
        let Allowance { requests_per_minute, tokens_per_minute, .. } = self.allowance;
        if let Some(limit) = requests_per_minute {
            self.requests.take(1, self.per_minute(limit), now);
        }
        if let Some(limit) = tokens_per_minute {
            self.tokens.take(tokens, self.per_minute(limit), now);
        }
    }

    fn per_minute(&self, limit: u32) -> PerMinute {
        PerMinute { limit, sharers: self.sharers }
    }

    fn waiting(&mut self, party: Party) -> &mut VecDeque<Waiter<W>> {
        match party {
            Party::Single => &mut self.singles,
            Party::Slate => &mut self.slates,
        }
    }

    fn under_way(&mut self, party: Party) -> &mut usize {
        match party {
            Party::Single => &mut self.singles_under_way,
            Party::Slate => &mut self.slates_under_way,
        }
    }
}

fn size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
