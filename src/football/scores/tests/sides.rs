//! Sides that a reply names.

use crate::football::Match;
use crate::football::Score;
use crate::football::scores::read as read_scores;

fn game(id: &str, home_team: &str, away_team: &str) -> Match {
    Match { id: id.to_owned(), home_team: home_team.to_owned(), away_team: away_team.to_owned(), ..Match::default() }
}

/// The scores of Leeds against Burnley (`m1`) and of Arsenal against Chelsea (`m2`).
fn read(text: &str) -> [Option<(u8, u8)>; 2] {
    let matches = [game("m1", "Leeds United", "Burnley"), game("m2", "Arsenal FC", "Chelsea")];
    let scores = read_scores(text, &matches.each_ref());
    [0, 1].map(|index| scores[index].map(|Score { home, away }| (home, away)))
}

#[track_caller]
fn check(expected: Option<(u8, u8)>, texts: &[&str]) {
    for text in texts {
        assert_eq!(read(text), [expected, None], "{text}");
    }
}

#[test]
fn sides_the_other_way_round_are_turned() {
    check(
        Some((1, 2)),
        &[
            r#"{"match_id":"m1","home_team":"Burnley","away_team":"Leeds United","home_score":2,"away_score":1}"#,
            r#"{"match_id":"m1","home_score":2,"away_score":1,"home_team":"BURNLEY FC","away_team":"Leeds"}"#,
            r#"{"match_id":"m1","homeTeam":"Burnley","awayTeam":"Leeds United AFC","score":"2-1"}"#,
            r#"{"match_id":"m1","homeTeam":"BUR","awayTeam":"LEE","score":"2-1"}"#,
            r#"{"match_id":"m1","home":"Burnley","away":"Leeds","score":"2-1"}"#,
            r#"{"match_id":"m1","home":"Burnley","away":"Leeds","prediction":{"home":2,"away":1}}"#,
            r#"{"match_id":"m1","home":{"name":"Burnley","score":2},"away":{"name":"Leeds United","score":1}}"#,
            r#"{"match_id":"m1","home_team":{"name":"Burnley","goals":2},"away_team":{"name":"Leeds","goals":1}}"#,
            r#"{"match_id":"m1","home":{"team":{"name":"Burnley"},"score":2},"away":{"team":{"name":"Leeds"},"score":1}}"#,
            r#"{"match_id":"m1","teams":{"home":{"id":1,"name":"Burnley"},"away":{"id":2,"name":"Leeds"}},"goals":{"home":2,"away":1}}"#,
            r#"{"match_id":"m1","teams":["Burnley","Leeds United"],"score":"2-1"}"#,
            r#"{"match_id":"m1","teams":[{"name":"Burnley"},{"name":"Leeds United"}],"score":[2,1]}"#,
            r#"{"match_id":"m1","teams":[{"name":"Leeds","side":"away"},{"name":"Burnley","side":"home"}],"score":[2,1]}"#,
            r#"{"match_id":"m1","match":"Burnley vs Leeds United","score":"2-1"}"#,
            r#"{"match_id":"m1","match":"Burnley v. Leeds","home_score":2,"away_score":1}"#,
            r#"{"match_id":"m1","fixture":"Burnley - Leeds United","home_score":2,"away_score":1}"#,
            r#"{"match_id":"m1","title":"Burnley – Leeds United","home_score":2,"away_score":1}"#,
            r#"{"match_id":"m1","match":"Burnley-Leeds United","home_score":2,"away_score":1}"#,
            r#"{"match_id":"m1","match":"Burnley–Leeds","home_score":2,"away_score":1}"#,
            r#"{"match_id":"m1","teams":"Burnley, Leeds United","home_score":2,"away_score":1}"#,
            r#"{"match_id":"m1","first_team":"Burnley","second_team":"Leeds United","score":"2-1"}"#,
            r#"{"match_id":"m1","match":"Leeds @ Burnley","home_score":2,"away_score":1}"#,
            r#"{"match":{"id":"m1","home":"Burnley","away":"Leeds"},"prediction":{"home":2,"away":1}}"#,
            r#"{"match":{"id":"m1","homeTeam":{"name":"Burnley"},"awayTeam":{"name":"Leeds"}},"score":{"fullTime":{"home":2,"away":1}}}"#,
            r#"{"m1":{"home_team":"Burnley","away_team":"Leeds","score":"2-1"}}"#,
            r#"{"match_id":"m1","team1":"Burnley","team2":"Leeds United","score":"2-1"}"#,
            r#"{"match_id":"m1","match_hometeam_name":"Burnley","match_awayteam_name":"Leeds","match_hometeam_score":"2","match_awayteam_score":"1"}"#,
            r#"{"home_team":"Burnley","away_team":"Leeds United","result":{"match_id":"m1","home":2,"away":1}}"#,
            r#"{"Burnley vs Leeds United":{"match_id":"m1","home":2,"away":1}}"#,
            r#"{"Burnley vs Leeds United":"{\"match_id\":\"m1\",\"home\":2,\"away\":1}"}"#,
        ],
    );
}

#[test]
fn sides_as_they_were_asked_are_left() {
    check(
        Some((2, 1)),
        &[
            r#"{"match_id":"m1","home_team":"Leeds United","away_team":"Burnley","home_score":2,"away_score":1}"#,
            r#"{"match_id":"m1","home":"leeds","away":"burnley fc","score":"2-1"}"#,
            r#"{"match_id":"m1","home":"LUFC","away":"Burnley","score":"2-1"}"#,
            r#"{"match_id":"m1","home":"Home","away":"Away","score":"2-1"}"#,
            r#"{"match_id":"m1","home":"Лидс","away":"Бернли","score":"2-1"}"#,
            r#"{"match_id":"m1","match":"Leeds United vs Burnley at Elland Road","score":"2-1"}"#,
            r#"{"match_id":"m1","match":"Burnley at Leeds","score":"2-1"}"#,
            r#"{"match_id":"m1","title":"Burnley - a preview","score":"2-1"}"#,
            r#"{"match_id":"m1","name":"Leeds","score":"2-1"}"#,
            r#"{"match_id":"m1","teams":["Leeds United","Burnley"],"home":2,"away":1}"#,
            r#"{"Leeds United vs Burnley":{"match_id":"m1","home":2,"away":1}}"#,
            r#"{"m1":{"home":2,"away":1,"winner":"Leeds United"}}"#,
        ],
    );
}

#[test]
fn sides_that_contradict_what_was_asked_are_not_read() {
    check(
        None,
        &[
            r#"{"match_id":"m1","home_team":"Burnley","away_team":"Burnley","score":"2-1"}"#,
            r#"{"match_id":"m1","home_team":"Burnley","score":"2-1"}"#,
            r#"{"match_id":"m1","home_team":"Burnley","away_team":"LUFC?","score":"2-1"}"#,
            r#"{"match_id":"m1","home_team":"Leeds","away_team":"Leeds","score":"2-1"}"#,
            r#"{"match_id":"m1","home_team":"Arsenal","away_team":"Chelsea","score":"2-1"}"#,
            r#"{"match_id":"m1","home_team":"Leeds","away_team":"Burnley","match":"Burnley vs Leeds","score":"2-1"}"#,
            r#"{"match_id":"m1","match":"Arsenal vs Chelsea","score":"2-1"}"#,
        ],
    );
    let both = r#"[{"match_id":"m1","home_team":"Burnley","away_team":"Leeds","score":"3-0"},
        {"match_id":"m2","home_team":"Arsenal","away_team":"Chelsea","score":"2-1"}]"#;
    assert_eq!(read(both), [Some((0, 3)), Some((2, 1))]);
}

#[test]
fn the_only_asked_match_is_turned_without_an_id() {
    let matches = [game("m1", "Bayern München", "1. FC Köln")];
    for text in [
        r#"{"home_team":"FC Koln","away_team":"Bayern Munich","home_score":2,"away_score":1}"#,
        r#"{"predictions":{"1. FC Köln vs. Bayern München":{"home":2,"away":1}}}"#,
        "{\"home\":\"Ko\u{308}ln\",\"away\":\"Bayern Mu\u{308}nchen\",\"score\":\"2-1\"}",
    ] {
        assert_eq!(read_scores(text, &matches.each_ref()), [Some(Score { home: 1, away: 2 })], "{text}");
    }
}
