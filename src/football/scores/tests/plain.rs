//! Texts without braces.

use proptest::prelude::*;

use crate::football::scores::find;
use crate::football::{Match, Score};
use crate::task::Passage;

const TEAMS: [(&str, &str); 3] =
    [("Leeds United", "Burnley"), ("1. FC Köln", "FC Schalke 04"), ("Paris Saint-Germain", "Olympique de Marseille")];

fn matches(ids: &[&str]) -> Vec<Match> {
    let game = |(index, id): (usize, &&str)| {
        let (home, away) = TEAMS[index % TEAMS.len()];
        Match { id: (*id).to_owned(), home_team: home.to_owned(), away_team: away.to_owned(), ..Match::default() }
    };
    ids.iter().enumerate().map(game).collect()
}

fn slots(text: &str, ids: &[&str], is_cut: bool) -> Vec<Option<Score>> {
    let matches = matches(ids);
    find(&Passage { text, is_thought: false, is_cut }, &matches.iter().collect::<Vec<_>>())
}

fn shown(text: &str, ids: &[&str]) -> String {
    let slot = |slot: &Option<Score>| slot.map_or(".".into(), |score| format!("{}-{}", score.home, score.away));
    slots(text, ids, false).iter().map(slot).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(ids: &[&str], expected: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(shown(text, ids), expected, "{text}");
    }
}

#[test]
fn pairs_without_braces_are_read() {
    check(
        &["m-1", "m-2"],
        "2-1 0-0",
        &[
            "matchId: \"m-1\", home: 2, away: 1\nmatchId: \"m-2\", home: 0, away: 0",
            "match_id = m-1; home_score = 2; away_score = 1\nmatch_id = m-2; home_score = 0; away_score = 0",
            "match_id: m-1\nhome_score: 2\naway_score: 1\n\nmatch_id: m-2\nhome_score: 0\naway_score: 0\n",
            "predictions:\n  - match_id: m-1\n    home_score: 2\n    away_score: 1\n  - match_id: m-2\n    home_score: 0\n    away_score: 0",
            "predictions:\n- match_id: 'm-1'\n  score: 2-1\n- match_id: 'm-2'\n  score: 0:0",
            "```yaml\n- id: m-1\n  score:\n    home: 2\n    away: 1\n- id: m-2\n  score:\n    home: 0\n    away: 0\n```",
            "m-1:\n  home: 2\n  away: 1\nm-2:\n  home: 0\n  away: 0",
            "**m-1**\n- Home: 2\n- Away: 1\n\n**m-2**\n- Home: 0\n- Away: 0",
            "### m-1\nHome score: 2 goals\nAway score: 1 goal\n### m-2\nHome score: 0\nAway score: 0",
            "Match ID: m-1\nMatch: Leeds United vs Burnley\nPrediction: 2-1\n\nMatch ID: m-2\nMatch: 1. FC Köln vs FC Schalke 04\nPrediction: 0-0",
            "Match: Leeds United vs Burnley\nMatch ID: m-1\nPrediction: 2-1\n\nMatch: FC Köln vs Schalke\nMatch ID: m-2\nPrediction: 0-0",
            "Match: Burnley vs Leeds United\nMatch ID: m-1\nPrediction: 1-2\n\nMatch ID: m-2\nPrediction: 0-0",
            "match_id: m-1 | home_score: 2 | away_score: 1\nmatch_id: m-2 | home_score: 0 | away_score: 0",
            "m-1: home: 2, away: 1\nm-2 | home: 0 | away: 0",
            "match_id: m-1\nhalf_time:\n  home: 1\n  away: 1\nfull_time:\n  home: 2\n  away: 1\n\nmatch_id: m-2\nscore: 0-0",
            "match_id: m-1\nreasoning: They won 3-0 last time, and 1-0 before.\nhome_score: 2\naway_score: 1\n\nid: m-2\nscore: 0-0",
        ],
    );
}

#[test]
fn tables_and_rows_are_read() {
    check(
        &["m-1", "m-2"],
        "2-1 0-0",
        &[
            "| match_id | home_score | away_score |\n|---|---|---|\n| m-1 | 2 | 1 |\n| m-2 | 0 | 0 |",
            "| Match ID | Home | Away | Prediction |\n|:--|:-:|--|--:|\n| m-1 | Leeds United | Burnley | **2-1** |\n| m-2 | FC Köln | Schalke 04 | 0-0 |",
            "| Match ID | HT | FT | Confidence |\n|---|---|---|---|\n| `m-1` | 1-0 | 2-1 | 60% |\n| `m-2` | 0-0 | 0-0 | 50% |",
            "id | away | home\n--- | --- | ---\nm-1 | 1 | 2\nm-2 | 0 | 0",
            "| # | Match ID | Score |\n|---|---|---|\n| 1 | m-1 | 2 – 1 |\n| 2 | m-2 | 0 – 0 |",
            "match_id,home_score,away_score\nm-1,2,1\nm-2,0,0\n",
            "match_id;home_team;away_team;home_score;away_score\nm-1;Burnley;Leeds United;1;2\nm-2;\"FC Köln\";Schalke 04;0;0",
            "id\thome\taway\nm-1\t2\t1\nm-2\t0\t0",
            "m-1,2,1\nm-2,0,0",
            "[(\"m-1\", 2, 1), (\"m-2\", 0, 0)]",
            "('m-1', 2, 1)\n('m-2', 0, 0)",
            "[\"m-1\", 2, 1]\n[\"m-2\", 0, 0]",
            "- (m-1, 2-1)\n- (m-2, 0-0)",
        ],
    );
}

#[test]
fn lines_that_begin_with_an_id_are_read() {
    check(
        &["m-1", "m-2"],
        "2-1 0-0",
        &[
            "m-1: 2-1\nm-2: 0-0",
            "m-1 2-1\nm-2 0-0",
            "m-1 → 2–1\nm-2 -> 0–0",
            "- **m-1**: 2-1\n- **m-2**: 0-0",
            "1. `m-1` - 2:1\n2. `m-2` - 0:0",
            "Match m-1: 2-1.\nMatch m-2: 0-0.",
            "[m-1] 2 - 1\n[m-2] 0 - 0",
            "m-1 | 2-1\nm-2 | 0-0",
            "m-1: Leeds United 2-1 Burnley\nm-2: 1. FC Köln 0-0 FC Schalke 04",
            "m-1: Burnley 1-2 Leeds\nm-2: Schalke 0-0 Köln",
            "m-1 (Leeds United vs Burnley): 2-1\nm-2 (1. FC Köln vs Schalke 04): 0-0",
            "m-1 | Leeds United vs Burnley | 2-1\nm-2 | 1. FC Köln vs FC Schalke 04 | 0-0",
            "m-1: predicted score 2-1\nm-2: final score: 0-0",
            "Here are my predictions:\n\nm-1: 2-1\nm-2: 0-0\n\nGood luck!",
            "<answer>\nm-1: 2-1\nm-2: 0-0\n</answer>",
            "m-1: Leeds United vs Burnley\n  Score: 2-1\nm-2: 1. FC Köln vs FC Schalke 04\n  Score: 0-0",
        ],
    );
    check(&["2026-02-10:liv-eve"], "2-1", &["2026-02-10:liv-eve: 2-1", "2026-02-10:liv-eve,2,1"]);
    check(&["m", "m-1"], ". 2-1", &["m-1: 2-1"]);
}

#[test]
fn what_may_be_another_number_is_no_score() {
    check(
        &["m-1"],
        ".",
        &[
            "2-1",
            "I think Leeds win 2-1",
            "m-2: 2-1",
            "m-1: 2-1 or 1-1",
            "m-1: 2-1 (1-0)",
            "m-1: 2-1 (HT 1-0)",
            "m-1: 15:00",
            "m-1: 10-02",
            "m-1: 2026-02-10",
            "m-1: 2.10 3.40 3.25",
            "m-1: 2/1",
            "m-1: 2-1?",
            "m-1: ~2-1",
            "m-1: 2-3 goals",
            "m-1: 2-1-0",
            "m-1: HT 1-0",
            "m-1: half-time 1-0",
            "m-1: Burnley win 2-1",
            "m-1: Leeds lose 2-1",
            "m-1: Leeds lose at Burnley 2-1",
            "m-1: 55-45",
            "m-1: 20-10%",
            "m-1: last meeting 2-1",
            "m-1: Arsenal 2-1 Chelsea",
            "m-1: Leeds United 2-1 Burnley (aet)",
            "m-1: Leeds United 3 2-1 Burnley",
            "m-1: 2-1 Burnley",
            "m-1: 1-1\nm-1: 2-1",
            "m-1: 1-1\n\nFinal:\n\nm-1: 2-1",
            "Half-time:\nm-1: 1-0",
            "## Odds\n\n| match_id | home | away |\n|---|---|---|\n| m-1 | 2 | 4 |",
            "Last season's results:\n| match_id | score |\n|---|---|\n| m-1 | 3-0 |",
            "| match_id | home | draw | away |\n|---|---|---|---|\n| m-1 | 2 | 3 | 4 |",
            "| match_id | kickoff | venue |\n|---|---|---|\n| m-1 | 12:15 | Elland Road |",
            "| match_id | HT |\n|---|---|\n| m-1 | 1-0 |",
            "| match_id | away team | home team | score |\n|---|---|---|---|\n| m-1 | Burnley | Leeds United | 1-2 |",
            "| match_id | score | score |\n|---|---|---|\n| m-1 | 2-1 | 1-1 |",
            "| match_id | home goals | home xG | away xG |\n|---|---|---|---|\n| m-1 | 2 | 1 | 1 |",
            "| match_id | Option 1 | Option 2 |\n|---|---|---|\n| m-1 | 2-1 | 1-1 |",
            "match_id,home,draw,away\nm-1,2,3,4",
            "m-1,2,3,4",
            "m-1,2.1,3",
            "(id, away, home)\n(m-1, 1, 2)",
            "As (match, away goals, home goals):\nm-1,1,2",
            "home_score: 2\naway_score: 1",
            "home_score: 2\naway_score: 1\nmatch_id: m-1\n\nhome_score: 0\naway_score: 0\nmatch_id: m-2",
            "home_score: 0\naway_score: 0\nmatch_id: m-2\nhome_score: 2\naway_score: 1\nmatch_id: m-1",
            "match_id: m-1\nhome_score: 2",
            "match_id: m-1\nhome_score: 2\nhome_score: 3\naway_score: 1",
            "match_id: m-1\nhalf_time:\n  home: 1\n  away: 0",
            "match_id: m-1\nhalf time: yes, home: 1, away: 0",
            "match_id: m-1\nhome: 2, draw: 3, away: 4",
            "match_id: m-1\nLast meeting was:\nhome_score: 3\naway_score: 0",
            "match_id: m-1\nscore: 15:00",
            "match_id: m-1\nhome: 2-3\naway: 0-1",
            "match_id: m-1\nhome_score: 2 or 3\naway_score: 1",
            "match_id: m-1\nhome: Leeds United\naway: Burnley\nkickoff: 12:15",
            "alternatives:\n  - match_id: m-1\n    score: 2-1",
            "match_id: <id>\nhome_score: <goals>\naway_score: <goals>",
            "match_id: m-1 home: 2 away: 1 half: 1",
            "match_id: m-1\ncandidates:\n  - score: 2-1\n  - score: 1-1",
            "match_id: m-1, season: 2025\nscore: 2-1",
            "match_id: m-1, home: 2\naway: 1",
            "{\"match_id\": \"m-1\", \"home_score\": 2, \"away_score\": 1",
            "m-1: 2-1 {",
        ],
    );
    // The 12 of the id is no goal.
    check(&["12"], ".", &["12:15 kick-off", "12-1", "12. 2-1", "At 12: 15-0"]);
}

#[test]
fn what_is_not_read_of_one_match_is_not_taken_for_another() {
    check(
        &["m-1", "m-2"],
        "2-1 .",
        &[
            "match_id: m-1\nscore: 2-1\nmatch_id: m-2, season: 2025\nhome_score: 1\naway_score: 0",
            "match_id: m-1\nscore: 2-1\nmatch_id: m-9\nhome_score: 1\naway_score: 0",
            "m-1: 2-1\nm-2: 1-0 or 2-0\nhome_score: 1\naway_score: 0",
            "m-1: 2-1\nm-9: 1-0",
            "| match_id | score |\n|---|---|\n| m-1 | 2-1 |\n| m-9 | 1-0 |",
            "match_id: m-1\nscore: 2-1\nalternatives:\n  - score: 1-1\n  - score: 1-0",
        ],
    );
}

#[test]
fn numbers_of_records_are_positions_where_they_are_exactly_those() {
    let one_and_two = [
        r#"[{"match_id":1,"home_score":2,"away_score":1},{"match_id":2,"home_score":0,"away_score":0}]"#,
        r#"{"predictions":[{"id":"2","score":"0-0"},{"id":"1","score":"2-1"}]}"#,
    ];
    check(&["a", "b"], "2-1 0-0", &one_and_two);
    check(
        &["a", "b"],
        ". .",
        &[
            r#"[{"match_id":0,"score":"2-1"},{"match_id":1,"score":"0-0"}]"#,
            r#"[{"match_id":1,"score":"2-1"}]"#,
            r#"[{"match_id":1,"score":"2-1"},{"match_id":2,"score":"0-0"},{"match_id":3,"score":"0-0"}]"#,
            r#"[{"match_id":1,"score":"2-1"},{"match_id":2,"score":"0-0"},{"match_id":"x","score":"0-0"}]"#,
            r#"[{"match_id":1,"score":"2-1"},{"match_id":2,"score":"0-0"},{"match_id":2,"score":"1-0"}]"#,
            r#"{"match_id":"x","candidates":{"1":"2-1","2":"0-0"}}"#,
            r#"{"1":"2-1","2":"0-0"}"#,
        ],
    );
    check(&["a", "2"], ". 0-0", &one_and_two);
    check(&["a"], ".", &one_and_two);
    check(&["a"], "2-1", &[r#"{"match_id":1,"score":"2-1"}"#]);
    let swapped = r#"[{"match_id":1,"home_team":"1. FC Köln","away_team":"Schalke 04","score":"2-1"},{"match_id":2,"score":"0-0"}]"#;
    check(&["a", "b"], ". .", &[swapped]);
}

#[test]
fn thinking_is_read_for_json_alone() {
    let matches = matches(&["m-1"]);
    let asked: Vec<&Match> = matches.iter().collect();
    let thought = |text| find(&Passage { text, is_thought: true, is_cut: false }, &asked);
    assert_eq!(thought("m-1: 2-1"), [None]);
    assert!(thought(r#"{"m-1":"2-1"}"#)[0].is_some());
}

#[test]
fn of_a_text_that_was_cut_off_the_end_is_left_out() {
    for (text, expected) in [
        ("m-1: 2-1\nm-2: 0-1", "2-1 ."),
        ("match_id,home_score,away_score\nm-1,2,1\nm-2,0,1", "2-1 ."),
        ("match_id: m-1\nscore: 2-1\nmatch_id: m-2\nscore: 0-1\n", "2-1 ."),
    ] {
        let slots = slots(text, &["m-1", "m-2"], true);
        assert_eq!(
            slots[0].map(|score| format!("{}-{} .", score.home, score.away)).as_deref(),
            Some(expected),
            "{text}"
        );
        assert_eq!(slots[1], None);
    }
}

/// In how many ways scores are written.
const SHAPES: usize = 12;

fn write(shape: usize, ids: &[&str], scores: &[Score]) -> String {
    let rows = ids.iter().zip(scores).enumerate();
    let each = |row: &dyn Fn(usize, &str, u8, u8) -> String| {
        rows.clone().map(|(index, (id, score))| row(index, id, score.home, score.away)).collect::<Vec<_>>().join("\n")
    };
    match shape {
        0 => each(&|_, id, home, away| format!("{id}: {home}-{away}")),
        1 => each(&|_, id, home, away| format!("match_id: {id}, home: {home}, away: {away}")),
        2 => each(&|_, id, home, away| format!("match_id = {id}; home_score = {home}; away_score = {away}")),
        3 => each(&|_, id, home, away| format!("- match_id: {id}\n  home_score: {home}\n  away_score: {away}")),
        4 => format!(
            "| match_id | home | away |\n|---|---|---|\n{}",
            each(&|_, id, home, away| format!("| {id} | {home} | {away} |"))
        ),
        5 => format!(
            "| id | away | home |\n|---|---|---|\n{}",
            each(&|_, id, home, away| format!("| {id} | {away} | {home} |"))
        ),
        6 => format!("match_id,home_score,away_score\n{}", each(&|_, id, home, away| format!("{id},{home},{away}"))),
        7 => each(&|_, id, home, away| format!("(\"{id}\", {home}, {away})")),
        8 => each(&|index, id, home, away| {
            let (first, second) = TEAMS[index % TEAMS.len()];
            format!("{id}: {first} {home}-{away} {second}")
        }),
        9 => each(&|index, id, home, away| {
            let (first, second) = TEAMS[index % TEAMS.len()];
            format!("{id}: {second} {away}-{home} {first}")
        }),
        10 => each(&|_, id, home, away| format!("{id}:\n  home: {home}\n  away: {away}")),
        _ => each(&|_, id, home, away| format!("**{id}**\n- Home score: {home} goals\n- Away score: {away} goals\n")),
    }
}

/// What stands around them and holds another score.
const WRAPPERS: usize = 12;

fn wrap(wrapper: usize, text: &str, ids: &[&str], [home, away]: [u8; 2]) -> String {
    let id = ids[0];
    match wrapper {
        0 => text.to_owned(),
        1 => format!("Here are my predictions:\n\n{text}\n\nGood luck!"),
        2 => format!("Half-time scores:\n{id}: {home}-{away}\n\nFull-time scores:\n{text}"),
        3 => format!("{text}\n\nOdds:\n\n| match_id | home | away |\n|---|---|---|\n| {id} | {home} | {away} |\n"),
        4 => format!("They met on 10-02 at 15:00 and it ended {home}-{away}.\n\n{text}"),
        5 => format!(
            "## Last season\n\n| match_id | score |\n|---|---|\n| {id} | {home}-{away} |\n\n## Predictions\n\n{text}"
        ),
        6 => format!("<think>\n{id}: {home}-{away}\n</think>\n{text}"),
        7 => format!("```\n{text}\n```\nThe last meeting: {home}-{away}."),
        8 => format!("{text}\n\n{id}: {home}-{away}"),
        9 => format!("{id}: {home}-{away}?\n\n{text}"),
        10 => format!("Draft:\n- match_id: {id}\n  score: {home}-{away}\n\nPredictions:\n{text}"),
        _ => format!("| match_id | HT | kick-off |\n|---|---|---|\n| {id} | {home}-{away} | 12:15 |\n\n{text}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_shape_and_no_wrapper_makes_another_score_of_one(
        scores in prop::collection::vec((0..=20_u8, 0..=20_u8), 1..=3),
        shape in 0..SHAPES,
        wrapper in 0..WRAPPERS,
        ids in 0..4_usize,
        bad in [0..=6_u8, 0..=6_u8],
        is_cut in any::<bool>(),
        end in any::<prop::sample::Index>(),
    ) {
        let scores: Vec<Score> = scores.into_iter().map(|(home, away)| Score { home, away }).collect();
        let ids = [["m1", "m2", "m3"], ["12", "7", "3"], ["2026-02-10-lee-bur", "2026-02-11-koe-s04", "x"], ["a:1-0", "b_2", "c 3"]][ids];
        let ids = &ids[..scores.len()];
        let text = wrap(wrapper, &write(shape, ids, &scores), ids, bad);
        let split = crate::parse::thinking::split(&text, crate::football::WRAPPERS);
        let answer = split.answer.as_ref();
        let mut end = if is_cut { end.index(answer.len() + 1) } else { answer.len() };
        while !answer.is_char_boundary(end) {
            end -= 1;
        }
        let found = slots(&answer[..end], ids, is_cut);
        // The second of two scores for one match may be all that is left of it, or all there is.
        let is_contradicted = wrapper == 8;
        for (index, (slot, score)) in found.iter().zip(&scores).enumerate() {
            let other = Score { home: bad[0], away: bad[1] };
            let is_right = slot.is_none_or(|slot| slot == *score || is_contradicted && index == 0 && slot == other);
            prop_assert!(is_right, "{:?} in\n{}", found, &answer[..end]);
        }
        if !is_cut && matches!(wrapper, 0 | 1) {
            prop_assert!(found.iter().all(Option::is_some), "{:?} in\n{}", found, answer);
        }
    }

    #[test]
    fn any_text_without_braces_is_read(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "m1", "m2", "12", ":", "=", "|", "---", "-", "–", " ", "\n", "\n\n", "  ", "- ", "1. ", "2", "1", "2-1", "0:0", ",", ";",
            "\t", "(", ")", "[", "]", "\"", "match_id", "home", "away", "score", "home_score", "away_score", "Leeds United", "Burnley",
            " vs ", "**", "`", "#", "# ", "half", "?", "goals", "é", "Ü", "：", "→", "<a>", "draw",
        ]), 0..60),
        is_cut in any::<bool>(),
    ) {
        let text = pieces.concat();
        let found = slots(&text, &["m1", "m2"], is_cut);
        prop_assert_eq!(found.len(), 2);
        prop_assert!(found.iter().flatten().all(|score| score.home <= 20 && score.away <= 20));
    }
}

#[test]
fn hostile_texts_take_time_that_grows_with_their_length() {
    // Each is read in far less than a second; were one quadratic, half a megabyte of it would take an hour.
    for piece in [
        "m1: ", "(", "[m1,", "a:", "|", "| m1 |\n", "m1,", "\n", "- ", "  a:\n", "\"", "m1 2-1 ", "a vs ", "<a>",
        "id: m1\n", "1",
    ] {
        let text = piece.repeat(512 * 1024 / piece.len());
        assert_eq!(slots(&text, &["m1", "m2"], false).len(), 2, "{piece:?}");
    }
}
