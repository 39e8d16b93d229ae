//! Answers for some of the matches, completed by the next model.

use super::*;
use support::Step;

fn asked(body: &Value) -> Vec<String> {
    let user = body["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap();
    let ids = user.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    ids.filter_map(|line| Some(line["match_id"].as_str()?.to_owned())).collect()
}

#[tokio::test]
async fn the_next_model_is_asked_for_what_is_missing_and_each_prediction_names_its_model() {
    let upstream = Upstream::script([
        Step::model("a", scores(&[("m2", 2, 2)])),
        Step::model("b", scores(&[("m1", 1, 0), ("m2", 9, 9)])),
        Step::model("c", scores(&[("m3", 0, 3)])),
    ])
    .await;
    let outcome = predict(&engine(&config(&upstream)), request(3)).await;
    assert_eq!(attempts(&outcome), pairs(&[("a", "answered"), ("b", "answered"), ("c", "answered")]));
    let outcome = outcome.unwrap();
    let given: Vec<_> = filled(&outcome).map(|(id, score, model)| (id, score.home, model)).collect();
    assert_eq!(given, [("m1", 1, "b"), ("m2", 2, "a"), ("m3", 0, "c")]);
    assert_eq!((outcome.model_id.as_str(), outcome.fallback_reason.unwrap().as_str()), ("c", "incomplete"));
    let asked: Vec<_> = upstream.requests().iter().map(|request| asked(&request.json())).collect();
    assert_eq!(asked, [vec!["m1", "m2", "m3"], vec!["m1", "m3"], vec!["m3"]]);
}

#[tokio::test]
async fn with_a_prediction_in_hand_a_later_failure_does_not_lose_it() {
    let upstream =
        Upstream::script([Step::model("a", scores(&[("m1", 2, 0)])), Step::model("b", error(500, "down"))]).await;
    let engine = engine(&config_with(&upstream, json!({ "maxFallbackDepth": 1, "maxRetries": 0 })));
    let outcome = predict(&engine, request(2)).await.unwrap();
    assert_eq!(outcome.missing().collect::<Vec<_>>(), ["m2"]);
    assert_eq!((outcome.model_id.as_str(), outcome.fallback_reason), ("a", None));
    assert_eq!(outcome.history.attempts.len(), 2);
}

#[tokio::test]
async fn a_model_is_asked_for_no_more_matches_than_it_can_answer() {
    let upstream = Upstream::handler(|request| {
        let ids = asked(&request.json());
        scores(&ids.iter().map(|id| (id.as_str(), 1, 1)).collect::<Vec<_>>())
    })
    .await;
    let mut config = config(&upstream);
    config["providers"][0]["limits"] = json!({ "maxTokens": 1000 });
    let outcome = predict(&engine(&config), request(40)).await.unwrap();
    assert_eq!(filled(&outcome).count(), 40);
    let first = asked(&upstream.requests()[0].json()).len();
    assert!((1..40).contains(&first), "{first}");
    let adjusted = &outcome.history.attempts[0].adjusted;
    assert!(
        adjusted.iter().any(|change| change.parameter == "matches")
            && adjusted.iter().any(|change| change.parameter == "max_tokens")
    );
    assert_eq!(outcome.fallback_reason.unwrap().as_str(), "incomplete");
}
