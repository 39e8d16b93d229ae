use serde_json::json;

use super::*;

const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIB+/a=\n-----END CERTIFICATE-----\n";

fn faults(value: &Value) -> Vec<String> {
    match Config::parse(value) {
        Ok(config) => panic!("{value} was accepted as {config:?}"),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn nothing_is_the_default() {
    assert_eq!(Config::parse(&Value::Null), Ok(Config::default()));
    assert_eq!(Config::parse(&json!({})), Ok(Config::default()));
    assert_eq!(Config::parse(&json!({ "http": {} })), Ok(Config::default()));
}

#[test]
fn every_field_is_named_that_differs_and_no_other() {
    let fields = json!({
        "builtinCatalog": false, "catalog": "conf/models", "prompts": "conf/prompts", "maxFallbackDepth": 0,
        "warnPriceRatio": null, "maxPriceRatio": 1.5, "maxFallbackCost": 0.25, "dailyBudgetUsd": 0.5,
        "pauseFallbacksAt": 1, "budgetAlerts": [0.1], "stateFile": "var/state.json", "disableThreshold": null,
        "cooldownMs": 1, "failuresAfterRecovery": 1, "transientThreshold": null, "transientCooldownMs": 8,
        "providerCooldownMs": 9, "attemptTimeoutMs": 2, "deadlineMs": 3, "maxRetries": 4, "fallbackOnContentFilter": true,
        "fleet": "redis://127.0.0.1", "http.connectTimeoutMs": 5, "http.maxResponseBytes": 6, "http.caCertificates": [PEM], "http.userAgent": "me/1 (x)",
        "http.allowInsecureHttp": true, "logLevel": "trace",
    });
    let Value::Object(fields) = fields else { unreachable!("it is an object") };
    let mut all = json!({});
    for (name, value) in &fields {
        let mut one = json!({});
        for config in [&mut one, &mut all] {
            match name.split_once('.') {
                Some((group, name)) => config[group][name] = value.clone(),
                None => config[name] = value.clone(),
            }
        }
        let one = Config::parse(&one).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(one.differences(&Config::default()), [name.as_str()]);
        assert_eq!(Config::default().differences(&one), [name.as_str()]);
        assert!(one.differences(&one.clone()).is_empty());
    }
    let all = Config::parse(&all).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(all.differences(&Config::default()).into_iter().eq(fields.keys()), "in this order");
}

#[test]
fn a_layer_tells_its_parts_apart() {
    let layer = |fields: Value| Object::read(&fields, ROOT, &mut Faults::new(), CatalogLayer::read).unwrap_or_default();
    let differing = |fields: Value| {
        let pairs = layer(fields).digests().into_iter().zip(CatalogLayer::default().digests());
        pairs.filter(|(one, other)| one != other).map(|(one, _)| one.0).collect::<Vec<_>>()
    };
    assert_eq!(differing(json!({ "providers": [1] })), ["providers"]);
    assert_eq!(differing(json!({ "models": [1], "fallbacks": { "a": "b" } })), ["models", "fallbacks"]);
    assert!(differing(json!({ "providers": [], "models": [], "fallbacks": {} })).is_empty());
}

#[test]
fn every_field_is_read() {
    let value = json!({
        "builtinCatalog": false, "catalog": "conf/models", "providers": [1], "models": [2], "fallbacks": { "a": "b" },
        "prompts": "conf/prompts",
        "maxFallbackDepth": 0, "warnPriceRatio": null, "maxPriceRatio": 1.5, "maxFallbackCost": 0.25,
        "disableThreshold": null, "cooldownMs": 1, "failuresAfterRecovery": 7, "transientThreshold": null,
        "transientCooldownMs": 8, "providerCooldownMs": 9, "attemptTimeoutMs": 2, "deadlineMs": 3, "maxRetries": 4,
        "fallbackOnContentFilter": true, "logLevel": "trace", "dailyBudgetUsd": 0.5, "pauseFallbacksAt": 1,
        "budgetAlerts": [0.1], "stateFile": "var/state.json", "fleet": "redis://127.0.0.1",
        "http": {
            "connectTimeoutMs": 5, "maxResponseBytes": 6, "caCertificates": [PEM], "userAgent": "me/1 (x)",
            "allowInsecureHttp": true,
        },
    });
    let expected = Config {
        builtin_catalog: false,
        catalog: Some(PathBuf::from("conf/models")),
        layer: CatalogLayer {
            providers: Some(json!([1])),
            models: Some(json!([2])),
            fallbacks: Some(json!({ "a": "b" })),
        },
        prompts: PromptOrigin::Folder(PathBuf::from("conf/prompts")),
        max_fallback_depth: 0,
        warn_price_ratio: None,
        max_price_ratio: Some(1.5),
        max_fallback_cost: Some(0.25),
        budget: BudgetConfig { daily: Some(0.5), is_open: false, pause_fallbacks_at: 1.0, alerts: vec![0.1] },
        health: HealthConfig {
            disable_threshold: None,
            cooldown: Duration::from_millis(1),
            failures_after_recovery: 7,
            transient_threshold: None,
            transient_cooldown: Duration::from_millis(8),
            provider_cooldown: Duration::from_millis(9),
        },
        attempt_timeout: Duration::from_millis(2),
        deadline: Duration::from_millis(3),
        max_retries: 4,
        fallback_on_content_filter: true,
        state_file: Some(PathBuf::from("var/state.json")),
        fleet: Some(FleetConfig::default()),
        http: HttpConfig {
            connect_timeout: Duration::from_millis(5),
            max_response_bytes: 6,
            ca_certificates: vec![PEM.to_owned()],
            user_agent: "me/1 (x)".to_owned(),
            allow_insecure_http: true,
        },
        log_level: LogLevel::Trace,
    };
    assert_eq!(Config::parse(&value), Ok(expected));
}

#[test]
fn the_environment_says_what_the_configuration_does_not() {
    let daily = |value, variable: Option<&str>| {
        let mut config = Config::parse(&value).expect("no faults");
        let variables = |name: &str| variable.filter(|_| name == "DAILY_BUDGET").map(str::to_owned);
        let mut faults = Faults::new();
        config.budget.complete(&variables, &mut faults);
        faults.into_result(config.budget.daily).map_err(|faults| faults.to_string())
    };
    assert_eq!(daily(json!({}), None), Ok(None));
    assert_eq!(daily(json!({}), Some(" 2.5 ")), Ok(Some(2.5)));
    assert_eq!(daily(json!({}), Some("")), Ok(None));
    assert_eq!(daily(json!({ "dailyBudgetUsd": 1 }), Some("2.5")), Ok(Some(1.0)));
    assert_eq!(daily(json!({ "dailyBudgetUsd": null }), Some("2.5")), Ok(None));
    for wrong in ["a lot", "-1", "NaN", "inf", "1e10", "$5"] {
        let problem =
            format!("environment variable DAILY_BUDGET: must be US dollars from 0 to 1000000000, got {wrong:?}");
        assert_eq!(daily(json!({}), Some(wrong)), Err(problem));
    }
}

#[test]
fn failures_after_recovery_are_less_than_the_threshold() {
    let read = |value| Config::parse(&value).map(|config| config.health.failures_after_recovery);
    assert_eq!(read(json!({ "disableThreshold": 1 })), Ok(0));
    assert_eq!(read(json!({ "disableThreshold": null, "failuresAfterRecovery": 254 })), Ok(254));
    assert_eq!(
        faults(&json!({ "disableThreshold": 2, "failuresAfterRecovery": 2 })),
        ["config.failuresAfterRecovery: must be a whole number from 0 to 1, got 2"]
    );
}

#[test]
fn every_fault_is_reported_at_once() {
    let value = json!({
        "builtinCatalog": 1, "catalog": "", "maxFallbackDepth": 101, "warnPriceRatio": 0, "maxPriceRatio": "5",
        "maxFallbackCost": -1, "disableThreshold": 256, "cooldownMs": 2_592_000_001_u64, "transientThreshold": 0,
        "transientCooldownMs": 0, "providerCooldownMs": "1 s", "failuresAfterRecovery": 255, "attemptTimeoutMs": 0,
        "deadlineMs": 86_400_001, "maxRetries": 1.5, "fallbackOnContentFilter": null, "logLevel": "loud",
        "http": {
            "connectTimeoutMs": 3_600_001, "maxResponseBytes": 268_435_457, "caCertificates": ["x", PEM],
            "userAgent": "Ünion", "allowInsecureHttp": "no", "proxy": "http://u:p@h",
        },
        "maxRetrys": 3, "region": "x", "dailyBudgetUsd": -1, "pauseFallbacksAt": 1.1, "budgetAlerts": [0, 0.5], "stateFile": "",
    });
    assert_eq!(
        faults(&value),
        [
            "config.builtinCatalog: must be true or false, got 1",
            "config.catalog: must be the path of a folder, got \"\"",
            "config.maxFallbackDepth: must be a whole number from 0 to 100, got 101",
            "config.warnPriceRatio: must be a finite number above 0, or null, got 0",
            "config.maxPriceRatio: must be a finite number above 0, or null, got \"5\"",
            "config.maxFallbackCost: must be a finite number of 0 or more, or null, got -1",
            "config.budgetAlerts[0]: must be a share above 0 and at most 10, such as 0.8, got 0",
            "config.dailyBudgetUsd: must be a number from 0 to 1000000000, or null, got -1",
            "config.pauseFallbacksAt: must be a number from 0 to 1, got 1.1",
            "config.disableThreshold: must be a whole number from 1 to 255, or null, got 256",
            "config.transientThreshold: must be a whole number from 1 to 255, or null, got 0",
            "config.cooldownMs: must be a whole number from 1 to 2592000000, got 2592000001",
            "config.transientCooldownMs: must be a whole number from 1 to 2592000000, got 0",
            "config.providerCooldownMs: must be a whole number from 1 to 2592000000, got \"1 s\"",
            "config.failuresAfterRecovery: must be a whole number from 0 to 254, got 255",
            "config.attemptTimeoutMs: must be a whole number from 1 to 3600000, got 0",
            "config.deadlineMs: must be a whole number from 1 to 86400000, got 86400001",
            "config.maxRetries: must be a whole number from 0 to 10, got 1.5",
            "config.fallbackOnContentFilter: must be true or false, got null",
            "config.stateFile: must be the path of a file, got \"\"",
            "config.http.connectTimeoutMs: must be a whole number from 1 to 3600000, got 3600001",
            "config.http.maxResponseBytes: must be a whole number from 1 to 268435456, got 268435457",
            "config.http.caCertificates[0]: must be PEM text with -----BEGIN CERTIFICATE----- and \
             -----END CERTIFICATE-----; the value is not shown",
            "config.http.userAgent: must be visible ASCII characters and spaces; the value is not shown",
            "config.http.allowInsecureHttp: must be true or false, got \"no\"",
            "config.http.proxy: unknown field",
            "config.logLevel: must be one of error, warn, info, debug, trace, got \"loud\"",
            "config.maxRetrys: unknown field, did you mean maxRetries?",
            "config.region: unknown field",
        ]
    );
    assert_eq!(faults(&json!([])), ["config: must be an object, got an array of 0"]);
}

#[test]
fn certificates_are_pem_blocks() {
    let accepts = |text: &str| Config::parse(&json!({ "http": { "caCertificates": [text] } })).is_ok();
    assert!(accepts(&format!("a comment\n{PEM}{PEM}")));
    assert!(!accepts("MIIB"));
    assert!(!accepts("-----BEGIN CERTIFICATE-----\nMIIB"));
    assert!(!accepts("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"));
    assert!(!accepts("-----BEGIN CERTIFICATE-----\nM?\n-----END CERTIFICATE-----"));
    assert_eq!(
        faults(&json!({ "http": { "caCertificates": [format!("{PEM}-----BEGIN PRIVATE KEY-----")] } })),
        ["config.http.caCertificates[0]: must hold certificates only, and no private key; the value is not shown"]
    );
}

#[test]
fn debug_shows_no_key() {
    let config = Config::parse(&json!({ "providers": [{ "id": "p", "apiKey": "sk-secret" }] }));
    let shown = format!("{config:?}");
    assert!(!shown.contains("sk-secret"), "{shown}");
    assert!(shown.contains("providers: Some(\"[redacted]\")"), "{shown}");
}

#[test]
fn configurations_differ_by_any_field() {
    let with = |value: Value| Config::parse(&value);
    assert_eq!(with(json!({ "models": [{ "id": "a" }] })), with(json!({ "models": [{ "id": "a" }] })));
    assert_ne!(with(json!({ "models": [{ "id": "a" }] })), with(json!({ "models": [{ "id": "b" }] })));
    assert_ne!(with(json!({ "maxRetries": 1 })), with(json!({})));
}
