//! A turn: the right to make one request to a provider now, and in a slate one of its places as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

use super::Engine;
use crate::catalog::{Provider, RateLimits};
use crate::transport::concurrency::{Allowance, ConcurrencyLimits, Slot};

/// The right to make one request; dropping it lets the next one in.
pub(super) struct ProviderTurn {
    slot: Slot,
    _place: Option<SlatePlace>,
}

impl ProviderTurn {
    /// A slot of the provider, and a place among the requests of a slate if it is one's.
    pub(super) fn new(slot: Slot, place: Option<SlatePlace>) -> Self {
        Self { slot, _place: place }
    }

    /// The request took so many tokens, where the provider said so.
    pub(super) fn took(&mut self, tokens: u64) {
        self.slot.took(tokens);
    }

    /// Gives back a turn in which no request was made.
    pub(super) fn give_back(self) {
        self.slot.give_back();
    }
}

/// How many requests of a slate may be under way at once, and are.
pub(super) struct SlatePlaces {
    most: usize,
    taken: AtomicUsize,
    /// Counts the places that were given back.
    freed: watch::Sender<u64>,
}

/// One of the requests of a slate that are under way.
pub(super) struct SlatePlace(Arc<SlatePlaces>);

impl SlatePlaces {
    /// So many, or without a limit.
    pub(super) fn new(most: Option<usize>) -> Self {
        Self { most: most.unwrap_or(usize::MAX), taken: AtomicUsize::new(0), freed: watch::channel(0).0 }
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }

    /// Waits until one is free, which another may take meanwhile.
    pub(super) async fn free(&self) {
        let mut freed = self.freed.subscribe();
        while self.taken() >= self.most {
            // The sender is these places', which outlive whoever waits for one.
            let _ = freed.changed().await;
        }
    }

    /// Takes one, if one is free. If it is not, another has taken it: of all who try one succeeds, so nobody tries for ever.
    pub(super) fn try_take(self: &Arc<Self>) -> Option<SlatePlace> {
        let one_more = |taken: usize| (taken < self.most).then_some(taken + 1);
        let is_taken = self.taken.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more).is_ok();
        is_taken.then(|| SlatePlace(Arc::clone(self)))
    }
}

impl Drop for SlatePlace {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::SeqCst);
        self.0.freed.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// The limits of the providers, where those of this one are shared as the fleet says now.
pub(super) fn limits<'a>(engine: &'a Engine, provider: &Provider) -> &'a ConcurrencyLimits {
    if let Some(fleet) = engine.roster.fleet().filter(|_| provider.rates != RateLimits::default()) {
        let workers = u32::try_from(fleet.workers(&provider.id)).unwrap_or(u32::MAX);
        engine.limits.share_rates(&provider.id, workers);
    }
    &engine.limits
}

/// What a provider allows.
pub(super) fn allowance(provider: &Provider) -> Allowance {
    Allowance {
        at_once: provider.max_concurrency,
        requests_per_minute: provider.rates.requests_per_minute,
        tokens_per_minute: provider.rates.tokens_per_minute,
    }
}
