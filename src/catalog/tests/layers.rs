use super::*;

#[test]
fn an_entry_replaces_the_whole_entry_in_its_place_and_a_new_one_is_appended() {
    let catalog = loaded(&json!({
        "providers": [provider()],
        "models": [model("new"), with(model("deepseek-r1-0528-syn"), json!({ "fallbacks": ["new"] }))],
        "fallbacks": { "new": "deepseek-r1", "kimi-k2.5-syn": [] },
    }));
    let builtin = loaded(&Value::Null);
    assert_eq!(ids(&catalog)[..builtin.models().len()], ids(&builtin)[..]);
    assert_eq!(ids(&catalog).last(), Some(&"new"));
    let replaced = catalog.model(catalog.get("deepseek-r1-0528-syn").unwrap());
    assert_eq!((replaced.provider.id.as_str(), replaced.upstream_model.as_str()), ("p", "u"));
    assert_eq!((replaced.timeout, replaced.reasoning), (None, false));
    let fallbacks: Vec<_> = catalog.fallbacks().collect();
    assert_eq!(
        fallbacks,
        [
            ("deepseek-r1-0528-syn", vec!["new"]),
            ("kimi-k2-thinking-syn", vec!["kimi-k2-instruct"]),
            ("qwen3-235b-thinking-syn", vec!["qwen3-235b-instruct"]),
            ("new", vec!["deepseek-r1"]),
        ]
    );
}

#[test]
fn a_folder_lies_between_the_built_in_catalogue_and_the_configuration() {
    let models = json!({ "$schema": "x", "models": [with(model("a"), json!({ "tier": "file" })), with(model("b"), json!({ "tier": "file" }))] });
    let providers = json!({ "providers": [provider()] });
    let folder =
        Folder::new(&[("models.json", &format!("\u{feff}{models}")), ("providers.json", &providers.to_string())]);
    let catalog = loaded(&json!({ "builtinCatalog": false, "catalog": folder.0, "models": [model("b"), model("c")] }));
    assert_eq!(ids(&catalog), ["a", "b", "c"]);
    let tiers: Vec<_> = catalog.models().map(|model| model.tier.as_deref()).collect();
    assert_eq!(tiers, [Some("file"), None, None]);
}

#[test]
fn one_file_is_enough() {
    let folder = Folder::new(&[("providers.json", &json!({ "providers": [provider()] }).to_string())]);
    assert!(loaded(&json!({ "catalog": folder.0 })).provider("p").is_some());
}

#[test]
fn faults_in_files_name_the_file() {
    let folder = Folder::new(&[
        ("models.json", &json!({ "models": [with(model(""), json!({ "provider": "q" }))], "extra": 1 }).to_string()),
        ("providers.json", "{ \"providers\": [,"),
    ]);
    let (models, providers) = (folder.file("models.json"), folder.file("providers.json"));
    assert_eq!(
        faults(&json!({ "builtinCatalog": false, "catalog": folder.0 })),
        [
            format!("{providers}: is not JSON: expected value at line 1 column 17"),
            format!("{models}: extra: unknown field"),
            format!("{models}: models[0].id: must not be empty, got \"\""),
            format!("{models}: models[0].provider: unknown provider, got \"q\""),
        ]
    );
    let folder = Folder::new(&[("models.json", "[]"), ("providers.json", "{}")]);
    let (models, providers) = (folder.file("models.json"), folder.file("providers.json"));
    assert_eq!(
        faults(&json!({ "catalog": folder.0 })),
        [format!("{providers}: providers: is required"), format!("{models}: must be an object, got an array of 0")]
    );
}

#[test]
fn a_folder_must_hold_a_file_that_can_be_read() {
    let folder = Folder::new(&[]);
    let got = json!(folder.0).to_string();
    assert_eq!(
        faults(&json!({ "catalog": folder.0 })),
        [format!("config.catalog: must be a folder that holds models.json or providers.json, got {got}")]
    );
    fs::create_dir(folder.0.join("models.json")).unwrap();
    let faults = faults(&json!({ "catalog": folder.0 }));
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with(&format!("{}: cannot be read: ", folder.file("models.json"))), "{}", faults[0]);
}
