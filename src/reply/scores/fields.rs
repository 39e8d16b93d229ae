//! The field names that models use for ids, goals and scores, in any case and with any separators.

/// What the name of a field says about its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// The goals of one side.
    Goals {
        side: Side,
        /// How surely: a prediction over a score over the bare name of the side.
        rank: u8,
    },
    /// One side, by its name or as a record of its own.
    Team(Side),
    /// The whole score.
    Score {
        /// How surely: a prediction over any score.
        rank: u8,
    },
    /// The match's id.
    MatchId,
    /// An id of something, most likely the match.
    Id,
    /// The match: its id, its name, or a record of its own.
    Match,
    /// The arguments of a call.
    Arguments,
    /// Anything else, wrappers among it.
    Other,
}

/// The two sides of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Home,
    Away,
}

/// The longest name that is looked at, without separators.
const LONGEST: usize = 40;

const SCORE: u8 = 1;
const PREDICTED: u8 = 2;
const TEAM: u8 = 4;

/// What names of goals and scores are made of; a longer word comes before its own beginning.
const PARTS: [(&str, u8); 19] = [
    ("predicted", PREDICTED | SCORE),
    ("prediction", PREDICTED | SCORE),
    ("predict", PREDICTED | SCORE),
    ("pred", PREDICTED | SCORE),
    ("forecast", PREDICTED | SCORE),
    ("final", PREDICTED | SCORE),
    ("fulltime", SCORE),
    ("scoreline", SCORE),
    ("scored", SCORE),
    ("scores", SCORE),
    ("score", SCORE),
    ("goals", SCORE),
    ("goal", SCORE),
    ("result", SCORE),
    ("team", TEAM),
    ("correct", 0),
    ("exact", 0),
    ("match", 0),
    ("ft", SCORE),
];

/// Parts of names whose numbers are no predicted goals.
const ASIDES: [&str; 18] = [
    "odds",
    "prob",
    "half",
    "expected",
    "stats",
    "statistic",
    "previous",
    "recent",
    "history",
    "headtohead",
    "h2h",
    "confidence",
    "example",
    "default",
    "average",
    "rating",
    "alternative",
    "template",
];

/// The same, where they end a name.
const ASIDE_ENDS: [&str; 3] = ["xg", "ht", "form"];

/// Parts of names whose values are words.
const WORDS: [&str; 12] = [
    "reason",
    "think",
    "thought",
    "analys",
    "explan",
    "rationale",
    "note",
    "comment",
    "justif",
    "summary",
    "descri",
    "draft",
];

impl Field {
    /// What a key, as it was written, says about its value.
    pub(super) fn of(key: &str) -> Self {
        let mut buffer = [0; LONGEST];
        let Some(name) = fold(key, &mut buffer) else { return Self::foreign(key.trim()) };
        match name {
            "matchid" | "fixtureid" | "gameid" | "eventid" => return Self::MatchId,
            "id" => return Self::Id,
            "match" | "fixture" | "game" => return Self::Match,
            "arguments" | "parameters" | "input" | "function" => return Self::Arguments,
            _ => {}
        }
        if let Some((before, side, after)) = side_of(name) {
            match parts(before).zip(parts(after)).map(|(before, after)| before | after) {
                Some(0) => return Self::Goals { side, rank: 1 },
                Some(TEAM) => return Self::Team(side),
                Some(found) if found & SCORE != 0 => {
                    // "predicted_home_team" is a name.
                    let named = found & TEAM != 0 && find(name, "score").or(find(name, "goal")).is_none();
                    let rank = if found & PREDICTED == 0 { 2 } else { 3 };
                    return if named { Self::Team(side) } else { Self::Goals { side, rank } };
                }
                _ => {}
            }
        } else if let Some(found) = parts(name).filter(|found| found & SCORE != 0) {
            return Self::Score { rank: if found & PREDICTED == 0 { 1 } else { 2 } };
        }
        Self::Other
    }

    /// The same for the names that models which answer in Chinese use.
    fn foreign(key: &str) -> Self {
        match key {
            "主队得分" | "主队进球" | "主队比分" | "主队进球数" => {
                Self::Goals { side: Side::Home, rank: 2 }
            }
            "客队得分" | "客队进球" | "客队比分" | "客队进球数" => {
                Self::Goals { side: Side::Away, rank: 2 }
            }
            "主队" => Self::Team(Side::Home),
            "客队" => Self::Team(Side::Away),
            "比分" => Self::Score { rank: 1 },
            "预测比分" | "最终比分" => Self::Score { rank: 2 },
            "比赛" => Self::Match,
            _ => Self::Other,
        }
    }
}

/// Whether what stands under a key is about something else than the final score, such as odds or the first half.
pub(super) fn is_aside(key: &str) -> bool {
    let mut buffer = [0; LONGEST];
    fold(key, &mut buffer).is_some_and(|name| {
        ASIDES.iter().any(|part| find(name, part).is_some()) || ASIDE_ENDS.iter().any(|part| name.ends_with(part))
    })
}

/// Whether what stands under a key is an explanation.
pub(super) fn is_words(key: &str) -> bool {
    let mut buffer = [0; LONGEST];
    fold(key, &mut buffer).is_some_and(|name| WORDS.iter().any(|part| find(name, part).is_some()))
}

/// The name in lower case, without separators; `None` if it is too long or not ASCII.
fn fold<'b>(key: &str, buffer: &'b mut [u8; LONGEST]) -> Option<&'b str> {
    let mut length = 0;
    for byte in key.trim().bytes().filter(|byte| !matches!(byte, b'_' | b'-' | b' ' | b'.')) {
        if !byte.is_ascii() {
            return None;
        }
        *buffer.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    std::str::from_utf8(buffer.get(..length)?).ok()
}

/// The side in a name, with what stands before and behind it.
fn side_of(name: &str) -> Option<(&str, Side, &str)> {
    let (at, side) = match find(name, "home") {
        Some(at) => (at, Side::Home),
        None => (find(name, "away")?, Side::Away),
    };
    Some((name.get(..at)?, side, name.get(at + 4..)?))
}

/// Where a part stands in a name. Both are so short that a plain search is the fastest.
fn find(name: &str, part: &str) -> Option<usize> {
    name.as_bytes().windows(part.len()).position(|window| window == part.as_bytes())
}

/// What the parts of a name say together; `None` if one of them is unknown.
fn parts(mut name: &str) -> Option<u8> {
    let mut found = 0;
    while !name.is_empty() {
        let (rest, says) = PARTS.iter().find_map(|(part, says)| Some((name.strip_prefix(part)?, says)))?;
        name = rest;
        found |= says;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_case_and_separators() {
        let home = |rank| Field::Goals { side: Side::Home, rank };
        let away = |rank| Field::Goals { side: Side::Away, rank };
        let table = [
            ("home", home(1)),
            ("HOME", home(1)),
            ("home_score", home(2)),
            ("homeScore", home(2)),
            ("Home-Score", home(2)),
            ("home score", home(2)),
            ("home_goals", home(2)),
            ("home_team_score", home(2)),
            ("homeTeamGoals", home(2)),
            ("predicted_home", home(3)),
            ("predictedHomeScore", home(3)),
            ("predicted_home_score", home(3)),
            ("home_prediction", home(3)),
            ("score_home", home(2)),
            ("goalsAway", away(2)),
            ("away", away(1)),
            ("AWAY_SCORE", away(2)),
            ("predicted_away_goals", away(3)),
            ("predicted_home_team_score", home(3)),
            ("home_team", Field::Team(Side::Home)),
            ("predicted_home_team", Field::Team(Side::Home)),
            ("awayTeam", Field::Team(Side::Away)),
            ("score", Field::Score { rank: 1 }),
            ("result", Field::Score { rank: 1 }),
            ("prediction", Field::Score { rank: 2 }),
            ("predicted_score", Field::Score { rank: 2 }),
            ("finalScore", Field::Score { rank: 2 }),
            ("predictions", Field::Other),
            ("results", Field::Other),
            ("matches", Field::Other),
            ("data", Field::Other),
            ("match_id", Field::MatchId),
            ("matchId", Field::MatchId),
            ("MATCH-ID", Field::MatchId),
            ("fixture_id", Field::MatchId),
            ("gameId", Field::MatchId),
            ("id", Field::Id),
            ("ID", Field::Id),
            ("match", Field::Match),
            ("arguments", Field::Arguments),
            ("home_win", Field::Other),
            ("home_odds", Field::Other),
            ("home_score_probability", Field::Other),
            ("home_xg", Field::Other),
            ("half_time", Field::Other),
            ("odds", Field::Other),
            ("reasoning", Field::Other),
            ("主队得分", Field::Goals { side: Side::Home, rank: 2 }),
            ("比分", Field::Score { rank: 1 }),
            ("", Field::Other),
            ("a_name_that_is_much_longer_than_any_that_a_model_would_use", Field::Other),
        ];
        for (key, expected) in table {
            assert_eq!(Field::of(key), expected, "{key}");
        }
    }

    #[test]
    fn asides_and_explanations_are_told_by_parts_of_their_names() {
        for key in ["odds", "home_odds", "winProbability", "half_time", "HT", "home_xG", "recent_form", "example"] {
            assert!(is_aside(key), "{key}");
        }
        for key in ["predictions", "data", "results", "matches", "response", "", "m1", "weekend", "format"] {
            assert!(!is_aside(key) && !is_words(key), "{key}");
        }
        for key in ["reasoning", "Chain-Of-Thought", "analysis", "explanation", "match_notes", "summary"] {
            assert!(is_words(key), "{key}");
        }
    }
}
