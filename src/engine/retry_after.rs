//! When a call that gave no prediction is worth making again.

use std::time::Duration;

use super::run::Run;
use crate::kind::SkipReason;
use crate::plan::{Candidate, fit};
use crate::task::Item;

impl<I: Item> Run<'_, I> {
    /// How long it is until such a call could ask a model of the chain again; `None` if it could at once, if no time will
    /// do, or if that is not known.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let candidates = self.plan.candidates.iter().enumerate();
        let waits = candidates.filter_map(|(position, candidate)| self.wait_for(position, candidate));
        waits.min().filter(|wait| !wait.is_zero())
    }

    /// How long it is until nothing forbids to call the model at `position`; `None` if something always will.
    ///
    /// A refusal that the call was given holds still, and nobody is asked again, unless an attempt came after it: then
    /// time has passed, and the attempt may have switched a model off, and has spent money. What the refusal does not say
    /// is asked: money, where it was health that refused.
    fn wait_for(&self, position: usize, candidate: &Candidate) -> Option<Duration> {
        if candidate.verdict.as_ref().is_err_and(|refusal| refusal.retry_after.is_none()) {
            return None;
        }
        let model = self.call.catalog.model(candidate.model);
        let engine = &self.call.engine;
        let known = self.passed_over.iter().find(|passed| passed.position == position && passed.begun == self.begun);
        let health = match known.map(|known| (known.reason, known.retry_after)) {
            Some((SkipReason::OverBudget, left)) => return left,
            Some((SkipReason::Disabled | SkipReason::Cooling, left)) => left?,
            Some((SkipReason::ProviderFailed, Some(left))) => left,
            // Depth and price are asked after health.
            Some((SkipReason::Depth | SkipReason::TooExpensive, _)) => Duration::ZERO,
            // It was asked, or never reached, or its provider failed in this call.
            None
            | Some(
                (SkipReason::ProviderFailed, None)
                | (SkipReason::Unconfigured | SkipReason::NotEnabled | SkipReason::Retired, _),
            ) => match engine.roster.unavailable(model) {
                Some(refusal) => refusal.retry_after?,
                None => Duration::ZERO,
            },
        };
        let fitted = fit(model, self.context.wanted, &self.outstanding);
        // Another call has the whole of its budget.
        if position > 0 && self.call.fallback_budget().refuses(&fitted).is_some() {
            return None;
        }
        let money = match engine.purse.over_budget(&fitted, self.plan.is_dearer(position)) {
            Some(refusal) => refusal.retry_after?,
            None => Duration::ZERO,
        };
        let asked = self.asked_to_wait.iter().filter(|(index, _)| *index == candidate.model).map(|(_, wait)| *wait);
        Some(asked.fold(health.max(money), Duration::max))
    }
}
