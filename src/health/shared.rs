//! The health of a model as engines of many processes agree on it: the word of its own faults, with the epoch as they have
//! it. Who agrees on it with whom is not known here.

use std::num::NonZeroU64;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use super::breaker::{Breaker, Shut, lock};
use super::breaker_state::{BreakerState, NEVER};
use super::clock::milliseconds;
use super::model_health::ModelHealth;
use super::recovery::tell_recovered;
use super::{Health, LONGEST_DISABLED, Permit, Tell};
use crate::config::HealthConfig;
use crate::event::{Cause, What};
use crate::kind::FailureKind;
use crate::outcome::Refusal;

/// What is known of a model's own faults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SharedWord {
    /// Faults in a row.
    pub failures: u8,
    /// Whether it is switched off.
    pub open: Off,
    /// How often its faults switched it off since its last success.
    pub trips: u8,
    /// Moves on whenever it is switched off or on, modulo 2^16.
    pub epoch: u16,
    /// What failed and was counted since the last success, the latest first.
    pub causes: Vec<u64>,
    /// Why it is switched off, or was last.
    pub reason: String,
}

/// Whether a model is switched off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Off {
    /// It is not.
    #[default]
    Closed,
    /// It is, for so long.
    For(Duration),
    /// It is until it is switched on by hand.
    ByHand,
}

/// What a word is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The model, whoever asks it.
    Model,
    /// What its provider says of this engine's key.
    Key,
}

/// How a word became what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// Its time had come.
    Recovered,
    /// It was switched on by hand.
    Enabled,
    /// In any other way.
    Otherwise,
}

/// When faults switch a model off, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRules {
    /// Faults in a row; `None`: never.
    pub threshold: Option<u8>,
    /// For how long; twice as long with every time since the last success.
    pub cooldown: Duration,
    /// The most that becomes of it.
    pub longest_cooldown: Duration,
    /// Faults on its account when it comes back, less than the threshold.
    pub failures_after: u8,
}

impl FaultRules {
    /// What a configuration says.
    #[must_use]
    pub fn new(config: &HealthConfig) -> Self {
        let most = config.disable_threshold.map_or(0, |threshold| threshold.saturating_sub(1));
        Self {
            threshold: config.disable_threshold,
            cooldown: config.cooldown,
            longest_cooldown: config.cooldown.max(LONGEST_DISABLED),
            failures_after: config.failures_after_recovery.min(most),
        }
    }
}

impl Health {
    /// Whether models are brought back elsewhere: then one whose time has come stays off until [`Self::adopt`] says that it
    /// is back.
    pub fn leave_recoveries(&self, elsewhere: bool) {
        self.recovers_elsewhere.store(elsewhere, Ordering::Release);
    }

    /// Has what a provider says of one key alone count apart from what the model does, for it is nothing to engines that
    /// have another key.
    pub fn count_denials_apart(&self) {
        self.counts_denials_apart.store(true, Ordering::Release);
    }

    /// Whether a failure says nothing of the model but for the key with which it was asked.
    pub(super) fn counts_apart(&self, kind: FailureKind) -> bool {
        kind == FailureKind::ModelUnavailable && self.counts_denials_apart.load(Ordering::Acquire)
    }

    /// What a failure of a kind is about.
    #[must_use]
    pub fn subject(&self, kind: FailureKind) -> Subject {
        if self.counts_apart(kind) { Subject::Key } else { Subject::Model }
    }

    /// Leaves all models of a provider alone for `wait`, or longer if they are already.
    pub fn cool_provider_for(&self, provider: &str, wait: Duration, kind: FailureKind, tell: Tell<'_>) {
        let _held = lock(&self.changes);
        self.cool_provider_until(provider, self.clock.now().saturating_add(milliseconds(wait)), kind, tell);
    }

    pub(super) fn recovers_here(&self) -> bool {
        !self.recovers_elsewhere.load(Ordering::Acquire)
    }

    /// The word of a model, as it stands.
    #[must_use]
    pub fn word(&self, model: &str, subject: Subject) -> SharedWord {
        let entry = self.entry(model);
        let breaker = entry.breaker(subject);
        let _held = lock(&self.changes);
        let state = breaker.state();
        let open = match state.open_until {
            0 => Off::Closed,
            NEVER => Off::ByHand,
            until => Off::For(Duration::from_millis(until.saturating_sub(self.clock.now()))),
        };
        SharedWord {
            failures: state.failures,
            open,
            trips: breaker.trips(),
            epoch: state.epoch,
            causes: breaker.causes(),
            reason: entry.reason(),
        }
    }

    /// The models of which a word other than that of a new one is known.
    #[must_use]
    pub fn known_words(&self) -> Vec<(String, Subject, SharedWord)> {
        let models: Vec<String> = self.models.iter().map(|entry| entry.key().clone()).collect();
        let of = |model: &String| Subject::BOTH.map(|subject| (model.clone(), subject, self.word(model, subject)));
        let is_known =
            |word: &SharedWord| SharedWord { reason: String::new(), ..word.clone() } != SharedWord::default();
        models.iter().flat_map(of).filter(|(_, _, word)| is_known(word)).collect()
    }

    /// The epoch of a model's word.
    #[must_use]
    pub fn epoch(&self, model: &str, subject: Subject) -> u16 {
        self.models.get(model).map_or(0, |entry| entry.breaker(subject).state().epoch)
    }

    /// Whether a success would change the word of a model.
    #[must_use]
    pub fn is_blemished(&self, model: &str, subject: Subject) -> bool {
        self.models.get(model).is_some_and(|entry| entry.breaker(subject).is_blemished())
    }

    /// Whether a model is switched off whoever asks it.
    #[must_use]
    pub fn is_off_for_all(&self, model: &str) -> bool {
        self.models.get(model).is_some_and(|entry| entry.faults.state().is_open())
    }

    /// Whether a model is switched off for what its provider says of this engine's key.
    #[must_use]
    pub fn is_denied(&self, model: &str) -> bool {
        self.models.get(model).is_some_and(|entry| entry.denials.state().is_open())
    }

    /// The epoch of a model that has come back and lets few calls through; `None` if it lets all through, or none.
    #[must_use]
    pub fn needs_place(&self, model: &str) -> Option<u16> {
        self.models.get(model)?.faults.half_open_epoch(&self.faults)
    }

    /// The refusal of a model that has come back and is tried by so many calls that there is no place for another.
    #[must_use]
    pub fn no_place(&self, calls: u32) -> Refusal {
        self.cooling(Shut::ComingBack(calls))
    }

    /// The models whose time has come and that are to be brought back elsewhere.
    #[must_use]
    pub fn due(&self) -> Vec<(String, Subject)> {
        let now = self.clock.now();
        let due = self.models.iter().flat_map(|entry| {
            let is_due = |subject: &Subject| entry.breaker(*subject).state().is_due(now);
            Subject::BOTH.into_iter().filter(is_due).map(|subject| (entry.key().clone(), subject)).collect::<Vec<_>>()
        });
        due.collect()
    }

    /// Whether a model is neither off nor was switched since a permit was given.
    #[must_use]
    pub fn is_current(&self, model: &str, permit: &Permit) -> bool {
        let states = self.models.get(model).map(|entry| (entry.faults.state(), entry.denials.state()));
        let (faults, denials) = states.unwrap_or_default();
        faults.is_closed_since(permit.faults) && denials.is_closed_since(permit.denials)
    }

    /// Notes the kind of a failure that was counted elsewhere.
    pub fn note_failure(&self, model: &str, kind: FailureKind) {
        self.entry(model).set_last_failure(kind, SystemTime::now());
    }

    /// Takes over a word as it is, and tells what that changes.
    pub fn adopt(&self, model: &str, subject: Subject, word: &SharedWord, turned: Turned, tell: Tell<'_>) {
        let entry = self.entry(model);
        let breaker = entry.breaker(subject);
        let now = self.clock.now();
        let open_until = match word.open {
            Off::Closed => 0,
            Off::ByHand => NEVER,
            Off::For(left) => now.saturating_add(milliseconds(left)).clamp(1, NEVER - 1),
        };
        let after = BreakerState { failures: word.failures, open_until, epoch: word.epoch };
        let causes = word.causes.iter().filter_map(|cause| NonZeroU64::new(*cause));
        let held = lock(&self.changes);
        let is_off_otherwise = match subject {
            Subject::Model => entry.denials.state().is_open(),
            Subject::Key => entry.faults.state().is_open(),
        };
        let before = breaker.adopt(after, word.trips, causes, &held);
        if turned == Turned::Enabled && before.epoch != after.epoch {
            entry.transients.forget_all(&held);
        }
        let by_hand = (open_until == NEVER, before.open_until == NEVER);
        let is_other = by_hand.0 != by_hand.1 || by_hand.0 && entry.reason() != word.reason;
        match (before.is_open(), after.is_open()) {
            (false, true) => self.tell_disabled(model, &entry, after, word.reason.clone(), Some(Cause::Disabled), tell),
            (true, true) if is_other => self.tell_disabled(model, &entry, after, word.reason.clone(), None, tell),
            (true, true) => entry.set_reason(&word.reason),
            // It stays off.
            (true, false) if is_off_otherwise => {}
            (true, false) if turned == Turned::Recovered => tell_recovered(model, &entry, after, tell),
            (true, false) => {
                entry.set_switched(SystemTime::now());
                tell(What::Enabled { model_id: model.to_owned() }, Some(Cause::Enabled));
            }
            (false, false) => {
                if before != after {
                    entry.set_switched(SystemTime::now());
                }
            }
        }
        drop(held);
    }
}

impl Subject {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Model, Self::Key];
}

impl ModelHealth {
    fn breaker(&self, subject: Subject) -> &Breaker {
        match subject {
            Subject::Model => &self.faults,
            Subject::Key => &self.denials,
        }
    }
}

impl Permit {
    /// The epoch of a word in which it was given.
    #[must_use]
    pub fn epoch(&self, subject: Subject) -> u16 {
        match subject {
            Subject::Model => self.faults,
            Subject::Key => self.denials,
        }
    }
}
