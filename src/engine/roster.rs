//! Which models may be called: what the loop asks and records, what is decided by hand, and how many are active.
//!
//! The breakers themselves are in `health`, which knows neither the catalogue nor who listens. This part owns them together
//! with the number of active models, for two reasons: a model that is switched off is one of fewer only if the catalogue
//! calls it usable, so both must be looked at while neither can change; and whatever opens or closes a breaker is told,
//! counted and marked unsaved in one place, while health holds its lock, so nobody can do one without the others.
//!
//! Health is asked twice for a call. [`Roster::unavailable`] says why a model would be refused, for plans and waits;
//! [`Roster::admit`] gives the permit that a request needs, just before it goes out. Its result is recorded against that
//! permit, and changes nothing if the model was switched off or on in between.
//!
//! Changes come out at one place, [`Roster::tell`], and come in from elsewhere at one, [`Roster::restore`]; whatever is to
//! share health between engines attaches to those two.

mod retirement;
mod seen;
mod shared;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;

use super::events::Events;
use super::setup::{CurrentSetup, Setup, known};
use super::unsaved::Unsaved;
use crate::catalog::{Catalog, Model, Provider};
use crate::config::HealthConfig;
use crate::count::{self, Count, Moka};
use crate::error::EngineError;
use crate::event::{Cause, What};
use crate::fleet::{Fleet, lane};
use crate::health::{Blame, Circumstances, Cooling, Health, Permit, Saved, Subject, Verdict};
use crate::kind::FailureKind;
use crate::line;
use crate::metrics::ModelGauge;
use crate::outcome::{LONGEST_RETRY_AFTER, Refusal};
use crate::plan;
use crate::request;
use retirement::Retirements;

/// For how long a model is left alone after a 429 without `Retry-After`.
const RATE_LIMIT_COOLING: Duration = Duration::from_secs(30);

/// The most characters of a reason that is given by hand.
pub(super) const LONGEST_REASON: usize = 1000;

/// The health of every model of the catalogue in use.
pub(super) struct Roster {
    health: Arc<Health>,
    /// The fleet with which it is shared, if there is one.
    fleet: OnceLock<Arc<Fleet>>,
    /// The models that the fleet can ask, while it is joined.
    fleet_models: RwLock<Option<HashSet<String>>>,
    provider_cooldown: Duration,
    blame: Blame,
    count: Count<Moka>,
    setup: Arc<CurrentSetup>,
    events: Arc<Events>,
    unsaved: Unsaved,
    /// A model was switched off or left alone: it may be the next to come back.
    sooner: Notify,
    /// The retirements that were noticed.
    retirements: Mutex<Retirements>,
}

impl Roster {
    /// The models of a catalogue, of which nothing is known.
    pub(super) fn new(
        config: &HealthConfig,
        setup: Arc<CurrentSetup>,
        (events, unsaved): (Arc<Events>, Unsaved),
    ) -> Self {
        Self {
            health: Arc::new(Health::new(config)),
            fleet: OnceLock::new(),
            fleet_models: RwLock::default(),
            provider_cooldown: config.provider_cooldown,
            blame: Blame::default(),
            count: Count::default(),
            setup,
            events,
            unsaved,
            sooner: Notify::default(),
            retirements: Mutex::default(),
        }
    }

    /// What is shared with a fleet.
    pub(super) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    /// How many models are active.
    pub(super) fn active_model_count(&self) -> usize {
        self.count.get(|| match &*self.fleet_models() {
            Some(models) => models.iter().filter(|model| !self.health.is_off_for_all(model)).count(),
            None => count::active_models(&self.setup.catalog(), |model| self.health.is_disabled(&model.id)),
        })
    }

    /// Every model, and whether it is switched off.
    pub(super) fn gauges(&self) -> Vec<ModelGauge> {
        let gauge = |model: &Arc<Model>| ModelGauge {
            model_id: model.id.clone(),
            provider_id: model.provider.id.clone(),
            disabled: self.health.is_disabled(&model.id),
        };
        self.setup.catalog().models().map(gauge).collect()
    }

    /// The next usable model of the chain of `model_id`, and its provider; `None` if there is none, or no such model.
    pub(super) fn fallback_of(&self, model_id: &str) -> Option<(String, String)> {
        let catalog = self.setup.catalog();
        let chain = plan::chain(&catalog, catalog.get(model_id)?);
        let next = chain.into_iter().skip(1).map(|index| catalog.model(index));
        let now = SystemTime::now();
        let usable = next.into_iter().find(|model| model.is_usable(now) && self.unavailable(model).is_none())?;
        Some((usable.id.clone(), usable.provider.id.clone()))
    }

    /// Whether a model is switched off.
    pub(super) fn is_disabled(&self, model: &Model) -> bool {
        self.health.is_disabled(&model.id)
    }

    /// Whether nothing but a 429 keeps a model from being called.
    pub(super) fn is_only_limited(&self, model: &Model) -> bool {
        self.health.is_only_limited(&model.id, &model.provider.id)
    }

    /// Whose doing a failure may be.
    pub(super) fn blame(&self) -> &Blame {
        &self.blame
    }

    /// Switches a model off until [`Roster::enable`]; `reason` is shown wherever the model is passed over, 1 to
    /// 1,000 characters, none of them control characters.
    ///
    /// # Errors
    /// `UNKNOWN_MODEL`, or `INVALID_REQUEST` for a reason that is none.
    pub(super) fn disable(&self, model_id: &str, reason: &str) -> Result<(), EngineError> {
        known(&self.setup.catalog(), "modelId", model_id)?;
        let refused = if reason.trim().is_empty() || reason.chars().nth(LONGEST_REASON).is_some() {
            format!("must be 1 to {LONGEST_REASON} characters that say why")
        } else if reason.chars().any(line::is_steering) {
            "must not contain control characters".to_owned()
        } else {
            let unsent = self.fleet().map(|fleet| {
                let epoch = self.health.epoch(model_id, Subject::Model);
                fleet.switch(model_id, Subject::Model, epoch, Some(reason))
            });
            self.health.disable(model_id, reason, &self.teller());
            drop(unsent);
            return Ok(());
        };
        Err(EngineError::invalid("reason", format!("{refused}, got {}", request::shown(reason))))
    }

    /// Switches a model on, whatever switched it off, and forgets its failures and its cooling.
    ///
    /// # Errors
    /// `UNKNOWN_MODEL`.
    pub(super) fn enable(&self, model_id: &str) -> Result<(), EngineError> {
        known(&self.setup.catalog(), "modelId", model_id)?;
        let unsent = self.fleet().map(|fleet| {
            let switched = |subject| fleet.switch(model_id, subject, self.health.epoch(model_id, subject), None);
            Subject::BOTH.map(switched)
        });
        self.health.enable(model_id, &self.teller());
        drop(unsent);
        self.unsaved.mark();
        Ok(())
    }

    /// Brings back every model whose time has come, and ends every cooling whose time is over; returns how many models it
    /// brought back.
    pub(super) fn recover_due(&self) -> usize {
        self.health.recover_due(&self.teller())
    }

    /// Applies a failure that the caller decided, as if an attempt had ended with it: `unauthorized` as a 401, and
    /// `rate_limited` as a 429 without `Retry-After`. While the model is switched off nothing changes, not even for its
    /// provider.
    ///
    /// # Errors
    /// `UNKNOWN_MODEL`.
    pub(super) fn report_failure(&self, model_id: &str, kind: FailureKind) -> Result<(), EngineError> {
        let catalog = self.setup.catalog();
        let model = catalog.model(known(&catalog, "modelId", model_id)?);
        let Some(permit) = self.permit(model_id) else { return Ok(()) };
        match kind {
            FailureKind::RateLimited => {
                self.cool(model, None);
            }
            FailureKind::QuotaExhausted | FailureKind::Unauthorized => self.cool_provider(model, kind),
            _ => {}
        }
        let verdict = Verdict::of(kind, &Circumstances::default());
        let unsent = self.fleet().filter(|_| matches!(verdict, Verdict::Fault(..))).map(|fleet| {
            let subject = self.subject(kind);
            fleet.report_failure(model_id, subject, permit.epoch(subject), kind)
        });
        self.record(model, &permit, verdict);
        drop(unsent);
        Ok(())
    }

    /// Applies a success that the caller decided.
    ///
    /// # Errors
    /// `UNKNOWN_MODEL`.
    pub(super) fn report_success(&self, model_id: &str) -> Result<(), EngineError> {
        let catalog = self.setup.catalog();
        let model = catalog.model(known(&catalog, "modelId", model_id)?);
        if let Some(permit) = self.permit(model_id) {
            let unsent = self.report_to_fleet(model, &permit);
            self.record(model, &permit, Verdict::Success);
            drop(unsent);
        }
        Ok(())
    }

    /// Why the health of a model or its provider forbids to call it; `None` if it does not.
    pub(super) fn unavailable(&self, model: &Model) -> Option<Refusal> {
        self.health.refuses(&model.id, &model.provider.id)
    }

    /// What health tells to.
    fn teller(&self) -> impl Fn(What, Option<Cause>) {
        |what, cause| self.tell(what, cause, None)
    }

    /// Takes what health has to tell, `cause` if a model was switched off or on, `origin` if it was by another member of the
    /// fleet: the one place at which changes come out.
    fn tell(&self, what: What, cause: Option<Cause>, origin: Option<&str>) {
        if let (Some(cause), Some(model)) = (cause, what.model_id())
            && self.counts(model)
        {
            self.invalidate(cause, Some(model));
        }
        if matches!(what, What::Disabled { .. } | What::Cooling { .. } | What::ProviderCooling { .. }) {
            self.sooner.notify_one();
        }
        // What this engine can ask may be another since.
        if cause.is_some() {
            self.describe();
        }
        self.unsaved.mark();
        self.events.announce_of(what, origin);
    }

    /// Whether a model is among those that are counted, be it switched off.
    fn counts(&self, model: &str) -> bool {
        match &*self.fleet_models() {
            Some(models) => models.contains(model),
            None => is_usable(&self.setup.catalog(), model),
        }
    }

    fn fleet_models(&self) -> RwLockReadGuard<'_, Option<HashSet<String>>> {
        self.fleet_models.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Invalidates the count and tells the new one. Called while no model can be switched off or on, so that what is
    /// told is the number after this change and before the next.
    fn invalidate(&self, cause: Cause, model: Option<&str>) {
        self.count.invalidate();
        self.events.invalidate(cause, model, || self.active_model_count());
    }

    fn permit(&self, model_id: &str) -> Option<Permit> {
        self.health.permit(model_id, &self.teller())
    }

    /// A permit to call a model, or to call it once more after a call with the permit `before`, whose own 429 may have
    /// begun a cooling. `placed`: it has a place of the model from the fleet, given in that epoch.
    pub(super) fn admit(
        &self,
        model: &Model,
        before: Option<&Permit>,
        own: Option<Cooling>,
        placed: Option<u16>,
    ) -> Result<Permit, Refusal> {
        self.health.admit_to(&model.id, &model.provider.id, before, own, placed, &self.teller())
    }

    pub(super) fn record(&self, model: &Model, permit: &Permit, verdict: Verdict) {
        self.health.record(&model.id, permit, verdict, &self.teller());
        self.unsaved.mark();
    }

    /// Leaves a model alone that answered 429, for as long as it asked.
    pub(super) fn cool(&self, model: &Model, retry_after: Option<Duration>) -> Cooling {
        let wait = worth_asking_after(FailureKind::RateLimited, retry_after).unwrap_or_default();
        if let Some(fleet) = self.fleet() {
            fleet.cool(&lane(&model.provider), Some(&model.id), wait, FailureKind::RateLimited);
        }
        self.health.cool(&model.id, wait, FailureKind::RateLimited, &self.teller())
    }

    /// Leaves a provider alone that refused the key or the account, unless the catalogue has another key or address for
    /// it since.
    pub(super) fn cool_provider(&self, model: &Model, kind: FailureKind) {
        let refused = &model.provider;
        let is_current = || self.setup.catalog().provider(&refused.id).is_some_and(|current| *current == *refused);
        if let Some(fleet) = self.fleet().filter(|_| is_current()) {
            fleet.cool(&lane(refused), None, self.provider_cooldown, kind);
        }
        self.health.cool_provider(&refused.id, kind, is_current, &self.teller());
    }

    /// Puts another setup into use, and tells if another set of models is active since. Called by one at a time.
    pub(super) fn replace_setup(&self, setup: Setup) {
        let (current, new) = (self.setup.catalog(), Arc::clone(&setup.catalog));
        let is_other = |provider: &Provider| current.provider(&provider.id).is_none_or(|known| **known != *provider);
        self.health.unchanged(|| {
            for provider in new.providers().filter(|provider| is_other(provider)) {
                // It may have another key now, or another address.
                self.health.warm_provider(&provider.id);
                self.unsaved.mark();
            }
            let is_changed = self.active_ids(&current) != self.active_ids(&new);
            self.setup.store(setup);
            self.describe();
            if is_changed {
                self.invalidate(Cause::Catalog, None);
            }
        });
        // A model may retire sooner than the next that was known.
        self.sooner.notify_one();
    }

    /// How long it is until the next model comes back or the next cooling is over; `None` if none is to.
    pub(super) fn next_recovery(&self) -> Option<Duration> {
        self.health.next_recovery()
    }

    /// Waits until that may be sooner than was said.
    pub(super) async fn may_be_sooner(&self) {
        self.sooner.notified().await;
    }

    /// What is known of all models and providers, to be saved.
    pub(super) fn saved(&self) -> Saved {
        self.health.saved()
    }

    /// Takes over what is known elsewhere, or was before, where it is later than what is known here: the one place at
    /// which states come in that no call of this engine brought about. What the catalogue does not have is ignored, of
    /// models this is told. Returns how many models and providers are left.
    pub(super) fn restore(&self, mut saved: Saved) -> (usize, usize) {
        let catalog = self.setup.catalog();
        let mut ignored = Vec::new();
        saved.models.retain(|(id, _)| {
            let is_known = catalog.get(id).is_some();
            if !is_known {
                ignored.push(id.clone());
            }
            is_known
        });
        saved.providers.retain(|(id, ..)| catalog.provider(id).is_some());
        let counts = |id: &str| self.counts(id);
        self.health.restore(&saved, counts, |is_changed| {
            if is_changed {
                self.invalidate(Cause::Restored, None);
            }
            self.events.announce(What::Restored { ignored });
        });
        if let Some(fleet) = self.fleet() {
            fleet.look_again();
        }
        self.sooner.notify_one();
        self.unsaved.mark();
        (saved.models.len(), saved.providers.len())
    }

    fn active_ids<'a>(&self, catalog: &'a Catalog) -> Vec<&'a str> {
        let now = SystemTime::now();
        let active = catalog.models().filter(|model| model.is_usable(now) && !self.health.is_disabled(&model.id));
        active.map(|model| model.id.as_str()).collect()
    }
}

fn is_usable(catalog: &Catalog, model_id: &str) -> bool {
    catalog.get(model_id).is_some_and(|index| catalog.model(index).is_usable(SystemTime::now()))
}

/// How long a model is not worth asking after a failure, if that is known.
pub(super) fn worth_asking_after(kind: FailureKind, retry_after: Option<Duration>) -> Option<Duration> {
    let default = (kind == FailureKind::RateLimited).then_some(RATE_LIMIT_COOLING);
    retry_after.or(default).map(|wait| wait.min(LONGEST_RETRY_AFTER))
}
