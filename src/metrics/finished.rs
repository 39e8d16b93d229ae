//! A call that has ended, reduced to what its route is counted by.

use crate::error::EngineError;
use crate::kind::{FailureKind, Task};
use crate::outcome::{FallbackReason, History, NanoUsd, Outcome};

/// A call that has ended.
#[derive(Clone, Copy, Debug)]
pub struct Finished<'a> {
    /// What it was about.
    pub task: Task,
    /// The model that was asked for.
    pub original: &'a str,
    /// The last model that contributed; `None` if the call ended in an error.
    pub answered_by: Option<&'a str>,
    /// Why that is not the original; `None` if it is.
    pub reason: Option<FallbackReason>,
    /// What all attempts cost together.
    pub cost: NanoUsd,
    /// Estimate of what the original alone would have cost.
    pub original_cost: NanoUsd,
}

impl<'a> Finished<'a> {
    /// The call for `original` that came to `result`.
    #[must_use]
    pub fn of<V>(
        task: Task,
        original: &'a str,
        original_cost: NanoUsd,
        result: &'a Result<Outcome<V>, EngineError>,
    ) -> Self {
        let (answered_by, reason, history) = match result {
            Ok(outcome) => (Some(outcome.model_id.as_str()), outcome.fallback_reason, Some(&outcome.history)),
            Err(error) => (None, why_unanswered(original, error), error.history()),
        };
        let cost = history.map(History::cost).unwrap_or_default();
        Self { task, original, answered_by, reason, cost, original_cost }
    }
}

/// What ended the call from outside, else what became of the original; `None` if neither is known.
fn why_unanswered(original: &str, error: &EngineError) -> Option<FallbackReason> {
    match error {
        EngineError::Aborted(_) | EngineError::Closed(_) => return Some(FallbackReason::Failure(FailureKind::Aborted)),
        EngineError::DeadlineExceeded(_) => return Some(FallbackReason::Failure(FailureKind::Deadline)),
        _ => {}
    }
    error.history()?.why_unanswered(original)
}
