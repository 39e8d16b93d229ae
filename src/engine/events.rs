//! What happens in an engine, told to whoever listens.

use std::sync::Arc;
use std::time::SystemTime;

use tracing::{info, warn};

use super::Engine;
use crate::call_id::CallIds;
use crate::event::{Announcer, Cause, Event, EventSink, Invalidation, What};

tokio::task_local! {
    /// The call that the task runs: whatever happens meanwhile is told with its names, wherever it is found out.
    pub(super) static CALL: Arc<CallIds>;
}

impl Engine {
    /// Tells everything that happens.
    #[must_use]
    pub fn events(&self) -> &Announcer<Event> {
        &self.events
    }

    /// Tells `sink` everything that happens from now on, and of a state file that was damaged when the engine was built.
    pub fn listen(&self, sink: Arc<dyn EventSink<Event>>) {
        self.events.add(sink);
        self.tell_damage();
    }

    /// Tells every change of the active set.
    #[must_use]
    pub fn invalidations(&self) -> &Announcer<Invalidation> {
        &self.invalidations
    }

    /// Tells what happened to nobody's health.
    pub(super) fn announce(&self, what: What) {
        self.events.tell(|sequence| {
            let call = CALL.try_with(Arc::clone).ok().filter(|_| what.comes_of_calls());
            Event { sequence, at: SystemTime::now(), call, what }
        });
    }

    /// Tells what health has to tell; `cause` if a model was switched off or on.
    pub(super) fn tell(&self, what: What, cause: Option<Cause>) {
        log(&what);
        if let (Some(cause), Some(model)) = (cause, what.model_id())
            && self.is_usable(model)
        {
            self.invalidate(cause, Some(model));
        }
        if matches!(what, What::Disabled { .. } | What::Cooling { .. } | What::ProviderCooling { .. }) {
            self.tending.look.notify_one();
        }
        self.changed();
        self.announce(what);
    }

    /// Invalidates the count and tells the new one. Called while no model can be switched off or on, so that what is
    /// told is the number after this change and before the next.
    pub(super) fn invalidate(&self, cause: Cause, model: Option<&str>) {
        self.count.invalidate();
        self.invalidations.tell(|sequence| {
            let (model_id, active_models) = (model.map(str::to_owned), self.active_model_count());
            Invalidation { sequence, cause, model_id, active_models }
        });
    }

    fn is_usable(&self, model: &str) -> bool {
        let catalog = self.library.catalog();
        catalog.get(model).is_some_and(|index| catalog.model(index).is_usable())
    }
}

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
        _ => {}
    }
}
