//! The state of one model in one word, and its transitions; pure.

/// Bits of the time of recovery: milliseconds since the engine began, enough for 34 years.
const TIME_BITS: u32 = 40;
const TIME_MASK: u64 = (1 << TIME_BITS) - 1;

/// When a model is switched off, and how it comes back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Failures in a row that switch a model off; `None`: never.
    pub(super) threshold: Option<u8>,
    /// Milliseconds for which it stays off.
    pub(super) cooldown_ms: u64,
    /// Failures that a model has on its account when it comes back.
    pub(super) failures_after_recovery: u8,
}

/// 8 bits of failures in a row, 40 of the time of recovery (0: not switched off), 16 of epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) failures: u8,
    pub(super) disabled_until: u64,
    /// Moves on with every switch off and on, so that results from before it change nothing.
    pub(super) epoch: u16,
}

impl Word {
    pub(super) fn pack(self) -> u64 {
        u64::from(self.failures) | (self.disabled_until & TIME_MASK) << 8 | u64::from(self.epoch) << (8 + TIME_BITS)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the other bits are other fields")]
    pub(super) fn unpack(bits: u64) -> Self {
        Self { failures: bits as u8, disabled_until: (bits >> 8) & TIME_MASK, epoch: (bits >> (8 + TIME_BITS)) as u16 }
    }

    /// The word as it stands at `now`: a model whose time has come is back.
    pub(super) fn at(self, now: u64, rules: Rules) -> Self {
        if self.disabled_until == 0 || now < self.disabled_until {
            return self;
        }
        let most = rules.threshold.map_or(u8::MAX, |threshold| threshold.saturating_sub(1));
        let failures = rules.failures_after_recovery.min(most);
        Self { failures, disabled_until: 0, epoch: self.epoch.wrapping_add(1) }
    }

    /// The word after a failure that counts.
    pub(super) fn failed(self, now: u64, rules: Rules) -> Self {
        let Some(threshold) = rules.threshold else { return self };
        let failures = self.failures.saturating_add(1).min(threshold);
        if failures < threshold {
            return Self { failures, ..self };
        }
        let disabled_until = now.saturating_add(rules.cooldown_ms.max(1)).min(TIME_MASK);
        Self { failures, disabled_until, epoch: self.epoch.wrapping_add(1) }
    }

    /// The word after a success.
    pub(super) fn succeeded(self) -> Self {
        Self { failures: 0, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules { threshold: Some(5), cooldown_ms: 1000, failures_after_recovery: 2 };

    #[test]
    fn a_word_survives_packing() {
        for word in [
            Word::default(),
            Word { failures: 255, disabled_until: TIME_MASK, epoch: u16::MAX },
            Word { failures: 3, disabled_until: 12_345_678_901, epoch: 40_000 },
        ] {
            assert_eq!(Word::unpack(word.pack()), word);
        }
    }

    #[test]
    fn the_threshold_switches_off_and_time_switches_on() {
        let mut word = Word::default();
        for failures in 1..5 {
            word = word.failed(10, RULES);
            assert_eq!(word, Word { failures, disabled_until: 0, epoch: 0 });
        }
        word = word.failed(10, RULES);
        assert_eq!(word, Word { failures: 5, disabled_until: 1010, epoch: 1 });
        assert_eq!(word.at(1009, RULES), word);
        assert_eq!(word.at(1010, RULES), Word { failures: 2, disabled_until: 0, epoch: 2 });
    }

    #[test]
    fn without_a_threshold_nothing_counts() {
        let rules = Rules { threshold: None, ..RULES };
        assert_eq!(Word::default().failed(10, rules), Word::default());
    }

    #[test]
    fn failures_after_recovery_stay_below_the_threshold() {
        let rules = Rules { threshold: Some(1), ..RULES };
        let back = Word::default().failed(0, rules).at(1000, rules);
        assert_eq!(back.failures, 0);
    }
}
