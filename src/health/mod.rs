//! Which models may be called. A model has two breakers, each one atomic word, read and counted without a lock: its own
//! faults open the first, and it is disabled; transient failures open the second, and it cools.
//!
//! Whatever opens or closes a breaker is told while nothing else can (see [`Tell`]): exactly once, and in order.

mod blame;
mod breaker;
mod breaker_state;
mod clock;
mod model_health;
mod providers;
mod recovery;
mod refusal;
mod saved;
mod seen;
mod shared;
mod status;
mod verdict;

pub use blame::{Blame, Fingerprint};
pub use saved::{Saved, SavedModel, SavedOff};
pub use shared::{FaultRules, Off, SharedWord, Subject, Turned};
pub use status::{HealthStatus, Moment};
pub use verdict::{Circumstances, Verdict};

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use dashmap::DashMap;

use crate::config::HealthConfig;
use crate::event::{Cause, What};
use crate::kind::FailureKind;
use crate::outcome::Refusal;
use breaker::{Changes, Shut, lock};
use breaker_state::{BreakerRules, BreakerState, NEVER};
use clock::{Clock, milliseconds};
use model_health::ModelHealth;
use providers::Providers;
use recovery::{tell_cooled, tell_provider_cooled, tell_recovered};

/// The longest that a model stays disabled, unless `cooldownMs` is longer.
const LONGEST_DISABLED: Duration = Duration::from_secs(24 * 3600);
/// The longest that a model cools for transient failures, unless `transientCooldownMs` is longer.
const LONGEST_COOLING: Duration = Duration::from_secs(600);
/// What cools already is told again only if it cools this many milliseconds longer.
const WORTH_TELLING: u64 = 1000;

/// Takes what happened, and the cause if that changed whether a model is switched off. Called while no breaker can open
/// or close, so it must not call back.
pub type Tell<'a> = &'a dyn Fn(What, Option<Cause>);

/// The health of every model of an engine.
pub struct Health {
    models: DashMap<String, Arc<ModelHealth>>,
    providers: Providers,
    faults: BreakerRules,
    denials: BreakerRules,
    transients: BreakerRules,
    provider_cooldown: Duration,
    clock: Clock,
    changes: Changes,
    /// Whether what a provider says of this engine's key alone counts apart.
    counts_denials_apart: AtomicBool,
    /// Whether models come back only when it is said elsewhere that they are back.
    recovers_elsewhere: AtomicBool,
}

/// Permission to call a model once; its result is recorded only if no breaker of the model opened or closed since.
#[derive(Debug)]
pub struct Permit {
    entry: Arc<ModelHealth>,
    faults: u16,
    denials: u16,
    transients: u16,
    place: Option<Arc<Place>>,
}

/// One of the calls that are under way to a model that has come back; over when it is dropped.
#[derive(Debug)]
struct Place(Arc<ModelHealth>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.faults.give_back();
    }
}

impl Health {
    /// The health of models of which nothing is known.
    #[must_use]
    pub fn new(config: &HealthConfig) -> Self {
        let rules = FaultRules::new(config);
        let transients = BreakerRules {
            threshold: config.transient_threshold,
            cooldown: milliseconds(config.transient_cooldown),
            longest_cooldown: milliseconds(config.transient_cooldown.max(LONGEST_COOLING)),
            failures_after: 0,
            half_open: false,
        };
        let faults = BreakerRules {
            threshold: rules.threshold,
            cooldown: milliseconds(rules.cooldown),
            longest_cooldown: milliseconds(rules.longest_cooldown),
            failures_after: rules.failures_after,
            half_open: true,
        };
        Self {
            models: DashMap::new(),
            providers: Providers::default(),
            faults,
            denials: BreakerRules { half_open: false, ..faults },
            // One more transient failure after it has cooled, and it cools again.
            transients: BreakerRules { failures_after: transients.most_failures(), ..transients },
            provider_cooldown: config.provider_cooldown,
            clock: Clock::new(),
            changes: Changes::default(),
            counts_denials_apart: AtomicBool::new(false),
            recovers_elsewhere: AtomicBool::new(false),
        }
    }

    /// A permit to call `model` of `provider` now. `before` is the permit of a call that is made once more; `own` is a cooling
    /// that it may ignore, because its own 429 began it; see [`Self::cool`].
    ///
    /// # Errors
    /// Why it may not be called.
    pub fn admit(
        &self,
        model: &str,
        provider: &str,
        before: Option<&Permit>,
        own: Option<Cooling>,
        tell: Tell<'_>,
    ) -> Result<Permit, Refusal> {
        self.admit_to(model, provider, before, own, None, tell)
    }

    /// As [`Self::admit`], for who has a place already that was given elsewhere in the epoch `placed`.
    ///
    /// # Errors
    /// Why it may not be called.
    pub fn admit_to(
        &self,
        model: &str,
        provider: &str,
        before: Option<&Permit>,
        own: Option<Cooling>,
        placed: Option<u16>,
        tell: Tell<'_>,
    ) -> Result<Permit, Refusal> {
        let entry = self.entry(model);
        let now = || self.clock.now();
        let recovered = |state: BreakerState| tell_recovered(model, &entry, state, tell);
        let refused = || self.refuses(model, provider);
        let kept = before.and_then(|before| Some((before.faults, before.place.as_ref()?)));
        let placed = placed.or(kept.map(|(epoch, _)| epoch));
        let recovered = self.recovers_here().then_some(&recovered as &dyn Fn(BreakerState));
        let admitted = entry.faults.admit(placed, now, &self.faults, &self.changes, recovered);
        let admitted = admitted.map_err(|shut| refused().unwrap_or_else(|| self.shut(&entry, shut)))?;
        let denials = entry.denials.admit(None, now, &self.denials, &self.changes, recovered);
        let denials = denials.map_err(|shut| refused().unwrap_or_else(|| self.shut(&entry, shut)))?;
        let kept = kept.filter(|(epoch, _)| *epoch == admitted.epoch).map(|(_, place)| Arc::clone(place));
        let place = if admitted.is_probe { Some(Arc::new(Place(Arc::clone(&entry)))) } else { kept };
        let transients =
            entry.transients.admit(None, now, &self.transients, &self.changes, Some(&|_| tell_cooled(model, tell)));
        let transients = match (transients, own) {
            (Ok(admitted), _) => admitted.epoch,
            (Err(Shut::Until(until)), Some(own)) if until <= own.0 => entry.transients.state().epoch,
            (Err(shut), _) => return Err(refused().unwrap_or_else(|| self.cooling(shut))),
        };
        self.recover_provider(provider, tell);
        self.providers.check(provider, now)?;
        Ok(Permit { faults: admitted.epoch, denials: denials.epoch, transients, place, entry })
    }

    /// Applies a result, unless the model was switched off or on since `permit` was given.
    pub fn record(&self, model: &str, permit: &Permit, verdict: Verdict, tell: Tell<'_>) {
        let Permit { entry, faults, denials, transients, .. } = permit;
        if !entry.faults.state().is_closed_since(*faults) || !entry.denials.state().is_closed_since(*denials) {
            return;
        }
        let at = SystemTime::now();
        let now = || self.clock.now();
        match verdict {
            Verdict::None => {}
            Verdict::Success => {
                entry.set_last_success(at);
                entry.faults.succeeded(*faults, &self.changes);
                entry.denials.succeeded(*denials, &self.changes);
                entry.transients.succeeded(*transients, &self.changes);
            }
            Verdict::Fault(kind, cause) => {
                entry.set_last_failure(kind, at);
                let cause = cause.map(|cause| cause.0);
                let (breaker, epoch, rules) = match self.subject(kind) {
                    Subject::Key => (&entry.denials, *denials, &self.denials),
                    Subject::Model => (&entry.faults, *faults, &self.faults),
                };
                breaker.failed(epoch, cause, now, rules, &self.changes, |state| {
                    let reason = match state.failures {
                        1 => format!("a failure of kind {kind}"),
                        failures => format!("{failures} failures in a row, the last of kind {kind}"),
                    };
                    self.tell_disabled(model, entry, state, reason, Some(Cause::Disabled), tell);
                });
            }
            Verdict::Transient(kind) => {
                entry.set_last_failure(kind, at);
                entry.transients.failed(*transients, None, now, &self.transients, &self.changes, |state| {
                    entry.set_switched(SystemTime::now());
                    self.tell_cooling(model, state, kind, tell);
                });
            }
            Verdict::Neutral(kind) => entry.set_last_failure(kind, at),
        }
    }

    /// The permit against which a result is recorded that the caller decided; `None` while the model is switched off.
    /// What is due to come back does so first.
    pub fn permit(&self, model: &str, tell: Tell<'_>) -> Option<Permit> {
        let entry = self.entry(model);
        let now = self.clock.now();
        let recovered = |state: BreakerState| tell_recovered(model, &entry, state, tell);
        if self.recovers_here() {
            entry.faults.recover(now, &self.faults, &self.changes, recovered);
            entry.denials.recover(now, &self.denials, &self.changes, recovered);
        }
        entry.transients.recover(now, &self.transients, &self.changes, |_| tell_cooled(model, tell));
        let (faults, transients) = (entry.faults.state(), entry.transients.state());
        let denials = entry.denials.state();
        let permit = || Permit {
            faults: faults.epoch,
            denials: denials.epoch,
            transients: transients.epoch,
            place: None,
            entry,
        };
        (!faults.is_open() && !denials.is_open()).then(permit)
    }

    /// Leaves `model` alone for `wait`, or for longer if it is already. Returns that cooling.
    pub fn cool(&self, model: &str, wait: Duration, kind: FailureKind, tell: Tell<'_>) -> Cooling {
        let now = self.clock.now();
        let until = now.saturating_add(milliseconds(wait));
        if until == now {
            return Cooling(until);
        }
        let entry = self.entry(model);
        if kind == FailureKind::RateLimited {
            entry.set_limited(until);
        }
        entry.transients.recover(now, &self.transients, &self.changes, |_| tell_cooled(model, tell));
        entry.transients.open(until, &self.changes, |before, after| {
            if before == after {
                return;
            }
            entry.set_switched(SystemTime::now());
            if before.open_until <= now || after.open_until >= before.open_until.saturating_add(WORTH_TELLING) {
                self.tell_cooling(model, after, kind, tell);
            }
        });
        Cooling(until)
    }

    /// Leaves all models of `provider` alone for the configured time, if it still is who refused.
    pub fn cool_provider(&self, provider: &str, kind: FailureKind, is_current: impl FnOnce() -> bool, tell: Tell<'_>) {
        let _held = lock(&self.changes);
        if !is_current() {
            return;
        }
        let until = self.clock.now().saturating_add(milliseconds(self.provider_cooldown));
        self.cool_provider_until(provider, until, kind, tell);
    }

    /// Leaves all models of `provider` alone until a time. The caller has the lock.
    fn cool_provider_until(&self, provider: &str, until: u64, kind: FailureKind, tell: Tell<'_>) {
        let now = self.clock.now();
        if self.providers.expire(provider, now) {
            tell_provider_cooled(provider, tell);
        }
        if self.providers.cool(provider, until, kind, now) {
            tell(What::ProviderCooling { provider_id: provider.to_owned(), until: self.clock.wall(until), kind }, None);
        }
    }

    /// Leaves a provider alone no longer, for it is not what it was. Called within [`Self::unchanged`].
    pub fn warm_provider(&self, provider: &str) {
        self.providers.warm(provider);
    }

    /// Switches `model` off until it is switched on by hand. Told, unless it is off by hand for the same reason already.
    pub fn disable(&self, model: &str, reason: &str, tell: Tell<'_>) {
        let entry = self.entry(model);
        entry.faults.open(NEVER, &self.changes, |before, after| {
            if before != after || entry.reason() != reason {
                let cause = (!before.is_open()).then_some(Cause::Disabled);
                self.tell_disabled(model, &entry, after, reason.to_owned(), cause, tell);
            }
        });
    }

    /// Switches `model` on, whatever switched it off, and forgets its failures and its cooling.
    pub fn enable(&self, model: &str, tell: Tell<'_>) {
        let entry = self.entry(model);
        entry.transients.reset(&self.changes, || {});
        let mut was_denied = false;
        entry.denials.reset(&self.changes, || was_denied = true);
        let was_off = entry.faults.state().is_open();
        if was_denied && !was_off {
            self.unchanged(|| tell(What::Enabled { model_id: model.to_owned() }, Some(Cause::Enabled)));
        }
        entry.faults.reset(&self.changes, || {
            tell(What::Enabled { model_id: model.to_owned() }, Some(Cause::Enabled));
        });
        entry.set_switched(SystemTime::now());
    }

    /// Whether `model` is switched off. One whose time has come is until it is told to have recovered.
    #[must_use]
    pub fn is_disabled(&self, model: &str) -> bool {
        self.models.get(model).is_some_and(|entry| entry.off_until() != 0)
    }

    /// Does something while no breaker can open or close.
    pub fn unchanged<T>(&self, act: impl FnOnce() -> T) -> T {
        let _held = lock(&self.changes);
        act()
    }

    fn entry(&self, model: &str) -> Arc<ModelHealth> {
        match self.models.get(model) {
            Some(entry) => Arc::clone(&entry),
            None => Arc::clone(&self.models.entry(model.to_owned()).or_default()),
        }
    }

    /// The wall clock's time of recovery; `None` for never.
    fn wall(&self, until: u64) -> Option<SystemTime> {
        (until != NEVER).then(|| self.clock.wall(until))
    }

    fn tell_disabled(
        &self,
        model: &str,
        entry: &ModelHealth,
        state: BreakerState,
        reason: String,
        cause: Option<Cause>,
        tell: Tell<'_>,
    ) {
        entry.set_switched(SystemTime::now());
        entry.set_reason(&reason);
        let (until, failures) = (self.wall(state.open_until), state.failures);
        tell(What::Disabled { model_id: model.to_owned(), until, reason, failures }, cause);
    }

    fn tell_cooling(&self, model: &str, state: BreakerState, kind: FailureKind, tell: Tell<'_>) {
        tell(What::Cooling { model_id: model.to_owned(), until: self.clock.wall(state.open_until), kind }, None);
    }
}

/// A cooling that one caller began.
#[derive(Clone, Copy, Debug)]
pub struct Cooling(u64);

#[cfg(test)]
mod tests;
