//! How many requests each provider has at the moment, and how many wait for their turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dashmap::DashMap;

/// How many requests a provider has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Those that are under way, whose attempts hold a slot.
    pub in_flight: usize,
    /// Those that wait for one.
    pub waiting: usize,
}

/// The counts of all providers.
#[derive(Debug, Default)]
pub(super) struct TrafficCounts(DashMap<String, Arc<ProviderCounts>>);

#[derive(Debug, Default)]
struct ProviderCounts {
    in_flight: AtomicUsize,
    waiting: AtomicUsize,
}

/// One that is counted until it is dropped: as waiting, and once it may go as under way.
#[derive(Debug)]
pub(super) struct CountedRequest {
    counts: Arc<ProviderCounts>,
    goes: bool,
}

impl TrafficCounts {
    /// Counts one more that waits.
    pub(super) fn wait(&self, provider_id: &str) -> CountedRequest {
        let known = self.0.get(provider_id).map(|counts| Arc::clone(&counts));
        let counts = known.unwrap_or_else(|| Arc::clone(&self.0.entry(provider_id.to_owned()).or_default()));
        counts.waiting.fetch_add(1, Ordering::Relaxed);
        CountedRequest { counts, goes: false }
    }

    /// What is counted at a provider.
    pub(super) fn of(&self, provider_id: &str) -> Traffic {
        let count = |counts: &ProviderCounts| Traffic {
            in_flight: counts.in_flight.load(Ordering::Relaxed),
            waiting: counts.waiting.load(Ordering::Relaxed),
        };
        self.0.get(provider_id).map(|counts| count(&counts)).unwrap_or_default()
    }
}

impl CountedRequest {
    /// It waits no longer.
    pub(super) fn go(mut self) -> Self {
        if !std::mem::replace(&mut self.goes, true) {
            self.counts.in_flight.fetch_add(1, Ordering::Relaxed);
            self.counts.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        self
    }
}

impl Drop for CountedRequest {
    fn drop(&mut self) {
        let count = if self.goes { &self.counts.in_flight } else { &self.counts.waiting };
        count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_once_until_it_is_dropped() {
        let traffic = TrafficCounts::default();
        let of = |provider| (traffic.of(provider).in_flight, traffic.of(provider).waiting);
        assert_eq!(of("a"), (0, 0));
        let (first, second, other) = (traffic.wait("a").go(), traffic.wait("a"), traffic.wait("b"));
        assert_eq!((of("a"), of("b")), ((1, 1), (0, 1)));
        drop(second);
        assert_eq!(of("a"), (1, 0));
        drop((first.go(), other));
        assert_eq!((of("a"), of("b")), ((0, 0), (0, 0)));
    }
}
