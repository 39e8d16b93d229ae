//! The fallback loop: follows the plan, model by model, until every match has a prediction or nothing is left to ask.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::{Instrument, debug, info, warn};

use super::Engine;
use super::attempt::{Answered, Failed};
use super::news::CALL;
use crate::call_id::CallIds;
use crate::catalog::{Catalog, Model, ModelIndex};
use crate::error::EngineError;
use crate::event::What;
use crate::kind::{FailureKind, SkipReason};
use crate::metrics::Finished;
use crate::outcome::{History, Outcome, Refusal, Score, Skip};
use crate::plan::{self, FallbackBudget, Fitted, Plan, Wanted, fit};
use crate::prompt::{Ask, Prompts, Rendering};
use crate::request::{Options, Request};

/// A checked request, ready to be run once. It uses one catalogue and one set of prompts from its start to its end.
pub struct Call {
    pub(super) engine: Arc<Engine>,
    pub(super) ids: Arc<CallIds>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) prompts: Arc<Prompts>,
    pub(super) request: Request,
    pub(super) options: Options,
    pub(super) original: ModelIndex,
    pub(super) began: Instant,
    /// Keeps [`Engine::close`] waiting until the call has ended.
    pub(super) _running: TaskTrackerToken,
}

/// What ends a call from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Abort,
    Close,
    Deadline,
}

/// What follows on an attempt.
enum Next {
    /// The next model of the plan.
    Model,
    /// Nothing: every match has a prediction, or no other model may be asked.
    Done,
    /// Nothing: something from outside ended the call.
    Stopped(Stop),
}

/// A reply with at least one score.
pub(super) struct Answer {
    pub(super) model: ModelIndex,
    pub(super) reasoning: Option<String>,
    pub(super) text: String,
}

/// The state of the loop.
pub(super) struct Run<'a> {
    pub(super) call: &'a Call,
    pub(super) wanted: &'a Wanted<'a>,
    pub(super) plan: &'a Plan,
    pub(super) abort: &'a CancellationToken,
    pub(super) deadline: Instant,
    pub(super) fallback_budget: FallbackBudget,
    /// Providers that refused the key or are out of credit, and what they said.
    failed_providers: Vec<(String, String)>,
    /// How long models that failed asked to be left alone.
    pub(super) asked_to_wait: Vec<(String, Duration)>,
    /// The matches without a prediction.
    pub(super) outstanding: Vec<usize>,
    /// For each match of the request its score and the model that gave it.
    pub(super) scores: Vec<Option<(Score, ModelIndex)>>,
    /// Of the last model that contributed.
    pub(super) answer: Option<Answer>,
    pub(super) history: History,
}

impl Call {
    /// The names of the call.
    #[must_use]
    pub fn ids(&self) -> &Arc<CallIds> {
        &self.ids
    }

    /// Runs the call. `abort` is the caller's signal; when it is cancelled, the HTTP request is cancelled too.
    ///
    /// # Errors
    /// Every code but `INVALID_CONFIG`, `INVALID_REQUEST` and `UNKNOWN_MODEL`, with all attempts and skips.
    pub async fn run(self, abort: &CancellationToken) -> Result<Outcome, EngineError> {
        let original = self.request.model_id.as_str();
        let CallIds { call_id, request_id } = &*self.ids;
        let (request_id, matches) = (request_id.as_deref(), self.request.matches.len());
        let span = tracing::error_span!("predict", call_id, request_id, original, matches);
        CALL.scope(Arc::clone(&self.ids), self.follow_plan(abort).instrument(span)).await
    }

    async fn follow_plan(&self, abort: &CancellationToken) -> Result<Outcome, EngineError> {
        let rendering = self.rendering();
        let wanted = Wanted { rendering: &rendering, options: &self.options };
        let plan = self.engine.plan(&self.catalog, self.original, &wanted);
        let mut run = Run {
            call: self,
            wanted: &wanted,
            plan: &plan,
            abort,
            deadline: self.began + self.options.deadline.unwrap_or(self.engine.config.deadline),
            fallback_budget: self.fallback_budget(),
            failed_providers: Vec::new(),
            asked_to_wait: Vec::new(),
            outstanding: (0..rendering.lines().count()).collect(),
            scores: vec![None; rendering.lines().count()],
            answer: None,
            history: History::default(),
        };
        let stop = run.ask_in_order().await;
        let result = run.finish(stop);
        self.log_end(&result);
        self.engine.metrics.called(&Finished::of(&self.request.model_id, plan.original_cost(), &result));
        result
    }

    pub(super) fn rendering(&self) -> Rendering<'_> {
        let Request { matches, prompt, prompt_version, .. } = &self.request;
        let ask = Ask { asked: matches, own: prompt.as_ref(), version: prompt_version.as_deref() };
        Rendering::new(&self.prompts, ask, self.engine.active_model_count(), SystemTime::now())
    }

    /// Why the guards on depth and money forbid to call the model at `position`; `None` if they do not.
    pub(super) fn guards_refuse(
        &self,
        plan: &Plan,
        fallback_budget: &FallbackBudget,
        position: usize,
        fitted: &Fitted,
    ) -> Option<Refusal> {
        let refusal = if position > 0 { fallback_budget.refuses(fitted) } else { None };
        refusal.or_else(|| self.engine.over_budget(fitted, plan.is_dearer(position)))
    }

    pub(super) fn fallback_budget(&self) -> FallbackBudget {
        let config = &self.engine.config;
        let depth = self.options.max_fallback_depth.unwrap_or(config.max_fallback_depth);
        FallbackBudget::new(depth, self.options.max_fallback_cost.or(config.max_fallback_cost))
    }
}

impl Run<'_> {
    /// Asks one model after the other. Returns what stopped it from outside, if anything did.
    async fn ask_in_order(&mut self) -> Option<Stop> {
        for position in 0..self.plan.candidates.len() {
            if let Some(stop) = self.stopped() {
                return Some(stop);
            }
            match self.ask(position).await {
                Err(skip) => {
                    debug!(model = skip.model_id, reason = skip.reason.as_str(), detail = skip.detail, "skipped");
                    self.history.skips.push(skip);
                }
                Ok(Next::Model) => {}
                Ok(Next::Done) => return None,
                Ok(Next::Stopped(stop)) => return Some(stop),
            }
        }
        self.stopped()
    }

    /// Asks the model at `position` for what is outstanding, or says why it is passed over.
    async fn ask(&mut self, position: usize) -> Result<Next, Skip> {
        let candidate = &self.plan.candidates[position];
        let model = self.call.catalog.model(candidate.model);
        let fitted = match &candidate.verdict {
            Ok(fitted) if self.outstanding.len() == self.scores.len() => fitted.clone(),
            Err(skip) if skip.reason != SkipReason::Cooling || !self.is_worth_waiting_for(position) => {
                return Err(skip.clone());
            }
            _ => fit(model, self.wanted, &self.outstanding),
        };
        if let Some(refusal) = self.refuses(position, &fitted)
            && (refusal.reason != SkipReason::Cooling || !self.is_worth_waiting_for(position))
        {
            return Err(refusal.of(&model.id));
        }
        let fallback_budget = self.fallback_budget;
        if position > 0 {
            self.fallback_budget.take(&fitted);
        }
        match self.attempt(position, model, &fitted).await {
            Ok(Ok(answered)) => Ok(self.accept(candidate.model, &fitted, answered)),
            Ok(Err(failed)) => Ok(self.after_failure(model, &failed)),
            Err(skip) => {
                self.fallback_budget = fallback_budget;
                Err(skip)
            }
        }
    }

    /// Why the model at `position` may not be called now, whatever the plan said.
    fn refuses(&self, position: usize, fitted: &Fitted) -> Option<Refusal> {
        let index = self.plan.candidates[position].model;
        let provider = &self.call.catalog.provider_of(index).id;
        if let Some((_, message)) = self.failed_providers.iter().find(|(failed, _)| failed == provider) {
            return Some(Refusal::new(SkipReason::ProviderFailed, message.clone()));
        }
        let unavailable = self.call.engine.unavailable(self.call.catalog.model(index));
        unavailable.or_else(|| self.call.guards_refuse(self.plan, &self.fallback_budget, position, fitted))
    }

    /// Whether the provider has refused the key or the account.
    pub(super) fn has_failed(&self, provider: &str) -> bool {
        self.failed_providers.iter().any(|(failed, _)| failed == provider)
    }

    /// The time-outs of the attempts that are still to come after the one at `position`, as far as can be foreseen, where
    /// the caller asked for `requested`.
    pub(super) fn later_timeouts(&self, position: usize, requested: Option<Duration>) -> Duration {
        let later = self.plan.candidates.iter().enumerate().skip(position + 1);
        let callable = later.filter(|(later, candidate)| {
            candidate.verdict.as_ref().is_ok_and(|fitted| self.refuses(*later, fitted).is_none())
        });
        callable
            .take(self.fallback_budget.places())
            .map(|(_, candidate)| self.timeout_of(candidate.model, requested))
            .sum()
    }

    pub(super) fn timeout_of(&self, index: ModelIndex, requested: Option<Duration>) -> Duration {
        plan::attempt_timeout(self.call.catalog.model(index), requested, &self.call.engine.config)
    }

    /// What has already ended the call from outside, if anything has.
    pub(super) fn stopped(&self) -> Option<Stop> {
        if self.abort.is_cancelled() {
            Some(Stop::Abort)
        } else if self.call.engine.closing.is_cancelled() {
            Some(Stop::Close)
        } else {
            (Instant::now() >= self.deadline).then_some(Stop::Deadline)
        }
    }

    /// Waits for whatever ends the call from outside.
    pub(super) async fn stop(&self) -> Stop {
        tokio::select! {
            biased;
            () = self.abort.cancelled() => Stop::Abort,
            () = self.call.engine.closing.cancelled() => Stop::Close,
            () = tokio::time::sleep_until(self.deadline.into()) => Stop::Deadline,
        }
    }

    /// Takes the scores of a reply that has at least one.
    fn accept(&mut self, index: ModelIndex, fitted: &Fitted, answered: Answered) -> Next {
        for (&position, score) in fitted.positions.iter().zip(answered.scores) {
            self.scores[position] = score.map(|score| (score, index));
        }
        let (asked, before) = (fitted.positions.len(), self.outstanding.len());
        self.outstanding.retain(|&position| self.scores[position].is_none());
        let predicted = before - self.outstanding.len();
        if predicted < asked {
            info!(model = self.call.catalog.model(index).id, predicted, asked, "incomplete answer");
        }
        self.answer = Some(Answer { model: index, reasoning: answered.reasoning, text: answered.text });
        if self.outstanding.is_empty() { Next::Done } else { Next::Model }
    }

    fn after_failure(&mut self, model: &Model, failed: &Failed) -> Next {
        if let Some(stop) = failed.stop {
            return Next::Stopped(stop);
        }
        match failed.kind {
            FailureKind::ContentFiltered if !self.call.engine.config.fallback_on_content_filter => return Next::Done,
            FailureKind::QuotaExhausted => self.fail_provider(model, failed),
            FailureKind::Unauthorized if failed.status == Some(401) => self.fail_provider(model, failed),
            _ => {}
        }
        Next::Model
    }

    fn fail_provider(&mut self, model: &Model, failed: &Failed) {
        let provider = model.provider.id.clone();
        let message = format!("{provider} answered {} ({})", model.id, failed.kind);
        self.failed_providers.push((provider, message));
        self.call.engine.cool_provider(model, failed.kind);
    }

    pub(super) fn announce_fallback(&self, position: usize, model: &Model) {
        let candidate = &self.plan.candidates[position];
        let engine = &self.call.engine;
        let original_model_id = || self.call.request.model_id.clone();
        let reason = self.why_not_the_original();
        info!(model = model.id, reason = reason.as_str(), "falling back");
        engine.announce(What::Fallback {
            original_model_id: original_model_id(),
            model_id: model.id.clone(),
            reason,
            prompt_version: self.wanted.rendering.version(model).to_owned(),
            overrides: self.wanted.rendering.overrides(model),
        });
        let Some(most) = engine.config.warn_price_ratio else { return };
        let Some(price_ratio) = candidate.price_ratio.filter(|&ratio| ratio > most) else { return };
        let (expected, original) = (candidate.expected, self.plan.original_cost());
        let (model_id, original_model_id) = (model.id.clone(), original_model_id());
        warn!(
            model = model.id,
            ratio = price_ratio,
            expected = expected.usd(),
            original_cost = original.usd(),
            "the fallback is much dearer"
        );
        engine.metrics.warned(&original_model_id, &model_id);
        engine.announce(What::CostWarning { original_model_id, model_id, price_ratio, expected, original });
    }
}
