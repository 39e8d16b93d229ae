//! Turns at a provider: whoever is beyond what it allows at once or a minute waits for a slot.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dashmap::DashMap;
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::debug;

pub use super::traffic::Traffic;
use super::traffic::{CountedRequest, TrafficCounts};
pub use super::turns::{Allowance, Party, SLATE_WIDTH};
use super::turns::{TurnStep, Turns};

/// The queues of all providers.
#[derive(Debug, Default)]
pub struct ConcurrencyLimits {
    gates: DashMap<String, Arc<Gate>>,
    /// How many engines share what a provider allows a minute, where they are more than one.
    sharers: DashMap<String, u32>,
    traffic: TrafficCounts,
}

/// The right to make one request to a provider; dropping it lets the next one in.
#[derive(Debug)]
#[must_use = "the slot ends when this is dropped"]
pub struct Slot {
    held: Option<(Arc<Gate>, Party, u64)>,
    _counted: CountedRequest,
}

#[derive(Debug, Default)]
struct Gate(Mutex<Turns<Arc<Notify>>>);

/// The place of one who waits, which it gives up when this is dropped.
struct QueuePlace<'a> {
    gate: &'a Gate,
    party: Party,
    number: u64,
}

impl ConcurrencyLimits {
    /// So many engines, this one among them, share what the provider allows a minute: each takes its part of it from the
    /// next turn on.
    pub fn share_rates(&self, provider_id: &str, engines: u32) {
        match self.sharers.get_mut(provider_id) {
            Some(mut known) => *known = engines,
            None if engines > 1 => drop(self.sharers.insert(provider_id.to_owned(), engines)),
            None => {}
        }
    }

    /// How many requests a provider has now, and how many wait.
    #[must_use]
    pub fn traffic(&self, provider_id: &str) -> Traffic {
        self.traffic.of(provider_id)
    }

    /// Waits for the turn of a request at the provider that is likely to take so many tokens. A single prediction at a
    /// provider without a limit waits for nobody and takes no turn.
    ///
    /// What is allowed holds from now on, also where it differs from what the caller before said. Dropping the future
    /// gives up the place in the queue.
    pub async fn slot(&self, provider_id: &str, allowance: Allowance, party: Party, tokens: u64) -> Slot {
        let counted = self.traffic.wait(provider_id);
        if party == Party::Single && allowance == Allowance::default() {
            return Slot { held: None, _counted: counted.go() };
        }
        let gate = self.gate(provider_id);
        let wake = Arc::new(Notify::new());
        let sharers = self.sharers.get(provider_id).map_or(1, |engines| *engines);
        let number = gate.change(|turns| {
            turns.allow(allowance, sharers);
            turns.join(party, tokens, Arc::clone(&wake))
        });
        let place = QueuePlace { gate: &gate, party, number };
        let mut began = None;
        loop {
            let now = Instant::now();
            let step = gate.turns().step(party, place.number, now);
            if step == TurnStep::Go {
                break;
            }
            if began.replace(began.unwrap_or(now)).is_none() {
                debug!(provider = provider_id, limit = allowance.at_once, "waiting for the provider's turn");
            }
            match step {
                TurnStep::At(due) => tokio::select! {
                    () = wake.notified() => {}
                    () = tokio::time::sleep_until(due) => {}
                },
                TurnStep::Go | TurnStep::Wait => wake.notified().await,
            }
        }
        if let Some(began) = began {
            let waited_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            debug!(provider = provider_id, waited_ms, "the provider's turn has come");
        }
        // Whoever is next may go as well.
        drop(place);
        Slot { held: Some((gate, party, tokens)), _counted: counted.go() }
    }

    fn gate(&self, provider_id: &str) -> Arc<Gate> {
        if let Some(gate) = self.gates.get(provider_id) {
            return Arc::clone(&gate);
        }
        Arc::clone(&self.gates.entry(provider_id.to_owned()).or_default())
    }
}

impl Gate {
    fn turns(&self) -> MutexGuard<'_, Turns<Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the turns, and wakes whoever is next then.
    fn change<T>(&self, change: impl FnOnce(&mut Turns<Arc<Notify>>) -> T) -> T {
        let mut turns = self.turns();
        let changed = change(&mut turns);
        if let Some(first) = turns.first() {
            first.notify_one();
        }
        changed
    }
}

impl Slot {
    /// The request took so many tokens, where the provider said so.
    pub fn took(&mut self, tokens: u64) {
        if let Some((gate, _, counted)) = &mut self.held {
            let counted = std::mem::replace(counted, tokens);
            gate.change(|turns| turns.correct(counted, tokens));
        }
    }

    /// Gives back a slot with which no request was made.
    pub fn give_back(self) {
        if let Some((gate, _, tokens)) = &self.held {
            gate.turns().take_back(*tokens);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some((gate, party, _)) = self.held.take() {
            gate.change(|turns| turns.end(party));
        }
    }
}

impl Drop for QueuePlace<'_> {
    fn drop(&mut self) {
        self.gate.change(|turns| turns.leave(self.party, self.number));
    }
}

#[cfg(test)]
mod tests;
