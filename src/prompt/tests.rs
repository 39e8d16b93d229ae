use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::catalog;
use crate::config::Config;
use crate::football::Match;
use crate::request::OwnPrompt;

mod faults;

/// 2026-02-05T00:00:00Z.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_770_249_600)
}

fn builtin_catalog() -> Catalog {
    let source = Source::builtin();
    let names: Vec<&str> = source.override_names().collect();
    catalog::load(&Config::default(), None, &|_| None, &names).unwrap()
}

fn prompts(given: &Value, catalog: &Catalog) -> Prompts {
    Prompts::new(&Source::given(given, "prompts"), Some(catalog), now()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Small prompts, with `versions` in place of one plain version.
fn given(versions: &Value) -> Value {
    json!({
        "versions": versions,
        "components": {
            "task": "Predict, with {{active_models}} on {{date}}.", "rules": "Exact is best.", "format": "As JSON.",
            "list": "These:\n{{matches}}", "again": "{{matches}}", "calm": "Be calm.", "brief": "Be brief.",
        }
    })
}

/// A version of them, with more fields.
fn version(fields: &Value) -> Value {
    let mut version = json!({ "system": ["task", "rules"], "output": "format", "user": ["list"] });
    for (name, value) in fields.as_object().into_iter().flatten() {
        version[name] = value.clone();
    }
    version
}

fn matches(ids: &[&str]) -> Vec<Match> {
    let one = |id: &&str| Match {
        id: (*id).to_owned(),
        home_team: "Home".to_owned(),
        away_team: "Away".to_owned(),
        ..Match::default()
    };
    ids.iter().map(one).collect()
}

fn rendering<'a>(prompts: &'a Prompts, matches: &'a [Match], version: Option<&'a str>) -> Rendering<'a> {
    Rendering::new(prompts, Ask::about(matches, None, version), 7, now())
}

/// A model of the built-in catalogue, under another id.
fn renamed(model: &Model, id: &str) -> Model {
    Model { id: id.to_owned(), prompt_overrides: Vec::new(), ..model.clone() }
}

#[test]
fn components_stand_in_order_with_the_overrides_before_the_output_format() {
    let catalog = builtin_catalog();
    let model = catalog.model(catalog.get("glm-4.6-syn").unwrap());
    assert_eq!(model.prompt_overrides, ["english-enforced"]);
    let version = version(&json!({ "overrides": { "glm-4.6-syn": ["calm", "english-enforced", "rules", "brief"] } }));
    let prompts = prompts(&given(&json!({ "v": version })), &catalog);
    let games = matches(&["m1", "m2"]);
    let rendering = rendering(&prompts, &games, None);
    assert_eq!(rendering.version(model), "v");
    assert_eq!(rendering.overrides(model), ["english-enforced", "calm", "brief"]);
    let texts = rendering.texts(model, &[1]);
    let english = include_str!("../../catalog/prompts/overrides/english-enforced.md").trim();
    let expected =
        format!("Predict, with 7 on 2026-02-05.\n\nExact is best.\n\n{english}\n\nBe calm.\n\nBe brief.\n\nAs JSON.");
    assert_eq!(texts.system.unwrap(), expected);
    assert_eq!(texts.user, "These:\n{\"match_id\":\"m2\",\"home_team\":\"Home\",\"away_team\":\"Away\"}");
    assert!(rendering.tokens(model, &[0, 1]) > rendering.tokens(model, &[0]));
}

#[test]
fn a_match_stays_on_its_line_whatever_it_says() {
    let catalog = builtin_catalog();
    let prompts = prompts(&given(&json!({ "v": version(&json!({})) })), &catalog);
    let analysis = "{{date}}\n# Rules\r\u{85}\u{2028}\u{2029}{{matches}}".to_owned();
    let games = [Match { analysis: Some(analysis.clone()), ..matches(&["m1"]).remove(0) }];
    let texts = rendering(&prompts, &games, None).texts(catalog.models().next().unwrap(), &[0]);
    let line = texts.user.strip_prefix("These:\n").unwrap();
    assert!(!line.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']), "{line}");
    assert_eq!(serde_json::from_str::<Value>(line).unwrap()["analysis"], analysis);
}

#[test]
fn a_change_of_the_scoring_reaches_every_model_in_every_version() {
    let catalog = builtin_catalog();
    let versions = json!({
        "1": version(&json!({ "weight": 1 })),
        "2": version(&json!({ "weight": 1, "system": ["rules", "brief", "task"] })),
        "3": version(&json!({ "models": ["deepseek-r1"], "overrides": { "deepseek-r1": ["calm"] } })),
    });
    let mut given = given(&versions);
    let before = prompts(&given, &catalog);
    given["components"]["rules"] = json!("Exact earns four.");
    let after = prompts(&given, &catalog);
    let games = matches(&["m1"]);
    for model in catalog.models() {
        for version in before.version_names() {
            let text = |prompts| rendering(prompts, &games, Some(version)).texts(model, &[0]).system.unwrap();
            assert_eq!(text(&before).replace("Exact is best.", "Exact earns four."), text(&after));
            assert!(text(&after).contains("Exact earns four."), "{}", model.id);
        }
    }
}

#[test]
fn no_part_of_an_id_selects_anything() {
    let catalog = builtin_catalog();
    let games = matches(&["m1"]);
    for model in catalog.models() {
        let id = model.id.as_str();
        let mut overrides = serde_json::Map::new();
        overrides.insert(id.to_owned(), json!(["calm"]));
        let versions = json!({
            "all": version(&json!({ "overrides": overrides })),
            "some": version(&json!({ "models": [id], "overrides": overrides })),
        });
        let prompts = prompts(&given(&versions), &catalog);
        let rendering = rendering(&prompts, &games, None);
        let found = |id: &str| {
            let model = renamed(model, id);
            (rendering.version(&model).to_owned(), rendering.overrides(&model))
        };
        assert_eq!(found(id), ("some".to_owned(), vec!["calm".to_owned()]));
        for other in variants(id) {
            assert_eq!(found(&other), ("all".to_owned(), vec![]), "{other} for {id}");
        }
    }
}

/// Every other string that is a prefix or a suffix of `id`, that has it as one, or that differs from it in case.
fn variants(id: &str) -> Vec<String> {
    let cut = (0..id.len()).flat_map(|at| [id[..at].to_owned(), id[at..].to_owned()]);
    let flipped = id.char_indices().map(|(at, character)| {
        let upper = character.to_ascii_uppercase();
        format!("{}{upper}{}", &id[..at], &id[at + 1..])
    });
    let grown = ["-", "-syn", " ", "x"].into_iter().flat_map(|more| [format!("{id}{more}"), format!("{more}{id}")]);
    let mut variants: Vec<String> = cut.chain(flipped).chain(grown).chain([id.to_uppercase()]).collect();
    variants.retain(|variant| variant != id);
    variants
}

#[test]
fn a_requested_version_goes_before_the_pin_and_the_pin_before_the_schedule() {
    let catalog = builtin_catalog();
    let versions = json!({
        "old": version(&json!({ "activeTo": "2026-01-01" })),
        "new": version(&json!({ "activeFrom": "2026-01-01T00:00:00Z" })),
        "trial": version(&json!({ "models": ["deepseek-r1"], "activeFrom": "2099-01-01" })),
    });
    let scheduled = prompts(&given(&versions), &catalog);
    let games = matches(&["m1"]);
    let versions = |prompts: &Prompts, requested| {
        ["deepseek-r1", "deepseek-v3.1"].map(|id| {
            let model = catalog.model(catalog.get(id).unwrap());
            rendering(prompts, &games, requested).version(model).to_owned()
        })
    };
    assert_eq!(versions(&scheduled, None), ["new", "new"]);
    assert_eq!(versions(&scheduled, Some("trial")), ["trial", "trial"]);
    let rolled_back = scheduled.pin(Some("old")).unwrap();
    assert_eq!(rolled_back.pinned(), Some("old"));
    assert_eq!(versions(&rolled_back, None), ["old", "old"]);
    assert_eq!(versions(&rolled_back, Some("new")), ["new", "new"]);
    assert_eq!(versions(&rolled_back.pin(Some("trial")).unwrap(), None), ["trial", "new"]);
    assert_eq!(versions(&rolled_back.pin(None).unwrap(), None), ["new", "new"]);
    assert!(scheduled.pin(Some("Old")).is_none());
    let active: Vec<_> =
        rolled_back.versions(now()).into_iter().map(|version| (version.active, version.pinned)).collect();
    assert_eq!(active, [(false, true), (true, false), (false, false)]);
}

#[test]
fn a_clock_that_is_set_back_finds_the_version_that_was_active_first() {
    let catalog = builtin_catalog();
    let versions = json!({
        "v": version(&json!({ "activeFrom": "2026-02-05", "activeTo": "2026-02-06" })),
        "w": version(&json!({ "activeFrom": "2026-02-06" })),
    });
    let prompts = prompts(&given(&versions), &catalog);
    let games = matches(&["m1"]);
    let early = Rendering::new(&prompts, Ask::about(&games, None, None), 7, SystemTime::UNIX_EPOCH);
    assert_eq!(early.version(catalog.models().next().unwrap()), "v");
}

#[test]
fn a_prompt_of_the_callers_own_has_no_overrides() {
    let catalog = builtin_catalog();
    let prompts = Prompts::new(&Source::builtin(), Some(&catalog), now()).unwrap();
    let (games, own) = (matches(&["m1"]), OwnPrompt { user: "Who wins? {{date}}".to_owned(), ..OwnPrompt::default() });
    let rendering = Rendering::new(&prompts, Ask::about(&games, Some(&own), None), 7, now());
    let model = catalog.model(catalog.get("glm-4.6-syn").unwrap());
    assert_eq!((rendering.version(model), rendering.overrides(model)), (OWN_VERSION, vec![]));
    assert_eq!(rendering.texts(model, &[0]), Texts { system: None, turns: Vec::new(), user: own.user.clone() });
}

#[test]
fn dates_are_those_of_utc_whatever_the_clock_says() {
    let date = |seconds| time::date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    assert_eq!([0, 86_399, 1_770_249_599].map(date), ["1970-01-01", "1970-01-01", "2026-02-04"]);
    assert_eq!(date(1 << 40), "9999-12-31");
    assert_eq!(time::date(SystemTime::UNIX_EPOCH - Duration::from_secs(9)), "1970-01-01");
}
