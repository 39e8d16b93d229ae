//! Whatever stands beside a score, and around it, what is read is that score or none.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::football::Match;
use crate::football::Score;
use crate::football::WRAPPERS;
use crate::football::scores::read as read_scores;
use crate::parse::thinking::split;

const TEAMS: [(&str, &str); 4] = [
    ("Leeds United", "Burnley"),
    ("FC Bayern München", "1. FC Köln"),
    ("Arsenal", "Chelsea FC"),
    ("Paris Saint-Germain", "Olympique de Marseille"),
];

/// In how many ways a record says its score.
const SCORES: usize = 7;

/// A record that says a score, in one of the ways of saying it.
fn record(manner: usize, id: &str, home: u8, away: u8) -> Value {
    let both = json!({ "home": home, "away": away });
    match manner {
        0 => json!({ "match_id": id, "home_score": home, "away_score": away }),
        1 => json!({ "match_id": id, "score": format!("{home}-{away}") }),
        2 => json!({ "id": id, "predicted_score": [home, away] }),
        3 => json!({ "match_id": id, "score": { "fulltime": both } }),
        4 => json!({ "match_id": id, "prediction": both }),
        5 => json!({ "match": { "id": id }, "full_time": both }),
        _ => json!({ "match_id": id, "regularTime": both }),
    }
}

/// How many things may stand beside a score without a say in it.
const BESIDE: usize = 22;

/// One of them, with the wrong score `bad`.
fn beside(kind: usize, bad: [u8; 2]) -> (&'static str, Value) {
    let [home, away] = bad;
    let both = json!({ "home": home, "away": away });
    let text = json!(format!("{home}-{away}"));
    match kind {
        0 => ("half_time", both),
        1 => ("extraTime", both),
        2 => ("penalties", both),
        3 => ("aggregate", json!({ "home_score": home, "away_score": away })),
        4 => ("first_leg", both),
        5 => ("odds", both),
        6 => ("alternatives", json!([{ "score": text, "probability": 0.9 }])),
        7 => ("head_to_head", json!([{ "home_score": home, "away_score": away }])),
        8 => ("ht", text),
        9 => ("et", text),
        10 => ("xg", both),
        11 => ("reasoning", json!(format!("perhaps {{\"home_score\": {home}, \"away_score\": {away}}}"))),
        12 => ("goalscorers", json!([{ "minute": 3, "score": text }])),
        13 => ("periods", json!([{ "home": home, "away": away }])),
        14 => ("probability", json!(0.3)),
        15 => ("home_xg", json!(home)),
        16 => ("previous_meeting", json!({ "score": text })),
        17 => ("linescores", json!([home, away])),
        18 => ("aet", json!({ "score": text })),
        19 => ("draft", both),
        20 => ("penalty_shootout", json!({ "home_score": home, "away_score": away })),
        _ => ("live", both),
    }
}

/// How a record names the sides: in their order, or turned.
fn name(record: &mut Value, manner: usize, home: &str, away: &str) {
    let (key, value) = match manner {
        0 => {
            record["home_team"] = json!(home);
            ("away_team", json!(away))
        }
        1 => ("match_name", json!(format!("{home} vs {away}"))),
        2 => ("teams", json!([home, away])),
        3 => ("teams", json!({ "home": { "name": home }, "away": { "name": away } })),
        4 => {
            record["homeTeam"] = json!({ "name": home });
            ("awayTeam", json!({ "name": away }))
        }
        _ => ("title", json!(format!("{home} – {away}"))),
    };
    record[key] = value;
}

fn wrap(manner: usize, records: &[Value]) -> String {
    match manner {
        0 => json!(records).to_string(),
        1 => json!({ "predictions": records }).to_string(),
        2 => records.iter().map(|record| format!("{record:#}")).collect::<Vec<_>>().join("\n"),
        3 => format!("<x:think>{{\"m0\":\"9-9\"}}</x:think>\n```json\n{:#}\n```", json!(records)),
        4 => json!({ "data": { "response": records, "half_time": { "m0": "9-9" } } }).to_string(),
        5 => json!({ "answer": json!(records).to_string() }).to_string(),
        _ => format!("<|channel>thought\n{{\"m0\":\"9-9\"}}<channel|>{}", json!({ "results": records })),
    }
}

#[derive(Clone, Debug)]
struct Said {
    score: Score,
    bad: [u8; 2],
    manner: usize,
    beside: Vec<usize>,
    /// How the sides are named, and whether the other way round.
    names: Option<(usize, bool)>,
    /// Whether what is beside comes first.
    late: bool,
}

fn said() -> impl Strategy<Value = Said> {
    let score = (0..=6_u8, 0..=6_u8).prop_map(|(home, away)| Score { home, away });
    let names = prop::option::of((0..6_usize, any::<bool>()));
    let beside = prop::collection::vec(0..BESIDE, 0..4);
    (score, any::<[u8; 2]>(), 0..SCORES, beside, names, any::<bool>()).prop_map(
        |(score, bad, manner, beside, names, late)| {
            let bad = bad.map(|goals| goals % 7);
            Said { score, bad, manner, beside, names, late }
        },
    )
}

fn write(index: usize, said: &Said) -> Value {
    let turned = said.names.is_some_and(|(_, turned)| turned);
    let (first, second) = (said.score.home, said.score.away);
    let (first, second) = if turned { (second, first) } else { (first, second) };
    let mut record = record(said.manner, &format!("m{index}"), first, second);
    if let Some((manner, _)) = said.names {
        let (home, away) = TEAMS[index];
        let (home, away) = if turned { (away, home) } else { (home, away) };
        name(&mut record, manner, home, away);
    }
    let mut noise: serde_json::Map<String, Value> = serde_json::Map::new();
    for &kind in &said.beside {
        let (key, value) = beside(kind, said.bad);
        noise.insert(key.to_owned(), value);
    }
    let Value::Object(own) = record else { return Value::Null };
    let (start, end) = if said.late { (noise, own) } else { (own, noise) };
    Value::Object(start.into_iter().chain(end).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_stands_beside_a_score_never_changes_it(
        all in prop::collection::vec(said(), 1..=4),
        wrapper in 0..7_usize,
    ) {
        let matches: Vec<Match> = (0..all.len()).map(|index| Match {
            id: format!("m{index}"),
            home_team: TEAMS[index].0.to_owned(),
            away_team: TEAMS[index].1.to_owned(),
            ..Match::default()
        }).collect();
        let asked: Vec<&Match> = matches.iter().collect();
        let text = wrap(wrapper, &all.iter().enumerate().map(|(index, said)| write(index, said)).collect::<Vec<_>>());
        let split = split(&text, WRAPPERS);
        let scores = split.texts().map(|(text, _)| read_scores(text, &asked));
        let slots = scores.into_iter().find(|slots| slots.iter().any(Option::is_some)).unwrap_or_default();
        for (slot, said) in slots.iter().zip(&all) {
            prop_assert!(slot.is_none_or(|slot| slot == said.score), "{}", text);
            // Extra time and penalties may leave a score in doubt, nothing else does.
            if said.beside.iter().all(|kind| ![1, 2, 9, 18, 20].contains(kind)) {
                prop_assert_eq!(*slot, Some(said.score), "{}", text);
            }
        }
    }

    #[test]
    fn of_candidates_the_likeliest_is_read_or_none(
        candidates in prop::collection::vec(((0..4_u8, 0..4_u8), 0..5_u8), 1..6),
        manner in 0..4_usize,
    ) {
        let written: Vec<Value> = candidates.iter().map(|&((home, away), weight)| match manner {
            0 => json!({ "match_id": "m", "home_score": home, "away_score": away, "probability": f64::from(weight) / 10.0 }),
            1 => json!({ "match_id": "m", "score": format!("{home}-{away}"), "prob": format!("{weight}%") }),
            2 => json!({ "score": format!("{home}-{away}"), "rank": 9 - weight }),
            _ => json!({ "confidence": weight, "prediction": { "home": home, "away": away } }),
        }).collect();
        let text = if manner < 2 { json!(written) } else { json!({ "match_id": "m", "candidates": written }) }.to_string();
        let asked = Match { id: "m".to_owned(), ..Match::default() };
        let best = candidates.iter().map(|candidate| candidate.1).max();
        let mut of_best: Vec<(u8, u8)> =
            candidates.iter().filter(|candidate| Some(candidate.1) == best).map(|candidate| candidate.0).collect();
        of_best.dedup();
        let expected = match of_best[..] {
            [(home, away)] => Some(Score { home, away }),
            _ => None,
        };
        prop_assert_eq!(read_scores(&text, &[&asked]), vec![expected], "{}", text);
    }
}
