//! What each call pays for health and for the active count: `cargo bench --bench health`.

use divan::{Bencher, black_box};
use fallcast::config::HealthConfig;
use fallcast::count::{Count, Moka};
use fallcast::health::{Health, Permit, Verdict};
use fallcast::kind::FailureKind;

fn main() {
    divan::main();
}

/// The health of a few models, each of which has been called.
fn health() -> Health {
    let health = Health::new(&HealthConfig::default());
    for model in MODELS {
        drop(health.admit(model, "together", None, None, &|_, _| {}));
    }
    health
}

const MODELS: [&str; 4] = ["deepseek-r1-0528-syn", "kimi-k2-instruct", "qwen3-235b-thinking-syn", "glm-4.6-syn"];

fn admit(health: &Health, model: &str) -> Option<Permit> {
    health.admit(black_box(model), "together", None, None, &|_, _| {}).ok()
}

#[divan::bench(threads = [1, 2])]
fn admit_and_record_a_success(bencher: Bencher<'_, '_>) {
    let health = health();
    bencher.bench(|| {
        let permit = admit(&health, MODELS[0])?;
        health.record(MODELS[0], &permit, Verdict::Success, &|_, _| {});
        Some(())
    });
}

#[divan::bench]
fn admit_and_record_a_failure_that_does_not_count(bencher: Bencher<'_, '_>) {
    let health = health();
    bencher.bench(|| {
        let permit = admit(&health, MODELS[1])?;
        health.record(MODELS[1], &permit, Verdict::Neutral(FailureKind::InvalidResponse), &|_, _| {});
        Some(())
    });
}

#[divan::bench]
fn admit_and_record_a_fault_and_a_success(bencher: Bencher<'_, '_>) {
    let health = health();
    bencher.bench(|| {
        for verdict in [Verdict::Fault(FailureKind::ParseError, None), Verdict::Success] {
            let permit = admit(&health, MODELS[2])?;
            health.record(MODELS[2], &permit, verdict, &|_, _| {});
        }
        Some(())
    });
}

#[divan::bench(threads = [1, 2])]
fn cached_count(bencher: Bencher<'_, '_>) {
    let count: Count<Moka> = Count::default();
    bencher.bench(|| count.get(|| black_box(42)));
}
