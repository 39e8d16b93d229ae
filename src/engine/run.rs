//! The fallback loop: follows the plan, model by model, until everything that was asked is answered or nothing is left to ask.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, info};

use super::admission::{is_worth_waiting_for, may_pass_soon};
use super::attempt::{Attempted, attempt};
use super::call::Call;
use super::context::{Announcement, Answered, Assignment, Context};
use super::events::CALL;
use super::report::log;
use super::roster::worth_asking_after;
use super::slate_call::{Duty, OwnEnd, SlateCall};
use super::time::{Patience, Stop};
use crate::catalog::ModelIndex;
use crate::error::EngineError;
use crate::kind::{FailureKind, SkipReason};
use crate::metrics::{CallRecord, Finished};
use crate::outcome::{Attempt, History, Outcome, Refusal};
use crate::plan::{self, Candidate, FallbackBudget, Fitted, Plan, Wanted, fit};
use crate::protocol::Failure;
use crate::task::Item;

/// What follows on an attempt.
pub(super) enum Next {
    /// The next model of the plan.
    Model,
    /// Nothing: everything is answered, or no other model may be asked.
    Done,
    /// Nothing: something from outside ended the call.
    Stopped(Stop),
}

/// A reply with at least one value.
pub(super) struct Answer {
    pub(super) model: ModelIndex,
    pub(super) reasoning: Option<String>,
    pub(super) text: String,
}

/// What is known of a model that was passed over.
pub(super) struct PassedOver {
    /// Its place in the plan.
    pub(super) position: usize,
    pub(super) reason: SkipReason,
    /// How long it was until that passes; `None` if it does not by itself.
    pub(super) retry_after: Option<Duration>,
    /// How many attempts had been begun by then.
    pub(super) begun: usize,
}

/// The state of the loop.
pub(super) struct Run<'a, I: Item> {
    pub(super) call: &'a Call<I>,
    pub(super) context: Context<'a, I>,
    pub(super) plan: &'a Plan,
    pub(super) fallback_budget: FallbackBudget,
    /// Providers that refused the key or are out of credit, and what they said.
    failed_providers: Vec<(String, String)>,
    /// How long models that failed asked to be left alone.
    pub(super) asked_to_wait: Vec<(ModelIndex, Duration)>,
    /// The models that were passed over.
    pub(super) passed_over: Vec<PassedOver>,
    /// How many attempts were begun; time passes in each.
    pub(super) begun: usize,
    /// The positions without a value.
    pub(super) outstanding: Vec<usize>,
    /// For each position of the request its value and the model that gave it.
    pub(super) values: Vec<Option<(I::Value, ModelIndex)>>,
    /// Of the last model that contributed.
    pub(super) answer: Option<Answer>,
    pub(super) history: History,
}

impl<I: Item> Call<I> {
    /// Runs the call. `abort` is the caller's signal; when it is cancelled, the HTTP request is cancelled too.
    ///
    /// # Errors
    /// Every code but `INVALID_CONFIG`, `INVALID_REQUEST` and `UNKNOWN_MODEL`, with all attempts and skips.
    pub async fn run(self, abort: &CancellationToken) -> Result<Outcome<I::Value>, EngineError> {
        let span = I::span(&self.ids, &self.request.model_id, &self.request.items);
        CALL.scope(Arc::clone(&self.ids), self.follow_plan(abort).instrument(span)).await
    }

    async fn follow_plan(&self, abort: &CancellationToken) -> Result<Outcome<I::Value>, EngineError> {
        let rendering = self.rendering();
        let formats = self.engine.formats.left();
        let wanted = Wanted { rendering: &rendering, options: &self.options, formats: &formats };
        let mut plan = self.engine.plan(&self.catalog, self.original, &wanted);
        if self.slate.as_ref().is_some_and(|member| member.is_alone()) {
            plan.candidates.truncate(1);
        }
        let mut run = Run {
            call: self,
            context: self.context(&wanted, abort),
            plan: &plan,
            fallback_budget: self.fallback_budget(),
            failed_providers: Vec::new(),
            asked_to_wait: Vec::new(),
            passed_over: Vec::new(),
            begun: 0,
            outstanding: (0..rendering.lines().count()).collect(),
            values: vec![None; rendering.lines().count()],
            answer: None,
            history: History::default(),
        };
        let stop = run.ask_in_order().await;
        let result = run.finish(stop);
        self.log_end(&result);
        let finished = Finished::of(I::TASK, &self.request.model_id, plan.original_cost(), &result);
        let scope = (self.request.items.len(), self.began.elapsed());
        self.engine.metrics.ended(&finished, CallRecord::of(&self.ids, &finished, scope, &result));
        self.engine.unsaved.mark();
        result
    }
}

impl<I: Item> Run<'_, I> {
    /// Asks one model after the other. Returns what stopped it from outside, if anything did.
    async fn ask_in_order(&mut self) -> Option<Stop> {
        for position in 0..self.plan.candidates.len() {
            if let Some(stop) = self.context.ends.stopped() {
                return Some(stop);
            }
            match self.ask(position).await {
                Err(refusal) => self.pass_over(position, refusal),
                Ok(Next::Model) => {}
                Ok(Next::Done) => return None,
                Ok(Next::Stopped(stop)) => return Some(stop),
            }
        }
        self.context.ends.stopped()
    }

    /// Asks the model at `position` for what is outstanding, or says why it is passed over.
    async fn ask(&mut self, position: usize) -> Result<Next, Refusal> {
        let mut duty = self.context.slate.filter(|_| position == 0).and_then(SlateCall::take_duty);
        let result = loop {
            if !self.keep_unbegun() {
                break Ok(Next::Done);
            }
            match self.stand_in(position).await {
                Ok(Some(next)) => break Ok(next),
                Ok(None) => {}
                Err(refusal) => break Err(refusal),
            }
            match self.ask_itself(position, &mut duty).await {
                Ok(Some(next)) => break Ok(next),
                // Others may ask what is left of it.
                Ok(None) => duty = duty.filter(|_| position == 0),
                Err(refusal) => break Err(refusal),
            }
        };
        if position == 0 {
            // The turn was waited for in vain if nothing was sent.
            if let Some(turn) = self.context.slate.and_then(SlateCall::take_turn) {
                turn.give_back();
            }
            if let (Err(refusal), Some(duty)) = (&result, duty) {
                duty.end(OwnEnd::Skipped(refusal.clone()));
            }
        }
        result
    }

    /// Asks the model at `position` in an attempt of this call; `None` if something of that has begun before it could be sent.
    async fn ask_itself(
        &mut self,
        position: usize,
        duty: &mut Option<Duty<I::Value>>,
    ) -> Result<Option<Next>, Refusal> {
        let candidate = &self.plan.candidates[position];
        let model = self.call.catalog.model(candidate.model);
        let may_wait = self.may_wait(position);
        let asked = self.asked_by_nobody(position);
        let fitted = match &candidate.verdict {
            Ok(fitted) if asked.len() == self.values.len() => Cow::Borrowed(fitted),
            Ok(_) => Cow::Owned(fit(model, self.context.wanted, &asked)),
            // What others were told may have passed since the plan was made, or pass soon.
            Err(refusal) if may_wait && may_pass_soon(&self.context, model, self.is_last(position), refusal) => {
                Cow::Owned(fit(model, self.context.wanted, &asked))
            }
            Err(refusal) => return Err(refusal.clone()),
        };
        let is_dearer = self.plan.is_dearer(position);
        // Asked again when the request is sent, but nobody waits for a turn of a provider only to be refused.
        if let Some(refusal) = self.refuses(position, &fitted)
            && !(self.has_place(position, &fitted)
                && (self.may_leave_some(&refusal)
                    || may_wait && self.is_worth_waiting_for(position, &fitted, &refusal)))
        {
            return Err(refusal);
        }
        if position > 0 {
            let member = self.context.slate.filter(|member| member.reuses());
            *duty = member.map(|member| member.asks(candidate.model, &fitted.positions));
        }
        let turn = match self.turn(model, &fitted).await {
            Ok(turn) => turn,
            Err(stop) => return Ok(Some(Next::Stopped(stop))),
        };
        let before = self.fallback_budget;
        if position > 0 {
            self.fallback_budget.take(&fitted);
        }
        let requested = self.call.options.attempt_timeout;
        let is_hurried = self.call.options.sets_time() || self.context.slate.is_some();
        let assigned = Assignment {
            model,
            fitted: &fitted,
            patience: self.patience(position, requested),
            usual_patience: is_hurried.then(|| self.patience(position, None)),
            announcement: (position > 0).then(|| self.announcement(candidate)),
            is_dearer,
            may_wait,
            spare: if position > 0 { self.fallback_budget.spare(&fitted) } else { u32::MAX },
        };
        self.begun += 1;
        match attempt(&self.context, &assigned, turn).await {
            Attempted::Skipped(refusal) => {
                self.fallback_budget = before;
                Err(refusal)
            }
            Attempted::Begun => {
                self.fallback_budget = before;
                Ok(None)
            }
            Attempted::Ended { record, result, stop, charged_again } => {
                if position > 0 {
                    self.fallback_budget.take_again(&fitted, charged_again);
                }
                let status = record.status;
                if let Some(duty) = duty.take() {
                    duty.end(self.own_end(&record, &fitted, &result));
                }
                self.write(record);
                Ok(Some(match result {
                    Ok(answered) => self.accept(candidate.model, &fitted, answered),
                    Err(failure) => self.after_failure(candidate.model, &failure, status, stop),
                }))
            }
        }
    }

    /// Writes a model that was passed over into the history and the log.
    fn pass_over(&mut self, position: usize, refusal: Refusal) {
        let model = self.call.catalog.model(self.plan.candidates[position].model);
        let (reason, retry_after) = (refusal.reason, refusal.retry_after);
        debug!(model = model.id, reason = reason.as_str(), detail = refusal.detail, "skipped");
        self.passed_over.push(PassedOver { position, reason, retry_after, begun: self.begun });
        self.history.skips.push(refusal.of(&model.id));
    }

    /// Writes an attempt into the history and the log.
    fn write(&mut self, attempt: Attempt) {
        log(&attempt);
        self.call.engine.metrics.attempted(&attempt);
        self.history.attempts.push(attempt);
    }

    /// Whether the call waits for the model at `position` where a 429 to another call keeps it from being asked: it is
    /// the last of the chain, and its provider has not failed. Without retries nothing is waited for but in a slate.
    fn may_wait(&self, position: usize) -> bool {
        let candidates = &self.plan.candidates;
        let is_last = position + 1 == candidates.len();
        let waits = match self.context.slate {
            // The original of a slate's call is waited for, whatever else there is to ask.
            Some(_) => is_last || position == 0,
            None => is_last && self.call.engine.config.max_retries > 0,
        };
        waits && !self.has_failed(&self.call.catalog.provider_of(candidates[position].model).id)
    }

    /// Whether no model that comes after the one at `position` may be asked.
    fn is_last(&self, position: usize) -> bool {
        self.later_timeouts(position, None).is_zero()
    }

    /// Whether a refusal of the model at `position` is waited for until it has passed.
    fn is_worth_waiting_for(&self, position: usize, fitted: &Fitted, refusal: &Refusal) -> bool {
        let model = self.call.catalog.model(self.plan.candidates[position].model);
        let is_dearer = self.plan.is_dearer(position);
        is_worth_waiting_for(&self.context, model, fitted, is_dearer, self.is_last(position), refusal)
    }

    /// Whether the fallbacks' budget has room for the model at `position`.
    fn has_place(&self, position: usize, fitted: &Fitted) -> bool {
        position == 0 || self.fallback_budget.refuses(fitted).is_none()
    }

    /// Why the model at `position` may not be called now, whatever the plan said.
    fn refuses(&self, position: usize, fitted: &Fitted) -> Option<Refusal> {
        let index = self.plan.candidates[position].model;
        let provider = &self.call.catalog.provider_of(index).id;
        if let Some((_, message)) = self.failed_providers.iter().find(|(failed, _)| failed == provider) {
            return Some(Refusal::new(SkipReason::ProviderFailed, message.clone()));
        }
        let unavailable = self.call.engine.roster.unavailable(self.call.catalog.model(index));
        unavailable.or_else(|| self.call.guards_refuse(self.plan, &self.fallback_budget, position, fitted))
    }

    /// Whether the provider has refused the key or the account.
    fn has_failed(&self, provider: &str) -> bool {
        self.failed_providers.iter().any(|(failed, _)| failed == provider)
    }

    /// The time-outs of the attempts that are still to come after the one at `position`, as far as can be foreseen, where
    /// the caller asked for `requested`. Health and money are asked as a forecast: what will be passed over needs no time.
    fn later_timeouts(&self, position: usize, requested: Option<Duration>) -> Duration {
        let later = self.plan.candidates.iter().enumerate().skip(position + 1);
        let callable = later.filter(|(later, candidate)| {
            candidate.verdict.as_ref().is_ok_and(|fitted| self.refuses(*later, fitted).is_none())
        });
        callable
            .take(self.fallback_budget.places())
            .map(|(_, candidate)| self.timeout_of(candidate.model, requested))
            .sum()
    }

    fn timeout_of(&self, index: ModelIndex, requested: Option<Duration>) -> Duration {
        plan::attempt_timeout(self.call.catalog.model(index), requested, &self.call.engine.config)
    }

    /// Takes the values of a reply that has at least one.
    fn accept(&mut self, index: ModelIndex, fitted: &Fitted, answered: Answered<I::Value>) -> Next {
        for (&position, value) in fitted.positions.iter().zip(answered.values) {
            self.values[position] = value.map(|value| (value, index));
        }
        let (asked, before) = (fitted.positions.len(), self.outstanding.len());
        self.outstanding.retain(|&position| self.values[position].is_none());
        let predicted = before - self.outstanding.len();
        if predicted < asked {
            info!(model = self.call.catalog.model(index).id, predicted, asked, "incomplete answer");
        }
        self.answer = Some(Answer { model: index, reasoning: answered.reasoning, text: answered.text });
        if self.outstanding.is_empty() { Next::Done } else { Next::Model }
    }

    /// What follows on a failure that came with this status.
    pub(super) fn after_failure(
        &mut self,
        index: ModelIndex,
        failure: &Failure,
        status: Option<u16>,
        stop: Option<Stop>,
    ) -> Next {
        if let Some(wait) = worth_asking_after(failure.kind, failure.retry_after) {
            self.asked_to_wait.push((index, wait));
        }
        if let Some(stop) = stop {
            return Next::Stopped(stop);
        }
        match failure.kind {
            FailureKind::ContentFiltered if !self.call.engine.config.fallback_on_content_filter => return Next::Done,
            FailureKind::QuotaExhausted => self.fail_provider(index, failure.kind),
            FailureKind::Unauthorized if status == Some(401) => self.fail_provider(index, failure.kind),
            _ => return Next::Model,
        }
        self.call.engine.roster.cool_provider(self.call.catalog.model(index), failure.kind);
        Next::Model
    }

    /// Asks no more models of a provider that refused the key or the account.
    pub(super) fn fail_provider(&mut self, index: ModelIndex, kind: FailureKind) {
        let model = self.call.catalog.model(index);
        let provider = model.provider.id.clone();
        let message = format!("{provider} answered {} ({kind})", model.id);
        self.failed_providers.push((provider, message));
    }

    /// What is to be told of a fallback before it is asked.
    fn announcement(&self, candidate: &Candidate) -> Announcement {
        Announcement {
            reason: self.why_not_the_original(),
            expected: candidate.expected,
            price_ratio: candidate.price_ratio,
            original_cost: self.plan.original_cost(),
        }
    }

    /// The time of the attempt at `position`, where the caller asked for `requested`.
    fn patience(&self, position: usize, requested: Option<Duration>) -> Patience {
        let timeout = self.timeout_of(self.plan.candidates[position].model, requested);
        Patience { timeout, later: self.later_timeouts(position, requested) }
    }
}
