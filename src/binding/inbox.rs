//! What other threads have for a JavaScript thread, kept until that thread takes it all at once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::task::yield_now;

use super::error::Failed;
use super::record::Record;
use crate::event::{Event, EventSink, Invalidation};

/// Most records that wait for one listener; beyond it the oldest is dropped, and the next one says how many were.
const MAX_WAITING: usize = 4096;

/// The longest that the JavaScript thread is left asleep for what may still come.
const LATEST: Duration = Duration::from_micros(100);

/// The end of one call.
pub(super) enum Settled {
    Outcome(Record),
    Number(u32),
    Done,
    Failed(Failed),
}

/// Waits for the JavaScript thread, and wakes it once for all that arrives before it comes.
///
/// Each wake is dear beside what is then done for a call, so it is left asleep while the runtime's thread still polls what is
/// ready: of many calls under way several end close to each other. Where nothing else is under way, it is woken at once.
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
    pub(super) forgotten: Vec<u32>,
    /// Ends of calls, by the number of the call.
    pub(super) settled: Vec<(u32, Settled)>,
    /// How many calls have not ended.
    running: usize,
    /// How often something was added.
    added: usize,
    /// Whether the JavaScript thread has been told, or is about to be, and has not come yet.
    woken: bool,
    /// Whether it has ended and will never come.
    closed: bool,
}

/// What waits for one listener.
pub(super) struct Mailbox {
    pub(super) listener: u32,
    pub(super) records: VecDeque<Record>,
    /// How many were dropped before these.
    pub(super) dropped: u32,
}

/// Where to write to one listener. When it is dropped, the listener is let go.
pub(super) struct Sender {
    listener: u32,
    inbox: Arc<Inbox>,
}

impl Inbox {
    pub(super) fn new(wake: Box<dyn Fn() + Send + Sync>) -> Self {
        Self { waiting: Mutex::default(), wake }
    }

    /// Expects the ends of so many calls more.
    pub(super) fn expect(&self, calls: usize) {
        self.waiting().running += calls;
    }

    /// Leaves the end of a call.
    pub(super) fn settle(self: &Arc<Self>, call: u32, result: Settled) {
        self.put(|waiting| {
            waiting.settled.push((call, result));
            waiting.running = waiting.running.saturating_sub(1);
        });
    }

    /// Takes all that waits.
    pub(super) fn take(&self) -> Waiting {
        let mut waiting = self.waiting();
        let Waiting { running, closed, .. } = *waiting;
        std::mem::replace(&mut *waiting, Waiting { running, closed, ..Waiting::default() })
    }

    /// Takes nothing more, for the thread has ended.
    pub(super) fn close(&self) {
        *self.waiting() = Waiting { closed: true, ..Waiting::default() };
    }

    /// Adds to what waits; false if nobody will ever take it.
    fn put(self: &Arc<Self>, add: impl FnOnce(&mut Waiting)) -> bool {
        let mut waiting = self.waiting();
        if waiting.closed {
            return false;
        }
        let is_alone = waiting.running <= 1;
        add(&mut waiting);
        waiting.added += 1;
        let woken = std::mem::replace(&mut waiting.woken, true);
        drop(waiting);
        if !woken {
            match Handle::try_current() {
                Ok(runtime) if !is_alone => drop(runtime.spawn(Arc::clone(self).wake_late())),
                // A thread of JavaScript's, which has no turn to wait for, or nothing to wait for.
                _ => (self.wake)(),
            }
        }
        true
    }

    /// Wakes the JavaScript thread when a turn of this one has brought nothing more.
    async fn wake_late(self: Arc<Self>) {
        let began = Instant::now();
        let mut seen = 0;
        loop {
            yield_now().await;
            let added = {
                let waiting = self.waiting();
                // It ended, or nothing else can come.
                if waiting.running == 0 { seen } else { waiting.added }
            };
            if added == seen || began.elapsed() >= LATEST {
                break;
            }
            seen = added;
        }
        (self.wake)();
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// What waits for one listener.
    fn mailbox_of(&mut self, listener: u32) -> &mut Mailbox {
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
    pub(super) fn new(inbox: Arc<Inbox>, listener: u32) -> Self {
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
