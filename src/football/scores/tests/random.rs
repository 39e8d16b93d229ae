use proptest::prelude::*;

use super::read;
use crate::football::Score;
use crate::football::WRAPPERS;
use crate::parse::thinking::split;

/// What is read of a text when its thinking is taken away first.
fn answer(text: &str, asked: &[&str]) -> Vec<Option<Score>> {
    let split = split(text, WRAPPERS);
    let mut scores = split.texts().map(|(text, _)| read(text, asked));
    scores.find(|scores| scores.iter().any(Option::is_some)).unwrap_or_else(|| vec![None; asked.len()])
}

/// Quotes around keys and strings.
const QUOTES: [(&str, &str); 7] =
    [("\"", "\""), ("'", "'"), ("“", "”"), ("‘", "’"), ("„", "“"), ("«", "»"), ("\\\"", "\\\"")];
const SIDES: [(&str, &str); 5] = [
    ("home_score", "away_score"),
    ("homeScore", "awayScore"),
    ("home", "away"),
    ("predicted_home", "predicted_away"),
    ("HOME_GOALS", "AWAY_GOALS"),
];
const IDS: [&str; 5] = ["match_id", "matchId", "id", "match", "Fixture-Id"];
const SPACES: [&str; 7] = ["", " ", "\n  ", " /* {\"m0\":\"9-9\"} */ ", " // it's {\n", "\t", " # [\n"];
const BEFORE: [&str; 12] = [
    "",
    "Here's my \"answer\":\n```json\n",
    "<think>It's {\"home_score\": 9, \"away_score\": 9} or [9, 9]</think>\n",
    "I'd say {it's 9-9} … ",
    "thinking aloud {\"m0\": \"9-9\"} </think>",
    "<|channel|>analysis<|message|>{\"m0\": \"9-9\"}<|end|><|start|>assistant<|channel|>final<|message|>",
    "{ ",
    "<x:think>{\"m0\": \"9-9\"}</x:think>",
    "<|START_THINKING|>{\"m0\": \"9-9\"}<|END_THINKING|>",
    "<|channel>thought\n{\"m0\": \"9-9\"}<channel|>",
    "analysis {\"m0\": \"9-9\"}<|end|>",
    "<whatever>{\"m0\": \"9-9\"}</whatever>",
];
const AFTER: [&str; 4] = ["", "\n```\nDon't {bet} on \"it\"!", "<|return|>", " ] } \" '"];

/// How an answer is written.
#[derive(Clone, Debug)]
struct Manner {
    quote: usize,
    sides: usize,
    id: usize,
    space: usize,
    form: usize,
    trailing: bool,
    bare_keys: bool,
    before: usize,
    after: usize,
}

fn manner() -> impl Strategy<Value = Manner> {
    let names = (0..QUOTES.len(), 0..SIDES.len(), 0..IDS.len(), 0..SPACES.len(), 0..8_usize);
    (names, any::<bool>(), any::<bool>(), 0..BEFORE.len(), 0..AFTER.len()).prop_map(
        |((quote, sides, id, space, form), trailing, bare_keys, before, after)| Manner {
            quote,
            sides,
            id,
            space,
            form,
            trailing,
            bare_keys,
            before,
            after,
        },
    )
}

fn write(manner: &Manner, scores: &[Score]) -> String {
    let (open, close) = QUOTES[manner.quote];
    let space = SPACES[manner.space];
    let string = |text: &str| format!("{open}{text}{close}");
    let key = |text: &str| if manner.bare_keys { text.to_owned() } else { string(text) };
    let (home, away) = SIDES[manner.sides];
    let comma = if manner.trailing { "," } else { "" };
    let record = |pairs: &[(&str, String)]| {
        let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{}:{space}{value}", key(name))).collect();
        format!("{{{space}{}{comma}{space}}}", pairs.join(&format!(",{space}")))
    };
    let named = |index: usize, score: &Score| {
        let id = string(&format!("m{index}"));
        match manner.form % 2 {
            0 => record(&[(IDS[manner.id], id), (home, score.home.to_string()), (away, score.away.to_string())]),
            _ => record(&[("score", string(&format!("{}-{}", score.home, score.away))), (IDS[manner.id], id)]),
        }
    };
    let all: Vec<String> = scores.iter().enumerate().map(|(index, score)| named(index, score)).collect();
    let list = format!("[{space}{}{comma}]", all.join(","));
    let body = match manner.form {
        0 | 1 => list,
        2 | 3 => record(&[("predictions", list)]),
        4 | 5 => all.join("\n"),
        6 => record(&[("data", record(&[("results", list)]))]),
        _ => {
            let ids: Vec<String> = (0..scores.len()).map(|index| format!("m{index}")).collect();
            let pairs: Vec<(&str, String)> = ids
                .iter()
                .zip(scores)
                .map(|(id, score)| (id.as_str(), format!("[{},{space}{}]", score.home, score.away)))
                .collect();
            record(&pairs)
        }
    };
    format!("{}{body}{}", BEFORE[manner.before], AFTER[manner.after])
}

fn scores() -> impl Strategy<Value = Vec<Score>> {
    let score = (0..=20_u8, 0..=20_u8).prop_map(|(home, away)| Score { home, away });
    proptest::collection::vec(score, 1..6)
}

/// Text of the pieces that matter to a scanner.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"",
            "'",
            "“",
            "”",
            "’",
            "\\",
            "\\\"",
            "\\\\\\\"",
            "/*",
            "*/",
            "//",
            "#",
            "\n",
            " ",
            "<think>",
            "</think>",
            "<thinking a>",
            "<|channel|>",
            "<|message|>",
            "<|end|>",
            "final",
            "m0",
            "\"m0\"",
            "\"2-1\"",
            "home_score",
            "\"home\":2",
            "\"away\":1",
            "away_score:1",
            "id",
            "7",
            "2.5",
            "｛",
            "：",
            "\\u00e9",
            "\\ud83d\\ude00",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in prop_oneof![pieces(), any::<String>()]) {
        for asked in [&["m0"][..], &["m0", "7"], &[]] {
            let slots = answer(&text, asked);
            prop_assert_eq!(slots.len(), asked.len());
            prop_assert!(slots.iter().flatten().all(|score| score.home <= 20 && score.away <= 20));
        }
    }

    #[test]
    fn an_answer_in_any_manner_is_read_back(scores in scores(), manner in manner()) {
        let ids: Vec<String> = (0..scores.len()).map(|index| format!("m{index}")).collect();
        let asked: Vec<&str> = ids.iter().map(String::as_str).collect();
        let text = write(&manner, &scores);
        let expected: Vec<_> = scores.into_iter().map(Some).collect();
        prop_assert_eq!(answer(&text, &asked), expected, "{}", text);
    }

    #[test]
    fn a_part_of_an_answer_never_says_something_else(scores in scores(), manner in manner()) {
        let ids: Vec<String> = (0..scores.len()).map(|index| format!("m{index}")).collect();
        let asked: Vec<&str> = ids.iter().map(String::as_str).collect();
        // Thinking that is cut off may be taken for the answer.
        let manner = Manner { before: 1, ..manner };
        let text = write(&manner, &scores);
        for end in (0..text.len()).filter(|&end| text.is_char_boundary(end)) {
            let slots = answer(&text[..end], &asked);
            for (slot, score) in slots.iter().zip(&scores) {
                prop_assert!(slot.is_none_or(|slot| slot == *score), "{}", &text[..end]);
            }
        }
    }
}
