//! What other threads have for a JavaScript thread, kept until that thread takes it all at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::log::{LogListener, LogRecord};
use crate::error::EngineError;
use crate::outcome::Outcome;

/// The end of one call.
pub(super) enum Settled {
    Outcome(Box<Outcome>),
    Done,
    Error(EngineError),
}

impl Settled {
    /// The end of a call whose task ended without one.
    pub(super) fn defect() -> Self {
        Self::Error(EngineError::Internal("the call ended without a result".to_owned()))
    }
}

/// Waits for the JavaScript thread, and wakes it once for all that arrives before it comes.
pub(super) struct Inbox {
    waiting: Mutex<Waiting>,
    wake: Box<dyn Fn() + Send + Sync>,
}

/// All that waits.
#[derive(Default)]
pub(super) struct Waiting {
    /// Listeners with log records.
    pub(super) listeners: Vec<Arc<LogListener>>,
    /// Ends of calls, by the number of the call.
    pub(super) settled: Vec<(u64, Settled)>,
    /// Whether the JavaScript thread has been told and has not come yet.
    woken: bool,
}

impl Inbox {
    pub(super) fn new(wake: Box<dyn Fn() + Send + Sync>) -> Self {
        Self { waiting: Mutex::default(), wake }
    }

    /// Leaves the end of a call.
    pub(super) fn settle(&self, call: u64, result: Settled) {
        self.put(|waiting| waiting.settled.push((call, result)));
    }

    /// Leaves a log record for a listener.
    pub(super) fn log(&self, listener: &Arc<LogListener>, record: LogRecord) {
        if listener.put(record) {
            self.put(|waiting| waiting.listeners.push(Arc::clone(listener)));
        }
    }

    /// Takes all that waits.
    pub(super) fn take(&self) -> Waiting {
        std::mem::take(&mut *self.waiting())
    }

    fn put(&self, add: impl FnOnce(&mut Waiting)) {
        let mut waiting = self.waiting();
        add(&mut waiting);
        let woken = std::mem::replace(&mut waiting.woken, true);
        drop(waiting);
        if !woken {
            (self.wake)();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
