//! What is asked of an engine beside calls: each is handed to the part whose state it is.

use std::sync::Arc;

use serde_json::Value;

use super::setup::fallback_lists;
use super::{BuiltPrompt, Engine, ListedModel, ModelStatus};
use crate::catalog::Variables;
use crate::check::Faults;
use crate::error::EngineError;
use crate::fleet::{FleetMember, FleetStatus};
use crate::kind::FailureKind;
use crate::metrics::{DayTotals, Gauges, Metrics};
use crate::money::{BudgetStatus, Ledger};
use crate::plan;
use crate::prompt::VersionStatus;
use crate::task::Item;

/// What a fleet is and has done.
#[derive(Clone, Debug)]
pub struct FleetReport {
    /// Whether this engine has joined it.
    pub is_joined: bool,
    /// Its living members.
    pub members: Vec<FleetMember>,
    /// How many models are active.
    pub active_models: usize,
    /// How the day's budget stands.
    pub budget: BudgetStatus,
    /// What all members have counted on each day, as `YYYY-MM-DD`, the latest first.
    pub days: Vec<(String, DayTotals)>,
}

impl Engine {
    /// How many models are active.
    #[must_use]
    pub fn active_model_count(&self) -> usize {
        self.roster.active_model_count()
    }

    /// Every model with its state, in the order of the catalogue.
    #[must_use]
    pub fn models(&self) -> Vec<ModelStatus> {
        self.roster.models()
    }

    /// Every model with its state and what the catalogue says of it, in the order of the catalogue.
    #[must_use]
    pub fn catalog_models(&self) -> Vec<ListedModel> {
        let catalog = self.library.setup().catalog();
        let listed = catalog.models().zip(self.roster.models_of(&catalog)).map(|(model, status)| ListedModel {
            status,
            fallbacks: model.fallbacks.iter().map(|&index| catalog.model(index).id.clone()).collect(),
            timeout: plan::attempt_timeout(model, None, self.config()),
            model: Arc::clone(model),
        });
        listed.collect()
    }

    /// The next usable model of the chain of `model_id`, and its provider; `None` if there is none, or no such model.
    #[must_use]
    pub fn fallback_of(&self, model_id: &str) -> Option<(String, String)> {
        self.roster.fallback_of(model_id)
    }

    /// Every model that has fallbacks, with their ids in order.
    #[must_use]
    pub fn fallbacks(&self) -> Vec<(String, Vec<String>)> {
        fallback_lists(&self.library.setup().catalog())
    }

    /// Switches a model off until [`Engine::enable_model`]; `reason` is shown wherever the model is passed over, 1 to
    /// 1,000 characters, none of them control characters.
    ///
    /// # Errors
    /// `UNKNOWN_MODEL`, or `INVALID_REQUEST` for a reason that is none.
    pub fn disable_model(&self, model_id: &str, reason: &str) -> Result<(), EngineError> {
        self.roster.disable(model_id, reason)
    }

    /// Switches a model on, whatever switched it off, and forgets its failures and its cooling.
    ///
    /// # Errors
    /// `UNKNOWN_MODEL`.
    pub fn enable_model(&self, model_id: &str) -> Result<(), EngineError> {
        self.roster.enable(model_id)
    }

    /// Brings back every model whose time has come, and ends every cooling whose time is over; returns how many models it
    /// brought back.
    pub fn recover_due(&self) -> usize {
        self.roster.recover_due()
    }

    /// Whether models come back only when the fleet says so.
    #[must_use]
    pub fn recovers_with_fleet(&self) -> bool {
        self.fleet.as_ref().is_some_and(|fleet| fleet.is_joined())
    }

    /// Asks the fleet to bring back every model whose time has come; returns how many came back.
    pub async fn recover_by_fleet(&self) -> usize {
        self.roster.recover_by_fleet().await
    }

    /// Applies a failure that the caller decided, as if an attempt had ended with it: `unauthorized` as a 401, and
    /// `rate_limited` as a 429 without `Retry-After`. While the model is switched off nothing changes, not even for its
    /// provider.
    ///
    /// # Errors
    /// `UNKNOWN_MODEL`.
    pub fn report_failure(&self, model_id: &str, kind: FailureKind) -> Result<(), EngineError> {
        self.roster.report_failure(model_id, kind)
    }

    /// Applies a success that the caller decided.
    ///
    /// # Errors
    /// `UNKNOWN_MODEL`.
    pub fn report_success(&self, model_id: &str) -> Result<(), EngineError> {
        self.roster.report_success(model_id)
    }

    /// Lays providers, models and fallbacks over the catalogue, whole or not at all. Calls under way keep the catalogue
    /// with which they began. Prompts that were rejected before for the catalogue come into use.
    ///
    /// # Errors
    /// `INVALID_CONFIG` with every fault, a line each.
    pub fn update_catalog(&self, changes: &Value, variables: Variables<'_>) -> Result<(), EngineError> {
        self.library.update_catalog(changes, variables)
    }

    /// Reads the folder of the prompts again and puts what it holds into use, whole or not at all; whether anything
    /// changed. Calls under way keep the prompts with which they began. The version that is pinned stays so.
    ///
    /// # Errors
    /// `INVALID_CONFIG` with every fault, a line each; the prompts stay as they were.
    pub fn reload_prompts(&self) -> Result<bool, EngineError> {
        self.library.reload_prompts()
    }

    /// Reads the folder of the catalogue again and puts what it holds into use, below the configuration and later changes,
    /// whole or not at all; whether anything changed. Calls under way keep the catalogue with which they began.
    ///
    /// # Errors
    /// `INVALID_CONFIG` with every fault, a line each; the catalogue stays as it was.
    pub fn reload_catalog(&self) -> Result<bool, EngineError> {
        self.library.reload_catalog()
    }

    /// Pins a version for all models that it is for, or with `None` returns to the dates of the manifest. What was
    /// rejected before for the pin comes into use.
    ///
    /// # Errors
    /// `INVALID_REQUEST` if there is no such version.
    pub fn activate_prompts(&self, version: Option<&str>) -> Result<(), EngineError> {
        self.library.activate_prompts(version)?;
        if let Some(fleet) = &self.fleet {
            fleet.pin(version);
        }
        Ok(())
    }

    /// Every version of the prompts, in the order of the manifest.
    #[must_use]
    pub fn prompt_versions(&self) -> Vec<VersionStatus> {
        self.library.prompt_versions()
    }

    /// Reloads prompts and catalogue whenever their folders change, if they come from any, until the engine is closed or
    /// dropped. The log records of it go where those of the caller go.
    pub fn watch_folders(&self) {
        self.library.watch(self.lifecycle.closing());
    }

    /// The messages that `model_id` would be sent for `items`.
    ///
    /// # Errors
    /// `INVALID_REQUEST` with every fault, or `UNKNOWN_MODEL`.
    pub fn build_prompt<I: Item>(
        &self,
        model_id: &str,
        items: &[I],
        version: Option<&str>,
    ) -> Result<BuiltPrompt, EngineError> {
        BuiltPrompt::new(&self.library.setup().get(), model_id, items, version, self.active_model_count())
    }

    /// How the engine stands in its fleet; `None` if it belongs to none.
    #[must_use]
    pub fn fleet(&self) -> Option<FleetStatus> {
        self.fleet.as_ref().map(|fleet| fleet.status())
    }

    /// What the fleet is and has done, as Redis has it, or as it is known where Redis does not answer.
    ///
    /// # Errors
    /// `INVALID_REQUEST` if the engine belongs to no fleet, or `CLOSED`.
    pub async fn report_fleet(&self) -> Result<FleetReport, EngineError> {
        let Some(fleet) = &self.fleet else {
            let problem = "the configuration names no fleet";
            return Err(EngineError::InvalidRequest(Faults::one("fleet", problem)));
        };
        let totals = tokio::select! {
            biased;
            () = self.lifecycle.closing().cancelled() => return Err(EngineError::Closed(Box::default())),
            totals = fleet.totals() => totals,
        };
        let FleetStatus { is_joined, members, .. } = fleet.status();
        Ok(FleetReport {
            is_joined,
            members,
            active_models: self.active_model_count(),
            budget: self.budget(),
            days: totals.into_iter().map(|(day, totals)| (day.to_string(), totals)).collect(),
        })
    }

    /// How the day's budget stands.
    #[must_use]
    pub fn budget(&self) -> BudgetStatus {
        self.purse.status()
    }

    /// What the engine has spent and reserved.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        self.purse.ledger()
    }

    /// What all calls came to since the engine was built.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.metrics.snapshot()
    }

    /// What all calls came to as Prometheus reads it, with the gauges as they are now.
    #[must_use]
    pub fn metrics_text(&self) -> String {
        let budget = self.budget();
        self.metrics.text(Gauges {
            active_models: self.active_model_count() as u64,
            spent: budget.spent,
            reserved: budget.reserved,
            uncertain: budget.uncertain,
            daily_budget: budget.daily,
            fleet_up: self.fleet.as_ref().map(|fleet| fleet.is_joined()),
            models: self.roster.gauges(),
        })
    }

    /// The state as it stands, as plain JSON.
    #[must_use]
    pub fn snapshot(&self) -> Value {
        self.saved.snapshot()
    }

    /// Takes over a state. What is known here of a model stays if it is later, and what was spent today if it is more;
    /// models that the catalogue does not have are ignored, which is told. A version of the prompts is pinned as it was
    /// there, unless one is pinned here.
    ///
    /// # Errors
    /// `INVALID_CONFIG` with every fault, or for another version; nothing has changed then.
    pub fn restore(&self, snapshot: &Value) -> Result<(), EngineError> {
        self.saved.restore(snapshot)
    }
}
