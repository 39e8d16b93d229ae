//! `maxConcurrency`: callers beyond a provider's limit wait their turn, first come, first served.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use dashmap::DashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::debug;

/// The queues of all providers.
#[derive(Debug, Default)]
pub struct Turns {
    gates: DashMap<String, Arc<Gate>>,
}

/// The right to call a provider; dropping it lets the next caller in.
#[derive(Debug)]
#[must_use = "the turn ends when this is dropped"]
pub struct Turn {
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

impl Turns {
    /// Waits until fewer than `limit` callers hold a turn at the provider; without a limit nobody waits or is counted.
    ///
    /// A limit that differs from the previous caller's holds from now on; 0 counts as 1. Dropping the future gives up
    /// the place in the queue.
    pub async fn take(&self, provider_id: &str, limit: Option<u32>) -> Turn {
        let Some(limit) = limit else { return Turn { held: None } };
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
        Turn { held: permit.map(|permit| (permit, gate)) }
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

impl Drop for Turn {
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

    /// Polls once: the turn, if it is the caller's.
    fn now(mut take: Pin<&mut impl Future<Output = Turn>>) -> Option<Turn> {
        match take.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(turn) => Some(turn),
            Poll::Pending => None,
        }
    }

    #[test]
    fn callers_beyond_the_limit_wait_in_order() {
        let turns = Turns::default();
        let first = now(pin!(turns.take("a", Some(2)))).expect("the first turn");
        let second = now(pin!(turns.take("a", Some(2)))).expect("the second turn");
        let (mut third, mut fourth) = (pin!(turns.take("a", Some(2))), pin!(turns.take("a", Some(2))));
        assert!(now(third.as_mut()).is_none() && now(fourth.as_mut()).is_none());

        drop(second);
        assert!(now(fourth.as_mut()).is_none(), "the fourth overtook the third");
        let third = now(third.as_mut()).expect("the third turn");
        drop(first);
        assert!(now(fourth.as_mut()).is_some());
        drop(third);
    }

    #[test]
    fn providers_do_not_wait_for_one_another_and_no_limit_is_no_wait() {
        let turns = Turns::default();
        let _a = now(pin!(turns.take("a", Some(1)))).expect("a turn at a");
        assert!(now(pin!(turns.take("b", Some(1)))).is_some());
        assert!(now(pin!(turns.take("a", None))).is_some());
        assert!(now(pin!(turns.take("c", None))).is_some());
        assert!(!turns.gates.contains_key("c"));
    }

    #[test]
    fn who_gives_up_holds_nobody_back() {
        let turns = Turns::default();
        let first = now(pin!(turns.take("a", Some(1)))).expect("the first turn");
        {
            let mut given_up = pin!(turns.take("a", Some(1)));
            assert!(now(given_up.as_mut()).is_none());
            drop(first);
            // The turn is assigned to the waiting caller by now, but it never looks again.
        }
        assert!(now(pin!(turns.take("a", Some(1)))).is_some());
    }

    #[test]
    fn a_raised_limit_holds_at_once() {
        let turns = Turns::default();
        let _first = now(pin!(turns.take("a", Some(1)))).expect("the first turn");
        assert!(now(pin!(turns.take("a", Some(1)))).is_none());
        let _second = now(pin!(turns.take("a", Some(2)))).expect("the second turn");
        assert!(now(pin!(turns.take("a", Some(2)))).is_none());
    }

    #[test]
    fn a_lowered_limit_counts_the_turns_in_use() {
        let turns = Turns::default();
        let held: Vec<Turn> = (0..3).filter_map(|_| now(pin!(turns.take("a", Some(3))))).collect();
        assert_eq!(held.len(), 3);
        let mut waiting = pin!(turns.take("a", Some(1)));
        assert!(now(waiting.as_mut()).is_none());
        let mut held = held.into_iter();
        drop(held.next());
        drop(held.next());
        assert!(now(waiting.as_mut()).is_none(), "one turn is still in use");
        drop(held.next());
        let waiting = now(waiting.as_mut()).expect("the turn of the one who waited");
        assert!(now(pin!(turns.take("a", Some(1)))).is_none());
        drop(waiting);
        assert!(now(pin!(turns.take("a", Some(1)))).is_some());
    }

    #[test]
    fn a_lowered_limit_takes_the_turns_that_nobody_holds() {
        let turns = Turns::default();
        drop(now(pin!(turns.take("a", Some(3)))).expect("a turn"));
        let _first = now(pin!(turns.take("a", Some(1)))).expect("the first turn");
        assert!(now(pin!(turns.take("a", Some(1)))).is_none());
    }

    #[test]
    fn the_extremes_are_limits_too() {
        let turns = Turns::default();
        let turn = now(pin!(turns.take("a", Some(0)))).expect("0 counts as 1");
        assert!(now(pin!(turns.take("a", Some(0)))).is_none());
        drop(turn);
        assert!(now(pin!(turns.take("a", Some(u32::MAX)))).is_some());
    }
}
