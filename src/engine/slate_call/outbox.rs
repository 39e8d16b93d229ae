//! What a slate has to tell, kept until whoever reads it comes for it. It is bounded by the cells, for each is told of once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::call_id::CallIds;
use crate::error::EngineError;
use crate::outcome::Outcome;
use crate::slate::Why;

/// The shortest time between two times at which a reader is told that nothing but the numbers changed.
const SHORTEST_TICK: Duration = Duration::from_millis(100);

/// What became of cells.
pub enum SlateEvent<V> {
    /// A model answered a request, or another in its place.
    Answered(Box<Outcome<V>>),
    /// Cells of one model have no answer, and will have none.
    Missed {
        /// The model.
        model_id: String,
        /// The ids of what it was asked about.
        item_ids: Vec<String>,
        /// Why.
        why: Why,
        /// The same as an error, with what was tried.
        error: EngineError,
        /// The call, if one was made.
        ids: Option<Arc<CallIds>>,
    },
}

/// What waits for a reader.
pub(in crate::engine) struct SlateOutbox<V> {
    waiting: Mutex<Untold<V>>,
    changed: Notify,
}

struct Untold<V> {
    events: VecDeque<SlateEvent<V>>,
    /// Whether the numbers changed since the reader came.
    is_changed: bool,
    last_tick: Instant,
    is_over: bool,
}

impl<V> Default for SlateOutbox<V> {
    fn default() -> Self {
        let waiting = Untold { events: VecDeque::new(), is_changed: false, last_tick: Instant::now(), is_over: false };
        Self { waiting: Mutex::new(waiting), changed: Notify::new() }
    }
}

impl<V> SlateOutbox<V> {
    /// Leaves an event.
    pub(in crate::engine) fn put(&self, event: SlateEvent<V>) {
        self.change(|waiting| waiting.events.push_back(event));
    }

    /// The numbers changed.
    pub(in crate::engine) fn tick(&self) {
        self.change(|waiting| waiting.is_changed = true);
    }

    /// Nothing comes any more.
    pub(in crate::engine) fn end(&self) {
        self.change(|waiting| waiting.is_over = true);
    }

    /// Waits for events, at most so many; none if only the numbers changed, at most ten times a second. `None` when nothing
    /// is left and nothing will come.
    pub(in crate::engine) async fn next(&self, most: usize) -> Option<Vec<SlateEvent<V>>> {
        loop {
            let changed = self.changed.notified();
            let due = {
                let mut waiting = self.waiting();
                let due = waiting.last_tick + SHORTEST_TICK;
                let is_due = waiting.is_changed && due <= Instant::now();
                if !waiting.events.is_empty() || is_due {
                    waiting.is_changed = false;
                    waiting.last_tick = Instant::now();
                    let count = waiting.events.len().min(most);
                    return Some(waiting.events.drain(..count).collect());
                }
                if waiting.is_over {
                    return None;
                }
                waiting.is_changed.then_some(due)
            };
            match due {
                Some(due) => tokio::select! {
                    () = changed => {}
                    () = tokio::time::sleep_until(due) => {}
                },
                None => changed.await,
            }
        }
    }

    fn change(&self, change: impl FnOnce(&mut Untold<V>)) {
        change(&mut self.waiting());
        self.changed.notify_one();
    }

    fn waiting(&self) -> MutexGuard<'_, Untold<V>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missed(name: &str) -> SlateEvent<()> {
        let error = EngineError::NoModelAvailable(Box::default());
        SlateEvent::Missed { model_id: name.to_owned(), item_ids: Vec::new(), why: Why::Enough, error, ids: None }
    }

    fn names(events: Option<Vec<SlateEvent<()>>>) -> Option<Vec<String>> {
        let name = |event| match event {
            SlateEvent::Missed { model_id, .. } => model_id,
            SlateEvent::Answered(_) => String::new(),
        };
        events.map(|events| events.into_iter().map(name).collect())
    }

    #[tokio::test]
    async fn events_come_in_batches_and_none_is_dropped() {
        let outbox = SlateOutbox::default();
        for name in ["a", "b", "c"] {
            outbox.put(missed(name));
        }
        outbox.end();
        assert_eq!(names(outbox.next(2).await), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(names(outbox.next(2).await), Some(vec!["c".to_owned()]));
        assert_eq!(names(outbox.next(2).await), None);
        assert_eq!(names(outbox.next(2).await), None);
    }

    #[tokio::test]
    async fn numbers_alone_are_told_but_events_do_not_wait_for_them() {
        let outbox = SlateOutbox::default();
        outbox.tick();
        assert_eq!(names(outbox.next(9).await), Some(vec![]));
        outbox.tick();
        outbox.put(missed("a"));
        assert_eq!(names(outbox.next(9).await), Some(vec!["a".to_owned()]));
        let (next, ()) = tokio::join!(outbox.next(9), async {
            tokio::task::yield_now().await;
            outbox.put(missed("b"));
            outbox.end();
        });
        assert_eq!(names(next), Some(vec!["b".to_owned()]));
        assert_eq!(names(outbox.next(9).await), None, "what the reader was told with an event is told");
    }
}
