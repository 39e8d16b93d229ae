//! Changes that were made here and are sent until the fleet acknowledges them, in the order in which they were made.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use crate::kind::FailureKind;

/// The most changes that wait; of more the oldest is given up.
const MOST: usize = 10_000;

/// Changes that wait to be sent.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: Mutex<VecDeque<Order>>,
    filled: Notify,
}

/// One change, which may be sent more than once and is applied once.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// By which the script knows it again.
    pub(super) id: String,
    /// The name of the word, or of what else is changed.
    pub(super) name: String,
    /// The epoch of the word when it was made.
    pub(super) epoch: u16,
    /// The time for which the fleet was joined when it was made; `None` if it was not.
    pub(super) session: Option<u64>,
    /// What happened.
    pub(super) what: Act,
}

/// What happened.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// A failure that counts.
    Fail {
        /// What was asked.
        cause: Option<u64>,
        /// The kind of failure.
        kind: FailureKind,
    },
    /// A success after failures.
    Succeed,
    /// Switched off by hand, and why.
    Off(String),
    /// Switched on by hand.
    On,
    /// A place of a model that comes back is free again.
    Back,
    /// Left alone until a time.
    Cool {
        /// Until when.
        until: Instant,
        /// The kind of failure.
        kind: FailureKind,
    },
    /// A version of the prompts is pinned, or none.
    Pin(Option<String>),
}

impl Act {
    /// Whether a word was changed here before the others know.
    pub(super) fn is_applied(&self) -> bool {
        matches!(self, Self::Fail { .. } | Self::Succeed | Self::Off(_) | Self::On)
    }

    /// Whether it is still to be sent after the fleet was lost.
    pub(super) fn outlives_a_loss(&self) -> bool {
        !matches!(self, Self::Succeed | Self::Back)
    }
}

impl Outbox {
    /// Puts a change at the end; returns one that is given up for it.
    pub(super) fn put(&self, order: Order) -> Option<Order> {
        let mut waiting = self.lock();
        let given_up = if waiting.len() >= MOST { waiting.pop_front() } else { None };
        waiting.push_back(order);
        self.filled.notify_one();
        given_up
    }

    /// The change that is to be sent next.
    pub(super) fn first(&self) -> Option<Order> {
        self.lock().front().cloned()
    }

    /// Takes the change out that was acknowledged, if it is there still.
    pub(super) fn take(&self, id: &str) -> Option<Order> {
        let mut waiting = self.lock();
        let place = waiting.iter().position(|order| order.id == id)?;
        waiting.remove(place)
    }

    /// Takes out what is not to be sent after a loss.
    pub(super) fn take_fleeting(&self) -> Vec<Order> {
        let mut waiting = self.lock();
        let (kept, fleeting): (VecDeque<_>, VecDeque<_>) =
            waiting.drain(..).partition(|order| order.what.outlives_a_loss());
        *waiting = kept;
        fleeting.into()
    }

    /// Waits until there is something to be sent.
    pub(super) async fn filled(&self) {
        while self.lock().is_empty() {
            self.filled.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Order>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
