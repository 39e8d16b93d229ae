use std::time::SystemTime;

use serde_json::json;

use super::*;
use crate::engine::Engine;
use crate::kind::FailureKind;
use crate::money::Charge;
use crate::outcome::NanoUsd;

#[tokio::test]
async fn marks_that_nobody_has_taken_are_one() {
    let unsaved = Unsaved::default();
    let part = unsaved.clone();
    assert!(!unsaved.take());
    part.mark();
    part.mark();
    unsaved.marked().await;
    assert!(unsaved.take() && !unsaved.take());
    part.mark();
    unsaved.marked().await;
    assert!(unsaved.take());
}

#[tokio::test]
async fn what_was_not_written_is_marked_though_it_was_marked_meanwhile() {
    let unsaved = Unsaved::default();
    unsaved.mark();
    unsaved.marked().await;
    unsaved.take();
    unsaved.mark();
    unsaved.put_back();
    unsaved.marked().await;
    assert!(unsaved.take());
}

/// Changes something.
type Act<'a> = &'a dyn Fn();

/// An engine with a state file, and the folder of the file.
fn engine() -> (Engine, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let config = json!({
        "builtinCatalog": false,
        "providers": [{ "id": "p", "baseUrl": "http://127.0.0.1:1/v1" }],
        "models": [{ "id": "a", "provider": "p", "upstreamModel": "a", "promptUsdPer1M": 1, "completionUsdPer1M": 1 }],
        "stateFile": folder.path().join("state.json"),
    });
    (Engine::new(&config, &|_| None).expect("a configuration without a fault"), folder)
}

/// Books what a request is charged.
fn spend(engine: &Engine) {
    let reserved = engine.ledger().reserve("a", NanoUsd(5), false, SystemTime::now());
    let setup = engine.library.setup().get();
    let model = setup.catalog.model(setup.catalog.get("a").expect("the model"));
    engine.purse.settle(model, reserved.expect("no budget"), &Charge { cost: 3.0, ..Charge::default() });
}

fn is_marked(engine: &Engine) -> bool {
    engine.state.as_ref().is_some_and(|writer| writer.unsaved.take())
}

#[test]
fn each_part_marks_its_own_changes_and_nothing_else() {
    let (engine, _folder) = engine();
    let version = engine.prompt_versions().first().map(|version| version.id.clone());
    let other_address = json!({ "providers": [{ "id": "p", "baseUrl": "http://127.0.0.1:2/v1" }] });
    let saved = engine.snapshot();
    let changes: [(&str, Act<'_>); 8] = [
        ("a failure", &|| engine.report_failure("a", FailureKind::ServerError).expect("a known model")),
        ("a success", &|| engine.report_success("a").expect("a known model")),
        ("switched off", &|| engine.disable_model("a", "a test").expect("a known model")),
        ("switched on", &|| engine.enable_model("a").expect("a known model")),
        ("spent", &|| spend(&engine)),
        ("pinned", &|| engine.activate_prompts(version.as_deref()).expect("a known version")),
        ("another address", &|| engine.update_catalog(&other_address, &|_| None).expect("no fault")),
        ("restored", &|| engine.restore(&saved).expect("no fault")),
    ];
    assert!(!is_marked(&engine), "nothing has changed yet");
    for (change, act) in changes {
        act();
        assert!(is_marked(&engine), "{change}");
    }
    let _ = (engine.snapshot(), engine.models(), engine.active_model_count(), engine.budget(), engine.recover_due());
    assert!(!is_marked(&engine), "who only looks changes nothing");
}
