use super::*;

#[test]
fn an_id_given_twice_in_one_layer_is_a_fault() {
    let mut config = models(&[model("a"), model("b"), with(model("a"), json!({ "fallbacks": ["c"] }))]);
    config["providers"] = json!([provider(), provider()]);
    assert_eq!(
        faults(&config),
        [
            "config.providers[1].id: the same id as config.providers[0]; the value is not shown",
            "config.models[2].id: the same id as config.models[0], got \"a\"",
            "config.models[2].fallbacks[0]: unknown model, got \"c\"",
        ]
    );
}

#[test]
fn a_fallback_must_be_another_known_model_once() {
    let mut config =
        models(&[with(model("a"), json!({ "fallbacks": ["b", "a", "b", "zz"] })), model("b"), model("c-1")]);
    config["fallbacks"] = json!({ "b": "b", "c-1": ["a", "yy"], "x": "a", "b-1": [], "a-1": 1 });
    assert_eq!(
        faults(&config),
        [
            "config.fallbacks[\"a-1\"]: must be a model's id or an array of such ids, got 1",
            "config.fallbacks.x: unknown model",
            "config.fallbacks[\"b-1\"]: unknown model",
            "config.fallbacks[\"a-1\"]: unknown model",
            "config.models[0].fallbacks[1]: a model cannot be its own fallback: a → a",
            "config.models[0].fallbacks[2]: the same fallback twice, got \"b\"",
            "config.models[0].fallbacks[3]: unknown model, got \"zz\"",
            "config.fallbacks.b: a model cannot be its own fallback: b → b",
            "config.fallbacks[\"c-1\"][1]: unknown model, got \"yy\"",
        ]
    );
}

#[test]
fn a_cycle_is_spelled_out() {
    let chain = |id: &str, next: &str| with(model(id), json!({ "fallbacks": [next] }));
    let config = models(&[
        chain("start", "a"),
        chain("a", "b"),
        chain("b", "c"),
        chain("c", "a"),
        chain("x", "y"),
        chain("y", "x"),
    ]);
    assert_eq!(
        faults(&config),
        [
            "config.models[3].fallbacks[0]: the fallbacks form a cycle: a → b → c → a",
            "config.models[5].fallbacks[0]: the fallbacks form a cycle: x → y → x",
        ]
    );
}

#[test]
fn a_cycle_is_reported_where_the_latest_layer_closes_it() {
    let config = json!({ "fallbacks": { "deepseek-r1": ["kimi-k2-instruct", "deepseek-r1-0528-syn"] } });
    assert_eq!(
        faults(&config),
        ["config.fallbacks[\"deepseek-r1\"][1]: the fallbacks form a cycle: deepseek-r1 → deepseek-r1-0528-syn → \
          deepseek-r1"]
    );
}

#[test]
fn faults_of_the_options_and_of_the_catalogue_come_together() {
    assert_eq!(
        faults(&json!({ "maxRetries": 11 })),
        ["config.maxRetries: must be a whole number from 0 to 10, got 11"]
    );
    let config = json!({ "maxRetries": -1, "models": [{}], "providers": {}, "fallbacks": [1] });
    assert_eq!(
        faults(&config),
        [
            "config.maxRetries: must be a whole number from 0 to 10, got -1",
            "config.providers: must be an array, got an object",
            "config.models[0].id: is required",
            "config.models[0].provider: is required",
            "config.models[0].upstreamModel: is required",
            "config.models[0].promptUsdPer1M: is required",
            "config.models[0].completionUsdPer1M: is required",
            "config.fallbacks: must be an object, got an array of 1",
        ]
    );
}
