//! What an operator sees of an engine, taken at one moment.
//!
//! While it is taken no model is switched off or on, and no call ends: so the number of active models is that of the list
//! beside it, and a call in the list of the last calls is one of those that the routes count.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::{Engine, ModelStatus};
use crate::event::Event;
use crate::fleet::FleetStatus;
use crate::kind::FailureKind;
use crate::metrics::{Lately, ModelWindows};
use crate::money::BudgetStatus;
use crate::prompt::VersionStatus;
use crate::transport::concurrency::Traffic;

/// An engine as its operator sees it.
pub struct EngineStatus {
    /// When it was taken.
    pub at: SystemTime,
    /// What the ids of its calls begin with.
    pub engine_id: String,
    /// Whether it is closed.
    pub is_closed: bool,
    /// After how many failures in a row a model is switched off; `None`: never.
    pub disable_threshold: Option<u8>,
    /// From which share of the day's budget on no fallback is asked that is dearer than the original.
    pub pause_fallbacks_at: f64,
    /// From which ratio on a fallback is told to be dear; `None`: never.
    pub warn_price_ratio: Option<f64>,
    /// Every model, in the order of the catalogue.
    pub models: Vec<(ModelStatus, ModelWindows)>,
    /// Every provider, in the order of the catalogue.
    pub providers: Vec<ProviderStatus>,
    /// The day's budget.
    pub budget: BudgetStatus,
    /// Every version of the prompts, in the order of the manifest, then the callers' own prompts if there were any.
    pub prompts: Vec<PromptStatus>,
    /// Today, the last days, the last calls.
    pub lately: Lately,
    /// The last events, the last first.
    pub events: Vec<Arc<Event>>,
    /// How it stands in its fleet; `None` if it belongs to none.
    pub fleet: Option<FleetStatus>,
}

/// A provider as its operator sees it.
pub struct ProviderStatus {
    /// The provider.
    pub id: String,
    /// Whether it has a key or needs none.
    pub is_configured: bool,
    /// The most requests at once; `None`: any number.
    pub limit: Option<u32>,
    /// How many requests it has and how many wait.
    pub traffic: Traffic,
    /// Until when it is left alone as a whole, and why; `None` if it is not.
    pub cooling: Option<(SystemTime, FailureKind)>,
}

/// A version of the prompts, and what became of the attempts with it.
pub struct PromptStatus {
    /// The version.
    pub version: VersionStatus,
    /// How many attempts were sent it since the engine began.
    pub attempts: u64,
    /// How many of them gave at least one prediction.
    pub answered: u64,
}

impl Engine {
    /// What an operator sees of the engine, taken at one moment.
    #[must_use]
    pub fn status(&self) -> EngineStatus {
        let fleet = self.fleet();
        self.roster.at_one_moment(|models| {
            let setup = self.library.setup().get();
            let models = models.into_iter().map(|model| {
                let windows = self.metrics.windows(&model.id).unwrap_or_default();
                (model, windows)
            });
            let cooling: HashMap<_, _> = self.roster.cooling_providers().into_iter().collect();
            let providers = setup.catalog.providers().map(|provider| ProviderStatus {
                id: provider.id.clone(),
                is_configured: provider.is_configured(),
                limit: provider.max_concurrency,
                traffic: self.limits.traffic(&provider.id),
                cooling: cooling.get(&provider.id).copied(),
            });
            EngineStatus {
                at: SystemTime::now(),
                engine_id: self.lifecycle.engine_id().to_owned(),
                is_closed: self.lifecycle.is_closed(),
                disable_threshold: self.config.health.disable_threshold,
                pause_fallbacks_at: self.config.budget.pause_fallbacks_at,
                warn_price_ratio: self.config.warn_price_ratio,
                models: models.collect(),
                providers: providers.collect(),
                budget: self.budget(),
                prompts: self.prompts_with_results(),
                lately: self.metrics.lately(),
                events: self.events.last(),
                fleet,
            }
        })
    }

    fn prompts_with_results(&self) -> Vec<PromptStatus> {
        let mut results = self.metrics.results_by_version();
        let known = self.library.prompt_versions().into_iter().map(|version| {
            let (attempts, answered) = results.remove(&version.id).unwrap_or_default();
            PromptStatus { version, attempts, answered }
        });
        let mut prompts: Vec<_> = known.collect();
        let mut others: Vec<_> = results.into_iter().collect();
        others.sort_unstable();
        prompts.extend(others.into_iter().map(|(id, (attempts, answered))| PromptStatus {
            version: VersionStatus {
                id,
                notes: None,
                active_from: None,
                active_to: None,
                models: Vec::new(),
                weight: None,
                active: false,
                pinned: false,
            },
            attempts,
            answered,
        }));
        prompts
    }
}
