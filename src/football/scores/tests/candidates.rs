//! Several scores for one match.

use super::check;

#[test]
fn the_likeliest_of_a_list_counts() {
    check(
        &["m1"],
        "2-1",
        &[
            r#"{"predictions":[{"match_id":"m1","score":"2-1","probability":0.4},{"match_id":"m1","score":"1-1","probability":0.3}]}"#,
            r#"{"predictions":[{"match_id":"m1","score":"1-1","probability":0.3},{"match_id":"m1","score":"2-1","probability":0.4}]}"#,
            r#"[{"match_id":"m1","home":1,"away":1,"prob":"9%"},{"match_id":"m1","home":2,"away":1,"prob":"14%"},{"match_id":"m1","home":3,"away":1,"prob":"11.5 %"}]"#,
            r#"{"m1":[{"score":"2-1","prob":12},{"score":"1-1","prob":9}]}"#,
            r#"{"match_id":"m1","candidates":[{"home":2,"away":1,"likelihood":"high"},{"home":0,"away":0,"likelihood":"medium"}]}"#,
            r#"{"match_id":"m1","predictions":[{"rank":2,"score":"1-1"},{"rank":1,"score":"2-1"},{"rank":3,"score":"0-0"}]}"#,
            r#"[{"match_id":"m1","confidence":0.7,"prediction":{"home":2,"away":1}},{"match_id":"m1","confidence":0.2,"prediction":{"home":0,"away":2}}]"#,
            r#"{"match_id":"m1","scores":[{"score":"2-1","most_likely":true},{"score":"0-0","most_likely":false}]}"#,
            r#"{"match_id":"m1","scores":[{"score":"0-0"},{"score":"2-1","selected":true},{"score":"1-1"}]}"#,
            "{\"match_id\":\"m1\",\"score\":\"2-1\",\"p\":0.4}\n{\"match_id\":\"m1\",\"score\":\"0-0\",\"p\":0.3}",
            r#"{"match_id":"m1","scores":[{"score":"2-1","label":"most likely"},{"score":"0-0","label":"possible"}]}"#,
            r#"{"match_id":"m1","primary":{"home":2,"away":1},"secondary":{"home":0,"away":0}}"#,
            r#"{"match_id":"m1","scores":[{"score":"0-0","rank":"2nd"},{"score":"2-1","rank":"1st"}]}"#,
            r#"{"match_id":"m1","top_scores":["0-0","1-1"],"most_likely":"2-1"}"#,
            r#"{"match_id":"m1","top_scores":[{"score":"0-0","p":0.2},{"score":"1-1","p":0.1}],"most_likely_score":"2-1"}"#,
            r#"{"match_id":"m1","most_likely":{"home":2,"away":1},"others":[{"home":0,"away":0}]}"#,
            r#"[{"match_id":"m1","score":"2-1"},{"match_id":"m1","score":"2-1"}]"#,
            r#"[{"match_id":"m1","score":"2-1","probability":0.1},{"match_id":"m1","score":"2-1","probability":0.1}]"#,
        ],
    );
}

#[test]
fn none_counts_where_nothing_says_which() {
    check(
        &["m1", "m2"],
        ". 0-0",
        &[
            r#"[{"match_id":"m1","score":"0-0"},{"match_id":"m1","score":"2-1"},{"match_id":"m2","score":"0-0"}]"#,
            r#"[{"match_id":"m1","score":"0-0","probability":0.2},{"match_id":"m1","score":"2-1","probability":0.2},{"m2":"0-0"}]"#,
            r#"[{"match_id":"m1","score":"0-0","probability":0.2},{"match_id":"m1","score":"2-1"},{"m2":"0-0"}]"#,
            r#"[{"match_id":"m1","score":"0-0","probability":"12%"},{"match_id":"m1","score":"2-1","probability":0.2},{"m2":"0-0"}]"#,
            r#"[{"match_id":"m1","score":"0-0","rank":1},{"match_id":"m1","score":"2-1","probability":0.2},{"m2":"0-0"}]"#,
            r#"{"m1":[{"score":"0-0"},{"score":"2-1"}],"m2":"0-0"}"#,
            r#"[{"m1":"0-0"},{"m1":"2-1","m2":"0-0"}]"#,
            r#"[{"match_id":"m1","score":"0-0","result":"2-1"},{"m2":"0-0"}]"#,
            r#"[{"match_id":"m1","home_score":0,"home_goals":2,"away_score":1},{"m2":"0-0"}]"#,
            r#"{"m1":{"one":{"home":0,"away":0},"two":{"home":2,"away":1}},"m2":"0-0"}"#,
            r#"{"predictions":[{"match_id":"m1","score":"0-0"},{"match_id":"m2","score":"0-0"}],"details":[{"match_id":"m1","score":"2-1"}]}"#,
            "{\"m1\":\"0-0\",\"m2\":\"0-0\"}\n{\"m1\":\"2-1\"}",
            r#"["{\"m1\":\"0-0\",\"m2\":\"0-0\"}","{\"m1\":\"2-1\"}"]"#,
        ],
    );
}

#[test]
fn alternatives_and_drafts_are_no_candidates() {
    check(
        &["m1"],
        "2-1",
        &[
            r#"{"match_id":"m1","score":"2-1","alternative":"1-1"}"#,
            r#"{"match_id":"m1","alternative":{"home":1,"away":1},"score":"2-1"}"#,
            r#"{"predictions":[{"match_id":"m1","score":"2-1"}],"alternatives":[{"match_id":"m1","score":"1-1"}]}"#,
            r#"{"alternatives":{"m1":"1-1"},"predictions":{"m1":"2-1"}}"#,
            r#"{"draft":[{"match_id":"m1","score":"1-1"}],"predictions":[{"match_id":"m1","score":"2-1"}]}"#,
            r#"{"predictions":[{"match_id":"m1","score":"2-1"}],"draft":{"m1":"1-1"}}"#,
            r#"{"initial_predictions":{"m1":"1-1"},"predictions":{"m1":"2-1"}}"#,
            r#"{"final_predictions":[{"match_id":"m1","score":"2-1"}],"predictions":[{"match_id":"m1","score":"1-1"}]}"#,
            r#"{"match_id":"m1","scores":[{"type":"alternative","score":"1-1"},{"type":"main","score":"2-1"}]}"#,
        ],
    );
    check(&["m1"], ".", &[r#"{"match_id":"m1","alternatives":[{"home":1,"away":1}]}"#, r#"{"backup":{"m1":"2-1"}}"#]);
}

#[test]
fn a_correction_in_prose_wins_over_any_likelihood() {
    check(
        &["m1"],
        "2-1",
        &[
            r#"{"match_id":"m1","score":"0-0","probability":0.4} Wait, actually: {"match_id":"m1","score":"2-1","probability":0.3}"#,
            r#"[{"match_id":"m1","score":"0-0"},{"match_id":"m1","score":"1-1"}] Rather: {"m1":"2-1"}"#,
            r#"{"final":{"m1":"0-0"}} No. {"m1":"2-1"}"#,
        ],
    );
    check(&["m1"], ".", &[r#"{"m1":"2-1"} Or: [{"match_id":"m1","score":"0-0"},{"match_id":"m1","score":"1-1"}]"#]);
}
