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

#[test]
fn a_folder_that_is_read_anew_lies_where_it_lay() {
    let file = |models: &[Value]| json!({ "models": models }).to_string();
    let with_tier = |id: &str, tier: &str| with(model(id), json!({ "tier": tier }));
    let folder = Folder::new(&[
        ("models.json", &file(&[with_tier("a", "file"), with_tier("b", "file"), model("gone")])),
        ("providers.json", &json!({ "providers": [provider()] }).to_string()),
    ]);
    let config = json!({ "builtinCatalog": false, "catalog": folder.0, "models": [with_tier("b", "configuration")] });
    let changes = json!({ "models": [model("c")], "fallbacks": { "a": "c" } });
    let before = loaded(&config).updated(&changes, "changes", &no_variables, OVERRIDES).unwrap();
    fs::write(folder.file("models.json"), file(&[model("new"), with_tier("b", "file"), with_tier("a", "other")]))
        .unwrap();
    let read = || before.with_folder(&FolderFiles::read(&folder.0), &no_variables, OVERRIDES);
    let after = read().unwrap();
    assert_eq!(ids(&after), ["new", "b", "a", "c"]);
    let tiers: Vec<_> = after.models().map(|model| model.tier.as_deref()).collect();
    assert_eq!(tiers, [None, Some("configuration"), Some("other"), None]);
    assert_eq!(after.fallbacks().collect::<Vec<_>>(), [("a", vec!["c"])]);
    let owned = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<Vec<_>>();
    let difference = after.difference(&before);
    assert_eq!(difference.added, owned(&["new"]));
    assert_eq!(difference.removed, owned(&["gone"]));
    assert_eq!(difference.changed, owned(&["a"]), "b is where it was not, but the same");

    // What lies over the folder may miss what it held.
    fs::write(folder.file("models.json"), file(&[])).unwrap();
    assert_eq!(lines(&read().unwrap_err()), ["changes.fallbacks.a: unknown model"]);
}

#[test]
fn the_digest_of_a_folder_changes_with_each_file_and_with_what_cannot_be_read() {
    let folder = Folder::new(&[("models.json", r#"{ "models": [] }"#)]);
    let digest = || FolderFiles::read(&folder.0).digest();
    let mut seen = vec![digest()];
    assert_eq!(seen[0], digest());
    fs::write(folder.file("providers.json"), r#"{ "providers": [] }"#).unwrap();
    seen.push(digest());
    fs::remove_file(folder.file("models.json")).unwrap();
    seen.push(digest());
    fs::create_dir(folder.file("models.json")).unwrap();
    seen.push(digest());
    let distinct: std::collections::HashSet<u64> = seen.iter().copied().collect();
    assert_eq!(distinct.len(), seen.len());
}
