//! What other threads have for a JavaScript thread, kept until that thread takes it all at once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::Failed;
use super::record::Record;
use crate::event::{Event, EventSink, Invalidation};

/// Most records that wait for one listener; beyond it the oldest is dropped, and the next one says how many were.
const MAX_WAITING: usize = 4096;

/// The end of one call.
pub(super) enum Settled {
    Outcome(Record),
    Number(u32),
    Done,
    Failed(Failed),
}

/// Waits for the JavaScript thread, and wakes it once for all that arrives before it comes.
pub(super) struct Inbox {
    waiting: Mutex<Waiting>,
    wake: Box<dyn Fn() + Send + Sync>,
}

/// All that waits.
#[derive(Default)]
pub(super) struct Waiting {
    /// What listeners are to be called with, those first who were written to first.
    pub(super) mailboxes: Vec<Mailbox>,
    /// Listeners to whom nobody can write any more.
    pub(super) forgotten: Vec<u64>,
    /// Ends of calls, by the number of the call.
    pub(super) settled: Vec<(u64, Settled)>,
    /// Whether the JavaScript thread has been told and has not come yet.
    woken: bool,
    /// Whether it has ended and will never come.
    closed: bool,
}

/// What waits for one listener.
pub(super) struct Mailbox {
    pub(super) listener: u64,
    pub(super) records: VecDeque<Record>,
    /// How many were dropped before these.
    pub(super) dropped: u32,
}

/// Where to write to one listener. When it is dropped, the listener is let go.
pub(super) struct Sender {
    listener: u64,
    inbox: Arc<Inbox>,
}

impl Inbox {
    pub(super) fn new(wake: Box<dyn Fn() + Send + Sync>) -> Self {
        Self { waiting: Mutex::default(), wake }
    }

    /// Leaves the end of a call.
    pub(super) fn settle(&self, call: u64, result: Settled) {
        self.put(|waiting| waiting.settled.push((call, result)));
    }

    /// Takes all that waits.
    pub(super) fn take(&self) -> Waiting {
        std::mem::take(&mut *self.waiting())
    }

    /// Takes nothing more, for the thread has ended.
    pub(super) fn close(&self) {
        *self.waiting() = Waiting { closed: true, ..Waiting::default() };
    }

    /// Adds to what waits; false if nobody will ever take it.
    fn put(&self, add: impl FnOnce(&mut Waiting)) -> bool {
        let mut waiting = self.waiting();
        if waiting.closed {
            return false;
        }
        add(&mut waiting);
        let woken = std::mem::replace(&mut waiting.woken, true);
        drop(waiting);
        if !woken {
            (self.wake)();
        }
        true
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// What waits for one listener.
    fn mailbox_of(&mut self, listener: u64) -> &mut Mailbox {
        let known = self.mailboxes.iter().position(|mailbox| mailbox.listener == listener);
        let place = known.unwrap_or_else(|| {
            self.mailboxes.push(Mailbox { listener, records: VecDeque::new(), dropped: 0 });
            self.mailboxes.len() - 1
        });
        &mut self.mailboxes[place]
    }
}

impl Mailbox {
    fn push(&mut self, record: Record) {
        if self.records.len() == MAX_WAITING {
            self.records.pop_front();
            self.dropped = self.dropped.saturating_add(1);
        }
        self.records.push_back(record);
    }
}

impl Sender {
    /// Writes to `listener` of the thread whose inbox this is.
    pub(super) fn new(inbox: Arc<Inbox>, listener: u64) -> Self {
        Self { listener, inbox }
    }

    /// Writes to the listener; false if its thread has ended.
    pub(super) fn post(&self, record: Record) -> bool {
        self.inbox.put(|waiting| waiting.mailbox_of(self.listener).push(record))
    }
}

impl EventSink<Event> for Sender {
    fn put(&self, told: &Arc<Event>) -> bool {
        self.post(Record::from(told.as_ref()))
    }
}

impl EventSink<Invalidation> for Sender {
    fn put(&self, told: &Arc<Invalidation>) -> bool {
        self.post(Record::from(told.as_ref()))
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.inbox.put(|waiting| waiting.forgotten.push(self.listener));
    }
}
