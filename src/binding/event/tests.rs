use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::*;
use crate::call_id::CallIds;
use crate::event::Cause;
use crate::kind::FailureKind;
use crate::outcome::{Doubt, FallbackReason, NanoUsd, Told};

const COMMON: &str = r#""callId":null,"requestId":null,"sequence":7,"at":"1970-01-01T00:00:00.000Z"}"#;

/// The JSON of an event, but for the fields that all of them have.
fn json(what: What) -> String {
    let event = Event { sequence: 7, at: SystemTime::UNIX_EPOCH, call: None, origin: None, what };
    let record = Record::from(&event);
    record.json().strip_suffix(COMMON).expect("the common fields come last").trim_end_matches(',').to_owned()
}

#[test]
fn every_event_has_its_type_first_and_its_fields_in_order() {
    let (model_id, until) = (|| "a".to_owned(), SystemTime::UNIX_EPOCH + Duration::from_millis(1500));
    let at = r#""1970-01-01T00:00:01.500Z""#;
    let kind = FailureKind::RateLimited;
    let usage = crate::outcome::Usage { prompt_tokens: 1, ..Default::default() };
    let doubt = Doubt {
        told: Told { prompt: Some(1.5), ..Told::default() },
        booked: usage,
        problem: "odd \"count\"".to_owned(),
    };
    let table = [
        (
            What::Disabled { model_id: model_id(), until: Some(until), reason: "why".to_owned(), failures: 5 },
            format!(r#""disabled","modelId":"a","disabledUntil":{at},"reason":"why","consecutiveFailures":5"#),
        ),
        (
            What::Disabled { model_id: model_id(), until: None, reason: "why".to_owned(), failures: 0 },
            r#""disabled","modelId":"a","disabledUntil":null,"reason":"why","consecutiveFailures":0"#.to_owned(),
        ),
        (What::Enabled { model_id: model_id() }, r#""enabled","modelId":"a""#.to_owned()),
        (
            What::Recovered { model_id: model_id(), failures: 2 },
            r#""recovered","modelId":"a","consecutiveFailures":2"#.to_owned(),
        ),
        (
            What::Cooling { model_id: model_id(), until, kind },
            format!(r#""cooling","modelId":"a","coolingUntil":{at},"kind":"rate_limited""#),
        ),
        (What::Cooled { model_id: model_id() }, r#""cooled","modelId":"a""#.to_owned()),
        (
            What::ProviderCooling { provider_id: "p".to_owned(), until, kind },
            format!(r#""provider_cooling","providerId":"p","coolingUntil":{at},"kind":"rate_limited""#),
        ),
        (
            What::ProviderCooled { provider_id: "p".to_owned() },
            r#""provider_cooled","providerId":"p""#.to_owned(),
        ),
        (
            What::Restored { ignored: vec!["x".to_owned()] },
            r#""restored","ignoredModelIds":["x"]"#.to_owned(),
        ),
        (
            What::Fallback {
                original_model_id: model_id(),
                model_id: "b".to_owned(),
                reason: FallbackReason::Failure(kind),
                prompt_version: "1".to_owned(),
                overrides: Vec::new(),
            },
            r#""fallback","originalModelId":"a","modelId":"b","reason":"rate_limited","promptVersion":"1","overrides":[]"#
                .to_owned(),
        ),
        (
            What::CostWarning {
                original_model_id: model_id(),
                model_id: "b".to_owned(),
                price_ratio: 2.5,
                expected: NanoUsd(2_500_000),
                original: NanoUsd(1_000_000),
            },
            r#""cost_warning","originalModelId":"a","modelId":"b","priceRatio":2.5,"expectedCostUsd":0.0025,"originalCostUsd":0.001"#
                .to_owned(),
        ),
        (
            What::Budget {
                share: 0.5,
                spent: NanoUsd(600_000_000),
                daily: NanoUsd(1_000_000_000),
                day: "2025-01-01".to_owned(),
            },
            r#""budget","threshold":0.5,"spentUsd":0.6,"dailyBudgetUsd":1,"day":"2025-01-01""#.to_owned(),
        ),
        (
            What::UsageDoubted { model_id: model_id(), doubt },
            concat!(
                r#""usage_doubted","modelId":"a","told":{"promptTokens":1.5,"completionTokens":null,"totalTokens":null},"#,
                r#""booked":{"promptTokens":1,"completionTokens":0,"cachedTokens":0,"reasoningTokens":0,"#,
                r#""estimated":false},"problem":"odd \"count\"""#,
            )
            .to_owned(),
        ),
        (
            What::StateDamaged { moved_to: "/x".to_owned(), problem: "bad".to_owned() },
            r#""state_damaged","movedTo":"/x","problem":"bad""#.to_owned(),
        ),
        (What::StateUnsaved { problem: "full".to_owned() }, r#""state_unsaved","problem":"full""#.to_owned()),
        (
            What::PromptsReloaded { versions: vec!["1".to_owned()] },
            r#""prompts_reloaded","versions":["1"]"#.to_owned(),
        ),
        (What::PromptsRejected { faults: Vec::new() }, r#""prompts_rejected","faults":[]"#.to_owned()),
    ];
    for (what, expected) in table {
        assert_eq!(json(what), format!(r#"{{"type":{expected}"#));
    }
}

#[test]
fn what_happens_to_a_catalogue_has_its_type_first_too() {
    let model_id = || "a".to_owned();
    let table = [
        (
            What::ModelRetiring { model_id: model_id(), day: "2026-02-05".to_owned(), days_left: 3 },
            r#""model_retiring","modelId":"a","retiresOn":"2026-02-05","daysLeft":3"#.to_owned(),
        ),
        (
            What::CatalogReloaded { added: vec!["a".to_owned()], removed: Vec::new(), changed: vec!["b".to_owned()] },
            r#""catalog_reloaded","addedModelIds":["a"],"removedModelIds":[],"changedModelIds":["b"]"#.to_owned(),
        ),
        (What::CatalogRejected { faults: vec!["f".to_owned()] }, r#""catalog_rejected","faults":["f"]"#.to_owned()),
    ];
    for (what, expected) in table {
        assert_eq!(json(what), format!(r#"{{"type":{expected}"#));
    }
}

#[test]
fn an_event_of_a_call_names_it() {
    let ids = CallIds { call_id: "c-1".to_owned(), request_id: Some("mine".to_owned()) };
    let what = What::Enabled { model_id: "a".to_owned() };
    let event = Event { sequence: 1, at: SystemTime::UNIX_EPOCH, call: Some(Arc::new(ids)), origin: None, what };
    assert!(Record::from(&event).json().contains(r#","callId":"c-1","requestId":"mine","sequence":1,"#));
}

#[test]
fn an_invalidation_has_its_key_first() {
    let told = Invalidation { sequence: 3, cause: Cause::Catalog, model_id: None, active_models: 2 };
    let expected =
        r#"{"key":"stats:active_model_count","cause":"catalog","modelId":null,"activeModelCount":2,"sequence":3}"#;
    assert_eq!(Record::from(&told).json(), expected);
}
