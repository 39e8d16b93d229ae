//! What happens in an engine, told to whoever listens, and written to the log by the same words whoever tells it.
//!
//! Two announcers stand here, each with numbers of its own: one of everything that happens, one of the changes of the
//! active set. They are one part of the engine, below the others, for two reasons: whoever owns state can tell of it
//! without knowing who listens, and the order in which something is told is the order in which it happened, for the part
//! that owns the state tells while it holds its lock. So nothing here asks another part for anything.
//!
//! An event that a call brought about bears the names of that call. They are not handed down to whoever may have something
//! to tell; the task that runs the call carries them, see [`CALL`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use tracing::{info, warn};

use crate::call_id::CallIds;
use crate::event::{Announcer, Cause, Event, EventSink, Invalidation, What};
use crate::outcome::Doubt;

tokio::task_local! {
    /// The call that the task runs: whatever happens meanwhile is told with its names, wherever it is found out.
    pub(super) static CALL: Arc<CallIds>;
}

/// How many events are kept for who comes later.
const KEPT: usize = 200;

/// Who is told of what happens, and of changes of the active set.
#[derive(Default)]
#[expect(clippy::struct_field_names, reason = "it is what it is: the announcer of events")]
pub(super) struct Events {
    events: Announcer<Event>,
    invalidations: Announcer<Invalidation>,
    /// The id of this engine in its fleet, if it has one.
    member: OnceLock<Arc<str>>,
    /// What nobody has heard, and is to be told to whoever listens first.
    unheard: Mutex<Vec<What>>,
    last: Arc<LastEvents>,
}

/// What happened last.
#[derive(Default)]
struct LastEvents(Mutex<VecDeque<Arc<Event>>>);

impl LastEvents {
    fn with<T>(&self, act: impl FnOnce(&mut VecDeque<Arc<Event>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl EventSink<Event> for LastEvents {
    fn put(&self, told: &Arc<Event>) -> bool {
        self.with(|last| {
            if last.len() == KEPT {
                last.pop_front();
            }
            last.push_back(Arc::clone(told));
        });
        true
    }
}

impl Events {
    /// Tells everything that happens.
    pub(super) fn events(&self) -> &Announcer<Event> {
        &self.events
    }

    /// Tells every change of the active set.
    pub(super) fn invalidations(&self) -> &Announcer<Invalidation> {
        &self.invalidations
    }

    /// Logs what happened and tells it; if nobody listens yet, it is told to whoever is the first, unless something else of
    /// the kind happens until then.
    pub(super) fn announce_or_keep(&self, what: What) {
        if self.events.is_heard() {
            self.announce(what);
        } else {
            log(&what);
            let mut unheard = self.unheard.lock().unwrap_or_else(PoisonError::into_inner);
            let kind = |what: &What| (std::mem::discriminant(what), what.model_id().map(str::to_owned));
            unheard.retain(|known| !is_undone_by(known, &what) && kind(known) != kind(&what));
            unheard.push(what);
        }
    }

    /// Tells what nobody has heard.
    pub(super) fn tell_unheard(&self) {
        let unheard = std::mem::take(&mut *self.unheard.lock().unwrap_or_else(PoisonError::into_inner));
        for what in unheard {
            self.tell(what, None);
        }
    }

    /// Says which member of a fleet this engine is.
    pub(super) fn belong(&self, member: &str) {
        self.member.get_or_init(|| Arc::from(member));
    }

    /// The last events, the last first.
    pub(super) fn last(&self) -> Vec<Arc<Event>> {
        self.last.with(|last| last.iter().rev().cloned().collect())
    }

    /// Logs what happened here and tells it.
    pub(super) fn announce(&self, what: What) {
        self.announce_of(what, None);
    }

    /// Logs what happened and tells it; `origin` is the member of the fleet where it did, if it was not here.
    pub(super) fn announce_of(&self, what: What, origin: Option<&str>) {
        log(&what);
        self.tell(what, origin);
    }

    fn tell(&self, what: What, origin: Option<&str>) {
        self.events.tell(|sequence| {
            let call = CALL.try_with(Arc::clone).ok().filter(|_| what.comes_of_calls());
            let origin = origin.map(Arc::from).or_else(|| self.member.get().cloned());
            Event { sequence, at: SystemTime::now(), call, origin, what }
        });
    }

    /// Tells that the active set has changed; `active_models` is asked for its size only if anybody listens.
    pub(super) fn invalidate(&self, cause: Cause, model: Option<&str>, active_models: impl FnOnce() -> usize) {
        self.invalidations.tell(|sequence| {
            let (model_id, active_models) = (model.map(str::to_owned), active_models());
            Invalidation { sequence, cause, model_id, active_models }
        });
    }

    /// Counts from 1 again: nobody could listen while the engine was built, and the first to be told of is what happens
    /// from now on.
    pub(super) fn begin(&self) {
        self.events.begin();
        self.invalidations.begin();
        self.events.remember(Arc::clone(&self.last) as Arc<dyn EventSink<Event>>);
    }
}

/// Whether what was to be told is not so any more: a fleet is joined or lost.
fn is_undone_by(known: &What, by: &What) -> bool {
    let is_of_fleet = |what: &What| matches!(what, What::FleetJoined { .. } | What::FleetLost { .. });
    is_of_fleet(known) && is_of_fleet(by)
}

/// Writes to the log what happened.
fn log(what: &What) {
    match what {
        What::Disabled { model_id, reason, failures, .. } => {
            warn!(model = model_id, reason, failures, "switched off");
        }
        What::Enabled { model_id } => info!(model = model_id, "switched on"),
        What::Recovered { model_id, failures } => info!(model = model_id, failures, "back again"),
        What::Cooling { model_id, kind, .. } => {
            warn!(model = model_id, kind = kind.as_str(), "left alone for a moment");
        }
        What::Cooled { model_id } => info!(model = model_id, "left alone no longer"),
        What::ProviderCooling { provider_id, kind, .. } => {
            warn!(provider = provider_id, kind = kind.as_str(), "left alone for a moment");
        }
        What::ProviderCooled { provider_id } => info!(provider = provider_id, "left alone no longer"),
        What::Restored { ignored } if !ignored.is_empty() => {
            warn!(models = ignored.join(", "), "the snapshot has models that the catalogue does not have");
        }
        What::ModelRetiring { model_id, day, days_left } => {
            warn!(model = model_id, day, days_left, "retires soon");
        }
        What::Budget { share, spent, daily, .. } => {
            warn!(share, spent = spent.usd(), daily = daily.usd(), "of the day's budget is spent");
        }
        What::UsageDoubted { model_id, doubt: Doubt { problem, .. } } => {
            warn!(model = model_id, problem, "the usage of a reply is hard to believe");
        }
        What::StateUnsaved { problem } => warn!(problem, "the state could not be written"),
        What::FleetJoined { members } => info!(members, "the fleet is joined"),
        What::GrantLapsed { member_id, held, .. } => {
            warn!(
                member = member_id,
                held = held.usd(),
                "a member of the fleet is gone, and what it was granted stays held"
            );
        }
        What::FleetLost { problem } => warn!(problem, "without its fleet"),
        What::CatalogReloaded { added, removed, changed } => {
            let [added, removed, changed] = [added, removed, changed].map(|ids| ids.join(", "));
            info!(added, removed, changed, "catalogue reloaded");
        }
        What::CatalogRejected { faults } => warn!(faults = faults.join("\n"), "catalogue rejected"),
        What::PromptsReloaded { versions } => info!(versions = versions.join(", "), "prompts reloaded"),
        What::PromptsRejected { faults } => warn!(faults = faults.join("\n"), "prompts rejected"),
        What::Fallback { model_id, reason, .. } => info!(model = model_id, reason = reason.as_str(), "falling back"),
        What::CostWarning { model_id, price_ratio, expected, original, .. } => {
            let (expected, original_cost) = (expected.usd(), original.usd());
            warn!(model = model_id, ratio = price_ratio, expected, original_cost, "the fallback is much dearer");
        }
        // These were logged when they were found out, with more than an event says.
        What::Restored { .. } | What::StateDamaged { .. } => {}
    }
}
