//! What the calls of one slate share beside their answers: its deadline, its money, its places, and that it is given up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::catalog::Provider;
use crate::engine::turn::{ProviderTurn, SlatePlaces, allowance};
use crate::kind::SkipReason;
use crate::outcome::{NanoUsd, Refusal};
use crate::slate::{Funding, Funds};
use crate::transport::concurrency::{ConcurrencyLimits, Party};

/// What the calls of one slate share.
pub(in crate::engine) struct Joint {
    /// When the time of the whole slate is over.
    pub(in crate::engine) deadline: Instant,
    /// Nothing more is begun.
    pub(in crate::engine) given_up: CancellationToken,
    places: Arc<SlatePlaces>,
    funds: Mutex<Funds>,
    /// How many requests hold money and were let go.
    admitted: AtomicUsize,
    /// Counts those of them that were settled.
    settled: watch::Sender<u64>,
    /// Counts the sums that were given back because a request was not let go after all.
    freed: watch::Sender<u64>,
}

/// The most that a request can cost, held of the slate's money until it is settled.
pub(in crate::engine) struct Hold {
    joint: Arc<Joint>,
    worst: NanoUsd,
    is_admitted: bool,
    is_closed: bool,
}

/// Why a slate holds no money for a request.
pub(in crate::engine) enum NotHeld {
    /// Others hold it, who may leave some of it.
    Wait,
    /// It is too little for the request.
    Refused(Refusal),
}

impl Joint {
    /// A slate that may take until `deadline`, cost so much, and have so many requests under way.
    pub(in crate::engine) fn new(deadline: Instant, max_cost: Option<NanoUsd>, max_in_flight: Option<usize>) -> Self {
        Self {
            deadline,
            given_up: CancellationToken::new(),
            places: Arc::new(SlatePlaces::new(max_in_flight)),
            funds: Mutex::new(Funds::new(max_cost)),
            admitted: AtomicUsize::new(0),
            settled: watch::channel(0).0,
            freed: watch::channel(0).0,
        }
    }

    /// Waits for the turn of a request at a provider, and for a place among those of the slate; it holds neither while it
    /// waits for the other.
    pub(in crate::engine) async fn turn(
        &self,
        limits: &ConcurrencyLimits,
        provider: &Provider,
        tokens: u64,
    ) -> ProviderTurn {
        loop {
            self.places.free().await;
            let slot = limits.slot(&provider.id, allowance(provider), Party::Slate, tokens).await;
            match self.places.try_take() {
                Some(place) => return ProviderTurn::new(slot, Some(place)),
                None => slot.give_back(),
            }
        }
    }

    /// Holds the most that a request can cost.
    pub(in crate::engine) fn hold(self: &Arc<Self>, worst: NanoUsd) -> Result<Hold, NotHeld> {
        let mut funds = self.funds();
        match funds.reserve(worst) {
            Funding::Reserved => Ok(Hold { joint: Arc::clone(self), worst, is_admitted: false, is_closed: false }),
            Funding::Wait => Err(NotHeld::Wait),
            Funding::Refused => {
                let detail =
                    format!("could cost ${:.6} where maxCostUsd leaves ${:.6}", worst.usd(), funds.left().usd());
                Err(NotHeld::Refused(Refusal::new(SkipReason::OverBudget, detail)))
            }
        }
    }

    /// What tells when money is settled or given back after now.
    pub(in crate::engine) fn changes(&self) -> MoneyChanges {
        MoneyChanges { settled: self.settled.subscribe(), freed: self.freed.subscribe() }
    }

    /// Whether a request is open that may cost less than it could, or one was settled since `changes` was asked for.
    pub(in crate::engine) fn may_leave_some(&self, changes: Option<&MoneyChanges>) -> bool {
        let is_settled = |changes: &MoneyChanges| changes.settled.has_changed().unwrap_or(false);
        self.admitted.load(Ordering::Relaxed) > 0 || changes.is_some_and(is_settled)
    }

    /// How many requests are under way.
    pub(in crate::engine) fn in_flight(&self) -> usize {
        self.places.taken()
    }

    /// What the settled requests did cost.
    pub(in crate::engine) fn spent(&self) -> NanoUsd {
        self.funds().spent()
    }

    /// Whether one who waits so long has time for an attempt of `time` then.
    pub(in crate::engine) fn has_time_after(&self, wait: Duration, time: Duration) -> bool {
        let remaining = self.deadline.saturating_duration_since(Instant::now());
        wait.saturating_add(time) <= remaining
    }

    fn funds(&self) -> MutexGuard<'_, Funds> {
        self.funds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What tells when money of a slate is settled or given back.
pub(in crate::engine) struct MoneyChanges {
    settled: watch::Receiver<u64>,
    freed: watch::Receiver<u64>,
}

impl MoneyChanges {
    /// Waits until a request that was let go is settled.
    pub(in crate::engine) async fn settled(&mut self) {
        // The sender is the slate's, which outlives its calls.
        let _ = self.settled.changed().await;
    }

    /// Waits until a request is settled, or a sum is given back.
    pub(in crate::engine) async fn any(&mut self) {
        tokio::select! {
            _ = self.settled.changed() => {}
            _ = self.freed.changed() => {}
        }
    }
}

impl Hold {
    /// The request is let go: from now on what it holds is given back only as it is settled.
    pub(in crate::engine) fn admitted(mut self) -> Self {
        self.is_admitted = true;
        self.joint.admitted.fetch_add(1, Ordering::Relaxed);
        self
    }

    /// Books what the request did cost; `is_uncertain`: the rest of what it could cost is held on.
    pub(in crate::engine) fn settle(mut self, cost: NanoUsd, is_uncertain: bool) {
        self.close(cost, is_uncertain);
    }

    fn close(&mut self, cost: NanoUsd, is_uncertain: bool) {
        self.is_closed = true;
        let joint = &self.joint;
        joint.funds().settle(self.worst, cost, is_uncertain);
        let changed = if std::mem::take(&mut self.is_admitted) {
            joint.admitted.fetch_sub(1, Ordering::Relaxed);
            &joint.settled
        } else {
            &joint.freed
        };
        changed.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if !self.is_closed {
            self.close(NanoUsd::default(), false);
        }
    }
}
