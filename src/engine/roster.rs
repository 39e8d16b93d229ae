//! Which models may be called: what the loop asks and records, and what is decided by hand.

use std::time::Duration;

use super::{Engine, known};
use crate::catalog::{Catalog, Model};
use crate::error::EngineError;
use crate::event::{Cause, What};
use crate::health::{Circumstances, Cooling, Permit, Verdict};
use crate::kind::FailureKind;
use crate::line;
use crate::outcome::{LONGEST_RETRY_AFTER, Refusal};
use crate::request;

/// For how long a model is left alone after a 429 without `Retry-After`.
const RATE_LIMIT_COOLING: Duration = Duration::from_secs(30);

/// The most characters of a reason that is given by hand.
pub(super) const LONGEST_REASON: usize = 1000;

impl Engine {
    /// Switches a model off until [`Engine::enable_model`]; `reason` is shown wherever the model is passed over, 1 to
    /// 1,000 characters, none of them control characters.
    ///
    /// # Errors
    /// `UNKNOWN_MODEL`, or `INVALID_REQUEST` for a reason that is none.
    pub fn disable_model(&self, model_id: &str, reason: &str) -> Result<(), EngineError> {
        known(&self.library.catalog(), "modelId", model_id)?;
        let refused = if reason.trim().is_empty() || reason.chars().nth(LONGEST_REASON).is_some() {
            format!("must be 1 to {LONGEST_REASON} characters that say why")
        } else if reason.chars().any(line::is_steering) {
            "must not contain control characters".to_owned()
        } else {
            self.health.disable(model_id, reason, &self.teller());
            return Ok(());
        };
        Err(EngineError::InvalidRequest(format!("reason: {refused}, got {}", request::shown(reason))))
    }

    /// Switches a model on, whatever switched it off, and forgets its failures and its cooling.
    ///
    /// # Errors
    /// `UNKNOWN_MODEL`.
    pub fn enable_model(&self, model_id: &str) -> Result<(), EngineError> {
        known(&self.library.catalog(), "modelId", model_id)?;
        self.health.enable(model_id, &self.teller());
        self.changed();
        Ok(())
    }

    /// Brings back every model whose time has come, and ends every cooling whose time is over; returns how many models it
    /// brought back.
    pub fn recover_due(&self) -> usize {
        self.health.recover_due(&self.teller())
    }

    /// Applies a failure that the caller decided, as if an attempt had ended with it: `unauthorized` as a 401, and
    /// `rate_limited` as a 429 without `Retry-After`. While the model is switched off nothing changes, not even for its
    /// provider.
    ///
    /// # Errors
    /// `UNKNOWN_MODEL`.
    pub fn report_failure(&self, model_id: &str, kind: FailureKind) -> Result<(), EngineError> {
        let catalog = self.library.catalog();
        let model = catalog.model(known(&catalog, "modelId", model_id)?);
        let Some(permit) = self.permit(model_id) else { return Ok(()) };
        match kind {
            FailureKind::RateLimited => {
                self.cool(model, None);
            }
            FailureKind::QuotaExhausted | FailureKind::Unauthorized => self.cool_provider(model, kind),
            _ => {}
        }
        self.record(model, &permit, Verdict::of(kind, &Circumstances::default()));
        Ok(())
    }

    /// Applies a success that the caller decided.
    ///
    /// # Errors
    /// `UNKNOWN_MODEL`.
    pub fn report_success(&self, model_id: &str) -> Result<(), EngineError> {
        let catalog = self.library.catalog();
        let model = catalog.model(known(&catalog, "modelId", model_id)?);
        if let Some(permit) = self.permit(model_id) {
            self.record(model, &permit, Verdict::Success);
        }
        Ok(())
    }

    /// Why the health of a model or its provider forbids to call it; `None` if it does not.
    pub(super) fn unavailable(&self, model: &Model) -> Option<Refusal> {
        self.health.refuses(&model.id, &model.provider.id)
    }

    /// Whether nothing but what a 429 asked for forbids to call a model.
    pub(super) fn is_only_limited(&self, model: &Model) -> bool {
        self.health.is_only_limited(&model.id, &model.provider.id)
    }

    /// What health tells to.
    fn teller(&self) -> impl Fn(What, Option<Cause>) {
        |what, cause| self.tell(what, cause)
    }

    fn permit(&self, model_id: &str) -> Option<Permit> {
        self.health.permit(model_id, &self.teller())
    }

    /// A permit to call a model, or to call it once more after a call with the permit `before`, whose own 429 may have begun
    /// a cooling.
    pub(super) fn admit(
        &self,
        model: &Model,
        before: Option<&Permit>,
        own: Option<Cooling>,
    ) -> Result<Permit, Refusal> {
        self.health.admit(&model.id, &model.provider.id, before, own, &self.teller())
    }

    pub(super) fn record(&self, model: &Model, permit: &Permit, verdict: Verdict) {
        self.health.record(&model.id, permit, verdict, &self.teller());
        self.changed();
    }

    /// Leaves a model alone that answered 429, for as long as it asked.
    pub(super) fn cool(&self, model: &Model, retry_after: Option<Duration>) -> Cooling {
        let wait = worth_asking_after(FailureKind::RateLimited, retry_after).unwrap_or_default();
        self.health.cool(&model.id, wait, FailureKind::RateLimited, &self.teller())
    }

    /// Leaves a provider alone that refused the key or the account, unless the catalogue has another key or address for
    /// it since.
    pub(super) fn cool_provider(&self, model: &Model, kind: FailureKind) {
        let refused = &model.provider;
        let is_current = || self.library.catalog().provider(&refused.id).is_some_and(|current| *current == *refused);
        self.health.cool_provider(&refused.id, kind, is_current, &self.teller());
    }

    /// Has another catalogue stored in place of the current one, and tells if another set of models is active since.
    pub(super) fn replace_catalog(&self, current: &Catalog, new: &Catalog, store: impl FnOnce()) {
        let changed = |provider: &crate::catalog::Provider| {
            current.provider(&provider.id).is_none_or(|known| **known != *provider)
        };
        self.health.unchanged(|| {
            for provider in new.providers().filter(|provider| changed(provider)) {
                // It may have another key now, or another address.
                self.health.warm_provider(&provider.id);
            }
            let is_changed = self.active_ids(current) != self.active_ids(new);
            store();
            if is_changed {
                self.invalidate(Cause::Catalog, None);
            }
        });
    }

    fn active_ids<'a>(&self, catalog: &'a Catalog) -> Vec<&'a str> {
        let active = catalog.models().filter(|model| model.is_usable() && !self.health.is_disabled(&model.id));
        active.map(|model| model.id.as_str()).collect()
    }
}

/// How long a model is not worth asking after a failure, if that is known.
pub(super) fn worth_asking_after(kind: FailureKind, retry_after: Option<Duration>) -> Option<Duration> {
    let default = (kind == FailureKind::RateLimited).then_some(RATE_LIMIT_COOLING);
    retry_after.or(default).map(|wait| wait.min(LONGEST_RETRY_AFTER))
}
