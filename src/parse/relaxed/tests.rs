use proptest::prelude::*;
use serde_json::Value;

use super::{Content, scan, unescape};

/// The keys of a text with the scalars under them, in order.
fn found(text: &str) -> Vec<(String, String)> {
    let nodes = scan(text);
    let scalars = nodes.iter().filter_map(|node| {
        let text = match node.content {
            Content::Quoted(raw) => unescape(raw).into_owned(),
            Content::Bare(bare) if !bare.is_empty() => bare.to_owned(),
            _ => return None,
        };
        Some((unescape(node.key?).into_owned(), text))
    });
    scalars.collect()
}

/// The same as `serde_json` has them.
fn expected(value: &Value, scalars: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::Object(_) | Value::Array(_) => expected(value, scalars),
                    Value::String(text) => scalars.push((key.clone(), text.clone())),
                    other => scalars.push((key.clone(), other.to_string())),
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| expected(element, scalars)),
        _ => {}
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9 ]{0,6}", any::<String>(), "[\"'“”‘’«»{}\\[\\]:,;/*#\\\\\n\t a1：，｛]{0,12}",]
        // These are read as white space, where only white space may stand for JSON.
        .prop_map(|text| text.replace(['\u{8}', '\u{c}'], ""))
}

fn json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        text().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    scalar.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((text(), inner), 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_is_read_as_json(values in proptest::collection::vec(json(), 1..4), pretty in any::<bool>()) {
        let mut scalars = Vec::new();
        let mut text = String::from("It's JSON: ");
        for value in values.iter().filter(|value| value.is_object() || value.is_array()) {
            expected(value, &mut scalars);
            let written = if pretty { format!("{value:#}") } else { value.to_string() };
            text.push_str(&written);
            text.push_str(" isn't it? ");
        }
        prop_assert_eq!(found(&text), scalars, "{}", text);
    }
}

#[test]
fn strings_lose_their_escapes() {
    let table = [
        ("plain", "plain"),
        (r#"a\nb\tc\rd\"e\\f\/g"#, "a\nb\tc\rd\"e\\f/g"),
        (r"\u00e9\u00E9", "éé"),
        (r"\ud83d\ude00!", "😀!"),
        (r"\ud83d!", "\u{fffd}!"),
        (r"\ud83d\u0041", "\u{fffd}A"),
        (r"\u12", "u12"),
        (r"\u", "u"),
        (r"\x\'\é", "x'é"),
        (r"a\", "a"),
        ("", ""),
    ];
    for (raw, plain) in table {
        assert_eq!(unescape(raw), plain, "{raw}");
    }
}

#[test]
fn what_cannot_matter_leaves_no_nodes() {
    for text in ["", "{", "[", "[[[]]]", "{}", "[1, 2.5]", "[a, b, c]", "{it's}", "]}", "[\"text\", \"more\"]"] {
        assert!(scan(text).is_empty(), "{text}");
    }
    assert_eq!(scan("[1, 2]").len(), 1);
}
