//! When a call that gave no prediction is worth making again.

use std::time::Duration;

use super::retry::{self, Had};
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

    /// Whether the call waits for the model at `position`: it is the last of the chain, nothing but a 429 to another call
    /// keeps it from being asked, and it may be asked soon. Without retries nothing is waited for.
    pub(super) fn is_worth_waiting_for(&self, position: usize) -> bool {
        let candidate = &self.plan.candidates[position];
        let model = self.call.catalog.model(candidate.model);
        let bounds = self.bounds(Duration::ZERO);
        let is_soon = |wait| retry::wait_on(wait, Had::default(), &bounds, 0.0).is_some();
        position + 1 == self.plan.candidates.len()
            && bounds.max_retries > 0
            && self.call.engine.health.is_only_limited(&model.id, &model.provider.id)
            && !self.has_failed(&model.provider.id)
            && self.wait_for(position, candidate).is_some_and(is_soon)
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
        let fitted = fit(model, self.wanted, &self.outstanding);
        if position > 0 && self.call.fallback_budget().refuses(&fitted).is_some() {
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
