//! What a call of a slate asks no model for, since another call of the slate does: its answer stands in at no cost, match
//! by match.

use std::time::{Instant, SystemTime};

use tracing::debug;

use super::admission::turn;
use super::context::Answered;
use super::run::{Answer, Next, Run};
use super::slate_call::OwnEnd;
use super::time::Stop;
use super::turn::ProviderTurn;
use crate::catalog::{Model, ModelIndex};
use crate::kind::{FailureKind, SkipReason};
use crate::outcome::{Attempt, NanoUsd, Refusal};
use crate::plan::Fitted;
use crate::protocol::Failure;
use crate::task::Item;

/// What the attempts of others came to.
struct FromOthers<'a, V> {
    answered: Option<&'a OwnEnd<V>>,
    failed: Option<(&'a Attempt, FailureKind)>,
    skipped: Option<&'a Refusal>,
}

impl<I: Item> Run<'_, I> {
    /// Waits for the answers of the model at `position` that other calls of the slate ask it for, and takes them. `None` if
    /// something is left that nobody asks it.
    ///
    /// # Errors
    /// Why it is passed over: no other fallback may be called, or that is what became of it there.
    pub(super) async fn stand_in(&mut self, position: usize) -> Result<Option<Next>, Refusal> {
        let Some(member) = self.context.slate.filter(|member| position > 0 && member.reuses()) else {
            return Ok(None);
        };
        let index = self.plan.candidates[position].model;
        let others = self.outstanding.iter().filter_map(|&asked| Some((asked, member.asked_by_another(index, asked)?)));
        let others: Vec<_> = others.collect();
        if others.is_empty() {
            return Ok(None);
        }
        if let Some(refusal) = self.fallback_budget.refuses_place() {
            return Err(refusal);
        }
        let (started_at, began) = (SystemTime::now(), Instant::now());
        let mut found = FromOthers { answered: None, failed: None, skipped: None };
        for (asked, other) in &others {
            let end = tokio::select! {
                biased;
                end = other.ended() => end,
                stop = self.context.ends.stop() => return Ok(Some(Next::Stopped(stop))),
            };
            match end {
                OwnEnd::Answered { values, record, .. } => {
                    match member.place(*asked).and_then(|place| values.get(&place)) {
                        Some(value) => {
                            self.values[*asked] = Some((value.clone(), index));
                            found.answered = Some(end);
                        }
                        // It said nothing of this one.
                        None => found.failed = found.failed.or(Some((record, FailureKind::ParseError))),
                    }
                }
                OwnEnd::Failed { record, failure } => found.failed = found.failed.or(Some((record, failure.kind))),
                OwnEnd::Skipped(refusal) => found.skipped = Some(refusal),
                OwnEnd::Never => {}
            }
        }
        let reused = |record: &Attempt| Attempt {
            retries: 0,
            started_at,
            duration: began.elapsed(),
            usage: None,
            cost: NanoUsd::default(),
            adjusted: Vec::new(),
            reused: true,
            ..record.clone()
        };
        let next = match found {
            FromOthers { answered: Some(OwnEnd::Answered { record, reasoning, text, .. }), .. } => {
                self.take_reused(reused(record));
                self.answer = Some(Answer { model: index, reasoning: reasoning.clone(), text: text.clone() });
                let values = &self.values;
                self.outstanding.retain(|&asked| values[asked].is_none());
                if self.outstanding.is_empty() { Next::Done } else { Next::Model }
            }
            FromOthers { failed: Some((record, kind)), .. } => {
                let status = record.status;
                self.take_reused(Attempt { failure: Some(kind), ..reused(record) });
                self.after_reused(index, kind, status)
            }
            FromOthers { skipped: Some(refusal), .. } if self.asked_by_nobody(position).is_empty() => {
                return Err(refusal.clone());
            }
            FromOthers { .. } => Next::Model,
        };
        // What nobody asks it after all is asked now.
        let goes_on = matches!(next, Next::Model) && !self.asked_by_nobody(position).is_empty();
        Ok((!goes_on).then_some(next))
    }

    /// Writes an attempt of another call into the history; it is no attempt of this one for health, money and metrics.
    fn take_reused(&mut self, attempt: Attempt) {
        let failure = attempt.failure.map(FailureKind::as_str);
        debug!(model = attempt.model_id, failure, "another call of the slate asked it");
        self.fallback_budget.take_place();
        self.begun += 1;
        self.history.attempts.push(attempt);
    }

    /// What follows on a failure that another call has seen, and has told to health.
    fn after_reused(&mut self, index: ModelIndex, kind: FailureKind, status: Option<u16>) -> Next {
        match kind {
            FailureKind::ContentFiltered if !self.call.engine.config.fallback_on_content_filter => return Next::Done,
            FailureKind::QuotaExhausted => self.fail_provider(index, kind),
            FailureKind::Unauthorized if status == Some(401) => self.fail_provider(index, kind),
            _ => {}
        }
        Next::Model
    }

    /// What is outstanding and no other call of the slate asks the model at `position`, or asked it.
    pub(super) fn asked_by_nobody(&self, position: usize) -> Vec<usize> {
        let member = self.context.slate.filter(|member| position > 0 && member.reuses());
        let index = self.plan.candidates[position].model;
        let is_asked = |&asked: &usize| member.is_some_and(|member| member.asked_by_another(index, asked).is_some());
        self.outstanding.iter().copied().filter(|asked| !is_asked(asked)).collect()
    }

    /// Drops what has begun from what is outstanding; whether anything is left.
    pub(super) fn keep_unbegun(&mut self) -> bool {
        if let Some(member) = self.context.slate {
            member.keep_unbegun(&mut self.outstanding);
        }
        !self.outstanding.is_empty()
    }

    /// Waits for the turn of a model in a slate, before the time of its attempt begins.
    pub(super) async fn turn(&self, model: &Model, fitted: &Fitted) -> Result<Option<ProviderTurn>, Stop> {
        let Some(member) = self.context.slate else { return Ok(None) };
        if let Some(turn) = member.take_turn() {
            return Ok(Some(turn));
        }
        let time = self.context.ends.remaining();
        // Without a share for later attempts only what ends the call ends the wait.
        turn(&self.context, model, fitted, time).await.map(Some).map_err(|stop| stop.unwrap_or(Stop::Deadline))
    }

    /// Whether money that refuses now may not when other requests of the slate are settled.
    pub(super) fn may_leave_some(&self, refusal: &Refusal) -> bool {
        refusal.reason == SkipReason::OverBudget && self.context.joint().is_some_and(|joint| joint.may_leave_some(None))
    }

    /// How an attempt ended, for those who wait for it.
    pub(super) fn own_end(
        &self,
        record: &Attempt,
        fitted: &Fitted,
        result: &Result<Answered<I::Value>, Failure>,
    ) -> OwnEnd<I::Value> {
        let record = record.clone();
        match result {
            Ok(answered) => {
                let asked = fitted.positions.iter().zip(&answered.values);
                let place = |&position: &usize| self.context.slate.and_then(|member| member.place(position));
                let values = asked.filter_map(|(position, value)| Some((place(position)?, value.clone()?)));
                let (reasoning, text) = (answered.reasoning.clone(), answered.text.clone());
                OwnEnd::Answered { values: values.collect(), record, reasoning, text }
            }
            Err(failure) => OwnEnd::Failed { record, failure: failure.clone() },
        }
    }
}
