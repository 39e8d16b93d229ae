//! A call as a part of a slate: what it has of the slate, and what the slate wants to know of it beside its outcome.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::share::Share;
use super::stand_in::{Duty, OwnAttempt};
use crate::call_id::CallIds;
use crate::catalog::ModelIndex;
use crate::engine::time::Stop;
use crate::engine::turn::ProviderTurn;
use crate::slate::Fallbacks;
use crate::task::Item;

/// A call as a part of a slate.
pub(in crate::engine) struct SlateCall<I: Item> {
    pub(in crate::engine) share: Arc<Share<I>>,
    pub(in crate::engine) ids: Arc<CallIds>,
    /// The place in the slate of each position of the call.
    pub(in crate::engine) places: Vec<usize>,
    /// The turn that was waited for before the call began.
    turn: Mutex<Option<ProviderTurn>>,
    /// By this whoever waits for the call's own attempt is told how it ended.
    duty: Mutex<Option<Duty<I::Value>>>,
    /// The positions that had begun before a model could be asked about them.
    begun: Mutex<Vec<usize>>,
    /// What ended the call from outside.
    stop: OnceLock<Stop>,
}

impl<I: Item> SlateCall<I> {
    /// A call about these places, with the turn of its first request and the duty to tell of it.
    pub(in crate::engine) fn new(
        share: Arc<Share<I>>,
        ids: Arc<CallIds>,
        places: Vec<usize>,
        turn: Option<ProviderTurn>,
        duty: Option<Duty<I::Value>>,
    ) -> Self {
        let (turn, duty) = (Mutex::new(turn), Mutex::new(duty));
        Self { share, ids, places, turn, duty, begun: Mutex::default(), stop: OnceLock::new() }
    }

    /// Whether what others of the slate are asked stands in for a model that fails.
    pub(in crate::engine) fn reuses(&self) -> bool {
        self.share.fallbacks == Fallbacks::Reuse
    }

    /// Whether no model but the original is asked.
    pub(in crate::engine) fn is_alone(&self) -> bool {
        self.share.fallbacks == Fallbacks::None
    }

    /// The turn that was waited for before the call began; there is one at most.
    pub(in crate::engine) fn take_turn(&self) -> Option<ProviderTurn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The duty to say how the call's own attempt ended, if anybody may wait for it.
    pub(in crate::engine) fn take_duty(&self) -> Option<Duty<I::Value>> {
        self.duty.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The attempt of another call in which a model is asked about a position of this one, or was.
    pub(in crate::engine) fn asked_by_another(
        &self,
        model: ModelIndex,
        position: usize,
    ) -> Option<Arc<OwnAttempt<I::Value>>> {
        self.share.stand_ins.of(model, self.place(position)?)
    }

    /// Takes on the duty to ask a model about these positions, for all calls of the slate.
    pub(in crate::engine) fn asks(&self, model: ModelIndex, positions: &[usize]) -> Duty<I::Value> {
        self.share.stand_ins.asks(model, positions.iter().filter_map(|&position| self.place(position)))
    }

    /// The place in the slate of a position of the call.
    pub(in crate::engine) fn place(&self, position: usize) -> Option<usize> {
        self.places.get(position).copied()
    }

    /// Whether what stands at a position has begun, and is not asked about any more.
    pub(in crate::engine) fn has_begun(&self, position: usize) -> bool {
        self.place(position).is_some_and(|place| self.share.has_begun(place))
    }

    /// Keeps the positions that have not begun, and notes the others.
    pub(in crate::engine) fn keep_unbegun(&self, outstanding: &mut Vec<usize>) {
        let has_begun = |position: &usize| self.has_begun(*position);
        if outstanding.iter().any(has_begun) {
            let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
            begun.extend(outstanding.iter().filter(|position| has_begun(position)));
            outstanding.retain(|position| !begun.contains(position));
        }
    }

    /// Notes what ended the call from outside.
    pub(in crate::engine) fn stopped(&self, stop: Stop) {
        let _ = self.stop.set(stop);
    }

    /// What ended the call from outside.
    pub(in crate::engine) fn stop(&self) -> Option<Stop> {
        self.stop.get().copied()
    }

    /// Whether a position had begun before a model could be asked about it.
    pub(in crate::engine) fn had_begun(&self, position: usize) -> bool {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).contains(&position)
    }
}
