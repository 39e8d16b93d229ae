use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::*;
use crate::error::EngineError;
use crate::kind::{FailureKind, SkipReason};
use crate::outcome::{History, NanoUsd, Outcome, Skip, Usage};

mod sums;
mod text;

/// An attempt that cost `cost` and took a second.
fn attempt(model: &str, failure: Option<FailureKind>, cost: u64) -> Attempt {
    Attempt {
        model_id: model.to_owned(),
        provider_id: "p".to_owned(),
        prompt_version: "v1".to_owned(),
        overrides: Vec::new(),
        failure,
        message: None,
        status: None,
        response_model: None,
        retries: 0,
        started_at: SystemTime::UNIX_EPOCH,
        duration: Duration::from_secs(1),
        usage: None,
        cost: NanoUsd::micro(cost),
        adjusted: Vec::new(),
        reused: false,
    }
}

fn skip(model: &str, reason: SkipReason) -> Skip {
    Skip { model_id: model.to_owned(), reason, detail: String::new() }
}

fn history(attempts: Vec<Attempt>, skips: Vec<Skip>) -> History {
    History { attempts, skips, ..History::default() }
}

/// The outcome of a call for `original` that `model` answered.
fn outcome(original: &str, model: &str, reason: Option<FallbackReason>, history: History) -> Outcome<()> {
    Outcome {
        call: Arc::default(),
        findings: Vec::new(),
        original_model_id: original.to_owned(),
        model_id: model.to_owned(),
        fallback_reason: reason,
        history,
        original_cost: NanoUsd::micro(0),
        prompt_version: "v1".to_owned(),
        overrides: Vec::new(),
        reasoning: None,
        raw_response: String::new(),
        duration: Duration::ZERO,
    }
}

/// Counts a call as the engine does: its attempts, then itself.
fn count(recorder: &Recorder, original: &str, original_cost: u64, result: &Result<Outcome<()>, EngineError>) {
    let history = match result {
        Ok(outcome) => Some(&outcome.history),
        Err(error) => error.history(),
    };
    for attempt in history.into_iter().flat_map(|history| &history.attempts) {
        recorder.attempted(attempt);
    }
    recorder.called(&Finished::of(Task::Predict, original, NanoUsd::micro(original_cost), result));
}

/// A call for `a` that failed there and that `b` answered.
fn through_b(kind: FailureKind) -> Outcome<()> {
    let attempts = vec![attempt("a", Some(kind), 10), attempt("b", None, 300)];
    outcome("a", "b", Some(FallbackReason::Failure(kind)), history(attempts, Vec::new()))
}

/// A call for `a` that it answered itself.
fn own() -> Outcome<()> {
    outcome("a", "a", None, history(vec![attempt("a", None, 90)], Vec::new()))
}

#[test]
fn a_fallback_is_a_success_of_its_route_and_of_the_model_that_answered_but_not_of_the_original() {
    let recorder = Recorder::default();
    for _ in 0..3 {
        count(&recorder, "a", 100, &Ok(through_b(FailureKind::Timeout)));
    }
    count(&recorder, "a", 100, &Ok(own()));
    let Metrics { routes, models, prompts, .. } = recorder.snapshot();

    let [direct, fallback] = &routes[..] else { panic!("two routes, got {routes:?}") };
    assert_eq!((direct.answered_by.as_deref(), direct.reason, direct.view().successes()), (Some("a"), None, 1));
    assert_eq!(fallback.answered_by.as_deref(), Some("b"));
    assert_eq!(fallback.reason, Some(FallbackReason::Failure(FailureKind::Timeout)));
    assert_eq!((fallback.calls, fallback.view().successes(), fallback.share), (3, 3, 0.75));
    assert_eq!(
        (fallback.cost, fallback.original_cost, fallback.view().extra_cost()),
        (NanoUsd::micro(930), NanoUsd::micro(300), 630_000)
    );
    assert_eq!((direct.share, direct.view().extra_cost()), (0.25, -10_000));

    let [a, b] = &models[..] else { panic!("two, got {models:?}") };
    assert_eq!((a.tally.results.attempts, a.tally.results.successes(), a.tally.cost), (4, 1, NanoUsd::micro(120)));
    assert_eq!(a.tally.results.failures, [(FailureKind::Timeout, 3)].into());
    assert_eq!((b.tally.results.attempts, b.tally.results.successes(), b.tally.cost), (3, 3, NanoUsd::micro(900)));
    let [version_at_a, _] = &prompts[..] else { panic!("two, got {prompts:?}") };
    assert_eq!((&*version_at_a.version, &version_at_a.results), ("v1", &a.tally.results));
}

#[test]
fn an_attempt_adds_its_retries_tokens_and_time() {
    let recorder = Recorder::default();
    let usage =
        Usage { prompt_tokens: 7, completion_tokens: 5, cached_tokens: 3, reasoning_tokens: 2, estimated: false };
    for failure in [None, Some(FailureKind::Network)] {
        recorder.attempted(&Attempt { retries: 2, usage: Some(usage), ..attempt("a", failure, 1) });
    }
    let tally = &recorder.snapshot().models[0].tally;
    assert_eq!(tally.retries, 4);
    assert_eq!(tally.tokens, Tokens { prompt: 14, completion: 10, cached: 6, reasoning: 4 });
    assert_eq!((tally.latency.count(), tally.latency.sum()), (2, Duration::from_secs(2)));
}

#[test]
fn two_versions_of_a_prompt_are_told_apart_and_so_are_two_providers_of_a_model() {
    let recorder = Recorder::default();
    let second = |attempt| Attempt { prompt_version: "v2".to_owned(), ..attempt };
    recorder.attempted(&second(attempt("a", None, 1)));
    recorder.attempted(&attempt("a", Some(FailureKind::ParseError), 1));
    recorder.attempted(&Attempt { provider_id: "q".to_owned(), ..second(attempt("a", None, 1)) });
    let Metrics { models, prompts, .. } = recorder.snapshot();
    let prompts: Vec<_> =
        prompts.iter().map(|prompt| (&*prompt.version, prompt.results.attempts, prompt.results.successes())).collect();
    assert_eq!(prompts, [("v1", 1, 0), ("v2", 2, 2)]);
    let models: Vec<_> = models.iter().map(|model| (&*model.provider_id, model.tally.results.attempts)).collect();
    assert_eq!(models, [("p", 2), ("q", 1)]);
}

#[test]
fn a_prompt_is_counted_by_its_overrides_in_their_order() {
    let recorder = Recorder::default();
    let (calm, brief) = (|| "calm".to_owned(), || "brief".to_owned());
    for overrides in [vec![calm(), brief()], vec![], vec![brief(), calm()], vec![calm(), brief()]] {
        recorder.attempted(&Attempt { overrides, ..attempt("a", None, 1) });
    }
    let prompts = recorder.snapshot().prompts;
    let counted: Vec<_> = prompts.iter().map(|prompt| (prompt.overrides.join(" "), prompt.results.attempts)).collect();
    assert_eq!(counted, [(String::new(), 1), ("brief calm".to_owned(), 1), ("calm brief".to_owned(), 2)]);
}

#[test]
fn a_call_without_an_answer_has_the_reason_of_its_original_or_of_what_ended_it() {
    use EngineError as E;
    let timeout = || attempt("a", Some(FailureKind::Timeout), 10);
    let later = || attempt("b", Some(FailureKind::ServerError), 0);
    let ended = |error: fn(Box<History>) -> E, attempts, skips| error(Box::new(history(attempts, skips)));
    let (depth, disabled) = (skip("b", SkipReason::Depth), skip("a", SkipReason::Disabled));
    for (error, reason) in [
        (ended(E::AllAttemptsFailed, vec![later(), timeout()], vec![]), Some("timeout")),
        (ended(E::AllAttemptsFailed, vec![later()], vec![skip("a", SkipReason::Cooling)]), Some("cooling")),
        (ended(E::NoModelAvailable, vec![], vec![depth, disabled]), Some("disabled")),
        (ended(E::BudgetExhausted, vec![], vec![skip("a", SkipReason::OverBudget)]), Some("over_budget")),
        (ended(E::DeadlineExceeded, vec![timeout()], vec![]), Some("deadline")),
        (ended(E::Aborted, vec![timeout()], vec![]), Some("aborted")),
        (ended(E::Closed, vec![], vec![]), Some("aborted")),
        (E::Internal(String::new()), None),
    ] {
        let cost = error.history().map(History::cost).unwrap_or_default();
        let recorder = Recorder::default();
        count(&recorder, "a", 5, &Err(error));
        let route = recorder.snapshot().routes.remove(0);
        assert_eq!(route.reason.map(FallbackReason::as_str), reason);
        assert_eq!((route.answered_by.as_deref(), route.view().successes(), route.cost), (None, 0, cost));
    }
}

#[test]
fn a_route_has_a_sentence() {
    let timeout = Some(FallbackReason::Failure(FailureKind::Timeout));
    for (answered_by, reason, calls, sentence) in [
        (Some("deepseek-r1"), timeout, 5, "deepseek-r1-0528-syn: 5 predictions through deepseek-r1"),
        (Some("deepseek-r1"), timeout, 1, "deepseek-r1-0528-syn: 1 prediction through deepseek-r1"),
        (Some("deepseek-r1-0528-syn"), None, 12, "deepseek-r1-0528-syn: 12 predictions of its own"),
        (Some("deepseek-r1-0528-syn"), None, 1, "deepseek-r1-0528-syn: 1 prediction of its own"),
        (None, timeout, 2, "deepseek-r1-0528-syn: 2 calls without an answer (timeout)"),
        (None, None, 1, "deepseek-r1-0528-syn: 1 call without an answer"),
    ] {
        let tally = RouteTally { calls, ..RouteTally::default() };
        assert_eq!(
            Route::new(Task::Predict, ("deepseek-r1-0528-syn", answered_by, reason), &tally).sentence(),
            sentence
        );
    }
}
