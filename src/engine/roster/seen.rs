//! The models and providers as they are shown.

use std::time::SystemTime;

use super::Roster;
use crate::catalog::{Catalog, ModelIndex};
use crate::engine::model_status::{ModelState, ModelStatus};
use crate::health::HealthStatus;
use crate::kind::{FailureKind, SkipReason};
use crate::outcome::Refusal;
use crate::plan;

impl Roster {
    /// Every model with its state, in the order of the catalogue.
    pub(in crate::engine) fn models(&self) -> Vec<ModelStatus> {
        self.models_of(&self.setup.catalog())
    }

    /// Every model of a catalogue with its state, in order.
    pub(in crate::engine) fn models_of(&self, catalog: &Catalog) -> Vec<ModelStatus> {
        statuses(catalog, &|model, provider| self.health.status(model, provider))
    }

    /// Does something with every model while none can be switched off or on.
    pub(in crate::engine) fn at_one_moment<T>(&self, act: impl FnOnce(Vec<ModelStatus>) -> T) -> T {
        self.health.at_one_moment(|status| act(statuses(&self.setup.catalog(), status)))
    }

    /// Every provider that is left alone as a whole, until when and why.
    pub(in crate::engine) fn cooling_providers(&self) -> Vec<(String, (SystemTime, FailureKind))> {
        self.health.cooling_providers()
    }
}

fn statuses(catalog: &Catalog, status: &dyn Fn(&str, &str) -> HealthStatus) -> Vec<ModelStatus> {
    let now = SystemTime::now();
    catalog.indexed().map(|(index, _)| status_of(catalog, index, now, status)).collect()
}

fn status_of(
    catalog: &Catalog,
    index: ModelIndex,
    now: SystemTime,
    status: &dyn Fn(&str, &str) -> HealthStatus,
) -> ModelStatus {
    let model = catalog.model(index);
    let health = status(&model.id, &model.provider.id);
    let state = match plan::not_usable(catalog, index, now) {
        Some(Refusal { reason: SkipReason::NotEnabled, .. }) => ModelState::NotEnabled,
        Some(Refusal { reason: SkipReason::Retired, .. }) => ModelState::Retired,
        Some(_) => ModelState::Unconfigured,
        None if health.disabled.is_some() => ModelState::Disabled,
        None => ModelState::Active,
    };
    ModelStatus {
        id: model.id.clone(),
        provider_id: model.provider.id.clone(),
        state,
        retires_on: model.retires_on,
        health,
    }
}
