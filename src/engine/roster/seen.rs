//! The models and providers as they are shown.

use std::time::SystemTime;

use super::Roster;
use crate::catalog::{Catalog, Model};
use crate::engine::model_status::{ModelState, ModelStatus, ModelView};
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
        views(catalog, &|model| self.health.status(&model.id, &model.provider.id)).map(ModelStatus::from).collect()
    }

    /// Does something with the catalogue and the state of every model of it while none can be switched off or on.
    pub(in crate::engine) fn at_one_moment<T>(&self, act: impl FnOnce(&Catalog, Vec<ModelView<'_>>) -> T) -> T {
        self.health.at_one_moment(|health| {
            let catalog = self.setup.catalog();
            let models = views(&catalog, &|model| health.status(&model.id, &model.provider.id)).collect();
            act(&catalog, models)
        })
    }

    /// Every provider that is left alone as a whole, until when and why.
    pub(in crate::engine) fn cooling_providers(&self) -> Vec<(String, (SystemTime, FailureKind))> {
        self.health.cooling_providers()
    }
}

fn views<'c>(catalog: &'c Catalog, health: &dyn Fn(&Model) -> HealthStatus) -> impl Iterator<Item = ModelView<'c>> {
    let now = SystemTime::now();
    catalog.indexed().map(move |(index, model)| {
        let health = health(model);
        let state = match plan::not_usable(catalog, index, now) {
            Some(Refusal { reason: SkipReason::NotEnabled, .. }) => ModelState::NotEnabled,
            Some(Refusal { reason: SkipReason::Retired, .. }) => ModelState::Retired,
            Some(_) => ModelState::Unconfigured,
            None if health.disabled.is_some() => ModelState::Disabled,
            None => ModelState::Active,
        };
        ModelView { model, state, health }
    })
}
