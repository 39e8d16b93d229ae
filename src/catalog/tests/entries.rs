use super::*;

#[test]
fn every_field_is_read() {
    let config = json!({
        "builtinCatalog": false,
        "providers": [{
            "id": "p", "baseUrl": "http://localhost:11434/v1/", "apiKeyEnv": null, "apiKey": " k ", "modelIdPrefix": "x/",
            "headers": { "X-Title": "a b" }, "limits": { "maxTokens": 5, "maxStopSequences": 0, "requestsPerMinute": 60, "tokensPerMinute": 9000 },
            "responseFormat": true, "maxConcurrency": 3,
        }],
        "models": [{
            "id": "m", "provider": "p", "upstreamModel": "u", "displayName": "M", "tier": "t", "promptUsdPer1M": 0,
            "completionUsdPer1M": 0.5, "cachedPromptUsdPer1M": 0.25, "reasoningUsdPer1M": 1, "fallbacks": ["n"],
            "timeoutMs": 9, "reasoning": true, "responseFormat": false, "promptOverrides": ["json-strict"],
            "limits": { "maxTokens": 7, "temperature": [0, 1.5] }, "enabled": false, "retiresOn": "2026-02-05", "notes": "slow",
        }, {
            "id": "n", "provider": "p", "upstreamModel": "x/u", "promptUsdPer1M": 1, "completionUsdPer1M": 1,
        }],
    });
    let catalog = loaded(&config);
    let provider = Provider {
        id: "p".to_owned(),
        base_url: "http://localhost:11434/v1".to_owned(),
        endpoint: "http://localhost:11434/v1/chat/completions".parse().unwrap(),
        loopback: true,
        api_key: Some(Secret::new("k")),
        api_key_env: None,
        headers: catalog.provider("p").unwrap().headers.clone(),
        model_id_prefix: "x/".to_owned(),
        limits: Limits { max_tokens: Some(5), temperature: None, max_stop_sequences: Some(0) },
        response_format: ResponseFormat::JsonObject,
        max_concurrency: Some(3),
        rates: RateLimits { requests_per_minute: Some(60), tokens_per_minute: Some(9000) },
    };
    assert_eq!(provider.headers[..], [("X-Title".to_owned(), "a b".to_owned())]);
    let m = Model {
        id: "m".to_owned(),
        provider: Arc::new(provider),
        upstream_model: "x/u".to_owned(),
        display_name: "M".to_owned(),
        tier: Some("t".to_owned()),
        prices: Prices { prompt: 0.0, completion: 0.5, cached_prompt: Some(0.25), reasoning: Some(1.0) },
        fallbacks: vec![ModelIndex(1)],
        timeout: Some(Duration::from_millis(9)),
        reasoning: true,
        response_format: ResponseFormat::Free,
        prompt_overrides: vec!["json-strict".to_owned()],
        limits: Limits { max_tokens: Some(7), temperature: Some((0.0, 1.5)), max_stop_sequences: Some(0) },
        enabled: false,
        retires_on: Some(Retirement::read(&json!("2026-02-05")).unwrap()),
    };
    assert_eq!(**catalog.model(ModelIndex(0)), m);
    let n = catalog.model(ModelIndex(1));
    assert_eq!((n.display_name.as_str(), n.upstream_model.as_str()), ("n", "x/u"));
    assert!(n.enabled && n.response_format == ResponseFormat::JsonObject && !n.reasoning && n.tier.is_none());
    assert_eq!(n.limits, n.provider.limits);
    assert_eq!(catalog.fallbacks_of(ModelIndex(0)), [ModelIndex(1)]);
}

#[test]
fn every_fault_of_a_model_is_reported_at_once() {
    let m = json!({
        "id": "", "provider": "q", "upstreamModel": "a\u{0}", "displayName": 1, "tier": null, "promptUsdPer1M": -1,
        "cachedPromptUsdPer1M": "NaN", "reasoningUsdPer1M": 1_000_001, "fallbacks": ["x", 2, ""], "timeoutMs": 3_600_001,
        "reasoning": 1, "responseFormat": "no", "promptOverrides": [0, "json-strict", "loud", "json-strict"],
        "limits": { "maxTokens": 0, "temperature": [1, 0.5], "maxStopSequences": -1, "stop": 1 }, "enabled": "yes",
        "notes": 7, "price": 3,
    });
    assert_eq!(
        faults(&models(&[m])),
        [
            "config.models[0].notes: must be a string of at most 2000 characters, got 7",
            "config.models[0].id: must not be empty, got \"\"",
            "config.models[0].upstreamModel: must not contain control characters, got \"a\\u0000\"",
            "config.models[0].displayName: must be a string, got 1",
            "config.models[0].tier: must be a string, got null",
            "config.models[0].promptUsdPer1M: must be a number from 0 to 1000000, got -1",
            "config.models[0].completionUsdPer1M: is required",
            "config.models[0].cachedPromptUsdPer1M: must be a number from 0 to 1000000, got \"NaN\"",
            "config.models[0].reasoningUsdPer1M: must be a number from 0 to 1000000, got 1000001",
            "config.models[0].fallbacks[1]: must be a string, got 2",
            "config.models[0].fallbacks[2]: must not be empty, got \"\"",
            "config.models[0].timeoutMs: must be a whole number from 1 to 3600000, got 3600001",
            "config.models[0].reasoning: must be true or false, got 1",
            "config.models[0].responseFormat: must be \"json_schema\", \"json_object\", true or false, got \"no\"",
            "config.models[0].promptOverrides[0]: must be a string, got 0",
            "config.models[0].promptOverrides[2]: unknown prompt override, known are english-enforced, json-strict, \
             thinking-aside, got \"loud\"",
            "config.models[0].promptOverrides[3]: the same prompt override twice, got \"json-strict\"",
            "config.models[0].limits.maxTokens: must be a whole number from 1 to 4294967295, got 0",
            "config.models[0].limits.temperature: must be [min, max] with 0 <= min <= max <= 10, got [1,0.5]",
            "config.models[0].limits.maxStopSequences: must be a whole number from 0 to 4294967295, got -1",
            "config.models[0].limits.stop: unknown field",
            "config.models[0].enabled: must be true or false, got \"yes\"",
            "config.models[0].price: unknown field",
            "config.models[0].fallbacks[0]: unknown model, got \"x\"",
            "config.models[0].provider: unknown provider, got \"q\"",
        ]
    );
}

#[test]
fn every_fault_of_a_provider_is_reported_at_once() {
    let p = json!({
        "baseUrl": "http://p.example/v1", "apiKeyEnv": "sk-in-the-wrong-field", "apiKey": "sk \u{e9}",
        "modelIdPrefix": "\n", "limits": { "temperature": [0, 11] }, "responseFormat": 0, "maxConcurrency": 0,
        "headers": { "a b": "1", "Host": "h", "X-A": "1", "x-a": "2", "X-B": "\r\n", "X-C": 1, "": "e" }, "apikey": "sk",
    });
    assert_eq!(
        faults(&json!({ "builtinCatalog": false, "providers": [p] })),
        [
            "config.providers[0].id: is required",
            "config.providers[0].baseUrl: must begin with https://, for the host is not loopback and \
             http.allowInsecureHttp is off; the value is not shown",
            "config.providers[0].apiKeyEnv: must be the name of an environment variable, or null; the value is not shown",
            "config.providers[0].apiKey: must be a key of visible ASCII characters; the value is not shown",
            "config.providers[0].headers[…]: the name of header 1 is none",
            "config.providers[0].headers.Host: host is set by the client and cannot be given",
            "config.providers[0].headers[…]: header 4 is the same as another",
            "config.providers[0].headers[…]: header 5 must be a string of visible ASCII characters and spaces; \
             the value is not shown",
            "config.providers[0].headers[…]: header 6 must be a string of visible ASCII characters and spaces; \
             the value is not shown",
            "config.providers[0].headers[…]: the name of header 7 is none",
            "config.providers[0].modelIdPrefix: must be at most 200 characters, none of them control characters; \
             the value is not shown",
            "config.providers[0].limits.temperature: must be [min, max] with 0 <= min <= max <= 10; the value is not shown",
            "config.providers[0].responseFormat: must be \"json_schema\", \"json_object\", true or false; \
             the value is not shown",
            "config.providers[0].maxConcurrency: must be a whole number from 1 to 4294967295, or null; \
             the value is not shown",
            "config.providers[0].apikey: unknown field, did you mean apiKey?",
        ]
    );
}

#[test]
fn authorization_is_a_header_where_there_is_no_key() {
    let headers = json!({ "Authorization": "Basic eA==" });
    loaded(&json!({ "providers": [with(provider(), json!({ "headers": headers }))] }));
    let fault = "config.providers[0].headers.Authorization: authorization cannot be given beside apiKey or apiKeyEnv";
    assert_eq!(provider_faults(json!({ "headers": headers, "apiKeyEnv": "K" })), [fault]);
    assert_eq!(provider_faults(json!({ "headers": headers, "apiKey": "k" })), [fault]);
}

#[test]
fn plain_http_can_be_allowed() {
    let with_http = |http: Value| json!({ "providers": [{ "id": "q", "baseUrl": "http://h/v1" }], "http": http });
    assert!(!loaded(&with_http(json!({ "allowInsecureHttp": true }))).provider("q").unwrap().loopback);
    assert_eq!(faults(&with_http(json!({}))).len(), 1);
}

#[test]
fn a_faulty_provider_or_model_is_still_known_to_the_others() {
    let mut config =
        models(&[with(model("a"), json!({ "promptUsdPer1M": -1 })), with(model("b"), json!({ "fallbacks": ["a"] }))]);
    config["providers"][0]["baseUrl"] = json!("p");
    assert_eq!(
        faults(&config),
        [
            "config.providers[0].baseUrl: must be a URL such as https://api.example.com/v1; the value is not shown",
            "config.models[0].promptUsdPer1M: must be a number from 0 to 1000000, got -1",
        ]
    );
}
