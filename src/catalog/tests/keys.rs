use super::*;

fn configured(p: &Value, variables: Variables<'_>) -> Result<Option<String>, String> {
    let config = json!({ "builtinCatalog": false, "providers": [p], "models": [model("m")] });
    let (_, catalog) = configure(&config, variables, OVERRIDES).map_err(|faults| faults.to_string())?;
    let provider = catalog.provider("p").unwrap();
    assert_eq!(catalog.is_configured(ModelIndex(0)), provider.api_key.is_some() || provider.api_key_env.is_none());
    Ok(provider.is_configured().then(|| provider.api_key.as_ref().map_or(String::new(), |key| key.expose().to_owned())))
}

#[test]
fn a_provider_with_neither_key_nor_variable_needs_none() {
    assert_eq!(configured(&provider(), &|_| Some("k".to_owned())), Ok(Some(String::new())));
    assert_eq!(configured(&with(provider(), json!({ "apiKeyEnv": null })), &no_variables), Ok(Some(String::new())));
}

#[test]
fn a_key_comes_from_the_environment_and_an_empty_one_is_none() {
    let p = with(provider(), json!({ "apiKeyEnv": "THE_KEY" }));
    let variable = |text: &'static str| move |name: &str| (name == "THE_KEY").then(|| text.to_owned());
    assert_eq!(configured(&p, &variable(" k\n")), Ok(Some("k".to_owned())));
    assert_eq!(configured(&p, &variable("")), Ok(None));
    assert_eq!(configured(&p, &variable(" \n")), Ok(None));
    assert_eq!(configured(&p, &no_variables), Ok(None));
    assert_eq!(
        configured(&p, &variable("secret\nkey")),
        Err("config.providers[0].apiKeyEnv: the value of THE_KEY must be a key of visible ASCII characters; it is not shown"
            .to_owned())
    );
}

#[test]
fn a_key_that_is_given_stands_over_the_environment() {
    let p = with(provider(), json!({ "apiKeyEnv": "K", "apiKey": "mine" }));
    assert_eq!(configured(&p, &|_| Some("other".to_owned())), Ok(Some("mine".to_owned())));
    assert_eq!(configured(&p, &no_variables), Ok(Some("mine".to_owned())));
}

#[test]
fn an_empty_key_is_a_fault() {
    assert_eq!(
        provider_faults(json!({ "apiKey": " " })),
        ["config.providers[0].apiKey: must not be empty (leave it out where no key is needed); the value is not shown"]
    );
    assert_eq!(
        provider_faults(json!({ "apiKey": 12 })),
        ["config.providers[0].apiKey: must be a string; the value is not shown"]
    );
}

#[test]
fn debug_shows_no_key_and_no_header() {
    let p = with(provider(), json!({ "apiKey": "sk-secret", "headers": { "X-A": "sk-header" } }));
    let shown = format!("{:?}", loaded(&json!({ "providers": [p], "models": [model("m")] })));
    assert!(shown.contains("X-A") && !shown.contains("sk-"), "{shown}");
}
