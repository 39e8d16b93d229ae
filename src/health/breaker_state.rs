//! The state of one breaker in one word, and its transitions; pure.

/// Bits of the time of recovery: milliseconds since the engine began, enough for 34 years.
const TIME_BITS: u32 = 40;
const TIME_MASK: u64 = (1 << TIME_BITS) - 1;

/// The time of recovery of what was opened by hand: never by itself.
pub(super) const NEVER: u64 = TIME_MASK;

/// When a breaker opens, and how it closes again.
#[derive(Clone, Copy, Debug)]
pub(super) struct BreakerRules {
    /// Failures in a row that open it; `None`: never.
    pub(super) threshold: Option<u8>,
    /// Milliseconds for which it stays open; twice as many with every time that it opened since the last success.
    pub(super) cooldown: u64,
    /// The most that becomes of them.
    pub(super) longest_cooldown: u64,
    /// Failures on its account when it closes again, always less than the threshold.
    pub(super) failures_after: u8,
    /// Whether it is half-open when it has closed again: until the first success no more calls are under way than
    /// failures are left to the threshold.
    pub(super) half_open: bool,
}

/// 8 bits of failures in a row, 40 of the time of recovery (0: it is closed), 16 of epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BreakerState {
    pub(super) failures: u8,
    pub(super) open_until: u64,
    /// Moves on whenever the breaker opens or closes, so that results from before it change nothing.
    pub(super) epoch: u16,
}

impl BreakerRules {
    /// For how long a breaker stays open that opened `trips` times before without a success between.
    pub(super) fn cooldown_after(&self, trips: u8) -> u64 {
        let factor = 1_u64.checked_shl(trips.into()).unwrap_or(u64::MAX);
        self.cooldown.saturating_mul(factor).clamp(1, self.longest_cooldown)
    }

    /// How many more failures open a breaker that has so many on its account; without a threshold no number does.
    pub(super) fn failures_left(&self, failures: u8) -> u32 {
        self.threshold.map_or(u32::MAX, |threshold| threshold.saturating_sub(failures).into())
    }

    /// The most failures that a closed breaker has on its account.
    pub(super) fn most_failures(&self) -> u8 {
        self.threshold.map_or(0, |threshold| threshold.saturating_sub(1))
    }
}

impl BreakerState {
    pub(super) fn pack(self) -> u64 {
        u64::from(self.failures) | (self.open_until & TIME_MASK) << 8 | u64::from(self.epoch) << (8 + TIME_BITS)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the other bits are other fields")]
    pub(super) fn unpack(bits: u64) -> Self {
        Self { failures: bits as u8, open_until: (bits >> 8) & TIME_MASK, epoch: (bits >> (8 + TIME_BITS)) as u16 }
    }

    pub(super) fn is_open(self) -> bool {
        self.open_until != 0
    }

    /// Whether it is closed, and neither opened nor closed since `epoch`.
    pub(super) fn is_closed_since(self, epoch: u16) -> bool {
        !self.is_open() && self.epoch == epoch
    }

    /// Whether it is open and its time has come.
    pub(super) fn is_due(self, now: u64) -> bool {
        self.is_open() && self.open_until != NEVER && now >= self.open_until
    }

    /// The state after a failure: one more, or open.
    pub(super) fn failed(self, now: u64, trips: u8, rules: &BreakerRules) -> Self {
        let Some(threshold) = rules.threshold else { return self };
        let failures = self.failures.saturating_add(1).min(threshold);
        let counted = Self { failures, ..self };
        if failures < threshold { counted } else { counted.opened(now.saturating_add(rules.cooldown_after(trips))) }
    }

    /// The state after a success.
    pub(super) fn succeeded(self) -> Self {
        Self { failures: 0, ..self }
    }

    /// Open until a time, or longer if it is already.
    pub(super) fn opened(self, until: u64) -> Self {
        let epoch = if self.is_open() { self.epoch } else { self.epoch.wrapping_add(1) };
        Self { open_until: until.clamp(self.open_until.max(1), NEVER), epoch, ..self }
    }

    /// Closed, with at most so many failures on its account.
    pub(super) fn closed(self, failures: u8) -> Self {
        let epoch = if self.is_open() { self.epoch.wrapping_add(1) } else { self.epoch };
        Self { failures: self.failures.min(failures), open_until: 0, epoch }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: BreakerRules = BreakerRules {
        threshold: Some(5),
        cooldown: 1000,
        longest_cooldown: 24_000,
        failures_after: 2,
        half_open: true,
    };

    #[test]
    fn a_word_survives_packing() {
        for state in [
            BreakerState::default(),
            BreakerState { failures: 255, open_until: NEVER, epoch: u16::MAX },
            BreakerState { failures: 3, open_until: 12_345_678_901, epoch: 40_000 },
        ] {
            assert_eq!(BreakerState::unpack(state.pack()), state);
        }
    }

    #[test]
    fn the_threshold_opens_and_time_closes() {
        let mut state = BreakerState::default();
        for failures in 1..5 {
            state = state.failed(10, 0, &RULES);
            assert_eq!(state, BreakerState { failures, open_until: 0, epoch: 0 });
        }
        state = state.failed(10, 0, &RULES);
        assert_eq!(state, BreakerState { failures: 5, open_until: 1010, epoch: 1 });
        assert!(!state.is_due(1009) && state.is_due(1010));
        assert_eq!(state.closed(RULES.failures_after), BreakerState { failures: 2, open_until: 0, epoch: 2 });
    }

    #[test]
    fn without_a_threshold_nothing_counts() {
        let rules = BreakerRules { threshold: None, ..RULES };
        assert_eq!(BreakerState::default().failed(10, 0, &rules), BreakerState::default());
    }

    #[test]
    fn each_trip_doubles_the_cooldown_up_to_the_longest() {
        let cooldowns: Vec<_> = [0, 1, 2, 4, 5, 200, 255].map(|trips| RULES.cooldown_after(trips)).to_vec();
        assert_eq!(cooldowns, [1000, 2000, 4000, 16_000, 24_000, 24_000, 24_000]);
    }

    #[test]
    fn what_is_open_only_ever_stays_open_longer() {
        let open = BreakerState::default().opened(500);
        assert_eq!(open, BreakerState { failures: 0, open_until: 500, epoch: 1 });
        assert_eq!(open.opened(400), open);
        assert_eq!(open.opened(600), BreakerState { open_until: 600, ..open });
        assert!(!open.opened(u64::MAX).is_due(u64::MAX), "what is never due is never due");
    }
}
