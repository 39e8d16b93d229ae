//! Which models may be called: one atomic word a model, read and changed without a lock.

mod word;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use dashmap::DashMap;

use crate::kind::FailureKind;
use word::{Rules, Word};

/// Failures on a model's account when it comes back, unless the threshold is lower.
const FAILURES_AFTER_RECOVERY: u8 = 2;

/// The health of every model of an engine.
pub struct Health {
    words: DashMap<String, AtomicU64>,
    rules: Rules,
    began: Instant,
}

/// Leave to call a model once; a result is recorded only against the epoch of its permit.
#[derive(Clone, Copy, Debug)]
pub struct Permit {
    epoch: u16,
}

/// What a result means for the health of the model that was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It gave a prediction: earlier failures are forgotten.
    Success,
    /// It failed by its own fault: one step towards being switched off.
    Fault,
    /// It failed for another reason: nothing changes.
    Neutral,
}

impl Verdict {
    /// The verdict on a failure. `caused_by_caller`: the caller set parameters or a prompt of its own; `cut`: a limit
    /// that is not the model's choice cut `max_tokens`.
    #[must_use]
    pub fn of(kind: FailureKind, caused_by_caller: bool, cut: bool) -> Self {
        let fault = match kind {
            FailureKind::ModelUnavailable | FailureKind::EmptyResponse | FailureKind::ParseError => true,
            FailureKind::BadRequest => !caused_by_caller,
            FailureKind::Truncated => !cut,
            _ => false,
        };
        if fault { Self::Fault } else { Self::Neutral }
    }
}

impl Health {
    /// `threshold` failures in a row (`None`: any number) switch a model off for `cooldown`.
    #[must_use]
    pub fn new(threshold: Option<u8>, cooldown: Duration) -> Self {
        let cooldown_ms = u64::try_from(cooldown.as_millis()).unwrap_or(u64::MAX);
        let rules = Rules { threshold, cooldown_ms, failures_after_recovery: FAILURES_AFTER_RECOVERY };
        Self { words: DashMap::new(), rules, began: Instant::now() }
    }

    /// Leave to call `model` now.
    ///
    /// # Errors
    /// The time for which the model is still switched off.
    pub fn admit(&self, model: &str) -> Result<Permit, Duration> {
        let now = self.now();
        let (_, word) = self.change(model, |word| word.at(now, self.rules));
        match word.disabled_until {
            0 => Ok(Permit { epoch: word.epoch }),
            until => Err(Duration::from_millis(until - now)),
        }
    }

    /// Applies a result, unless the model was switched off or on since `permit` was given. Returns whether this result
    /// switched it off.
    #[must_use]
    pub fn record(&self, model: &str, permit: Permit, verdict: Verdict) -> bool {
        let now = self.now();
        let (before, after) = self.change(model, |word| match verdict {
            _ if word.epoch != permit.epoch => word,
            Verdict::Success => word.succeeded(),
            Verdict::Fault => word.failed(now, self.rules),
            Verdict::Neutral => word,
        });
        before.disabled_until == 0 && after.disabled_until != 0
    }

    /// How long `model` is still switched off; `None` if it is not.
    #[must_use]
    pub fn disabled_for(&self, model: &str) -> Option<Duration> {
        let bits = self.words.get(model)?.load(Ordering::Acquire);
        let now = self.now();
        let word = Word::unpack(bits).at(now, self.rules);
        (word.disabled_until != 0).then(|| Duration::from_millis(word.disabled_until - now))
    }

    /// Failures in a row on `model`'s account.
    #[must_use]
    pub fn failures(&self, model: &str) -> u8 {
        let word = self.words.get(model).map(|word| Word::unpack(word.load(Ordering::Acquire)));
        word.map_or(0, |word| word.at(self.now(), self.rules).failures)
    }

    /// Replaces the word of `model` by what `step` makes of it; returns both.
    fn change(&self, model: &str, step: impl Fn(Word) -> Word) -> (Word, Word) {
        let apply = |word: &AtomicU64| {
            let mut bits = word.load(Ordering::Acquire);
            loop {
                let before = Word::unpack(bits);
                let after = step(before);
                if after == before {
                    return (before, after);
                }
                match word.compare_exchange_weak(bits, after.pack(), Ordering::AcqRel, Ordering::Acquire) {
                    Ok(_) => return (before, after),
                    Err(changed) => bits = changed,
                }
            }
        };
        if let Some(word) = self.words.get(model) {
            return apply(&word);
        }
        apply(&self.words.entry(model.to_owned()).or_default())
    }

    /// Milliseconds since the engine began, from 1.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_faults_in_a_row_switch_a_model_off_and_a_late_result_changes_nothing() {
        let health = Health::new(Some(5), Duration::from_secs(3600));
        let late = health.admit("m").expect("a new model is active");
        for _ in 0..4 {
            assert!(!health.record("m", late, Verdict::Fault));
        }
        assert!(!health.record("m", late, Verdict::Neutral), "another reason does not count");
        assert!(health.record("m", late, Verdict::Fault), "the fifth switches it off");
        assert!(health.admit("m").is_err());
        assert!(!health.record("m", late, Verdict::Fault) && !health.record("m", late, Verdict::Success));
        assert_eq!(health.failures("m"), 5, "neither a sixth failure nor a revival");
        assert!(health.disabled_for("m").is_some() && health.disabled_for("other").is_none());
    }

    #[test]
    fn a_success_forgets_the_failures_before_it() {
        let health = Health::new(Some(2), Duration::from_secs(1));
        let permit = health.admit("m").expect("active");
        for verdict in [Verdict::Fault, Verdict::Success, Verdict::Fault] {
            assert!(!health.record("m", permit, verdict));
        }
        assert_eq!(health.failures("m"), 1);
    }

    #[test]
    fn only_the_models_own_faults_count() {
        use FailureKind as K;
        let faults = |caused_by_caller, cut| {
            let is_fault = |kind: &&K| Verdict::of(**kind, caused_by_caller, cut) == Verdict::Fault;
            K::ALL.iter().filter(is_fault).copied().collect::<Vec<_>>()
        };
        let always = [K::ModelUnavailable, K::EmptyResponse, K::ParseError];
        assert_eq!(faults(true, true), always);
        assert_eq!(
            faults(false, false),
            [K::ModelUnavailable, K::BadRequest, K::EmptyResponse, K::Truncated, K::ParseError]
        );
    }
}
