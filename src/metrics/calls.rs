//! The last calls, each reduced to what a page shows of it: ids, kinds, times and money, no prompt and no reply.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::call_id::CallIds;
use crate::error::EngineError;
use crate::kind::{FailureKind, SkipReason, Task};
use crate::outcome::{Attempt, FallbackReason, NanoUsd, Outcome};

use super::finished::Finished;

/// How many calls are kept.
const KEPT: usize = 200;

/// A call that has ended.
#[derive(Clone, Debug)]
pub struct CallRecord {
    /// Its names.
    pub call: Arc<CallIds>,
    /// What it was about.
    pub task: Task,
    /// The model that was asked for.
    pub original_model_id: String,
    /// The last model that contributed; `None` if the call ended in an error.
    pub answered_by: Option<String>,
    /// Why that is not the original; `None` if it is.
    pub reason: Option<FallbackReason>,
    /// The code of the error; `None` if there is an outcome.
    pub code: Option<&'static str>,
    /// When it began.
    pub started_at: SystemTime,
    /// From then to its end.
    pub duration: Duration,
    /// What all attempts cost together.
    pub cost: NanoUsd,
    /// Estimate of what the original alone would have cost.
    pub original_cost: NanoUsd,
    /// How many things were asked about.
    pub asked: usize,
    /// How many of them were answered.
    pub answered: usize,
    /// Every attempt, in order.
    pub attempts: Vec<AttemptRecord>,
    /// Every model that was passed over, and why.
    pub skips: Vec<(String, SkipReason)>,
}

/// An attempt of such a call.
#[derive(Clone, Debug)]
pub struct AttemptRecord {
    /// The model that was asked.
    pub model_id: String,
    /// Its provider.
    pub provider_id: String,
    /// Why it failed; `None` if it gave at least one prediction.
    pub failure: Option<FailureKind>,
    /// The HTTP status of the last reply; `None` if none came.
    pub status: Option<u16>,
    /// How many times the request was sent again after a failure.
    pub retries: u32,
    /// When it began.
    pub started_at: SystemTime,
    /// From then to the end of the last reply.
    pub duration: Duration,
    /// What it cost.
    pub cost: NanoUsd,
}

impl CallRecord {
    /// The call of which `finished` tells, about `asked` things, that took `duration` and has ended now.
    #[must_use]
    pub fn of<V>(
        call: &Arc<CallIds>,
        finished: &Finished<'_>,
        (asked, duration): (usize, Duration),
        result: &Result<Outcome<V>, EngineError>,
    ) -> Self {
        let (history, code) = match result {
            Ok(outcome) => (Some(&outcome.history), None),
            Err(error) => (error.history(), Some(error.code())),
        };
        let missing = result.as_ref().map_or(asked, |outcome| outcome.missing().count());
        let now = SystemTime::now();
        Self {
            call: Arc::clone(call),
            task: finished.task,
            original_model_id: finished.original.to_owned(),
            answered_by: finished.answered_by.map(str::to_owned),
            reason: finished.reason,
            code,
            started_at: now.checked_sub(duration).unwrap_or(now),
            duration,
            cost: finished.cost,
            original_cost: finished.original_cost,
            asked,
            answered: asked.saturating_sub(missing),
            attempts: history.map_or_else(Vec::new, |history| history.attempts.iter().map(AttemptRecord::of).collect()),
            skips: history.map_or_else(Vec::new, |history| {
                history.skips.iter().map(|skip| (skip.model_id.clone(), skip.reason)).collect()
            }),
        }
    }
}

impl AttemptRecord {
    fn of(attempt: &Attempt) -> Self {
        Self {
            model_id: attempt.model_id.clone(),
            provider_id: attempt.provider_id.clone(),
            failure: attempt.failure,
            status: attempt.status,
            retries: attempt.retries,
            started_at: attempt.started_at,
            duration: attempt.duration,
            cost: attempt.cost,
        }
    }
}

/// The calls that ended last.
#[derive(Debug, Default)]
pub(super) struct LastCalls(VecDeque<CallRecord>);

impl LastCalls {
    pub(super) fn add(&mut self, call: CallRecord) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(call);
    }

    /// All of them, the last first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &CallRecord> {
        self.0.iter().rev()
    }
}
