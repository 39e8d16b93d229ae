//! What an operator sees of an engine, taken at one moment.
//!
//! While it is taken no model is switched off or on, and no call ends: so the number of active models is that of the list
//! beside it, and a call in the list of the last calls is one of those that the routes count.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::{Engine, ModelView};
use crate::event::Event;
use crate::fleet::FleetStatus;
use crate::kind::FailureKind;
use crate::metrics::Lately;
use crate::money::BudgetStatus;
use crate::prompt::VersionStatus;
use crate::transport::concurrency::Traffic;

/// An engine as its operator sees it.
pub struct EngineStatus<'e> {
    /// When it was taken.
    pub at: SystemTime,
    /// What the ids of its calls begin with.
    pub engine_id: &'e str,
    /// Whether it is closed.
    pub is_closed: bool,
    /// After how many failures in a row a model is switched off; `None`: never.
    pub disable_threshold: Option<u8>,
    /// From which share of the day's budget on no fallback is asked that is dearer than the original.
    pub pause_fallbacks_at: f64,
    /// From which ratio on a fallback is told to be dear; `None`: never.
    pub warn_price_ratio: Option<f64>,
    /// Every model, in the order of the catalogue.
    pub models: Vec<ModelView<'e>>,
    /// Every provider, in the order of the catalogue.
    pub providers: Vec<ProviderStatus<'e>>,
    /// The day's budget.
    pub budget: BudgetStatus,
    /// Every version of the prompts, in the order of the manifest, then the callers' own prompts if there were any.
    pub prompts: Vec<PromptStatus>,
    /// Windows of the models, today, the last days, the last calls.
    pub lately: Lately<'e>,
    /// The last events, the last first.
    pub events: Vec<Arc<Event>>,
    /// How it stands in its fleet; `None` if it belongs to none.
    pub fleet: Option<FleetStatus>,
}

/// A provider as its operator sees it.
pub struct ProviderStatus<'e> {
    /// The provider.
    pub id: &'e str,
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
    /// Shows what an operator sees of the engine, taken at one moment. Nothing is copied that it holds by thousands, so what is
    /// counted waits meanwhile.
    pub fn status<T>(&self, show: impl FnOnce(EngineStatus<'_>) -> T) -> T {
        let fleet = self.fleet();
        self.roster.at_one_moment(|catalog, models| {
            let cooling: HashMap<_, _> = self.roster.cooling_providers().into_iter().collect();
            let providers = catalog.providers().map(|provider| ProviderStatus {
                id: &provider.id,
                is_configured: provider.is_configured(),
                limit: provider.max_concurrency,
                traffic: self.limits.traffic(&provider.id),
                cooling: cooling.get(&provider.id).copied(),
            });
            let (budget, events, lately) = (self.budget(), self.events.last(), self.metrics.lately());
            show(EngineStatus {
                at: SystemTime::now(),
                engine_id: self.lifecycle.engine_id(),
                is_closed: self.lifecycle.is_closed(),
                disable_threshold: self.config.health.disable_threshold,
                pause_fallbacks_at: self.config.budget.pause_fallbacks_at,
                warn_price_ratio: self.config.warn_price_ratio,
                models,
                providers: providers.collect(),
                budget,
                prompts: self.prompts_with_results(&lately),
                lately,
                events,
                fleet,
            })
        })
    }

    fn prompts_with_results(&self, lately: &Lately<'_>) -> Vec<PromptStatus> {
        let mut results: HashMap<_, _> = lately.versions().collect();
        let known = self.library.prompt_versions().into_iter().map(|version| {
            let (attempts, answered) = results.remove(version.id.as_str()).unwrap_or_default();
            PromptStatus { version, attempts, answered }
        });
        let mut prompts: Vec<_> = known.collect();
        let mut others: Vec<_> = results.into_iter().collect();
        others.sort_unstable();
        prompts.extend(others.into_iter().map(|(id, (attempts, answered))| PromptStatus {
            version: VersionStatus {
                id: id.to_owned(),
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
