use serde_json::json;

use super::*;

fn lines(faults: &Faults) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

/// The faults of one field read by one rule.
fn refusals<T>(values: &[Value], rule: impl Fn(&Value) -> Checked<T>) -> Vec<String> {
    let mut faults = Faults::new();
    for value in values {
        assert!(faults.check(value, "x", &rule).is_none(), "{value} was accepted");
    }
    lines(&faults)
}

#[test]
fn all_faults_of_an_object_are_reported_at_once_each_with_its_path() {
    let value = json!({ "name": 7, "lmits": {}, "limits": { "size": -1, "depth": 3 }, "tags": ["a", 1, "", "b"] });
    let mut faults = Faults::new();
    let read = Object::read(&value, "root", &mut faults, |fields| {
        fields.required("name", rule::name);
        fields.required("count", rule::whole(0_u32..=9));
        fields.object("limits", |limits| limits.optional("size", rule::whole(0_u32..=5)));
        fields.each("tags", rule::name)
    });
    assert_eq!(read, Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(
        lines(&faults),
        [
            "root.name: must be a string, got 7",
            "root.count: is required",
            "root.limits.size: must be a whole number from 0 to 5, got -1",
            "root.limits.depth: unknown field",
            "root.tags[1]: must be a string, got 1",
            "root.tags[2]: must not be empty, got \"\"",
            "root.lmits: unknown field, did you mean limits?",
        ]
    );
    assert_eq!(faults.to_string(), lines(&faults).join("\n"));
}

#[test]
fn what_is_no_object_or_array_is_one_fault() {
    let mut faults = Faults::new();
    assert_eq!(Object::read(&json!([1, 2]), "a", &mut faults, |_| ()), None);
    assert_eq!(Object::read(&json!(null), "b", &mut faults, |_| ()), None);
    assert!(list(&json!({ "apiKey": "k" }), "c", &mut faults).is_empty());
    assert!(record(&json!(["k"]), "d", &mut faults).is_empty());
    assert_eq!(
        lines(&faults),
        [
            "a: must be an object, got an array of 2",
            "b: must be an object, got null",
            "c: must be an array, got an object",
            "d: must be an object, got an array of 1",
        ]
    );
}

#[test]
fn null_is_none_only_where_it_has_a_meaning() {
    let value = json!({ "a": null, "b": null, "c": 0, "d": 4 });
    let mut faults = Faults::new();
    let whole = || rule::whole(1_u32..=9);
    Object::read(&value, "", &mut faults, |fields| {
        assert_eq!(fields.optional("a", whole()), None);
        assert_eq!(fields.nullable("b", whole(), Some(5)), None);
        assert_eq!(fields.nullable("c", whole(), Some(5)), None);
        assert_eq!(fields.nullable("d", whole(), Some(5)), Some(4));
        assert_eq!(fields.nullable("e", whole(), Some(5)), Some(5));
    });
    assert_eq!(
        lines(&faults),
        ["a: must be a whole number from 1 to 9, got null", "c: must be a whole number from 1 to 9, or null, got 0",]
    );
}

#[test]
fn whole_numbers_may_be_written_as_floats() {
    let byte = rule::whole(1_u8..=255);
    assert_eq!(byte(&json!(3.0)), Ok(3));
    assert_eq!(byte(&json!(255)), Ok(255));
    let refused = refusals(&[json!(0), json!(256), json!(2.5), json!(-1), json!(1e300), json!("3")], byte);
    assert_eq!(refused[1], "x: must be a whole number from 1 to 255, got 256");
    assert_eq!(refused[2], "x: must be a whole number from 1 to 255, got 2.5");
}

#[test]
fn numbers_keep_to_their_range() {
    assert_eq!(rule::at_least(0.0)(&json!(0)), Ok(0.0));
    assert_eq!(rule::above_zero(&json!(0.1)), Ok(0.1));
    assert_eq!(rule::number(0.0..=2.0)(&json!(2)), Ok(2.0));
    assert_eq!(
        refusals(&[json!(-0.1), json!("NaN")], rule::at_least(0.0)),
        ["x: must be a finite number of 0 or more, got -0.1", "x: must be a finite number of 0 or more, got \"NaN\""]
    );
    assert_eq!(refusals(&[json!(0)], rule::above_zero), ["x: must be a finite number above 0, got 0"]);
    assert_eq!(refusals(&[json!(2.1)], rule::number(0.0..=2.0)), ["x: must be a number from 0 to 2, got 2.1"]);
}

#[test]
fn names_are_short_and_clean() {
    assert_eq!(rule::name(&json!("é".repeat(200))), Ok("é".repeat(200)));
    let refused = refusals(&[json!(""), json!("a\nb"), json!(" a"), json!("é".repeat(201))], rule::name);
    assert_eq!(
        refused[..3],
        [
            "x: must not be empty, got \"\"",
            "x: must not contain control characters, got \"a\\nb\"",
            "x: must not begin or end with white space, got \" a\"",
        ]
    );
    assert_eq!(refused[3], format!("x: must be at most 200 characters long, got \"{}\"…", "é".repeat(80)));
}

#[test]
fn words_and_truths_are_themselves_only() {
    let rule = rule::one_of(&[("on", 1), ("off", 0)]);
    assert_eq!(rule(&json!("off")), Ok(0));
    assert_eq!(refusals(&[json!("ON")], rule), ["x: must be one of on, off, got \"ON\""]);
    assert_eq!(refusals(&[json!("true")], rule::boolean), ["x: must be true or false, got \"true\""]);
    assert_eq!(rule::milliseconds(1..=9)(&json!(5)), Ok(std::time::Duration::from_millis(5)));
}

#[test]
fn a_secret_is_never_shown() {
    let rule = |_: &Value| -> Checked<()> { Err(Violation::secret("must be shorter")) };
    assert_eq!(refusals(&[json!("sk-1")], rule), ["x: must be shorter; the value is not shown"]);
    let mut faults = Faults::new();
    Object::read(&json!({ "apikey": "sk-1" }), "p", &mut faults, |fields| fields.raw("apiKey").is_some());
    assert_eq!(lines(&faults), ["p.apikey: unknown field, did you mean apiKey?"]);
}

#[test]
fn paths_quote_what_is_no_identifier() {
    assert_eq!(path::key("config.fallbacks", "a"), "config.fallbacks.a");
    assert_eq!(path::key("config.fallbacks", "a-b"), "config.fallbacks[\"a-b\"]");
    assert_eq!(path::key("config.fallbacks", "1"), "config.fallbacks[\"1\"]");
    assert_eq!(path::key("config.fallbacks", ""), "config.fallbacks[\"\"]");
    assert_eq!(path::key("", &"k".repeat(90)), format!("[\"{}\"…]", "k".repeat(80)));
    assert_eq!(path::field("dir/models.json: ", "models"), "dir/models.json: models");
    let mut faults = Faults::new();
    faults.push("dir/models.json: ", "must be JSON");
    assert_eq!(lines(&faults), ["dir/models.json: must be JSON"]);
}

#[test]
fn only_a_near_name_is_suggested() {
    assert_eq!(name::nearest("TimeoutMS", &["limits", "timeoutMs"]), Some("timeoutMs"));
    assert_eq!(name::nearest("fallback", &["fallbacks"]), Some("fallbacks"));
    assert_eq!(name::nearest("stateFile", &["fallbacks", "http"]), None);
    assert_eq!(name::nearest("x", &["id"]), None);
}

#[test]
fn a_value_is_given_only_when_nothing_is_wrong() {
    assert_eq!(Faults::new().into_result(1), Ok(1));
    let mut faults = Faults::new();
    faults.push("a", "is required");
    let mut both = Faults::new();
    both.extend(faults.clone());
    assert_eq!(both.len(), 1);
    assert_eq!(both.into_result(1), Err(faults));
}

#[test]
fn a_hundred_faults_are_listed_and_the_rest_counted() {
    let list = |count: usize| {
        let mut faults = Faults::new();
        (0..count).for_each(|index| faults.push(&format!("x[{index}]"), "is missing"));
        faults
    };
    assert_eq!(list(100).lines().count(), 100);
    let mut faults = list(1234);
    assert_eq!((faults.iter().len(), faults.len()), (100, 1234));
    assert_eq!(faults.lines().last().as_deref(), Some("and 1134 more"));
    assert!(faults.to_string().ends_with("x[99]: is missing\nand 1134 more"));
    faults.extend(list(150));
    assert_eq!((faults.iter().len(), faults.len()), (100, 1384));
    let mut some = list(90);
    some.extend_elsewhere(list(120));
    assert_eq!((some.iter().len(), some.len()), (100, 120));
    assert!(some.into_result(()).is_err());
}

#[test]
fn a_path_and_a_problem_are_cut_in_their_middle() {
    let mut faults = Faults::new();
    faults.push(&"é".repeat(1001), format!("{}end", "→".repeat(5000)));
    faults.push(&"p".repeat(1000), "q".repeat(1000));
    let [long, short] = [0, 1].map(|index| faults.iter().nth(index).cloned().unwrap());
    assert_eq!(long.path, format!("{} … {}", "é".repeat(797), "é".repeat(200)));
    assert_eq!(long.problem, format!("{} … {}end", "→".repeat(797), "→".repeat(197)));
    assert_eq!((short.path.len(), short.problem.len()), (1000, 1000));
}

#[test]
fn nothing_of_a_provider_is_shown_but_the_names_of_its_fields() {
    for path in [
        "config.providers",
        "config.providers[0]",
        "changes.providers[12].headers",
        "config.http.userAgent",
        "dir/providers.json: providers[1].id",
        "request.prompt",
        "request.prompt.user",
    ] {
        assert!(path::is_private(path), "{path}");
    }
    for path in [
        "config.models[0].provider",
        "dir/providers/models.json: models[0].id",
        "snapshot.providers[\"a-b\"]",
        "request.promptVersion",
    ] {
        assert!(!path::is_private(path), "{path}");
    }
    let mut faults = Faults::new();
    let value = json!({ "K3Y": 1, "maxConcurency": 2, "id": "K3Y\n", "headers": { "K3Y": "K3Y" }, "limits": "K3Y" });
    Object::read(&value, "providers[0]", &mut faults, |fields| {
        fields.required("id", rule::id);
        for (path, _, value) in fields.record("headers") {
            fields.faults().check(value, &path, rule::boolean);
            fields.faults().push_got(&path, "unknown", value);
        }
        fields.object("limits", |_| ());
        fields.optional("maxConcurrency", rule::boolean)
    });
    assert_eq!(
        lines(&faults),
        [
            "providers[0].id: must not contain control characters; the value is not shown",
            "providers[0].headers[…]: must be true or false; the value is not shown",
            "providers[0].headers[…]: unknown; the value is not shown",
            "providers[0].limits: must be an object, got a string",
            "providers[0][…]: unknown field",
            "providers[0].maxConcurency: unknown field, did you mean maxConcurrency?",
        ]
    );
}

#[test]
fn what_looks_like_a_key_is_shown_nowhere() {
    let key = "S3CR3T-k3y-zq9X71Lm-do-not-show";
    assert_eq!(refusals(&[json!(key)], rule::boolean), ["x: must be true or false, got \"[key]\""]);
    assert_eq!(refusals(&[json!("a sk-1234 b")], rule::boolean), ["x: must be true or false, got \"a [key] b\""]);
    assert_eq!(path::key("config", "sk-1234"), "config[\"[key]\"]");
    let mut faults = Faults::new();
    faults.push_got("x", "unknown model", &json!("sk-1234"));
    // The id of a model may be as long and as mixed as a key.
    faults.push_got("x", "unknown model", &json!("qwen3-235b-a22b-thinking-2507"));
    assert_eq!(lines(&faults)[0], "x: unknown model, got \"[key]\"");
    assert_eq!(lines(&faults)[1], "x: unknown model, got \"qwen3-235b-a22b-thinking-2507\"");
    let cut = refusals(&[json!(format!("{}{key}", "é ".repeat(35)))], rule::boolean);
    assert!(!cut[0].contains("S3CR3T"), "{cut:?}");
}

#[test]
fn an_id_can_be_the_key_of_a_record() {
    for id in ["constructor", "toString", "then", "0", "__proto"] {
        assert_eq!(rule::id(&json!(id)), Ok(id.to_owned()));
    }
    assert_eq!(
        refusals(&[json!("__proto__"), json!("a\u{202e}b"), json!("a\u{2028}b")], rule::id),
        [
            "x: must not be __proto__, which no JavaScript object has as a key, got \"__proto__\"",
            "x: must not contain control characters, got \"a\\u202eb\"",
            "x: must not contain control characters, got \"a\\u2028b\"",
        ]
    );
}
