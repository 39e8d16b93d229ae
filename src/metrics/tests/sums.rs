//! What holds of any calls, in any order, from any number of threads.

use proptest::prelude::*;

use super::*;

const MODELS: [&str; 4] = ["a", "b", "c", "d"];

/// An attempt at a model, and what became of it.
fn any_attempt() -> impl Strategy<Value = Attempt> {
    let kind = prop::option::of(prop::sample::select(FailureKind::ALL));
    let cost = prop_oneof![20 => 0..1_u64 << 40, 1 => Just(u64::MAX)];
    let usage = prop::option::of(any::<[u64; 4]>());
    let times = (0..5_u32, 0..200_000_u64);
    (prop::sample::select(&MODELS), kind, cost, usage, times).prop_map(|(model, kind, cost, usage, (retries, ms))| {
        let usage = usage.map(|[prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens]| Usage {
            prompt_tokens,
            completion_tokens,
            cached_tokens,
            reasoning_tokens,
            estimated: false,
        });
        Attempt { retries, usage, duration: Duration::from_millis(ms), ..attempt(model, kind, cost) }
    })
}

/// The original of a call and what it came to.
type Call = (&'static str, Result<Outcome<()>, EngineError>);

/// A call for one of the models; the last of its attempts answers unless it failed.
fn any_call() -> impl Strategy<Value = Call> {
    (prop::sample::select(&MODELS), prop::collection::vec(any_attempt(), 0..4), 0..4).prop_map(
        |(original, attempts, error)| {
            let last = attempts.last().filter(|attempt| attempt.failure.is_none());
            let result = match (last.map(|attempt| attempt.model_id.clone()), error) {
                (Some(model), _) => {
                    let first = attempts.first().and_then(|attempt| attempt.failure);
                    let reason = first.map_or(FallbackReason::Incomplete, FallbackReason::Failure);
                    let reason = (model != original).then_some(reason);
                    Ok(outcome(original, &model, reason, history(attempts, Vec::new())))
                }
                (None, 0) => Err(EngineError::Aborted(Box::new(history(attempts, Vec::new())))),
                (None, 1) => Err(EngineError::DeadlineExceeded(Box::new(history(attempts, Vec::new())))),
                (None, _) => Err(EngineError::AllAttemptsFailed(Box::new(history(attempts, Vec::new())))),
            };
            (original, result)
        },
    )
}

fn cost_of((_, result): &Call) -> NanoUsd {
    match result {
        Ok(outcome) => outcome.history.cost(),
        Err(error) => error.history().map(History::cost).unwrap_or_default(),
    }
}

fn count_all<'a>(recorder: &Recorder, calls: impl IntoIterator<Item = &'a Call>) {
    for (original, result) in calls {
        count(recorder, original, 3, result);
    }
}

proptest! {
    #[test]
    fn the_sums_over_routes_and_models_are_the_sum_over_calls(calls in prop::collection::vec(any_call(), 0..40)) {
        let recorder = Recorder::default();
        count_all(&recorder, &calls);
        let Metrics { routes, models, prompts, .. } = recorder.snapshot();

        let cost: NanoUsd = calls.iter().map(cost_of).sum();
        prop_assert_eq!(routes.iter().map(|route| route.cost).sum::<NanoUsd>(), cost);
        prop_assert_eq!(models.iter().map(|model| model.tally.cost).sum::<NanoUsd>(), cost);
        prop_assert_eq!(routes.iter().map(|route| route.calls).sum::<u64>(), calls.len() as u64);
        let answered = calls.iter().filter(|(_, result)| result.is_ok()).count();
        prop_assert_eq!(routes.iter().map(|route| route.view().successes()).sum::<u64>(), answered as u64);
        for model in &models {
            let of_prompts = prompts.iter().filter(|prompt| prompt.model_id == model.model_id);
            let results: Vec<&Results> = of_prompts.map(|prompt| &prompt.results).collect();
            prop_assert_eq!(results, vec![&model.tally.results]);
            prop_assert_eq!(model.tally.latency.count(), model.tally.results.attempts);
        }
    }

    #[test]
    fn every_share_is_of_its_original(calls in prop::collection::vec(any_call(), 1..40)) {
        let recorder = Recorder::default();
        count_all(&recorder, &calls);
        let routes = recorder.snapshot().routes;
        for original in MODELS {
            let shares: Vec<f64> = routes
                .iter()
                .filter(|route| route.original_model_id == original)
                .map(|route| route.share)
                .collect();
            prop_assert!(shares.is_empty() || (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{:?}", shares);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn a_storm_of_threads_counts_what_one_thread_counts(calls in prop::collection::vec(any_call(), 100..200)) {
        let alone = Recorder::default();
        count_all(&alone, &calls);
        let together = Recorder::default();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (together, calls) = (&together, &calls);
                scope.spawn(move || count_all(together, calls.iter().skip(thread).step_by(8)));
            }
        });
        prop_assert_eq!(together.snapshot(), alone.snapshot());
    }
}
