//! What an engine tells its listeners, for a test to look at.

use super::*;
use fallcast::event::{Event, EventSink, Invalidation, What};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Passes on what is told.
struct Told<T>(UnboundedSender<Arc<T>>);

impl<T: Send + Sync> EventSink<T> for Told<T> {
    fn put(&self, told: &Arc<T>) -> bool {
        self.0.send(Arc::clone(told)).is_ok()
    }
}

pub(super) fn events(engine: &Engine) -> UnboundedReceiver<Arc<Event>> {
    let (sender, receiver) = unbounded_channel();
    engine.events().add(Arc::new(Told(sender)));
    receiver
}

pub(super) fn invalidations(engine: &Engine) -> UnboundedReceiver<Arc<Invalidation>> {
    let (sender, receiver) = unbounded_channel();
    engine.invalidations().add(Arc::new(Told(sender)));
    receiver
}

/// What was told so far, in order, each in short.
pub(super) fn told(events: &mut UnboundedReceiver<Arc<Event>>) -> Vec<String> {
    std::iter::from_fn(|| events.try_recv().ok()).map(|event| in_short(&event)).collect()
}

pub(super) fn in_short(event: &Event) -> String {
    match &event.what {
        What::Fallback { model_id, reason, .. } => format!("fallback {model_id} {}", reason.as_str()),
        What::Disabled { model_id, failures, .. } => format!("disabled {model_id} {failures}"),
        What::Cooling { model_id, kind, .. } => format!("cooling {model_id} {kind}"),
        What::Cooled { model_id } => format!("cooled {model_id}"),
        What::ProviderCooling { provider_id, kind, .. } => format!("provider {provider_id} {kind}"),
        What::ProviderCooled { provider_id } => format!("provider {provider_id} cooled"),
        What::CostWarning { model_id, price_ratio, .. } => format!("cost {model_id} {price_ratio:.0}"),
        What::Budget { share, spent, .. } => format!("budget {share} at {}", spent.0 / 1000),
        other => format!("{other:?}"),
    }
}
