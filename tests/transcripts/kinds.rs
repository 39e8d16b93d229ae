//! Every kind of failure: how it looks on the wire, what it costs, and what follows.

use super::*;
use fallcast::kind::FailureKind;
use fallcast::outcome::NanoUsd;
use support::Step;

/// What one completion of the helper's costs: 100 prompt tokens at 1 and 20 completion tokens at 2 millionths.
const CHARGED: u64 = 140;

struct Case {
    reply: Reply,
    kind: &'static str,
    status: Option<u16>,
    /// `None`: an estimate, more than nothing.
    cost: Option<u64>,
}

fn cases() -> Vec<Case> {
    let usage = json!({"prompt_tokens": 100, "completion_tokens": 20});
    let completion = |content: &str, reason: &str| Reply::completion(&json!({ "content": content }), reason, &usage);
    let http = |status: u16, message: &str, kind| Case {
        reply: error(status, message),
        kind,
        status: Some(status),
        cost: Some(0),
    };
    let ok = |reply, kind| Case { reply, kind, status: Some(200), cost: Some(CHARGED) };
    vec![
        Case { reply: Reply::reset(), kind: "network", status: None, cost: None },
        Case {
            reply: Reply::status(200).header("content-length", "99").body("{").then_close(),
            kind: "network",
            status: Some(200),
            cost: None,
        },
        http(500, "internal", "server_error"),
        http(502, "bad gateway", "server_error"),
        http(503, "Loading model", "server_error"),
        http(408, "timed out", "server_error"),
        http(429, "slow down", "rate_limited"),
        http(402, "payment required", "quota_exhausted"),
        http(429, "You exceeded your current quota, please check your plan and billing details.", "quota_exhausted"),
        http(401, "bad key", "unauthorized"),
        http(403, "forbidden", "unauthorized"),
        http(404, "no such route", "model_unavailable"),
        http(400, "The model `x` does not exist", "model_unavailable"),
        http(400, "This model's maximum context length is 4096 tokens", "context_too_long"),
        http(400, "temperature is not supported", "bad_request"),
        http(422, "unprocessable", "bad_request"),
        ok(completion("anything", "content_filter"), "content_filtered"),
        Case {
            reply: Reply::status(302).header("location", "/v1/elsewhere"),
            kind: "invalid_response",
            status: Some(302),
            cost: Some(0),
        },
        Case {
            reply: Reply::status(200).body("<html>hello</html>"),
            kind: "invalid_response",
            status: Some(200),
            cost: None,
        },
        ok(completion("", "stop"), "empty_response"),
        ok(completion("{\"predictions\": [{\"match_id\": \"m1\", \"home_", "length"), "truncated"),
        ok(completion("I think the home side wins.", "stop"), "parse_error"),
        ok(completion("{\"type\": \"object\"}", "stop"), "parse_error"),
    ]
}

#[tokio::test]
async fn each_kind_is_recognised_charged_and_followed_by_the_next_model() {
    for case in cases() {
        let (kind, cost) = (case.kind, case.cost);
        let stops_provider = kind == "quota_exhausted" || case.status == Some(401);
        let next = (!stops_provider).then(|| Step::model("b", scores(&[("m1", 2, 1)])));
        let upstream = Upstream::script([Step::model("a", case.reply)].into_iter().chain(next)).await;
        let engine = engine(&config_with(&upstream, json!({ "fallbackOnContentFilter": true })));
        let outcome = predict(&engine, request(1)).await;

        assert_eq!(attempts(&outcome)[0], ("a".to_owned(), kind), "{outcome:?}");
        let history = outcome.as_ref().map_or_else(|error| error.history().unwrap(), |outcome| &outcome.history);
        let failed = &history.attempts[0];
        assert_eq!(failed.status, case.status, "{kind}");
        assert!(failed.message.as_ref().is_some_and(|message| !message.is_empty()), "{kind} says what was seen");
        match cost {
            Some(cost) => assert_eq!(failed.cost, NanoUsd::micro(cost), "{kind}"),
            None => assert!(failed.cost.0 > 0 && failed.usage.unwrap().estimated, "{kind} is estimated"),
        }
        if stops_provider {
            assert_eq!(
                skips(&outcome),
                pairs(&[("b", "provider_failed"), ("c", "provider_failed"), ("d", "provider_failed")])
            );
        } else {
            let outcome = outcome.unwrap();
            assert_eq!((outcome.model_id.as_str(), outcome.fallback_reason.unwrap().as_str()), ("b", kind));
        }
    }
}

#[test]
fn no_kind_of_the_table_is_left_out() {
    let elsewhere = ["timeout", "aborted", "deadline"];
    for kind in FailureKind::ALL {
        let name = kind.as_str();
        assert!(elsewhere.contains(&name) || cases().iter().any(|case| case.kind == name), "{name} has no transcript");
    }
}

#[tokio::test]
async fn a_filtered_answer_ends_the_request_unless_told_otherwise() {
    let filtered = Reply::completion(&json!({ "content": "no" }), "content_filter", &Value::Null);
    let upstream = Upstream::script([Step::model("a", filtered)]).await;
    let outcome = predict(&engine(&config(&upstream)), request(1)).await;
    assert!(matches!(outcome, Err(EngineError::AllAttemptsFailed(_))));
    assert_eq!(attempts(&outcome), pairs(&[("a", "content_filtered")]));
}

#[tokio::test]
async fn a_key_that_a_provider_repeats_is_not_told() {
    const KEYS: [&str; 2] = ["plain-words-as-a-key", "gateway token"];
    let upstream = Upstream::handler(|_| error(400, &format!("{} rejected: {KEYS:?}", "x".repeat(270)))).await;
    let mut config = config_with(&upstream, json!({ "maxFallbackDepth": 0 }));
    config["providers"][0]["apiKey"] = json!(KEYS[0]);
    config["providers"][0]["headers"] = json!({ "x-gateway": KEYS[1] });
    let error = predict(&engine(&config), request(1)).await.unwrap_err().to_string();
    assert!(error.contains("[key]") && !error.contains("plain-w") && !error.contains("gateway"), "{error}");
}

#[tokio::test]
async fn a_key_that_a_provider_repeats_over_lines_or_in_part_is_not_told() {
    const KEY: &str = "plain-words-as-a-key";
    let folded = |gap: &str| format!("{}{gap}{}", &KEY[..9], &KEY[9..]);
    for told in [
        folded("\n"),
        folded("\r\n\t"),
        folded("\u{200b}"),
        folded("\u{0}\u{2028}"),
        format!("{}{KEY}", "x ".repeat(140)),
        format!("not {}", &KEY[..14]),
    ] {
        let body = told.clone();
        let upstream = Upstream::handler(move |_| error(500, &body)).await;
        let mut config = config_with(&upstream, json!({ "maxFallbackDepth": 0, "maxRetries": 0 }));
        config["providers"][0]["apiKey"] = json!(KEY);
        let error = predict(&engine(&config), request(1)).await.unwrap_err().to_string();
        let part = ["plain-wo", "rds-as-a"].into_iter().find(|part| error.contains(part));
        assert!(error.contains("[key]") && part.is_none(), "{told:?}: {error}");
    }
}

#[tokio::test]
async fn a_reply_without_usage_is_charged_by_estimate() {
    let reply = Reply::json(200, &json!({ "choices": [{ "message": { "content": answer(&[("m1", 3, 0)]) } }] }));
    let upstream = Upstream::script([Step::model("a", reply)]).await;
    let outcome = predict(&engine(&config(&upstream)), request(1)).await.unwrap();
    assert!(outcome.history.usage().estimated && outcome.history.cost().0 > 0);
}

#[tokio::test]
async fn faults_of_the_model_switch_it_off_and_others_do_not() {
    for (reply, disables) in [("no score here", true), ("", true)] {
        let upstream = Upstream::handler(move |_| Reply::chat(reply)).await;
        let engine = engine(&config_with(&upstream, json!({ "disableThreshold": 2, "maxFallbackDepth": 0 })));
        for id in ["m1", "m2"] {
            predict(&engine, request_for([id])).await.unwrap_err();
        }
        let outcome = predict(&engine, request(1)).await;
        assert_eq!(skips(&outcome).contains(&("a".to_owned(), "disabled")), disables);
        assert_eq!(engine.active_model_count(), 3);
        assert_eq!(upstream.requests().len(), 2, "a model that is switched off is not called");
    }
    let upstream = Upstream::handler(|_| error(500, "down")).await;
    let engine =
        engine(&config_with(&upstream, json!({ "disableThreshold": 1, "maxFallbackDepth": 0, "maxRetries": 0 })));
    for _ in 0..3 {
        predict(&engine, request(1)).await.unwrap_err();
    }
    assert_eq!(engine.active_model_count(), 4, "an outage is not a bad model");
}
