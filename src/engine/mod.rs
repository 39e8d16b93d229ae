//! The engine: the loop that answers with one catalogue, one health, one purse and one HTTP client, and the parts that own
//! them.
//!
//! An [`Engine`] owns no state itself. It is a composition of parts, each in a file of its own, each the only one that sees
//! its fields:
//!
//! | part | owns | may ask |
//! | --- | --- | --- |
//! | [`Events`] | who is told of what happens | nobody |
//! | [`CurrentSetup`] | the catalogue and the prompts in use | nobody |
//! | [`Purse`] | the ledger and its alerts | events |
//! | [`Roster`] | health, blame, how many models are active | events, setup |
//! | [`Library`] | changes of the setup, and the folder of the prompts | events, setup, roster |
//! | [`StateWriter`] | the state file | events, and the three that own what is saved |
//! | [`Lifecycle`] | which calls run, whether the engine is closed | nobody |
//!
//! It is so for two reasons. A rule about state holds if one file can break it: every part marks by itself what is to be
//! saved, and tells by itself what is to be told, in the order in which it happened. And a part can be given to whoever
//! needs it and nothing else: the task beside the calls holds a roster and a writer, not an engine.
//!
//! What the engine adds is its public face, a line for each method, and the calls: a [`Call`] follows its plan and asks the
//! parts.

mod admission;
mod attempt;
mod background;
mod blueprint;
mod built_prompt;
mod call;
mod context;
mod events;
mod explain;
mod finish;
mod library;
mod lifecycle;
mod model_status;
mod purse;
mod reading;
mod report;
mod retry;
mod retry_after;
mod roster;
mod run;
mod sent;
mod setup;
mod snapshot;
mod state_writer;
mod time;
mod understood;
mod unsaved;

use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;
use tracing::info;

use crate::call_id::CallIds;
use crate::catalog::{Catalog, ModelIndex, Variables};
use crate::check::Faults;
use crate::config::Config;
use crate::error::EngineError;
use crate::event::{Announcer, Event, EventSink, Invalidation};
use crate::football::{self, Item, Question};
use crate::kind::FailureKind;
use crate::metrics::{Gauges, Metrics, Recorder};
use crate::money::{BudgetStatus, Ledger};
use crate::plan::{Plan, Wanted};
use crate::prompt::VersionStatus;
use crate::request::{self, RawOptions};
use crate::transport::concurrency::ConcurrencyLimits;
use crate::transport::http::Http;
use crate::transport::proxies;

pub use blueprint::{Blueprint, builtin_fallbacks};
pub use built_prompt::BuiltPrompt;
pub use call::Call;
pub use explain::{ExplainedStep, Explanation};
pub use model_status::{ModelState, ModelStatus};

use blueprint::LayerDigests;
use events::Events;
use library::{Library, Loaded};
use lifecycle::Lifecycle;
use purse::Purse;
use reading::Readers;
use roster::Roster;
use setup::{CurrentSetup, Setup, check_version, fallback_lists, known};
use snapshot::SavedParts;
use state_writer::StateWriter;
use unsaved::Unsaved;

/// Everything that the calls of one engine share.
pub struct Engine {
    config: Config,
    layer_digests: LayerDigests,
    events: Arc<Events>,
    roster: Arc<Roster>,
    purse: Arc<Purse>,
    library: Arc<Library>,
    metrics: Recorder,
    /// The parts above that are saved, together.
    saved: SavedParts,
    /// Keeps the state in a file, if the configuration names one.
    state: Option<Arc<StateWriter>>,
    limits: ConcurrencyLimits,
    readers: Readers,
    http: Http,
    lifecycle: Lifecycle,
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
        let Blueprint { config, loaded: Loaded { setup, source }, layer_digests } = blueprint;
        proxies::check(|name| std::env::var_os(name)).map_err(EngineError::InvalidConfig)?;
        let http =
            Http::new(&config.http).map_err(|fault| EngineError::InvalidConfig(Faults::one("config.http", fault)))?;
        let (events, unsaved) = (Arc::<Events>::default(), Unsaved::default());
        let shared = || (Arc::clone(&events), unsaved.clone());
        let setup = Arc::new(CurrentSetup::new(setup));
        let roster = Arc::new(Roster::new(&config.health, Arc::clone(&setup), shared()));
        let purse = Arc::new(Purse::new(&config.budget, shared()));
        let prompts = (config.prompts.clone(), source);
        let library = Arc::new(Library::new(setup, prompts, Arc::clone(&roster), shared()));
        let saved =
            SavedParts { roster: Arc::clone(&roster), purse: Arc::clone(&purse), library: Arc::clone(&library) };
        let open = |path| StateWriter::open(path, saved.clone(), shared()).map(Arc::new);
        let state = config.state_file.as_deref().map(open).transpose();
        let state = state.map_err(|error| error.with_text(|text| library.setup().catalog().redacted(text)))?;
        events.begin();
        Ok(Self {
            config,
            layer_digests,
            events,
            roster,
            purse,
            library,
            metrics: Recorder::default(),
            saved,
            state,
            limits: ConcurrencyLimits::default(),
            readers: Readers::default(),
            http,
            lifecycle: Lifecycle::default(),
        })
    }

    /// Checks a request and prepares its call; nothing is sent before [`Call::run`].
    ///
    /// # Errors
    /// `INVALID_REQUEST` with every fault, `UNKNOWN_MODEL`, or `CLOSED`.
    pub fn call(self: &Arc<Self>, request: Question, options: RawOptions) -> Result<Call, EngineError> {
        let began = Instant::now();
        let running = self.lifecycle.begin_call()?;
        let check_items = |items: &[Item], faults: &mut Faults| football::check(football::PATH, items, faults);
        let options = request::check(&request, options, check_items).map_err(EngineError::InvalidRequest)?;
        let Setup { catalog, prompts } = Setup::clone(&self.library.setup().get());
        check_version(&prompts, "request.promptVersion", request.prompt_version.as_deref())?;
        let original = known(&catalog, "request.modelId", &request.model_id)?;
        let ids = Arc::new(CallIds { call_id: self.lifecycle.next_call_id(), request_id: options.request_id.clone() });
        let engine = Arc::clone(self);
        Ok(Call { engine, ids, catalog, prompts, request, options, original, began, _running: running })
    }

    /// What goes on beside the calls: brings each model back when its time has come, tells when a cooling is over, and
    /// writes the state file, until the engine is closed or dropped.
    pub fn tend(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let writer = self.state.as_ref().map(Arc::downgrade);
        background::run(Arc::clone(&self.roster), writer, self.lifecycle.closing().clone())
    }

    /// Rejects what is pending and whatever comes later with `CLOSED`; returns when nothing is left running. It may be
    /// closed more than once, also while it is being closed.
    pub async fn close(&self) {
        let was_open = self.lifecycle.close();
        self.library.close();
        self.lifecycle.all_ended().await;
        if let Some(state) = &self.state {
            state.write_last().await;
        }
        if was_open {
            info!("engine closed");
        }
    }

    /// An id for a call that is refused before it begins: no other call has it.
    #[must_use]
    pub fn next_call_id(&self) -> String {
        self.lifecycle.next_call_id()
    }

    /// The error of a refused argument without the providers' keys and the values of their headers, wherever they stood.
    #[must_use]
    pub fn redacted(&self, error: EngineError) -> EngineError {
        error.with_text(|text| self.library.setup().catalog().redacted(text))
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

    /// Tells everything that happens.
    #[must_use]
    pub fn events(&self) -> &Announcer<Event> {
        self.events.events()
    }

    /// Tells `sink` everything that happens from now on, and of a state file that was damaged when the engine was built.
    pub fn listen(&self, sink: Arc<dyn EventSink<Event>>) {
        self.events().add(sink);
        if let Some(state) = &self.state {
            state.tell_damage();
        }
    }

    /// Tells every change of the active set.
    #[must_use]
    pub fn invalidations(&self) -> &Announcer<Invalidation> {
        self.events.invalidations()
    }

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

    /// Pins a version for all models that it is for, or with `None` returns to the dates of the manifest. What was
    /// rejected before for the pin comes into use.
    ///
    /// # Errors
    /// `INVALID_REQUEST` if there is no such version.
    pub fn activate_prompts(&self, version: Option<&str>) -> Result<(), EngineError> {
        self.library.activate_prompts(version)
    }

    /// Every version of the prompts, in the order of the manifest.
    #[must_use]
    pub fn prompt_versions(&self) -> Vec<VersionStatus> {
        self.library.prompt_versions()
    }

    /// Reloads the prompts whenever their folder changes, if they come from one, until the engine is closed or dropped.
    /// The log records of it go where those of the caller go.
    pub fn watch_prompts(&self) {
        self.library.watch(self.lifecycle.closing().clone());
    }

    /// The messages that `model_id` would be sent for `items`.
    ///
    /// # Errors
    /// `INVALID_REQUEST` with every fault, or `UNKNOWN_MODEL`.
    pub fn build_prompt(
        &self,
        model_id: &str,
        items: &[Item],
        version: Option<&str>,
    ) -> Result<BuiltPrompt, EngineError> {
        BuiltPrompt::new(&self.library.setup().get(), model_id, items, version, self.active_model_count())
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

    fn plan(&self, catalog: &Catalog, original: ModelIndex, wanted: &Wanted<'_>) -> Plan {
        Plan::new(catalog, original, wanted, &self.config, |model| self.roster.unavailable(model))
    }
}
