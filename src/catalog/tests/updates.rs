use super::*;

fn updated(catalog: &Catalog, changes: &Value) -> Result<Catalog, Vec<String>> {
    catalog.updated(changes, "changes", &no_variables, OVERRIDES).map_err(|faults| lines(&faults))
}

#[test]
fn a_change_is_laid_over_what_is_there() {
    let before = loaded(&models(&[model("a"), model("b")]));
    let changes = json!({
        "providers": [{ "id": "p", "baseUrl": "https://new.example", "limits": { "maxTokens": 9 } }],
        "models": [with(model("a"), json!({ "tier": "new" })), model("c")],
        "fallbacks": { "b": ["c", "a"] },
    });
    let after = updated(&before, &changes).unwrap();
    assert_eq!(ids(&after), ["a", "b", "c"]);
    assert_eq!(after.model(ModelIndex(0)).tier.as_deref(), Some("new"));
    assert!(after.models().all(|model| model.provider.base_url == "https://new.example"));
    assert!(after.models().all(|model| model.limits.max_tokens == Some(9)));
    assert_eq!(after.fallbacks_of(ModelIndex(1)), [ModelIndex(2), ModelIndex(0)]);
    assert_eq!(ids(&before), ["a", "b"]);
    assert!(before.model(ModelIndex(1)).fallbacks.is_empty());
}

#[test]
fn a_faulty_change_changes_nothing() {
    let before = loaded(&models(&[with(model("a"), json!({ "fallbacks": ["b"] })), model("b")]));
    let changes =
        json!({ "models": [with(model("c"), json!({ "provider": "q" }))], "fallbacks": { "b": "a" }, "prices": {} });
    assert_eq!(
        updated(&before, &changes).unwrap_err(),
        [
            "changes.prices: unknown field",
            "changes.fallbacks.b: the fallbacks form a cycle: a → b → a",
            "changes.models[0].provider: unknown provider, got \"q\"",
        ]
    );
    assert_eq!(updated(&before, &Value::Null).unwrap_err(), ["changes: must be an object, got null"]);
    assert_eq!(ids(&before), ["a", "b"]);
}

#[test]
fn an_update_may_be_updated_again() {
    let first = updated(&loaded(&models(&[model("a")])), &json!({ "models": [model("b")] })).unwrap();
    let second = updated(&first, &json!({ "models": [model("b"), model("c")], "fallbacks": { "a": "c" } })).unwrap();
    assert_eq!(ids(&second), ["a", "b", "c"]);
    let third = updated(&second, &json!({ "models": [model("a")] })).unwrap();
    assert!(third.fallbacks_of(ModelIndex(0)).is_empty());
}

#[test]
fn only_new_providers_have_their_keys_read() {
    let needs = |id: &str, variable: &str| json!({ "id": id, "baseUrl": "https://h", "apiKeyEnv": variable });
    let providers = [needs("old", "K"), needs("replaced", "K"), needs("keyless", "LATER")];
    let config = json!({ "builtinCatalog": false, "providers": providers });
    let (_, before) = configure(&config, &|name| (name == "K").then(|| "first".to_owned()), OVERRIDES).unwrap();
    let changes = json!({ "providers": [needs("new", "K"), needs("replaced", "K")] });
    let after = before.updated(&changes, "changes", &|_| Some("second".to_owned()), OVERRIDES).unwrap();
    let keys: Vec<_> = after.providers().map(|p| (p.id.as_str(), p.api_key.as_ref().map(Secret::expose))).collect();
    assert_eq!(
        keys,
        [("old", Some("first")), ("replaced", Some("second")), ("keyless", None), ("new", Some("second"))]
    );
}

#[test]
fn an_update_keeps_to_the_rule_about_plain_http() {
    let before = loaded(&models(&[]));
    let changes = json!({ "providers": [{ "id": "q", "baseUrl": "http://h" }] });
    assert_eq!(updated(&before, &changes).unwrap_err().len(), 1);
    let before = loaded(&json!({ "http": { "allowInsecureHttp": true } }));
    assert!(updated(&before, &changes).is_ok());
}
