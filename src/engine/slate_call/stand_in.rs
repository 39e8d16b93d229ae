//! What the models of a slate answered in attempts of their own, for others in whose chains they are.
//!
//! Whoever asks a model about something within a slate is the only one who does. Others wait for the end of that attempt, and for
//! nothing else that its call may do afterwards: an attempt waits for turns and money alone, so nobody waits for one who waits
//! for him.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;

use crate::catalog::ModelIndex;
use crate::outcome::{Attempt, Refusal};
use crate::protocol::Failure;

/// A model and the place of what it is asked about.
type Cell = (ModelIndex, usize);

/// How an attempt ended.
pub(in crate::engine) enum OwnEnd<V> {
    /// The model answered at least one of what it was asked.
    Answered {
        /// Of each place what it answered.
        values: HashMap<usize, V>,
        /// The record.
        record: Attempt,
        /// What it thought, where it said so.
        reasoning: Option<String>,
        /// What it answered.
        text: String,
    },
    /// It failed.
    Failed {
        /// The record.
        record: Attempt,
        /// Why.
        failure: Failure,
    },
    /// It was passed over.
    Skipped(Refusal),
    /// Nobody asked it after all.
    Never,
}

/// One attempt of a slate, which others may wait for.
pub(in crate::engine) struct OwnAttempt<V> {
    end: OnceLock<OwnEnd<V>>,
    ended: Notify,
}

/// The attempts by what they ask.
type AskedCells<V> = Mutex<HashMap<Cell, Arc<OwnAttempt<V>>>>;

/// Every cell that somebody asks, or asked.
pub(in crate::engine) struct StandIns<V>(Arc<AskedCells<V>>);

/// The duty to say how an attempt ended. Dropped before, it never was one, and others may ask.
pub(in crate::engine) struct Duty<V> {
    attempt: Arc<OwnAttempt<V>>,
    asked: Arc<AskedCells<V>>,
    cells: Vec<Cell>,
}

impl<V> Default for StandIns<V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<V> StandIns<V> {
    /// Notes that a model is to be asked about these places by whoever has the duty, and by nobody else.
    pub(in crate::engine) fn asks(&self, model: ModelIndex, places: impl IntoIterator<Item = usize>) -> Duty<V> {
        let attempt = Arc::new(OwnAttempt { end: OnceLock::new(), ended: Notify::new() });
        let cells: Vec<Cell> = places.into_iter().map(|place| (model, place)).collect();
        lock(&self.0).extend(cells.iter().map(|&cell| (cell, Arc::clone(&attempt))));
        Duty { attempt, asked: Arc::clone(&self.0), cells }
    }

    /// The attempt in which a model is asked about a place, or was; `None` if nobody asks it.
    pub(in crate::engine) fn of(&self, model: ModelIndex, place: usize) -> Option<Arc<OwnAttempt<V>>> {
        lock(&self.0).get(&(model, place)).map(Arc::clone)
    }
}

impl<V> Duty<V> {
    /// Says how the attempt ended.
    pub(in crate::engine) fn end(self, end: OwnEnd<V>) {
        self.attempt.finish(end);
    }
}

impl<V> Drop for Duty<V> {
    fn drop(&mut self) {
        if self.attempt.end.get().is_none() {
            let mut asked = lock(&self.asked);
            for cell in &self.cells {
                asked.remove(cell);
            }
            drop(asked);
            self.attempt.finish(OwnEnd::Never);
        }
    }
}

fn lock<V>(asked: &AskedCells<V>) -> MutexGuard<'_, HashMap<Cell, Arc<OwnAttempt<V>>>> {
    asked.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<V> OwnAttempt<V> {
    /// The first end stands.
    fn finish(&self, end: OwnEnd<V>) {
        let _ = self.end.set(end);
        self.ended.notify_waiters();
    }

    /// Waits for its end.
    pub(in crate::engine) async fn ended(&self) -> &OwnEnd<V> {
        loop {
            let ended = self.ended.notified();
            tokio::pin!(ended);
            // From here on nothing is missed.
            ended.as_mut().enable();
            if let Some(end) = self.end.get() {
                return end;
            }
            ended.await;
        }
    }
}
