//! When a call that gave no prediction is worth making again.

use std::time::Duration;

use super::run::Run;
use crate::plan::{Candidate, fit};

impl Run<'_> {
    /// How long it is until such a call could ask a model of the chain again; `None` if it could at once, if no time will
    /// do, or if that is not known.
    pub(super) fn again_after(&self) -> Option<Duration> {
        let candidates = self.plan.candidates.iter().enumerate();
        let waits = candidates.filter_map(|(position, candidate)| self.wait_for(position, candidate));
        waits.min().filter(|wait| !wait.is_zero())
    }

    /// How long it is until nothing forbids to call the model at `position`; `None` if something always will.
    fn wait_for(&self, position: usize, candidate: &Candidate) -> Option<Duration> {
        let engine = &self.call.engine;
        let model = self.call.catalog.model(candidate.model);
        let most = engine.config.max_price_ratio;
        let is_too_dear = candidate.price_ratio.zip(most).is_some_and(|(ratio, most)| ratio > most);
        if is_too_dear || !model.is_usable() {
            return None;
        }
        let fitted = fit(model, self.wish, &self.outstanding);
        if position > 0 && self.call.allowance().refuses(&fitted).is_some() {
            return None;
        }
        let over_budget = engine.over_budget(&fitted, self.plan.is_dearer(position));
        let wait = match engine.unavailable(model).into_iter().chain(over_budget).reduce(|one, other| one.and(&other)) {
            Some(refusal) => refusal.retry_after?,
            None => Duration::ZERO,
        };
        let asked = self.asked_to_wait.iter().filter(|(id, _)| *id == model.id).map(|(_, wait)| *wait);
        Some(asked.fold(wait, Duration::max))
    }
}
