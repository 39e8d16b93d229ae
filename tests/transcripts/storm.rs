//! Many calls and changes at once, and what is told of the active set.

use std::sync::Mutex;

use super::told::invalidations;
use super::*;
use fallcast::event::{EventSink, Invalidation};
use tokio::sync::mpsc::UnboundedReceiver;

/// Sixteen tasks predict on four models, of which some always fail and some never do, while others are switched by
/// hand; every number that was told is the size of the active set after that change and before the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_storm_tells_the_exact_count_after_every_change() {
    let upstream = Upstream::handler(|request| {
        let model = request.json()["model"].as_str().unwrap_or_default().to_owned();
        if matches!(model.as_str(), "a" | "b") { Reply::chat("no idea") } else { scores(&[("m1", 1, 0)]) }
    })
    .await;
    let engine = engine(&config_with(&upstream, json!({ "cooldownMs": 1, "maxRetries": 0 })));
    let tending = tokio::spawn(engine.tend());
    let counts = invalidations(&engine);
    let told = Arc::new(Counts::default());
    engine.invalidations().add(Arc::clone(&told) as Arc<dyn EventSink<Invalidation>>);
    let tasks: Vec<_> = (0..16_u64)
        .map(|task| {
            let (engine, told) = (Arc::clone(&engine), Arc::clone(&told));
            tokio::spawn(async move {
                let mut random = fastrand::Rng::with_seed(task);
                for _ in 0..60 {
                    let model = ["a", "b", "c", "d"][random.usize(0..4)];
                    match random.u8(0..10) {
                        0 => engine.disable_model(model, "storm").unwrap(),
                        1 | 2 => engine.enable_model(model).unwrap(),
                        _ => drop(predict_any(&engine, model).await),
                    }
                    told.ask(&engine);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    engine.close().await;
    tending.await.unwrap();
    told.check();
    check(counts, &engine);
}

/// Every number that was told, in order, and every count that was asked for meanwhile.
#[derive(Default)]
struct Counts {
    told: Mutex<Vec<usize>>,
    asked: Mutex<Vec<(usize, usize, usize)>>,
}

impl EventSink<Invalidation> for Counts {
    fn put(&self, told: &Arc<Invalidation>) -> bool {
        self.told.lock().unwrap().push(told.active_models);
        true
    }
}

impl Counts {
    fn ask(&self, engine: &Engine) {
        let before = self.told.lock().unwrap().len();
        let count = engine.active_model_count();
        let after = self.told.lock().unwrap().len();
        self.asked.lock().unwrap().push((before, after, count));
    }

    /// A count is one that was told last before it was asked for, or while it was, or that of the change under way.
    fn check(&self) {
        let told = self.told.lock().unwrap();
        for &(before, after, count) in self.asked.lock().unwrap().iter().filter(|asked| asked.0 > 0) {
            let possible = &told[before - 1..(after + 1).min(told.len())];
            assert!(possible.contains(&count), "{count} after {before} invalidations, {possible:?}");
        }
    }
}

async fn predict_any(engine: &Arc<Engine>, model: &str) -> Result<Answers, EngineError> {
    let request = Question { model_id: model.to_owned(), ..request(1) };
    engine.call(request, RawOptions::default())?.run(&CancellationToken::new()).await
}

fn check(mut counts: UnboundedReceiver<Arc<Invalidation>>, engine: &Engine) {
    let mut active = vec!["a", "b", "c", "d"];
    let mut changes = 0;
    while let Ok(told) = counts.try_recv() {
        changes += 1;
        let model = told.model_id.as_deref().unwrap();
        match told.cause.as_str() {
            "disabled" => active.retain(|known| *known != model),
            _ => active.push(["a", "b", "c", "d"].into_iter().find(|known| *known == model).unwrap()),
        }
        assert_eq!((told.sequence, told.active_models), (changes, active.len()), "{told:?}");
    }
    assert!(changes > 20, "the storm did change the active set: {changes}");
    assert_eq!(engine.active_model_count(), active.len());
}
