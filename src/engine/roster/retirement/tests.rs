use std::sync::Mutex;

use serde_json::{Value, json};

use crate::engine::Engine;
use crate::event::{Event, EventSink, Invalidation};

use super::*;

#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl EventSink<Event> for Told {
    fn put(&self, told: &std::sync::Arc<Event>) -> bool {
        if let What::ModelRetiring { model_id, day, days_left } = &told.what {
            self.0.lock().unwrap().push(format!("{model_id} on {day} in {days_left}"));
        }
        true
    }
}

impl EventSink<Invalidation> for Told {
    fn put(&self, told: &std::sync::Arc<Invalidation>) -> bool {
        self.0.lock().unwrap().push(format!("{} {:?}", told.cause.as_str(), told.model_id.as_deref()));
        true
    }
}

fn at(text: &str) -> SystemTime {
    humantime::parse_rfc3339(&format!("{text}Z")).unwrap()
}

fn model(id: &str, more: &Value) -> Value {
    let mut model = json!({
        "id": id, "provider": "p", "upstreamModel": id, "promptUsdPer1M": 1, "completionUsdPer1M": 1,
    });
    if let (Value::Object(model), Value::Object(more)) = (&mut model, more) {
        model.extend(more.clone());
    }
    model
}

fn engine(models: &[Value]) -> Engine {
    let providers = json!([{ "id": "p", "baseUrl": "http://127.0.0.1:9" }, { "id": "k", "baseUrl": "https://k", "apiKeyEnv": "K" }]);
    let config = json!({ "builtinCatalog": false, "providers": providers, "models": models });
    Engine::new(&config, &|_| None).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_model_is_told_of_once_thirty_days_before_and_counted_out_once_on_its_day() {
    let engine = engine(&[
        model("a", &json!({ "retiresOn": "2090-03-07" })),
        model("b", &json!({})),
        model("off", &json!({ "retiresOn": "2090-03-07", "enabled": false })),
        model("keyless", &json!({ "retiresOn": "2090-03-07", "provider": "k" })),
    ]);
    let (events, changes) = (std::sync::Arc::<Told>::default(), std::sync::Arc::<Told>::default());
    engine.listen(events.clone());
    engine.invalidations().add(changes.clone());
    let look = |text: &str| engine.roster.look_for_retirements(at(text)).map(|left| left.as_secs());

    assert_eq!(look("2090-02-04T23:59:30"), Some(30));
    assert_eq!(events.take(), Vec::<String>::new());
    assert_eq!(look("2090-02-05T00:00:00"), Some(30 * 86_400));
    assert_eq!(events.take(), ["a on 2090-03-07 in 30", "keyless on 2090-03-07 in 30"]);
    assert_eq!(look("2090-03-06T23:59:59"), Some(1));
    assert_eq!((events.take(), changes.take()), (Vec::new(), Vec::<String>::new()));
    for _ in 0..2 {
        assert_eq!(look("2090-03-07T00:00:00"), None);
    }
    assert_eq!((events.take(), changes.take()), (Vec::new(), vec![r#"catalog Some("a")"#.to_owned()]));
}

#[test]
fn what_is_retired_already_is_neither_told_of_nor_counted_out() {
    let engine = engine(&[model("a", &json!({ "retiresOn": "2025-01-01" }))]);
    let told = std::sync::Arc::<Told>::default();
    engine.listen(told.clone());
    engine.invalidations().add(told.clone());
    assert_eq!(engine.roster.look_for_retirements(SystemTime::now()), None);
    assert_eq!((told.take(), engine.active_model_count()), (Vec::new(), 0));
}

#[test]
fn two_models_that_retire_before_anyone_listens_are_both_told_to_the_first_listener() {
    let engine =
        engine(&[model("a", &json!({ "retiresOn": "2090-03-07" })), model("b", &json!({ "retiresOn": "2090-03-08" }))]);
    engine.roster.look_for_retirements(at("2090-03-06T12:00:00"));
    let (first, second) = (std::sync::Arc::<Told>::default(), std::sync::Arc::<Told>::default());
    engine.listen(first.clone());
    engine.listen(second.clone());
    assert_eq!(first.take(), ["a on 2090-03-07 in 1", "b on 2090-03-08 in 2"]);
    assert_eq!(second.take(), Vec::<String>::new());
}
