//! What the calls of a slate came to, cell by cell.

use std::sync::Arc;
use std::time::Duration;

use super::member::SlateCall;
use super::outbox::SlateEvent;
use super::share::{Left, Share};
use crate::call_id::CallIds;
use crate::catalog::ModelIndex;
use crate::engine::time::Stop;
use crate::error::EngineError;
use crate::outcome::{FallbackReason, History, NanoUsd, Outcome};
use crate::slate::{Tally, Why};
use crate::task::Item;

/// What the calls came to.
pub(in crate::engine) struct CellResults<V> {
    pub(in crate::engine) tally: Tally<ModelIndex>,
    answers: Vec<SlateAnswer<V>>,
    cost: NanoUsd,
    attempts: usize,
    is_over_budget: bool,
    /// Whether one of the calls that failed may go better another time.
    is_retryable: bool,
    /// The shortest time after which a call that failed is worth making again.
    retry_after: Option<Duration>,
}

/// What a model answered about one thing.
#[derive(Clone, Debug)]
pub struct SlateAnswer<V> {
    /// The place of the thing.
    pub place: usize,
    /// The model.
    pub model: ModelIndex,
    /// The answer.
    pub value: V,
    /// Whether the slate asked this model for it, not another in whose place it stood in.
    pub is_own: bool,
}

/// How a slate stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlateProgress {
    /// How many cells it has.
    pub cells: usize,
    /// How many of them have an answer.
    pub answered: usize,
    /// How many will have none.
    pub missing: usize,
    /// How many requests are under way.
    pub in_flight: usize,
    /// How many wait: for their turn, for money, for another's answer, or for a model that is left alone.
    pub waiting: usize,
    /// What was paid so far.
    pub cost: NanoUsd,
}

/// What a slate came to.
#[derive(Debug)]
pub struct SlateEnd<V> {
    /// The cells without an answer, by model and then as they were asked: the ids of both, and why.
    pub missing: Vec<(String, String, Why)>,
    /// Every answer, those first that a model gave for itself.
    pub answers: Vec<SlateAnswer<V>>,
    /// What all calls cost.
    pub cost: NanoUsd,
    /// From the beginning to the end of the last request.
    pub duration: Duration,
    /// Whether every cell has an answer.
    pub is_complete: bool,
    /// Why it ends in an error, if it does.
    pub error: Option<EngineError>,
}

impl<V> CellResults<V> {
    /// Nothing yet, of cells at these places.
    pub(in crate::engine) fn new(cells: impl IntoIterator<Item = usize>) -> Self {
        Self {
            tally: Tally::new(cells),
            answers: Vec::new(),
            cost: NanoUsd::default(),
            attempts: 0,
            is_over_budget: false,
            is_retryable: false,
            retry_after: None,
        }
    }
}

impl<I: Item> Share<I> {
    /// Takes what a call came to.
    pub(in crate::engine) fn take(
        &self,
        member: &SlateCall<I>,
        model: ModelIndex,
        result: Result<Outcome<I::Value>, EngineError>,
    ) {
        match result {
            Ok(mut outcome) => {
                let missing = self.take_answers(member, model, &outcome);
                if !self.options.keep_replies {
                    (outcome.reasoning, outcome.raw_response) = (None, String::new());
                }
                self.outbox.put(SlateEvent::Answered(Box::new(outcome)));
                // Who answered some of them may answer the others another time.
                let history = Box::new(History { is_retryable: true, ..History::default() });
                self.miss(model, missing, EngineError::AllAttemptsFailed(history), Some(&member.ids));
            }
            Err(error) => {
                self.note_error(&error);
                let why = |(position, &place)| (place, self.why(member, position, error.history(), model));
                let missing = member.places.iter().enumerate().map(why).collect();
                self.miss(model, missing, error, Some(&member.ids));
            }
        }
        self.leave_if_enough();
    }

    /// Takes the answers of an outcome; returns the places without one, and why.
    fn take_answers(&self, member: &SlateCall<I>, model: ModelIndex, outcome: &Outcome<I::Value>) -> Vec<(usize, Why)> {
        let mut results = self.results();
        results.cost = results.cost.plus(outcome.history.cost());
        results.attempts += outcome.history.attempts.len();
        let mut missing = Vec::new();
        for (position, finding) in outcome.findings.iter().enumerate() {
            let Some(&place) = member.places.get(position) else { continue };
            let by = finding.filled.as_ref().and_then(|(value, by)| Some((value, self.catalog.get(by)?)));
            match by {
                Some((value, by)) => {
                    results.tally.answered(place, by);
                    let is_own = by == model;
                    results.answers.push(SlateAnswer { place, model: by, value: value.clone(), is_own });
                }
                None => missing.push((place, self.why(member, position, Some(&outcome.history), model))),
            }
        }
        missing
    }

    fn note_error(&self, error: &EngineError) {
        let mut results = self.results();
        let Some(history) = error.history() else { return };
        results.cost = results.cost.plus(history.cost());
        results.attempts += history.attempts.len();
        results.is_over_budget |= matches!(error, EngineError::BudgetExhausted(_));
        results.is_retryable |= error.is_retryable();
        results.retry_after = match (results.retry_after, error.retry_after()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }

    /// Why a position of a call has no answer.
    fn why(&self, member: &SlateCall<I>, position: usize, history: Option<&History>, model: ModelIndex) -> Why {
        if member.had_begun(position) {
            return Why::Begun(I::BEGUN);
        }
        if let Some(stop) = member.stop() {
            return self.why_stopped(stop);
        }
        match history.and_then(|history| history.why_unanswered(&self.catalog.model(model).id)) {
            Some(FallbackReason::Failure(kind)) => Why::Failure(kind),
            Some(FallbackReason::Skip(reason)) => Why::Skip(reason),
            Some(FallbackReason::Incomplete) | None => Why::Code("ALL_ATTEMPTS_FAILED"),
        }
    }

    fn why_stopped(&self, stop: Stop) -> Why {
        match (stop, self.left.get()) {
            (Stop::Abort | Stop::GivenUp, Some(Left::Cancelled)) => Why::Cancelled,
            (Stop::GivenUp, Some(Left::Enough)) => Why::Enough,
            (Stop::Close, _) => Why::Code("CLOSED"),
            (Stop::Deadline, _) => Why::Code("DEADLINE_EXCEEDED"),
            (Stop::Abort | Stop::GivenUp, _) => Why::Code("ABORT_ERR"),
        }
    }

    /// Notes cells for which no call was made: for what `stop` says, or because what they are about had begun.
    pub(in crate::engine) fn not_called(&self, model: ModelIndex, places: &[usize], stop: Option<Stop>) {
        let why = stop.map_or(Why::Begun(I::BEGUN), |stop| self.why_stopped(stop));
        let error = match stop {
            Some(Stop::Abort | Stop::GivenUp) => EngineError::Aborted(Box::default()),
            Some(Stop::Close) => EngineError::Closed(Box::default()),
            Some(Stop::Deadline) => EngineError::DeadlineExceeded(Box::default()),
            None => EngineError::NoModelAvailable(Box::default()),
        };
        self.miss(model, places.iter().map(|&place| (place, why)).collect(), error, None);
    }

    /// Notes cells of a model without an answer, and tells of them: together where the reason is one.
    pub(in crate::engine) fn miss(
        &self,
        model: ModelIndex,
        mut cells: Vec<(usize, Why)>,
        error: EngineError,
        ids: Option<&Arc<CallIds>>,
    ) {
        let mut results = self.results();
        for &(place, why) in &cells {
            results.tally.missed(model, place, why);
        }
        drop(results);
        // What was tried and paid is told once.
        let is_retryable = error.is_retryable();
        let another = || EngineError::NoModelAvailable(Box::new(History { is_retryable, ..History::default() }));
        let mut error = Some(error);
        while let Some(&(_, why)) = cells.first() {
            let (these, others): (Vec<_>, Vec<_>) = cells.into_iter().partition(|&(_, other)| other == why);
            cells = others;
            let id = |(place, _): &(usize, Why)| self.items.get(*place).map(|item| item.id().to_owned());
            self.outbox.put(SlateEvent::Missed {
                model_id: self.catalog.model(model).id.clone(),
                item_ids: these.iter().filter_map(id).collect(),
                why,
                error: error.take().unwrap_or_else(another),
                ids: ids.map(Arc::clone),
            });
        }
    }

    /// What it came to.
    pub(in crate::engine) fn end(&self) -> SlateEnd<I::Value> {
        let is_closed = self.engine.lifecycle.is_closed();
        let mut results = self.results();
        let id = |model: ModelIndex, place: usize| {
            Some((self.catalog.model(model).id.clone(), self.items.get(place)?.id().to_owned()))
        };
        let mut cells = results.tally.missing().to_vec();
        cells.sort_unstable_by_key(|missing| (missing.model, missing.position));
        let missing: Vec<(String, String, Why)> = cells
            .iter()
            .filter_map(|missing| {
                let (model, item) = id(missing.model, missing.position)?;
                Some((model, item, missing.why))
            })
            .collect();
        let (mut answers, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut results.answers).into_iter().partition(|answer| answer.is_own);
        answers.extend(others);
        let left = self.left.get().copied();
        let history = || {
            let retry_after = results.retry_after.filter(|_| results.attempts == 0);
            Box::new(History { is_retryable: results.is_retryable, retry_after, ..History::default() })
        };
        let is_deadline = cells.iter().any(|missing| missing.why == Why::Code("DEADLINE_EXCEEDED"));
        let error = match left {
            Some(Left::Aborted) => Some(EngineError::Aborted(Box::default())),
            _ if is_closed && !missing.is_empty() => Some(EngineError::Closed(Box::default())),
            Some(Left::Cancelled | Left::Enough) => None,
            None if !answers.is_empty() => None,
            None if is_deadline => Some(EngineError::DeadlineExceeded(Box::default())),
            None if results.attempts > 0 => Some(EngineError::AllAttemptsFailed(history())),
            None if results.is_over_budget => Some(EngineError::BudgetExhausted(history())),
            None => Some(EngineError::NoModelAvailable(history())),
        };
        SlateEnd {
            is_complete: missing.is_empty() && error.is_none(),
            missing,
            answers,
            cost: results.cost,
            duration: self.began.elapsed(),
            error,
        }
    }
}
