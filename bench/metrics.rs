//! What counting costs a call, and what a scrape costs, with many models that have all been seen before.
//!
//! `cargo bench --bench metrics`

use std::time::Duration;

use divan::Bencher;
use fallcast::kind::{FailureKind, Task};
use fallcast::metrics::{Finished, Gauges, Recorder};
use fallcast::outcome::{Attempt, FallbackReason, NanoUsd};

const MODELS: usize = 42;

fn main() {
    divan::main();
}

fn attempt(model: usize, failure: Option<FailureKind>) -> Attempt {
    Attempt {
        model_id: format!("deepseek-r1-0528-{model}"),
        provider_id: "together".to_owned(),
        prompt_version: "v2".to_owned(),
        overrides: Vec::new(),
        failure,
        message: None,
        status: Some(200),
        response_model: None,
        retries: 0,
        started_at: std::time::SystemTime::UNIX_EPOCH,
        duration: Duration::from_secs(7),
        usage: None,
        cost: NanoUsd(1234),
        adjusted: Vec::new(),
        reused: false,
    }
}

/// For each model an attempt that failed and one that answered in its stead.
fn calls() -> Vec<[Attempt; 2]> {
    (0..MODELS).map(|model| [attempt(model, Some(FailureKind::Timeout)), attempt((model + 1) % MODELS, None)]).collect()
}

fn finished([failed, answered]: &[Attempt; 2]) -> Finished<'_> {
    Finished {
        task: Task::Predict,
        original: &failed.model_id,
        answered_by: Some(&answered.model_id),
        reason: failed.failure.map(FallbackReason::Failure),
        cost: NanoUsd(2468),
        original_cost: NanoUsd(1000),
    }
}

fn count(recorder: &Recorder, call: &[Attempt; 2]) {
    for attempt in call {
        recorder.attempted(attempt);
    }
    recorder.called(&finished(call));
}

fn filled() -> (Recorder, Vec<[Attempt; 2]>) {
    let (recorder, calls) = (Recorder::default(), calls());
    for call in &calls {
        count(&recorder, call);
    }
    (recorder, calls)
}

#[divan::bench(threads = [1, 2])]
fn one_attempt(bencher: Bencher<'_, '_>) {
    let (recorder, calls) = filled();
    bencher.bench(|| recorder.attempted(divan::black_box(&calls[0][0])));
}

#[divan::bench(threads = [1, 2])]
fn one_call_without_its_attempts(bencher: Bencher<'_, '_>) {
    let (recorder, calls) = filled();
    bencher.bench(|| recorder.called(divan::black_box(&finished(&calls[0]))));
}

#[divan::bench]
fn a_call_and_two_attempts_at_each_model(bencher: Bencher<'_, '_>) {
    let (recorder, calls) = filled();
    bencher.bench(|| calls.iter().for_each(|call| count(&recorder, divan::black_box(call))));
}

#[divan::bench]
fn snapshot(bencher: Bencher<'_, '_>) {
    let (recorder, _) = filled();
    bencher.bench(|| recorder.snapshot());
}

#[divan::bench]
fn text(bencher: Bencher<'_, '_>) {
    let (recorder, _) = filled();
    bencher.bench(|| recorder.text(Gauges::default()));
}
