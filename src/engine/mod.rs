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
//! | [`Fleet`] | the connection to the other engines of a fleet, and what is known of them | nobody; `member.rs` listens |
//! | [`Formats`] | which forms of an answer servers have refused | nobody |
//! | [`Lifecycle`] | which calls run, whether the engine is closed | nobody |
//!
//! It is so for two reasons. A rule about state holds if one file can break it: every part marks by itself what is to be
//! saved, and tells by itself what is to be told, in the order in which it happened. And a part can be given to whoever
//! needs it and nothing else: the task beside the calls holds a roster and a writer, not an engine.
//!
//! What the engine adds is its public face (`face.rs`), a line for each method, and the calls: a [`Call`] follows its plan and asks the
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
mod face;
mod finish;
mod fleet_waits;
mod formats;
mod library;
mod lifecycle;
mod member;
mod model_status;
mod purse;
mod reading;
mod report;
mod retry;
mod retry_after;
mod reuse;
mod roster;
mod run;
mod saved_days;
mod sent;
mod setup;
mod slate;
mod slate_call;
mod snapshot;
mod state_writer;
mod status;
mod time;
mod turn;
mod understood;
mod unsaved;

use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;
use tracing::info;

use crate::catalog::{Catalog, ModelIndex, Variables};
use crate::check::Faults;
use crate::config::Config;
use crate::error::EngineError;
use crate::event::{Announcer, Event, EventSink, Invalidation};
use crate::fleet::Fleet;
use crate::metrics::{DayTotals, Recorder};
use crate::plan::{Plan, Wanted};
use crate::request::{RawOptions, Request};
use crate::task::Item;
use crate::transport::concurrency::ConcurrencyLimits;
use crate::transport::http::Http;
use crate::transport::proxies;

pub use blueprint::{Blueprint, builtin_fallbacks};
pub use built_prompt::BuiltPrompt;
pub use call::{Beginning, Call};
pub use explain::{ExplainedStep, Explanation};
pub use face::FleetReport;
pub use model_status::{ListedModel, ModelState, ModelStatus, ModelView};
pub use slate::{Slate, SlateModel, SlatePlan, SlateProvider};
pub use slate_call::{SlateAnswer, SlateEnd, SlateEvent, SlateProgress};
pub use status::{EngineStatus, PromptStatus, ProviderStatus};

use blueprint::LayerDigests;
use events::Events;
use formats::Formats;
use library::{Library, Loaded};
use lifecycle::Lifecycle;
use purse::Purse;
use reading::Readers;
use roster::Roster;
use setup::CurrentSetup;
use snapshot::SavedParts;
use state_writer::StateWriter;
use unsaved::Unsaved;

/// Everything that the calls of one engine share.
pub struct Engine {
    config: Config,
    layer_digests: LayerDigests,
    events: Arc<Events>,
    roster: Arc<Roster>,
    /// The fleet that it belongs to, if it belongs to one.
    fleet: Option<Arc<Fleet>>,
    purse: Arc<Purse>,
    library: Arc<Library>,
    formats: Formats,
    metrics: Arc<Recorder>,
    /// Set when a call was counted, as by the parts above.
    unsaved: Unsaved,
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
        let Blueprint { config, loaded: Loaded { setup, source, folder }, layer_digests } = blueprint;
        proxies::check(|name| std::env::var_os(name)).map_err(EngineError::InvalidConfig)?;
        let http =
            Http::new(&config.http).map_err(|fault| EngineError::InvalidConfig(Faults::one("config.http", fault)))?;
        let (events, unsaved) = (Arc::<Events>::default(), Unsaved::default());
        let shared = || (Arc::clone(&events), unsaved.clone());
        let setup = Arc::new(CurrentSetup::new(setup));
        let roster = Arc::new(Roster::new(&config.health, Arc::clone(&setup), shared()));
        let purse = Arc::new(Purse::new(&config.budget, config.fleet.is_some(), shared()));
        let metrics = Arc::<Recorder>::default();
        let member =
            |fleet| Fleet::new(fleet, (&config.health, roster.health()), (&config.budget, purse.ledger().clone()));
        let fleet = config.fleet.as_ref().map(member);
        let fleet = fleet.transpose().map_err(EngineError::InvalidConfig)?.map(Arc::new);
        let prompts = (config.prompts.clone(), source, folder);
        let library = Arc::new(Library::new(setup, prompts, Arc::clone(&roster), shared()));
        if let Some(fleet) = &fleet {
            roster.belong(fleet);
            purse.belong(fleet);
            let counted = Arc::clone(&metrics);
            fleet.count(Box::new(move || DayTotals::of(&counted.snapshot())));
            member::listen(fleet, (&roster, &library, &purse), &events);
        }
        let saved = SavedParts {
            roster: Arc::clone(&roster),
            purse: Arc::clone(&purse),
            library: Arc::clone(&library),
            metrics: Arc::clone(&metrics),
        };
        let open = |path| StateWriter::open(path, saved.clone(), shared()).map(Arc::new);
        let state = config.state_file.as_deref().map(open).transpose();
        let state = state.map_err(|error| error.with_text(|text| library.setup().catalog().redacted(text)))?;
        events.begin();
        Ok(Self {
            config,
            layer_digests,
            events,
            roster,
            fleet,
            purse,
            library,
            formats: Formats::default(),
            metrics,
            unsaved,
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
    pub fn call<I: Item>(self: &Arc<Self>, request: Request<I>, options: RawOptions) -> Result<Call<I>, EngineError> {
        self.begin()?.call(request, options)
    }

    /// Begins calls whose requests are checked later, by another thread say: they have the time, the catalogue and the
    /// prompts of now, and a close that comes meanwhile waits for them.
    ///
    /// # Errors
    /// `CLOSED`.
    pub fn begin(self: &Arc<Self>) -> Result<Beginning, EngineError> {
        let began = Instant::now();
        let running = self.lifecycle.begin_call()?;
        Ok(Beginning { engine: Arc::clone(self), setup: self.library.setup().get(), began, running })
    }

    /// What goes on beside the calls: brings each model back when its time has come, tells when a cooling is over, writes the
    /// state file, and takes part in the fleet, until the engine is closed or dropped.
    pub fn tend(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let writer = self.state.as_ref().map(Arc::downgrade);
        background::run(Arc::clone(&self.roster), writer, self.fleet.clone(), self.lifecycle.closing().clone())
    }

    /// Waits until a call need not wait for the fleet: until it is joined and something can be granted, but without a budget
    /// no longer than a call would.
    ///
    /// # Errors
    /// `CLOSED`.
    pub fn ready(&self) -> impl Future<Output = Result<(), EngineError>> + Send + use<> {
        let (fleet, closing) = (self.fleet.clone(), self.lifecycle.closing().clone());
        async move {
            let joined = async {
                if let Some(fleet) = fleet {
                    member::joined(&fleet).await;
                }
            };
            tokio::select! {
                biased;
                () = closing.cancelled() => Err(EngineError::Closed(Box::default())),
                () = joined => Ok(()),
            }
        }
    }

    /// Rejects what is pending and whatever comes later with `CLOSED`; returns when nothing is left running. It may be
    /// closed more than once, also while it is being closed.
    pub async fn close(&self) {
        let was_open = self.lifecycle.close();
        self.library.close();
        self.lifecycle.all_ended().await;
        if let Some(fleet) = self.fleet.as_ref().filter(|_| was_open) {
            fleet.close().await;
        }
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
        self.events.tell_unheard();
        if let Some(state) = &self.state {
            state.tell_damage();
        }
    }

    /// Tells every change of the active set.
    #[must_use]
    pub fn invalidations(&self) -> &Announcer<Invalidation> {
        self.events.invalidations()
    }

    fn plan(&self, catalog: &Catalog, original: ModelIndex, wanted: &Wanted<'_>) -> Plan {
        Plan::new(catalog, original, wanted, &self.config, |model| {
            self.roster.reads_only().or_else(|| self.roster.unavailable(model))
        })
    }
}
