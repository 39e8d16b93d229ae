//! Whether and when a call that gave no prediction is worth making again.

use std::time::Duration;

use super::run::Run;
use crate::kind::{FailureKind, SkipReason};
use crate::plan::{Candidate, fit};
use crate::task::Item;

impl<I: Item> Run<'_, I> {
    /// Whether such a call may be answered later as things stand, and how long it is until it could ask a model of the chain
    /// that may answer it; `None` if it could at once.
    pub(super) fn prospects(&self) -> (bool, Option<Duration>) {
        let candidates = self.plan.candidates.iter().enumerate();
        let open = candidates.filter(|(position, candidate)| self.may_go_better(*position, candidate));
        let soonest = open.filter_map(|(position, candidate)| self.wait_for(position, candidate)).min();
        (soonest.is_some(), soonest.filter(|wait| !wait.is_zero()))
    }

    /// Whether the model at `position` may do more in such a call than it did in this one: it was reached, and what it failed
    /// with is not the request's own.
    fn may_go_better(&self, position: usize, candidate: &Candidate) -> bool {
        let id = &self.call.catalog.model(candidate.model).id;
        if let Some(attempt) = self.history.attempts.iter().rfind(|attempt| attempt.model_id == *id) {
            return !attempt.failure.is_some_and(is_of_the_request);
        }
        let passed = self.passed_over.iter().find(|passed| passed.position == position);
        passed.is_some_and(|passed| !matches!(passed.reason, SkipReason::Depth | SkipReason::TooExpensive))
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

/// Whether the same request would fail with it again.
fn is_of_the_request(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::ContextTooLong | FailureKind::BadRequest | FailureKind::ContentFiltered)
}
