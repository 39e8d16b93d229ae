//! The form of the answer that is asked for, and what follows where a server refuses it.

use super::*;
use fallcast::outcome::{Adjustment, Setting};
use support::Step;

/// The models of [`config`], all told to answer by a schema.
fn by_schema(upstream: &Upstream) -> Value {
    let mut config = config(upstream);
    config["providers"][0]["responseFormat"] = json!("json_schema");
    config
}

fn refused(format: &str) -> Reply {
    Reply::json(
        400,
        &json!({ "error": { "message": format!("This model does not support response format `{format}`."), "param": "response_format" } }),
    )
}

/// The type of the `response_format` of each request; nothing where there is none.
fn forms(upstream: &Upstream) -> Vec<String> {
    let form =
        |request: support::Request| request.json()["response_format"]["type"].as_str().unwrap_or_default().to_owned();
    upstream.requests().into_iter().map(form).collect()
}

fn lowered(to: Option<&'static str>) -> Vec<Adjustment> {
    vec![Adjustment { parameter: "response_format", from: Setting::Text("json_schema"), to: to.map(Setting::Text) }]
}

#[tokio::test]
async fn a_schema_is_of_exactly_what_is_asked() {
    let upstream = Upstream::script([
        Step::model("a", scores(&[("m2", 1, 0)])),
        Step::model("b", scores(&[("m1", 0, 0), ("m3", 0, 0)])),
    ])
    .await;
    let outcome = predict(&engine(&by_schema(&upstream)), request(3)).await.unwrap();
    assert_eq!(filled(&outcome).count(), 3);
    assert!(outcome.history.attempts.iter().all(|attempt| attempt.adjusted.is_empty()));
    for (request, ids) in upstream.requests().iter().zip([json!(["m1", "m2", "m3"]), json!(["m1", "m3"])]) {
        let format = &request.json()["response_format"];
        assert_eq!((&format["type"], &format["json_schema"]["strict"]), (&json!("json_schema"), &json!(true)));
        let items = &format["json_schema"]["schema"]["properties"]["predictions"]["items"];
        assert_eq!(items["properties"]["match_id"]["enum"], ids);
        let goals = json!({ "type": "integer", "minimum": 0, "maximum": 20 });
        assert_eq!((&items["properties"]["home_score"], &items["properties"]["away_score"]), (&goals, &goals));
    }
}

#[tokio::test]
async fn a_refused_form_is_lowered_at_once_and_for_all_later_calls() {
    let upstream = Upstream::script([
        Step::model("a", refused("json_schema")),
        Step::model("a", scores(&[("m1", 1, 0)])),
        Step::model("a", refused("json_object")),
        Step::model("a", scores(&[("m1", 1, 0)])),
        Step::model("a", scores(&[("m1", 1, 0)])),
    ])
    .await;
    // Neither another model nor a retry is needed for it.
    let mut config = by_schema(&upstream);
    (config["maxRetries"], config["disableThreshold"]) = (json!(0), json!(2));
    let engine = engine(&config);
    for to in [Some("json_object"), None, None] {
        let outcome = predict(&engine, request(1)).await.unwrap();
        let [attempt] = &outcome.history.attempts[..] else { panic!("one attempt: {outcome:?}") };
        assert_eq!((attempt.retries, attempt.failure), (0, None));
        assert_eq!(attempt.adjusted, lowered(to));
    }
    assert_eq!(forms(&upstream), ["json_schema", "json_object", "json_object", "", ""]);
    assert_eq!(engine.models()[0].health.failures, 0, "no fault of the model's");
    let plan = engine.call(request(1), RawOptions::default()).unwrap().explain();
    assert_eq!(plan.steps[0].verdict.as_ref().unwrap().adjusted, lowered(None), "what a call does is foreseen");
    assert!(plan.steps[1].verdict.as_ref().unwrap().adjusted.is_empty(), "of other models nothing is known");
}

#[tokio::test]
async fn what_is_refused_costs_nothing_and_reserves_nothing() {
    let upstream =
        Upstream::script([Step::model("a", refused("json_schema")), Step::model("a", scores(&[("m1", 1, 0)]))]).await;
    let engine = engine(&by_schema(&upstream));
    let outcome = predict(&engine, request(1)).await.unwrap();
    let attempt = &outcome.history.attempts[0];
    let usage = attempt.usage.unwrap();
    assert_eq!(attempt.cost.0, 1000 * usage.prompt_tokens + 2000 * usage.completion_tokens);
    assert_eq!(engine.budget().spent, attempt.cost, "one request is paid for");
}

#[tokio::test]
async fn a_refusal_of_the_loosest_form_is_a_failure_as_any_other() {
    let upstream = Upstream::script([
        Step::model("a", refused("json_schema")),
        Step::model("a", refused("json_object")),
        Step::model("a", refused("text")),
        Step::model("b", scores(&[("m1", 1, 0)])),
    ])
    .await;
    let engine = engine(&by_schema(&upstream));
    let outcome = predict(&engine, request(1)).await;
    assert_eq!(attempts(&outcome), pairs(&[("a", "bad_request"), ("b", "answered")]));
    assert_eq!(engine.models()[0].health.failures, 1);
}

#[tokio::test]
async fn refusals_are_told_in_many_ways() {
    for (status, body) in [
        (400, json!({ "error": { "message": "Invalid parameter", "param": "response_format" } })),
        (400, json!({ "error": { "message": "Failed to parse grammar", "type": "invalid_request_error" } })),
        (422, json!({ "detail": [{ "loc": ["body", "response_format", "type"], "msg": "unexpected value" }] })),
        (400, json!({ "object": "error", "message": "guided_json is not supported" })),
        (400, json!({ "error": "model does not support Structured Outputs" })),
        (404, json!({ "error": { "message": "No endpoints found that support response_format" } })),
        (500, json!({ "error": { "code": 500, "message": "JSON schema conversion failed: Unrecognized schema" } })),
        (501, json!({ "message": "JSON mode is not implemented" })),
    ] {
        let upstream =
            Upstream::script([Step::model("a", Reply::json(status, &body)), Step::model("a", scores(&[("m1", 1, 0)]))])
                .await;
        let outcome = predict(&engine(&by_schema(&upstream)), request(1)).await.unwrap();
        assert_eq!(outcome.history.attempts[0].adjusted, lowered(Some("json_object")), "{status} {body}");
    }
}

#[tokio::test]
async fn other_complaints_lower_nothing() {
    let echo = json!({ "messages": [], "response_format": { "type": "json_schema" } });
    for (status, body, kind) in [
        (400, json!({ "error": { "message": "temperature is too high", "param": "temperature" } }), "bad_request"),
        (422, json!({ "detail": [{ "loc": ["body", "stop"], "msg": "too long", "input": echo }] }), "bad_request"),
        (429, json!({ "error": { "message": "too many requests with response_format" } }), "rate_limited"),
        (401, json!({ "error": { "message": "response_format needs another key" } }), "unauthorized"),
        (503, json!({ "error": { "message": "structured outputs are overloaded" } }), "server_error"),
    ] {
        let upstream =
            Upstream::script([Step::model("a", Reply::json(status, &body)), Step::any(scores(&[("m1", 1, 0)]))]).await;
        let mut config = by_schema(&upstream);
        // A key that is refused is that of a provider.
        let other = config["providers"][0].clone();
        config["providers"].as_array_mut().unwrap().push(other);
        (config["providers"][1]["id"], config["models"][1]["provider"]) = (json!("q"), json!("q"));
        let outcome = predict(&engine(&config), request(1)).await;
        assert_eq!(attempts(&outcome), pairs(&[("a", kind), ("b", "answered")]), "{body}");
    }
}

#[tokio::test]
async fn json_that_a_prompt_of_the_callers_own_does_not_speak_of_is_refused_for_that_call_alone() {
    let must_say_json =
        error(400, "'messages' must contain the word 'json' to use 'response_format' of type 'json_object'");
    let upstream = Upstream::script([
        Step::model("a", must_say_json),
        Step::model("a", scores(&[("m1", 1, 0)])),
        Step::model("a", scores(&[("m1", 1, 0)])),
    ])
    .await;
    let mut config = config(&upstream);
    config["providers"][0]["responseFormat"] = json!("json_object");
    let engine = engine(&config);
    let prompt = Some(fallcast::request::OwnPrompt { user: "Who wins m1?".to_owned(), ..Default::default() });
    predict(&engine, Question { prompt, ..request(1) }).await.unwrap();
    predict(&engine, request(1)).await.unwrap();
    assert_eq!(forms(&upstream), ["json_object", "", "json_object"]);
}

#[tokio::test]
async fn a_model_that_is_moved_to_another_server_begins_at_the_top_again() {
    let refusing =
        Upstream::script([Step::model("a", refused("json_schema")), Step::model("a", scores(&[("m1", 1, 0)]))]).await;
    let engine = engine(&by_schema(&refusing));
    predict(&engine, request(1)).await.unwrap();
    let other = Upstream::script([Step::model("a", scores(&[("m1", 1, 0)]))]).await;
    let moved = json!({ "providers": [{ "id": "p", "baseUrl": other.base_url(), "responseFormat": "json_schema" }] });
    engine.update_catalog(&moved, &|_| None).unwrap();
    predict(&engine, request(1)).await.unwrap();
    assert_eq!(forms(&other), ["json_schema"]);
}

#[tokio::test]
async fn many_calls_at_once_find_out_together() {
    let upstream = Upstream::handler(|request| match request.json()["response_format"]["type"].as_str() {
        Some("json_schema") => refused("json_schema"),
        Some(_) => refused("json_object"),
        None => scores(&[("m1", 1, 0)]),
    })
    .await;
    let engine = engine(&by_schema(&upstream));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let call = engine.call(request(1), RawOptions::default()).unwrap();
        calls.spawn(async move { call.run(&CancellationToken::new()).await });
    }
    for outcome in calls.join_all().await {
        assert_eq!(outcome.unwrap().history.attempts[0].adjusted, lowered(None));
    }
    let before = upstream.requests().len();
    predict(&engine, request(1)).await.unwrap();
    assert_eq!(upstream.requests().len(), before + 1);
}
