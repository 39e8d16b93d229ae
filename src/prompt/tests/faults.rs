use super::*;

fn faults(source: &Source) -> Vec<String> {
    let faults = Prompts::new(source, Some(&builtin_catalog()), now()).expect_err("it was accepted");
    faults.iter().map(ToString::to_string).collect()
}

fn faults_of(fields: &Value) -> Vec<String> {
    faults(&Source::given(&given(&json!({ "1": version(fields) })), "p"))
}

#[test]
fn what_a_version_refers_to_must_be_there() {
    let fields = json!({ "system": ["task", "Rules", 7, "list", "task"], "output": "formats", "user": ["list", "lists"], "models": [3] });
    assert_eq!(
        faults_of(&fields),
        [
            "p.versions[\"1\"].system[1]: unknown component, got \"Rules\"",
            "p.versions[\"1\"].system[2]: must be a string, got 7",
            "p.versions[\"1\"].system[3]: the component \"list\" has the placeholder {{matches}}, which belongs to user",
            "p.versions[\"1\"].system[4]: the same component twice, got \"task\"",
            "p.versions[\"1\"].output: unknown component, got \"formats\"",
            "p.versions[\"1\"].user[1]: unknown component, got \"lists\"",
            "p.versions[\"1\"].models[0]: must be a string, got 3",
        ]
    );
}

#[test]
fn overrides_and_roll_outs_name_models_of_the_catalogue() {
    let fields = json!({
        "overrides": { "deepseek": ["calm"], "deepseek-r1": ["loud", "calm", "calm", "list"] },
        "models": ["deepseek-r1", "DeepSeek-R1", "deepseek-r1"],
    });
    assert_eq!(
        faults_of(&fields),
        [
            "p.versions[\"1\"].overrides.deepseek: unknown model, got \"deepseek\"",
            "p.versions[\"1\"].overrides[\"deepseek-r1\"][0]: unknown component, got \"loud\"",
            "p.versions[\"1\"].overrides[\"deepseek-r1\"][2]: the same component twice, got \"calm\"",
            "p.versions[\"1\"].overrides[\"deepseek-r1\"][3]: the component \"list\" has the placeholder {{matches}}, \
             which belongs to user",
            "p.versions[\"1\"].models[1]: unknown model, got \"DeepSeek-R1\"",
            "p.versions[\"1\"].models[2]: the same model twice, got \"deepseek-r1\"",
        ]
    );
}

#[test]
fn every_section_must_be_there() {
    let nothing = json!({ "versions": { "1": {} }, "components": {} });
    assert_eq!(
        faults(&Source::given(&nothing, "p")),
        [
            "p.versions[\"1\"].system: must name at least one component",
            "p.versions[\"1\"].output: is required: the component that says how to answer",
            "p.versions[\"1\"].user: must name at least one component",
        ]
    );
    assert_eq!(
        faults_of(&json!({ "system": ["task", "list"], "user": ["rules"] })),
        [
            "p.versions[\"1\"].system[1]: the component \"list\" has the placeholder {{matches}}, which belongs to user",
            "p.versions[\"1\"].user: must have the placeholder {{matches}} once in its components, has it 0 times",
        ]
    );
    assert_eq!(
        faults_of(&json!({ "user": ["list", "again"] })),
        ["p.versions[\"1\"].user: must have the placeholder {{matches}} once in its components, has it 2 times"]
    );
}

#[test]
fn fields_have_their_kinds() {
    let fields = json!({
        "activeFrom": "5 May", "activeTo": "2026-02-30", "models": [], "weight": 0, "notes": 1, "activFrom": "",
    });
    let time = "must be an ISO 8601 time in UTC from 1970 on, such as 2026-02-05T00:00:00Z";
    assert_eq!(
        faults_of(&fields),
        [
            "p.versions[\"1\"].notes: must be a string of at most 2000 characters, got 1".to_owned(),
            format!("p.versions[\"1\"].activeFrom: {time}, got \"5 May\""),
            format!("p.versions[\"1\"].activeTo: {time}, got \"2026-02-30\""),
            "p.versions[\"1\"].models: must name at least one model; without it, the version is for all".to_owned(),
            "p.versions[\"1\"].weight: must be a whole number from 1 to 1000000, got 0".to_owned(),
            "p.versions[\"1\"].activFrom: unknown field, did you mean activeFrom?".to_owned(),
        ]
    );
    assert_eq!(
        faults_of(&json!({ "activeFrom": "2026-02-05T01:00:00Z", "activeTo": "2026-02-05T01:00:00.000Z" })),
        ["p.versions[\"1\"].activeTo: must be later than activeFrom"]
    );
    assert_eq!(
        faults_of(&json!({ "activeFrom": "2026-02-05T01:00:00+00:00", "activeTo": "2026-02-05T01:00:00Z" })),
        ["p.versions[\"1\"].activeTo: must be later than activeFrom"]
    );
    for offset in ["2026-02-05T01:00:00+01:00", "2026-02-05T01:00:00", "2026-02-05é", "20260205"] {
        assert!(faults_of(&json!({ "activeFrom": offset }))[0].contains("ISO 8601"), "{offset}");
    }
}

#[test]
fn the_schedule_is_checked() {
    let versions = json!({ "1": version(&json!({})), "2": version(&json!({ "activeFrom": "2030-01-01" })) });
    assert_eq!(
        faults(&Source::given(&given(&versions), "p")),
        ["p.versions[\"2\"]: is active at the same time as version \"1\"; give both a weight"]
    );
    assert_eq!(
        faults_of(&json!({ "activeTo": "2030-01-01" })),
        ["p.versions: no version for all models is active at 2030-01-01T00:00:00Z"]
    );
}

#[test]
fn a_set_of_prompts_has_versions_with_names_of_their_own() {
    let versions = json!({ "": version(&json!({})), "own": version(&json!({})) });
    assert_eq!(
        faults(&Source::given(&given(&versions), "p")),
        [
            "p.versions[\"\"]: the name of a version must not be empty",
            "p.versions.own: \"own\" stands for a prompt of the caller's own",
        ]
    );
    assert_eq!(faults(&Source::given(&given(&json!({})), "p")), ["p.versions: must have 1 to 100 versions, has 0"]);
    assert_eq!(faults(&Source::given(&given(&json!([])), "p")), ["p.versions: must be an object, got an array of 0"]);
    assert_eq!(
        faults(&Source::given(&json!({ "component": {} }), "p")),
        ["p.versions: is required", "p.component: unknown field, did you mean components?"]
    );
}

#[test]
fn a_component_that_a_model_names_must_be_there_and_be_no_list_of_matches() {
    let mut given = given(&json!({ "1": version(&json!({})) }));
    given["components"]["json-strict"] = json!("{{matches}}");
    given["components"]["thinking-aside"] = json!("{{today}}");
    let faults = faults(&Source::given(&given, "p"));
    assert_eq!(
        faults[0],
        "p.components[\"thinking-aside\"]: line 1: nothing fills the placeholder {{today}}, known are \
         {{active_models}}, {{date}}, {{matches}}"
    );
    assert!(
        faults[1].starts_with("p: has {{matches}} in \"json-strict\", a prompt override of the model "),
        "{faults:?}"
    );
    assert!(faults[1..].iter().all(|fault| fault.contains("json-strict")), "{faults:?}");
}
