//! A model as the engine reports it.

use std::sync::Arc;
use std::time::Duration;

use crate::catalog::{Model, Retirement};
use crate::health::HealthStatus;

/// A model as [`Engine::models`](super::Engine::models) reports it.
#[derive(Clone, Debug)]
pub struct ModelStatus {
    /// The model.
    pub id: String,
    /// Its provider.
    pub provider_id: String,
    /// Whether it may be called, and if not, why.
    pub state: ModelState,
    /// The day from which it is not called any more.
    pub retires_on: Option<Retirement>,
    /// What is known of its health.
    pub health: HealthStatus,
}

/// What a [`ModelStatus`] is made of, while the catalogue is at hand.
pub struct ModelView<'c> {
    /// The model.
    pub model: &'c Model,
    /// Whether it may be called, and if not, why.
    pub state: ModelState,
    /// What is known of its health.
    pub health: HealthStatus,
}

/// A model as [`Engine::catalog_models`](super::Engine::catalog_models) reports it.
#[derive(Clone, Debug)]
pub struct ListedModel {
    /// Its state.
    pub status: ModelStatus,
    /// What the catalogue says of it.
    pub model: Arc<Model>,
    /// The ids of the models to try after it, in order.
    pub fallbacks: Vec<String>,
    /// The time of one attempt, unless the request says otherwise.
    pub timeout: Duration,
}

/// Whether a model may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelState {
    /// It may.
    Active,
    /// Switched off, by its failures or by hand.
    Disabled,
    /// Its provider has no key.
    Unconfigured,
    /// `enabled: false` in the catalogue.
    NotEnabled,
    /// Its day to retire has come.
    Retired,
}

impl From<ModelView<'_>> for ModelStatus {
    fn from(ModelView { model, state, health }: ModelView<'_>) -> Self {
        Self {
            id: model.id.clone(),
            provider_id: model.provider.id.clone(),
            state,
            retires_on: model.retires_on,
            health,
        }
    }
}

impl ModelState {
    /// The stable name, as JavaScript sees it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Unconfigured => "unconfigured",
            Self::NotEnabled => "not_enabled",
            Self::Retired => "retired",
        }
    }
}
