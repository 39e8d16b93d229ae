//! `maxConcurrency`: callers beyond a provider's limit wait for a slot, first come, first served.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use dashmap::DashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::debug;

/// The queues of all providers.
#[derive(Debug, Default)]
pub struct ConcurrencyLimits {
    gates: DashMap<String, Arc<Gate>>,
}

/// The right to call a provider; dropping it lets the next caller in.
#[derive(Debug)]
#[must_use = "the slot ends when this is dropped"]
pub struct Slot {
    held: Option<(OwnedSemaphorePermit, Arc<Gate>)>,
}

#[derive(Debug)]
struct Gate {
    permits: Arc<Semaphore>,
    size: Mutex<Size>,
}

/// A lowered limit cannot take back the permits in use, so both numbers are kept until those are returned.
#[derive(Debug)]
struct Size {
    limit: usize,
    permits: usize,
}

impl ConcurrencyLimits {
    /// Waits until fewer than `limit` callers hold a slot at the provider; without a limit nobody waits or is counted.
    ///
    /// A limit that differs from the previous caller's holds from now on; 0 counts as 1. Dropping the future gives up
    /// the place in the queue.
    pub async fn slot(&self, provider_id: &str, limit: Option<u32>) -> Slot {
        let Some(limit) = limit else { return Slot { held: None } };
        let gate = self.gate(provider_id);
        gate.resize(limit);
        let permit = if let Ok(permit) = Arc::clone(&gate.permits).try_acquire_owned() {
            Some(permit)
        } else {
            let began = Instant::now();
            debug!(provider = provider_id, limit, "waiting for the provider's turn");
            // The semaphore is never closed; were it, nobody should wait for it.
            let permit = Arc::clone(&gate.permits).acquire_owned().await.ok();
            let waited_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            debug!(provider = provider_id, waited_ms, "the provider's turn has come");
            permit
        };
        Slot { held: permit.map(|permit| (permit, gate)) }
    }

    fn gate(&self, provider_id: &str) -> Arc<Gate> {
        if let Some(gate) = self.gates.get(provider_id) {
            return Arc::clone(&gate);
        }
        Arc::clone(&self.gates.entry(provider_id.to_owned()).or_default())
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(0)), size: Mutex::new(Size { limit: 0, permits: 0 }) }
    }
}

impl Gate {
    fn resize(&self, limit: u32) {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).clamp(1, Semaphore::MAX_PERMITS);
        let mut size = self.size();
        size.limit = limit;
        if limit > size.permits {
            self.permits.add_permits(limit - size.permits);
            size.permits = limit;
        } else if limit < size.permits {
            size.permits -= self.permits.forget_permits(size.permits - limit);
        }
    }

    fn size(&self) -> MutexGuard<'_, Size> {
        self.size.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some((permit, gate)) = self.held.take() else { return };
        let mut size = gate.size();
        if size.permits > size.limit {
            size.permits -= 1;
            permit.forget();
        } else {
            // While the lock is held, so that a limit lowered at the same time still finds it.
            drop(permit);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Polls once: the slot, if it is the caller's.
    fn now(mut take: Pin<&mut impl Future<Output = Slot>>) -> Option<Slot> {
        match take.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(slot) => Some(slot),
            Poll::Pending => None,
        }
    }

    #[test]
    fn callers_beyond_the_limit_wait_in_order() {
        let limits = ConcurrencyLimits::default();
        let first = now(pin!(limits.slot("a", Some(2)))).expect("the first slot");
        let second = now(pin!(limits.slot("a", Some(2)))).expect("the second slot");
        let (mut third, mut fourth) = (pin!(limits.slot("a", Some(2))), pin!(limits.slot("a", Some(2))));
        assert!(now(third.as_mut()).is_none() && now(fourth.as_mut()).is_none());

        drop(second);
        assert!(now(fourth.as_mut()).is_none(), "the fourth overtook the third");
        let third = now(third.as_mut()).expect("the third slot");
        drop(first);
        assert!(now(fourth.as_mut()).is_some());
        drop(third);
    }

    #[test]
    fn providers_do_not_wait_for_one_another_and_no_limit_is_no_wait() {
        let limits = ConcurrencyLimits::default();
        let _a = now(pin!(limits.slot("a", Some(1)))).expect("a slot at a");
        assert!(now(pin!(limits.slot("b", Some(1)))).is_some());
        assert!(now(pin!(limits.slot("a", None))).is_some());
        assert!(now(pin!(limits.slot("c", None))).is_some());
        assert!(!limits.gates.contains_key("c"));
    }

    #[test]
    fn who_gives_up_holds_nobody_back() {
        let limits = ConcurrencyLimits::default();
        let first = now(pin!(limits.slot("a", Some(1)))).expect("the first slot");
        {
            let mut given_up = pin!(limits.slot("a", Some(1)));
            assert!(now(given_up.as_mut()).is_none());
            drop(first);
            // The slot is assigned to the waiting caller by now, but it never looks again.
        }
        assert!(now(pin!(limits.slot("a", Some(1)))).is_some());
    }

    #[test]
    fn a_raised_limit_holds_at_once() {
        let limits = ConcurrencyLimits::default();
        let _first = now(pin!(limits.slot("a", Some(1)))).expect("the first slot");
        assert!(now(pin!(limits.slot("a", Some(1)))).is_none());
        let _second = now(pin!(limits.slot("a", Some(2)))).expect("the second slot");
        assert!(now(pin!(limits.slot("a", Some(2)))).is_none());
    }

    #[test]
    fn a_lowered_limit_counts_the_slots_in_use() {
        let limits = ConcurrencyLimits::default();
        let held: Vec<Slot> = (0..3).filter_map(|_| now(pin!(limits.slot("a", Some(3))))).collect();
        assert_eq!(held.len(), 3);
        let mut waiting = pin!(limits.slot("a", Some(1)));
        assert!(now(waiting.as_mut()).is_none());
        let mut held = held.into_iter();
        drop(held.next());
        drop(held.next());
        assert!(now(waiting.as_mut()).is_none(), "one slot is still in use");
        drop(held.next());
        let waiting = now(waiting.as_mut()).expect("the slot of the one who waited");
        assert!(now(pin!(limits.slot("a", Some(1)))).is_none());
        drop(waiting);
        assert!(now(pin!(limits.slot("a", Some(1)))).is_some());
    }

    #[test]
    fn a_lowered_limit_takes_the_slots_that_nobody_holds() {
        let limits = ConcurrencyLimits::default();
        drop(now(pin!(limits.slot("a", Some(3)))).expect("a slot"));
        let _first = now(pin!(limits.slot("a", Some(1)))).expect("the first slot");
        assert!(now(pin!(limits.slot("a", Some(1)))).is_none());
    }

    #[test]
    fn the_extremes_are_limits_too() {
        let limits = ConcurrencyLimits::default();
        let slot = now(pin!(limits.slot("a", Some(0)))).expect("0 counts as 1");
        assert!(now(pin!(limits.slot("a", Some(0)))).is_none());
        drop(slot);
        assert!(now(pin!(limits.slot("a", Some(u32::MAX)))).is_some());
    }
}
