use crate::football::Match;
use crate::football::Score;

mod beside;
mod candidates;
mod full_time;
mod plain;
mod random;
mod sides;

/// What is read of a text for matches with these ids.
fn read(text: &str, ids: &[&str]) -> Vec<Option<Score>> {
    let matches: Vec<Match> = ids.iter().map(|&id| Match { id: id.to_owned(), ..Match::default() }).collect();
    super::read(text, &matches.iter().collect::<Vec<_>>())
}

/// One slot a match, such as `2-1 . 0-0`.
fn shown(text: &str, asked: &[&str]) -> String {
    let slots = read(text, asked);
    assert_eq!(slots.len(), asked.len());
    let slots: Vec<String> =
        slots.iter().map(|slot| slot.map_or(".".into(), |score| format!("{}-{}", score.home, score.away))).collect();
    slots.join(" ")
}

#[track_caller]
fn check(asked: &[&str], expected: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(shown(text, asked), expected, "{text}");
    }
}

#[test]
fn field_names_in_use() {
    check(
        &["m1"],
        "2-1",
        &[
            r#"{"match_id":"m1","home_score":2,"away_score":1}"#,
            r#"{"matchId":"m1","homeScore":2,"awayScore":1}"#,
            r#"{"id":"m1","home":2,"away":1}"#,
            r#"{"ID":"m1","HOME":2,"AWAY":1}"#,
            r#"{"match":"m1","Home-Score":"2","Away-Score":"1"}"#,
            r#"{"fixture_id":"m1","predicted_home":2.0,"predicted_away":1.0}"#,
            r#"{"game_id":"m1","predicted_home_score":2,"predicted_away_score":1}"#,
            r#"{"match_id":"m1","home_team_score":2,"away_team_score":1}"#,
            r#"{"match_id":"m1","home_goals":2,"away_goals":1}"#,
            r#"{"match_id":"m1","score":"2-1"}"#,
            r#"{"match_id":"m1","score":"2:1"}"#,
            r#"{"match_id":"m1","score":"２：１"}"#,
            r#"{"match_id":"m1","result":"2 - 1"}"#,
            r#"{"match_id":"m1","prediction":"2–1"}"#,
            r#"{"match_id":"m1","predicted_score":"2-1"}"#,
            r#"{"match_id":"m1","finalScore":"2-1"}"#,
            r#"{"match_id":"m1","score":{"home":2,"away":1}}"#,
            r#"{"match_id":"m1","score":[2,1]}"#,
            r#"{"match_id":"m1","score":["2","1"]}"#,
            r#"{"match_id":"m1","prediction":{"score":{"home":2,"away":1}}}"#,
            r#"{"prediction":{"home":2,"away":1},"match_id":"m1"}"#,
            r#"{"match":{"id":"m1","home":"Arsenal"},"prediction":{"home":2,"away":1}}"#,
            r#"{"match_id":"m1","home":{"team":"Arsenal","score":2},"away":{"team":"Chelsea","score":1}}"#,
            r#"{"match_id":"m1","home_team":{"name":"A","goals":2},"away_team":{"name":"B","goals":1}}"#,
            r#"{"home":2,"away":1}"#,
            r#"{"prediction":"2-1"}"#,
            r#"{"主队得分":2,"客队得分":1}"#,
            r#"{"比分":"2-1"}"#,
        ],
    );
}

#[test]
fn unrelated_fields_are_no_scores() {
    check(
        &["m1"],
        "2-1",
        &[
            r#"{"match_id":"m1","home":"Arsenal","away":"Chelsea","home_score":2,"away_score":1}"#,
            r#"{"match_id":"m1","home_score":2,"away_score":1,"home":"Arsenal","away":"Chelsea"}"#,
            r#"{"match_id":"m1","home":7,"away":9,"score":"2-1"}"#,
            r#"{"match_id":"m1","home":7,"away":9,"home_score":2,"away_score":1}"#,
            r#"{"match_id":"m1","home":7,"away":9,"score":{"home":2,"away":1}}"#,
            r#"{"match_id":"m1","home_score":2,"away_score":1,"home_win":5,"away_win":3,"home_odds":4}"#,
            r#"{"match_id":"m1","half_time":{"home":1,"away":0},"home_score":2,"away_score":1}"#,
            r#"{"match_id":"m1","home_score":2,"away_score":1,"half_time":{"home":1,"away":0}}"#,
            r#"{"match_id":"m1","prediction":{"home":2,"away":1},"previous_meeting":{"home":3,"away":3}}"#,
            r#"{"match_id":"m1","odds":{"home":3,"away":4},"prediction":{"home":2,"away":1}}"#,
            r#"{"match_id":"m1","something":{"home":3,"away":4},"prediction":{"home":2,"away":1}}"#,
            r#"{"match_id":"m1","prediction":{"home":2,"away":1},"something":{"home":3,"away":4}}"#,
            r#"{"match_id":"m1","prediction":"home win","score":"2-1"}"#,
            r#"{"match_id":"m1","score":"0-0","predicted_score":"2-1"}"#,
            r#"{"match_id":"m1","predicted_score":"2-1","score":"0-0"}"#,
            r#"{"match_id":"m1","home_score":0,"away_score":0,"predicted_home":2,"predicted_away":1}"#,
            r#"{"match_id":"m1","home_score":2,"away_score":1,"reasoning":"maybe {\"home_score\":0,\"away_score\":0}"}"#,
            r#"{"home_score":2,"away_score":1,"note":"say \"{\" and '}' // no /* comment"}"#,
        ],
    );
    check(
        &["m1"],
        ".",
        &[
            r#"{"match_id":"m1","home_win":2,"away_win":1}"#,
            r#"{"match_id":"m1","home":"Arsenal","away":"Chelsea"}"#,
            r#"{"match_id":"m1","odds":{"home":2,"away":3}}"#,
            r#"{"match_id":"m1","analysis":{"home":2,"away":3}}"#,
            r#"{"match_id":"m1","home_team":2,"away_team":1}"#,
            r#"{"match_id":"m1","home_score":2}"#,
            r#"{"match_id":"m1","home":{"home":1,"away":0}}"#,
            r#"{"match_id":"m1","reasoning":"maybe {\"home_score\":0,\"away_score\":0}"}"#,
        ],
    );
}

#[test]
fn only_whole_numbers_from_0_to_20_are_scores() {
    for value in ["20", "\"20\"", "20.0", "2e1", "\"20.0\""] {
        check(&["m1"], "20-0", &[&format!(r#"{{"home_score":{value},"away_score":0}}"#)]);
    }
    let bad = [
        "2.5",
        "-1",
        "21",
        "true",
        "null",
        "\"\"",
        "\"two\"",
        "\"<int>\"",
        "X",
        "<goals>",
        "[2]",
        "{}",
        "1e400",
        "None",
        "NaN",
        "\"2-1\"",
        "0-20",
        "2|3",
        "\"-1\"",
        "\"2.5\"",
    ];
    for value in bad {
        let texts = [
            format!(r#"{{"home_score":{value},"away_score":0}}"#),
            format!(r#"{{"home_score":0,"away_score":{value}}}"#),
            format!(r#"{{"home_score":{value},"away_score":0,"home":1,"away":1}}"#),
        ];
        for text in &texts {
            check(&["m1"], ".", &[text]);
        }
    }
    check(
        &["m1"],
        ".",
        &[r#"{"score":"21-0"}"#, r#"{"score":[21,0]}"#, r#"{"score":[1,2,3]}"#, r#"{"score":"2.5-1"}"#],
    );
}

#[test]
fn wrappers_and_keys_that_are_ids() {
    check(
        &["m1", "m2"],
        "2-1 0-0",
        &[
            r#"{"predictions":[{"match_id":"m1","home_score":2,"away_score":1},{"match_id":"m2","home_score":0,"away_score":0}]}"#,
            r#"[{"match_id":"m1","home_score":2,"away_score":1},{"match_id":"m2","home_score":0,"away_score":0}]"#,
            r#"{"data":{"results":{"matches":[[{"id":"m1","score":"2-1"}],{"x":{"id":"m2","score":"0-0"}}]}}}"#,
            r#"{"m1":{"home":2,"away":1},"m2":"0-0"}"#,
            r#"{"m1":[2,1],"m2":{"score":"0:0"}}"#,
            r#"{"predictions":{"m1":{"home_score":2,"away_score":1},"m2":{"prediction":{"home":0,"away":0}}}}"#,
            r#"[{"m1":"2-1"},{"m2":"0-0"}]"#,
            r#"{"m1":{"id":5,"home":2,"away":1},"m2":{"match_id":"m2","home":0,"away":0}}"#,
            "{\"match_id\":\"m1\",\"home_score\":2,\"away_score\":1}\n{\"match_id\":\"m2\",\"home_score\":0,\"away_score\":0}",
            r#"{"id":"chatcmpl-1","predictions":[{"id":"m1","score":"2-1"},{"id":"m2","score":"0-0"}]}"#,
            r#"{"predictions":"[{\"match_id\":\"m1\",\"home_score\":2,\"away_score\":1},{\"match_id\":\"m2\",\"score\":\"0-0\"}]"}"#,
            r#""{\"m1\":\"2-1\",\"m2\":\"0-0\"}""#,
            r#""{\u0022m1\u0022:\"2-1\",\"m2\":\"0-0\"}""#,
            r#"["{\"match_id\":\"m1\",\"score\":\"2-1\"}","{\"match_id\":\"m2\",\"score\":\"0-0\"}"]"#,
            r#"{"a":"{\"b\":\"{\\\"m1\\\":\\\"2-1\\\",\\\"m2\\\":\\\"0-0\\\"}\"}"}"#,
            r#"Answer: "{\"m1\": \"2-1\", \"m2\": \"0-0\"}" as asked"#,
            r#"{\n  \"m1\": {\"home_score\": 2, \"away_score\": 1},\n  \"m2\": \"0-0\"\n}"#,
            r#"{\n\"m1\": {\"home\": 2,\n\"away\": 1\n},\n\"m2\": \"0-0\"}"#,
            r#"{"match_id":"m1","prediction":{"match_id":"m2","home":0,"away":0},"other":{"home":2,"away":1}}"#,
        ],
    );
    check(
        &["m1"],
        "2-1",
        &[
            r#"{"id":"chatcmpl-1","predictions":[{"home":2,"away":1}]}"#,
            r#"{"id":"call_1","name":"submit","arguments":{"home":2,"away":1}}"#,
            r#"{"id":"call_1","function":{"arguments":"{\"home\":2,\"away\":1}"}}"#,
        ],
    );
}

#[test]
fn ids_are_compared_exactly_then_folded() {
    check(&["m1"], "2-1", &[r#"{"match_id":" M1 ","home":2,"away":1}"#, r#"{" M1":"2-1"}"#]);
    check(&["A", "a"], "2-1 0-0", &[r#"{"A":"2-1","a":"0-0"}"#]);
    check(&["A", "a"], ". .", &[r#"{" a":"2-1"}"#]);
    check(
        &["17", "4"],
        "2-1 0-0",
        &[r#"[{"match_id":17,"score":"2-1"},{"id":4,"score":"0-0"}]"#, r#"{17:"2-1",4:[0,0]}"#],
    );
    check(&["Ünal\n\"x\""], "2-1", &[r#"{"match_id":"\u00dcnal\n\"x\"","home":2,"away":1}"#]);
}

#[test]
fn an_object_without_an_id_counts_for_the_only_asked_match() {
    check(&["m1", "m2"], ". .", &[r#"{"home_score":2,"away_score":1}"#, r#"[{"score":"2-1"},{"score":"0-0"}]"#]);
    check(
        &["m1"],
        ".",
        &[
            r#"{"match_id":"m2","home_score":2,"away_score":1}"#,
            r#"{"id":"m2","home_score":2,"away_score":1}"#,
            r#"{"match":"m2","home_score":2,"away_score":1}"#,
            r#"{"match_id":"m2","prediction":{"home":2,"away":1}}"#,
            r#"{"match_id":"m2","details":{"home":2,"away":1}}"#,
            r#"{"id":"m2","details":{"home":2,"away":1}}"#,
            r#"{"match_id":"m2","predictions":[{"home":2,"away":1}]}"#,
            r#"{"match":{"id":"m2"},"prediction":{"home":2,"away":1}}"#,
        ],
    );
    check(
        &["m1"],
        "2-1",
        &[
            r#"{"match_id":"","home_score":2,"away_score":1}"#,
            r#"{"match_id":null,"home_score":2,"away_score":1}"#,
            r#"{"match":"Arsenal vs Chelsea","home_score":2,"away_score":1}"#,
            r#"{"match":{"home":"Arsenal","away":"Chelsea"},"home_score":2,"away_score":1}"#,
            r#"{"match":{"home_score":2,"away_score":1}}"#,
        ],
    );
    check(&[], "", &[r#"{"home_score":2,"away_score":1}"#]);
}

#[test]
fn a_later_value_corrects_an_earlier_one() {
    check(
        &["m1"],
        "2-1",
        &[
            r#"{"home":0,"away":0} then {"home":2,"away":1}"#,
            r#"{"home":0,"home":2,"away":0,"away":1}"#,
            r#"{"m1":"0-0","m1":"2-1"}"#,
            r#"{"first":{"home":0,"away":0},"answer":{"home":2,"away":1}}"#,
            r#"{"home":2,"away":1} {"home":"X","away":"Y"}"#,
        ],
    );
}

#[test]
fn templates_schemas_and_prose_are_no_answers() {
    check(
        &["m1"],
        ".",
        &[
            "",
            "I think 2-1",
            "2-1",
            "[2,1]",
            "The score will be {2-1}",
            r#"{"type":"object"}"#,
            r#"{"type":"object","properties":{"home_score":{"type":"integer"},"away_score":{"type":"integer"}}}"#,
            r#"{"type":"object","properties":{"home_score":{"type":"integer","minimum":0,"maximum":20},"away_score":{"default":1}}}"#,
            r#"{"match_id":"m1","home_score":X,"away_score":Y}"#,
            r#"{"match_id":"m1","home_score":<goals>,"away_score":<goals>}"#,
            r#"{"match_id":"m1","home_score":"<int>","away_score":"<int>"}"#,
            r#"{"predictions": [{"match_id": "<id from the list>", "home_score": <goals>, "away_score": <goals>}]}"#,
            r#"{"match_id":"m1","score":"X-Y"}"#,
            r#"{"home_score": 2, "away_score": 1"#,
            r#"{"home_score": 2, "away_score": 1, "#,
            r#"{"match_id":"m1","home_score":2,"away_score":1,"why":"bec"#,
            r#"{"match_id":"m1","score":"2-1","why":"because""#,
            r#"{"m1":, "2-1"}"#,
            r#"{"m1":[2,[],1]}"#,
            r#"{"m1":"as in {\"example\": \"2-1\"}"}"#,
        ],
    );
}

#[test]
fn relaxed_writing() {
    check(
        &["m1", "m2"],
        "2-1 0-0",
        &[
            "```json\n{\"m1\":\"2-1\",\"m2\":\"0-0\"}\n```",
            "Here you go:\n```\n[{\"match_id\":\"m1\",\"score\":\"2-1\"},\n{\"match_id\":\"m2\",\"score\":\"0-0\"},]\n```\nDon't bet!",
            "{'m1': {'home': 2, 'away': 1}, 'm2': '0-0',}",
            "{“m1”: {“home”: 2, “away”: 1}, “m2”: “0-0”}",
            "{‘m1’: {‘home’: 2, ‘away’: 1}, ‘m2’: ‘0-0’}",
            "{„m1“: {„home“: 2, „away“: 1}, „m2“: „0-0“}",
            "{«m1»: {«home»: 2, «away»: 1}, «m2»: «0-0»}",
            "{「m1」：{「home」：２，「away」：１}，「m2」：「0-0」}",
            "｛＂m1＂：｛＂home＂：２，＂away＂：１｝，＂m2＂：［0，0］｝",
            "{\"m1\"：{\"home\"：2，\"away\"：1}，\"m2\"：\"0：0\"}",
            "{m1: {home: 2, away: 1}, m2: 0-0}",
            "{m1: {home: 2 away: 1} m2: 0:0}",
            "{m1: {home: 2\n away: 1}\n m2: {home: 0\n away: 0}}",
            "{\"m1\": {\"home\": 2 \"away\": 1} \"m2\": \"0-0\"}",
            "{\"a\": {\"id\": \"m1\" home: 2 away: 1} \"m2\": \"0-0\"}",
            "{\"m1\": \"2-1\"\n -- a guess --\n, \"m2\": \"0-0\"}",
            "{“m1\": “2-1\", “m2\": “0-0\"}",
            "{`m1`: `2-1`, `m2`: `0-0`}",
            "[{\"match_id\": \"m1\" \"score\": \"2-1\"} {\"match_id\": \"m2\" \"score\": \"0-0\"}]",
            "{\"m1\" {\"home\": 2, \"away\": 1}, \"m2\" {\"home\": 0, \"away\": 0}}",
            "{ // first\n \"m1\": \"2-1\", /* {\"m1\": \"9-9\"} */ # then\n \"m2\": \"0-0\" // done\n}",
            "{\"m1\": {\"home\": 2, // goals\n \"away\": 1 # goals\n}, \"m2\": \"0-0\"}",
            "{\"m1\": {\"note\": \"two\nlines\", \"home\": 2, \"away\": 1}, \"m2\": \"0-0\"}",
            "{\"m1\": {\"note\": \"odd \\escapes \\x \\' here\", \"home\": 2, \"away\": 1}, \"m2\": \"0-0\"}",
            "{\"m1\": {\"note\": \"the \"big\" game\", \"home\": 2, \"away\": 1}, \"m2\": \"0-0\"}",
            "{'m1': {'note': 'it's on', 'home': 2, 'away': 1}, 'm2': '0-0'}",
            "{'m1': {'live': True, 'x': None, 'home': 2, 'away': 1}, 'm2': '0-0'}",
            "{note: it's on, m1: 2-1, m2: 0-0}",
            "{url: https://example.org/a, m1: 2-1, m2: 0-0}",
            "{\"m1\": \"2-1\"; \"m2\": \"0-0\"}",
            "\u{feff}{\u{a0}\"m1\"\u{3000}: \"2-1\",\u{200b} \"m2\": \"0-0\"}",
        ],
    );
}

#[test]
fn what_is_complete_is_read_from_what_is_broken() {
    check(
        &["m1", "m2"],
        "2-1 .",
        &[
            r#"{"predictions":[{"match_id":"m1","home_score":2,"away_score":1},{"match_id":"m2","home_score":0,"away_score":0"#,
            r#"{"predictions":[{"match_id":"m1","home_score":2,"away_score":1},{"match_id":"m2","#,
            r#"{"predictions":[{"match_id":"m1","home_score":2,"away_score":1},{"match_id":"m2","why":"If {\"home\": 5, \"away\": 5}"#,
            r#"{"m1":{"home":2,"away":1},"m2":{"home":0,"#,
            r#"{"m1":"2-1","m2":"0-"#,
            "{m1:2-1,m2:1-1",
            r#"[{"match_id":"m1","score":[2,1]},{"match_id":"m2","score":[0"#,
            r#"{"match_id":"m1","score":{"home":2,"away":1},"why":"because"#,
            "{\"match_id\":\"m2\",\"note\":\"broken}\n{\"match_id\":\"m1\",\"home_score\":2,\"away_score\":1}",
        ],
    );
    check(
        &["m1", "m2"],
        "2-1 0-0",
        &[
            r#"[{"match_id":"m1","home_score":2,"away_score":1,{"match_id":"m2","home_score":0,"away_score":0}]"#,
            r#"[{"match_id":"m1","home_score":2,"away_score":1],{"match_id":"m2","home_score":0,"away_score":0}"#,
            r#"{"predictions":[{"match_id":"m1","score":[2,1},{"match_id":"m2","score":"0-0"}}"#,
            r#"{"match_id":"m1","home_score":2,"away_score":1]} {"match_id":"m2","home_score":0,"away_score":0}"#,
            r#"}]} {"m1":"2-1"} ]} {"m2":"0-0"}"#,
            r#"{ see below {"m1":"2-1","m2":"0-0"}"#,
            r#"I'd say {it's 2-1} and [don't know] … {"m1":"2-1","m2":"0-0"}"#,
            r#"Odds in [1.5, 2) aren't good { but {"m1":"2-1"} and then {"m2":"0-0"}"#,
            r#"Use {"match_id": …} as {"match_id": "..."}: {"m1":"2-1","m2":"0-0"}"#,
            r#"{"m1":{"note":"no end, "home":2,"away":1},"m2":"0-0"}"#,
            r#"{\"m0: 1, "m1": "2-1", "m2":"0-0"}"#,
            r#"{"m1":{"home":2,"away":1],"m2":{"home":0,"away":0}}"#,
            r#"{"x":{"match_id":"m1","score":[2,1},"match_id":"m2","score":"0-0"}"#,
            r#"{"m1":"2-1","m2":"0-0""#,
        ],
    );
    let deep = format!("{}{}{}", "[".repeat(200_000), r#"{"m1":"2-1","m2":"0-0"}"#, "]".repeat(200_000));
    let records = deep.replace('[', "{\"a\":").replace(']', "}");
    let stray = "{".repeat(100) + r#"{"m1":"2-1"} {"m2":[0,0]}"#;
    check(&["m1", "m2"], "2-1 0-0", &[&deep, &records, &stray]);
}

#[test]
fn strings_in_strings_are_read_to_a_depth() {
    let quote = |text: &str| format!("{{\"a\":{}}}", serde_json::Value::from(text));
    let mut text = r#"{"m1":"2-1"}"#.to_owned();
    for depth in 0..6 {
        check(&["m1"], if depth <= 3 { "2-1" } else { "." }, &[&text]);
        text = quote(&text);
    }
}

#[test]
fn the_deepest_nesting_needs_little_stack() {
    let mut text = r#"{"m1":"2-1"}"#.to_owned();
    for _ in 0..4 {
        text = format!("{}{}{}", r#"{"a":"#.repeat(63), serde_json::Value::from(text), "}".repeat(63));
    }
    let small = std::thread::Builder::new().stack_size(1024 * 1024);
    let read = small.spawn(move || read(&text, &["m1"]));
    assert!(read.is_ok_and(|reader| reader.join().is_ok()));
}

#[test]
fn a_hundred_matches() {
    let ids: Vec<String> = (0..100).map(|id| format!("match-{id}")).collect();
    let asked: Vec<&str> = ids.iter().map(String::as_str).collect();
    let objects: Vec<String> = (0..100)
        .rev()
        .map(|id| format!("{{\"match_id\":\"match-{id}\",\"home_score\":{},\"away_score\":0}}", id % 21))
        .collect();
    let text = format!("{{\"predictions\":[{}]}}", objects.join(","));
    let slots = read(&text, &asked);
    assert!((0..100).zip(slots).all(|(id, slot)| slot.is_some_and(|score| u32::from(score.home) == id % 21)));
}
