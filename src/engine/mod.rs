//! The engine: one catalogue, one health, one ledger and one HTTP client, and the loop that answers with them.

mod admission;
mod attempt;
mod background;
mod call;
mod context;
mod events;
mod explain;
mod finish;
mod library;
mod prompts;
mod purse;
mod reading;
mod report;
mod retry;
mod retry_after;
mod roster;
mod run;
mod sent;
mod snapshot;
mod state_writer;
mod time;
mod understood;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime};

use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::info;

use crate::call_id::{CallIds, CallNumbers};
use crate::catalog::{Catalog, ModelIndex, Variables};
use crate::check::Faults;
use crate::config::Config;
use crate::count::{self, Count, Moka};
use crate::error::EngineError;
use crate::event::{Announcer, Event, Invalidation};
use crate::football::{self, Item, Question};
use crate::health::{self, Blame, Health};
use crate::kind::SkipReason;
use crate::metrics::Recorder;
use crate::money::{BudgetRules, Ledger};
use crate::outcome::{NanoUsd, Refusal};
use crate::plan::{self, Plan, Wanted};
use crate::prompt::{Ask, Rendering, Texts};
use crate::request::{self, Options, RawOptions};
use crate::transport::concurrency::ConcurrencyLimits;
use crate::transport::http::Http;
use crate::transport::proxies;

use library::{Library, Setup, check_version};

pub use call::Call;
pub use explain::{ExplainedStep, Explanation};

use background::Tending;
use reading::Readers;
use state_writer::Keeper;

/// Everything that the calls of one engine share.
pub struct Engine {
    config: Config,
    /// Tell whether another engine was given the same catalogue layer; the layer itself, which may hold keys, is not
    /// kept.
    layer_digests: [(&'static str, u64); 3],
    library: Library,
    health: Health,
    blame: Blame,
    count: Count<Moka>,
    events: Announcer<Event>,
    invalidations: Announcer<Invalidation>,
    tending: Arc<Tending>,
    ledger: Ledger,
    /// The models whose count of tokens was hard to believe, which was told.
    doubted: Mutex<HashSet<String>>,
    metrics: Recorder,
    /// Keeps the state in a file, if the configuration names one.
    keeper: Option<Keeper>,
    limits: ConcurrencyLimits,
    readers: Readers,
    http: Http,
    closing: CancellationToken,
    calls: TaskTracker,
    numbers: CallNumbers,
}

/// A checked configuration, ready to be built.
pub struct Blueprint {
    config: Config,
    library: Library,
    layer_digests: [(&'static str, u64); 3],
}

impl Blueprint {
    /// Checks a configuration as plain data; `variables` reads the environment, keys included.
    ///
    /// # Errors
    /// `INVALID_CONFIG` with every fault, a line each.
    pub fn read(config: &Value, variables: Variables<'_>) -> Result<Self, EngineError> {
        let read = || {
            let (mut config, library) = load(config, variables)?;
            let layer_digests = std::mem::take(&mut config.layer).digests();
            Ok(Self { config, library, layer_digests })
        };
        read().map_err(EngineError::InvalidConfig)
    }

    /// The configuration, without its catalogue layer.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }
}

/// A model as [`Engine::models`] reports it.
#[derive(Clone, Debug)]
pub struct ModelStatus {
    /// The model.
    pub id: String,
    /// Its provider.
    pub provider_id: String,
    /// Whether it may be called, and if not, why.
    pub state: ModelState,
    /// What is known of its health.
    pub health: health::HealthStatus,
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
        }
    }
}

/// What [`Engine::build_prompt`] returns.
#[derive(Clone, Debug)]
pub struct BuiltPrompt {
    /// The two messages.
    pub texts: Texts,
    /// The version.
    pub version: String,
    /// The names of the overrides, in order.
    pub overrides: Vec<String>,
    /// Estimate of the tokens of both messages.
    pub estimated_tokens: u64,
}

impl Engine {
    /// Builds an engine from a configuration as plain data. `variables` reads the environment; keys are read now.
    ///
    /// # Errors
    /// `INVALID_CONFIG` with every fault, a line each.
    pub fn new(config: &Value, variables: Variables<'_>) -> Result<Self, EngineError> {
        Self::build(Blueprint::read(config, variables)?)
    }

    /// Builds an engine, and takes over what its state file holds.
    ///
    /// # Errors
    /// `INVALID_CONFIG` if the HTTP client cannot be made, the environment names a proxy that cannot be used, or the state
    /// file cannot be used.
    pub fn build(blueprint: Blueprint) -> Result<Self, EngineError> {
        let Blueprint { config, library, layer_digests } = blueprint;
        proxies::check(|name| std::env::var_os(name)).map_err(EngineError::InvalidConfig)?;
        let http =
            Http::new(&config.http).map_err(|fault| EngineError::InvalidConfig(Faults::one("config.http", fault)))?;
        let mut engine = Self {
            layer_digests,
            health: Health::new(&config.health),
            blame: Blame::default(),
            count: Count::default(),
            events: Announcer::default(),
            invalidations: Announcer::default(),
            tending: Arc::default(),
            metrics: Recorder::default(),
            keeper: None,
            library,
            ledger: Ledger::new(BudgetRules {
                daily: config.budget.daily.map(NanoUsd::from_usd),
                pause_fallbacks_at: config.budget.pause_fallbacks_at,
                alerts: config.budget.alerts.clone(),
            }),
            doubted: Mutex::default(),
            limits: ConcurrencyLimits::default(),
            readers: Readers::default(),
            http,
            closing: CancellationToken::new(),
            calls: TaskTracker::new(),
            numbers: CallNumbers::default(),
            config,
        };
        engine.keeper = engine.open_state_file()?;
        // Nobody could listen while the state was taken over, so the first to be told of is what happens from now on.
        (engine.events, engine.invalidations) = Default::default();
        Ok(engine)
    }

    /// Checks a request and prepares its call; nothing is sent before [`Call::run`].
    ///
    /// # Errors
    /// `INVALID_REQUEST` with the path of the first bad value, `UNKNOWN_MODEL`, or `CLOSED`.
    pub fn call(self: &Arc<Self>, request: Question, options: RawOptions) -> Result<Call, EngineError> {
        let began = Instant::now();
        // Before the engine is seen to be open, so that a close waits for every call that did.
        let running = self.calls.token();
        if self.closing.is_cancelled() {
            return Err(EngineError::Closed(Box::default()));
        }
        let options = Options::check(options)?;
        request.check()?;
        football::check(football::PATH, &request.items)?;
        let Setup { catalog, prompts } = Setup::clone(&self.library.current());
        check_version(&prompts, "request.promptVersion", request.prompt_version.as_deref())?;
        let original = known(&catalog, "request.modelId", &request.model_id)?;
        let ids = Arc::new(CallIds { call_id: self.numbers.next(), request_id: options.request_id.clone() });
        let engine = Arc::clone(self);
        Ok(Call { engine, ids, catalog, prompts, request, options, original, began, _running: running })
    }

    /// The configuration with which the engine was built, without its catalogue layer.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The names of the options in which it was built to another configuration.
    #[must_use]
    pub fn differences(&self, blueprint: &Blueprint) -> Vec<&'static str> {
        let layers = self.layer_digests.iter().zip(&blueprint.layer_digests);
        let parts = layers.filter(|(own, other)| own != other).map(|((name, _), _)| *name);
        parts.chain(self.config.differences(&blueprint.config)).collect()
    }

    /// How many models are active.
    #[must_use]
    pub fn active_model_count(&self) -> usize {
        self.count.get(|| count::active_models(&self.library.catalog(), |model| self.health.is_disabled(&model.id)))
    }

    /// Every model with its state, in the order of the catalogue.
    #[must_use]
    pub fn models(&self) -> Vec<ModelStatus> {
        let catalog = self.library.catalog();
        catalog.indexed().map(|(index, _)| self.status(&catalog, index)).collect()
    }

    /// The next usable model of the chain of `model_id`, and its provider; `None` if there is none, or no such model.
    #[must_use]
    pub fn fallback_of(&self, model_id: &str) -> Option<(String, String)> {
        let catalog = self.library.catalog();
        let chain = plan::chain(&catalog, catalog.get(model_id)?);
        let next = chain.into_iter().skip(1).map(|index| catalog.model(index));
        let usable = next.into_iter().find(|model| model.is_usable() && self.unavailable(model).is_none())?;
        Some((usable.id.clone(), usable.provider.id.clone()))
    }

    /// Every model that has fallbacks, with their ids in order.
    #[must_use]
    pub fn fallbacks(&self) -> Vec<(String, Vec<String>)> {
        fallback_lists(&self.library.catalog())
    }

    /// The messages that `model_id` would be sent for `items`.
    ///
    /// # Errors
    /// `INVALID_REQUEST` with the path of the first bad value, or `UNKNOWN_MODEL`.
    pub fn build_prompt(
        &self,
        model_id: &str,
        items: &[Item],
        version: Option<&str>,
    ) -> Result<BuiltPrompt, EngineError> {
        football::check(football::ITEMS, items)?;
        let Setup { catalog, prompts } = Setup::clone(&self.library.current());
        check_version(&prompts, "promptVersion", version)?;
        let model = catalog.model(known(&catalog, "modelId", model_id)?);
        let ask = Ask { asked: items, own: None, version };
        let rendering = Rendering::new(&prompts, ask, self.active_model_count(), SystemTime::now());
        let everything: Vec<usize> = (0..items.len()).collect();
        Ok(BuiltPrompt {
            texts: rendering.texts(model, &everything),
            version: rendering.version(model).to_owned(),
            overrides: rendering.overrides(model),
            estimated_tokens: rendering.tokens(model, &everything),
        })
    }

    /// What the engine has spent and reserved.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Rejects what is pending and whatever comes later with `CLOSED`; returns when nothing is left running. It may be
    /// closed more than once, also while it is being closed.
    pub async fn close(&self) {
        let is_first = !self.closing.is_cancelled();
        self.closing.cancel();
        self.tending.ended.cancel();
        self.library.close();
        self.calls.close();
        self.calls.wait().await;
        self.keep_last().await;
        if is_first {
            info!("engine closed");
        }
    }

    fn plan(&self, catalog: &Catalog, original: ModelIndex, wanted: &Wanted<'_>) -> Plan {
        Plan::new(catalog, original, wanted, &self.config, |model| self.unavailable(model))
    }

    fn status(&self, catalog: &Catalog, index: ModelIndex) -> ModelStatus {
        let model = catalog.model(index);
        let health = self.health.status(&model.id, &model.provider.id);
        let state = match plan::not_usable(catalog, index) {
            Some(Refusal { reason: SkipReason::NotEnabled, .. }) => ModelState::NotEnabled,
            Some(_) => ModelState::Unconfigured,
            None if health.disabled.is_some() => ModelState::Disabled,
            None => ModelState::Active,
        };
        ModelStatus { id: model.id.clone(), provider_id: model.provider.id.clone(), state, health }
    }
}

/// Every model of the built-in catalogue that has fallbacks, with their ids in order.
#[must_use]
pub fn builtin_fallbacks() -> Vec<(String, Vec<String>)> {
    let builtin = load(&Value::Null, &|_| None);
    builtin.map(|(_, library)| fallback_lists(&library.catalog())).unwrap_or_default()
}

/// Reads a configuration, and the catalogue and the prompts that it describes.
fn load(value: &Value, variables: Variables<'_>) -> Result<(Config, Library), Faults> {
    let mut faults = Faults::new();
    let mut config = Config::read(value, &mut faults);
    config.budget.complete(variables, &mut faults);
    match Library::load(&mut config, variables, &mut faults) {
        Some(library) => faults.into_result((config, library)),
        None => Err(faults),
    }
}

fn fallback_lists(catalog: &Catalog) -> Vec<(String, Vec<String>)> {
    let owned = |(id, ids): (&str, Vec<&str>)| (id.to_owned(), ids.into_iter().map(str::to_owned).collect());
    catalog.fallbacks().map(owned).collect()
}

fn known(catalog: &Catalog, path: &'static str, id: &str) -> Result<ModelIndex, EngineError> {
    catalog.get(id).ok_or_else(|| EngineError::UnknownModel { path, id: request::shown(id) })
}
