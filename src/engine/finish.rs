//! The end of a call: what there is, as an outcome or as an error.

use std::sync::Arc;

use tracing::{debug, info, warn};

use super::call::Call;
use super::run::{Answer, PassedOver, Run};
use super::time::Stop;
use crate::error::EngineError;
use crate::kind::SkipReason;
use crate::money::ASK_AGAIN_AFTER;
use crate::outcome::{FallbackReason, Finding, History, Outcome, Skip};
use crate::task::Item;

impl<I: Item> Call<I> {
    /// Logs how the call ended, whether or not it was answered.
    pub(super) fn log_end(&self, result: &Result<Outcome<I::Value>, EngineError>) {
        let (answer, history) = match result {
            Ok(outcome) => (Some(outcome), Some(&outcome.history)),
            Err(error) => (None, error.history()),
        };
        info!(
            code = result.as_ref().err().map_or("ok", EngineError::code),
            model = answer.map(|outcome| outcome.model_id.as_str()),
            reason = answer.and_then(|outcome| outcome.fallback_reason).map(FallbackReason::as_str),
            duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            cost_usd = history.map(History::cost).unwrap_or_default().usd(),
            attempts = history.map_or(0, |history| history.attempts.len()),
            skips = history.map_or(0, |history| history.skips.len()),
            missing = answer.map_or(self.request.items.len(), |outcome| outcome.missing().count()),
            "call ended"
        );
    }
}

impl<I: Item> Run<'_, I> {
    /// The outcome if there is any value, else the error that says why there is none. An abort or a close is an
    /// error whatever there is.
    pub(super) fn finish(mut self, stop: Option<Stop>) -> Result<Outcome<I::Value>, EngineError> {
        let member = self.context.slate;
        if let (Some(member), Some(stop)) = (member, stop) {
            member.stopped(stop);
        }
        match (stop, self.answer.take()) {
            // A slate keeps whatever was answered, however it ends.
            (Some(_), Some(answer)) if member.is_some() => Ok(self.outcome(answer)),
            (Some(Stop::Abort | Stop::GivenUp), _) => Err(EngineError::Aborted(Box::new(self.history))),
            (Some(Stop::Close), _) => Err(EngineError::Closed(Box::new(self.history))),
            (_, Some(answer)) => Ok(self.outcome(answer)),
            (Some(Stop::Deadline), None) => Err(EngineError::DeadlineExceeded(Box::new(self.history))),
            (None, None) => Err(self.failure()),
        }
    }

    fn failure(mut self) -> EngineError {
        (self.history.is_retryable, self.history.retry_after) = self.prospects();
        let history = Box::new(self.history);
        if !history.attempts.is_empty() {
            EngineError::AllAttemptsFailed(history)
        } else if history.skips.iter().any(|skip| skip.reason == SkipReason::OverBudget) {
            // Money that others hold comes back in a moment: the day is not spent.
            let may_come_back = |passed: &PassedOver| {
                passed.reason == SkipReason::OverBudget && passed.retry_after == Some(ASK_AGAIN_AFTER)
            };
            if self.passed_over.iter().any(may_come_back) {
                debug!(skips = in_short(&history.skips), "the fleet has not granted enough of the day's budget");
            } else {
                self.call.engine.purse.exhausted();
                warn!(skips = in_short(&history.skips), "the day's budget is exhausted");
            }
            EngineError::BudgetExhausted(history)
        } else {
            warn!(skips = in_short(&history.skips), "no model is available");
            EngineError::NoModelAvailable(history)
        }
    }

    fn outcome(self, answer: Answer) -> Outcome<I::Value> {
        let Call { catalog, request, original, began, .. } = self.call;
        let fallback_reason = (answer.model != *original).then(|| self.why_not_the_original());
        let findings = request.items.iter().zip(self.values).map(|(item, value)| Finding {
            id: item.id().to_owned(),
            filled: value.map(|(value, model)| (value, catalog.model(model).id.clone())),
        });
        Outcome {
            call: Arc::clone(&self.call.ids),
            findings: findings.collect(),
            original_model_id: request.model_id.clone(),
            model_id: catalog.model(answer.model).id.clone(),
            fallback_reason,
            original_cost: self.plan.original_cost(),
            prompt_version: self.context.wanted.rendering.version(catalog.model(answer.model)).to_owned(),
            overrides: self.context.wanted.rendering.overrides(catalog.model(answer.model)),
            reasoning: answer.reasoning,
            raw_response: answer.text,
            duration: began.elapsed(),
            history: self.history,
        }
    }

    /// Why another model is asked, or answered, than the original.
    pub(super) fn why_not_the_original(&self) -> FallbackReason {
        self.history.why_unanswered(&self.call.request.model_id).unwrap_or(FallbackReason::Incomplete)
    }
}

/// Which models were passed over, and why.
fn in_short(skips: &[Skip]) -> String {
    let skips: Vec<String> = skips.iter().map(|skip| format!("{}: {}", skip.model_id, skip.reason)).collect();
    skips.join(", ")
}
