//! The field names that models use for ids, goals and scores, in any case and with any separators.

/// What the name of a field says about its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// The goals of one side.
    Goals { side: Side, surety: Surety },
    /// One side, by its name or as a record of its own.
    Team(Side),
    /// The whole score.
    Score { surety: Surety },
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

/// How surely a name means the score after ninety minutes; of two that differ the surer counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Surety {
    /// The bare name of a side.
    #[default]
    Bare,
    /// A score or goals.
    Score,
    /// The final score, which may be that of extra time.
    Final,
    /// The score at full time, which to some is the end of extra time.
    FullTime,
    /// The prediction.
    Predicted,
    /// The score of regular time.
    Regular,
}

impl Surety {
    /// That of a name with these parts.
    fn of(parts: u8) -> Self {
        let sureties = [(REGULAR, Self::Regular), (PREDICTED, Self::Predicted), (FULL, Self::FullTime)];
        let more = [(FINAL, Self::Final), (SCORE, Self::Score)];
        let found = sureties.into_iter().chain(more).find(|(part, _)| parts & part != 0);
        found.map_or(Self::Bare, |(_, surety)| surety)
    }
}

/// The longest name that is looked at, without separators.
pub(super) const LONGEST: usize = 40;

const SCORE: u8 = 1;
const PREDICTED: u8 = 2;
const FINAL: u8 = 4;
const FULL: u8 = 8;
const REGULAR: u8 = 16;
const TEAM: u8 = 32;

/// What names of goals and scores are made of; a longer word comes before its own beginning.
const PARTS: [(&str, u8); 39] = [
    ("predicted", PREDICTED | SCORE),
    ("prediction", PREDICTED | SCORE),
    ("predict", PREDICTED | SCORE),
    ("pred", PREDICTED | SCORE),
    ("forecast", PREDICTED | SCORE),
    ("answer", PREDICTED | SCORE),
    ("mostlikely", PREDICTED | SCORE),
    ("mostprobable", PREDICTED | SCORE),
    ("likeliest", PREDICTED | SCORE),
    ("final", FINAL | SCORE),
    ("fulltime", FULL | SCORE),
    ("regulartime", REGULAR | SCORE),
    ("regular", REGULAR | SCORE),
    ("regulationtime", REGULAR | SCORE),
    ("regulation", REGULAR | SCORE),
    ("normaltime", REGULAR | SCORE),
    ("after90minutes", REGULAR | SCORE),
    ("after90min", REGULAR | SCORE),
    ("after90", REGULAR | SCORE),
    ("90minutes", REGULAR | SCORE),
    ("90mins", REGULAR | SCORE),
    ("90min", REGULAR | SCORE),
    ("90", REGULAR),
    ("scoreline", SCORE),
    ("scored", SCORE),
    ("scores", SCORE),
    ("score", SCORE),
    ("goals", SCORE),
    ("goal", SCORE),
    ("result", SCORE),
    ("team", TEAM),
    ("club", TEAM),
    ("side", TEAM),
    ("name", TEAM),
    ("correct", 0),
    ("exact", 0),
    ("match", 0),
    ("str", 0),
    ("ft", FULL | SCORE),
];

/// Parts of names whose values are words.
const WORDS: [&str; 11] =
    ["reason", "think", "thought", "analys", "explan", "rationale", "note", "comment", "justif", "summary", "descri"];

impl Field {
    /// What a key, as it was written, says about its value.
    pub(super) fn of(key: &str) -> Self {
        // Those that the output format of the built-in prompts asks for are most of all.
        match key {
            "match_id" => Self::MatchId,
            "home_score" => Self::Goals { side: Side::Home, surety: Surety::Score },
            "away_score" => Self::Goals { side: Side::Away, surety: Surety::Score },
            "predictions" => Self::Other,
            _ => Self::of_any(key),
        }
    }

    fn of_any(key: &str) -> Self {
        let mut buffer = [0; LONGEST];
        let Some(name) = fold(key, &mut buffer) else { return Self::foreign(key.trim()) };
        match name {
            "matchid" | "fixtureid" | "gameid" | "eventid" => return Self::MatchId,
            "id" => return Self::Id,
            "match" | "fixture" | "game" => return Self::Match,
            "host" | "hosts" | "firstteam" | "team1" | "teama" | "local" | "heim" | "casa" => {
                return Self::Team(Side::Home);
            }
            "guest" | "guests" | "visitor" | "visitors" | "secondteam" | "team2" | "teamb" | "visitante" | "gast"
            | "ospite" => {
                return Self::Team(Side::Away);
            }
            "arguments" | "parameters" | "input" | "function" => return Self::Arguments,
            _ => {}
        }
        if let Some((before, side, after)) = side_of(name) {
            match parts(before).zip(parts(after)).map(|(before, after)| before | after) {
                Some(0) => return Self::Goals { side, surety: Surety::Bare },
                Some(TEAM) => return Self::Team(side),
                Some(found) if found & SCORE != 0 => {
                    // "predicted_home_team" is a name.
                    let named = found & TEAM != 0 && find(name, "score").or(find(name, "goal")).is_none();
                    return if named { Self::Team(side) } else { Self::Goals { side, surety: Surety::of(found) } };
                }
                _ => {}
            }
        } else if let Some(found) = parts(name).filter(|found| found & SCORE != 0) {
            return Self::Score { surety: Surety::of(found) };
        }
        Self::Other
    }

    /// The same for the names that models which answer in Chinese use.
    fn foreign(key: &str) -> Self {
        match key {
            "主队得分" | "主队进球" | "主队比分" | "主队进球数" => {
                Self::Goals { side: Side::Home, surety: Surety::Score }
            }
            "客队得分" | "客队进球" | "客队比分" | "客队进球数" => {
                Self::Goals { side: Side::Away, surety: Surety::Score }
            }
            "主队" => Self::Team(Side::Home),
            "客队" => Self::Team(Side::Away),
            "比分" => Self::Score { surety: Surety::Score },
            "预测比分" => Self::Score { surety: Surety::Predicted },
            "最终比分" => Self::Score { surety: Surety::Final },
            "比赛" => Self::Match,
            _ => Self::Other,
        }
    }
}

/// Whether what stands under a key is an explanation.
pub(super) fn is_words(key: &str) -> bool {
    let mut buffer = [0; LONGEST];
    fold(key, &mut buffer).is_some_and(|name| WORDS.iter().any(|part| find(name, part).is_some()))
}

/// The name in lower case, without separators; `None` if it is too long or not ASCII.
pub(super) fn fold<'b>(key: &str, buffer: &'b mut [u8; LONGEST]) -> Option<&'b str> {
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
pub(super) fn find(name: &str, part: &str) -> Option<usize> {
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
    fn the_usual_keys_are_no_exceptions() {
        for key in ["match_id", "home_score", "away_score", "predictions"] {
            assert_eq!(Field::of(key), Field::of_any(key), "{key}");
        }
    }

    #[test]
    fn names_fold_case_and_separators() {
        let home = |surety| Field::Goals { side: Side::Home, surety };
        let away = |surety| Field::Goals { side: Side::Away, surety };
        let table = [
            ("home", home(Surety::Bare)),
            ("HOME", home(Surety::Bare)),
            ("home_score", home(Surety::Score)),
            ("homeScore", home(Surety::Score)),
            ("Home-Score", home(Surety::Score)),
            ("home score", home(Surety::Score)),
            ("home_goals", home(Surety::Score)),
            ("home_team_score", home(Surety::Score)),
            ("homeTeamGoals", home(Surety::Score)),
            ("predicted_home", home(Surety::Predicted)),
            ("predictedHomeScore", home(Surety::Predicted)),
            ("predicted_home_score", home(Surety::Predicted)),
            ("home_prediction", home(Surety::Predicted)),
            ("score_home", home(Surety::Score)),
            ("goalsAway", away(Surety::Score)),
            ("away", away(Surety::Bare)),
            ("AWAY_SCORE", away(Surety::Score)),
            ("predicted_away_goals", away(Surety::Predicted)),
            ("predicted_home_team_score", home(Surety::Predicted)),
            ("home_team", Field::Team(Side::Home)),
            ("predicted_home_team", Field::Team(Side::Home)),
            ("awayTeam", Field::Team(Side::Away)),
            ("score", Field::Score { surety: Surety::Score }),
            ("result", Field::Score { surety: Surety::Score }),
            ("prediction", Field::Score { surety: Surety::Predicted }),
            ("predicted_score", Field::Score { surety: Surety::Predicted }),
            ("finalScore", Field::Score { surety: Surety::Final }),
            ("fullTime", Field::Score { surety: Surety::FullTime }),
            ("ft_score", Field::Score { surety: Surety::FullTime }),
            ("regularTime", Field::Score { surety: Surety::Regular }),
            ("90_minutes", Field::Score { surety: Surety::Regular }),
            ("score_after_90_min", Field::Score { surety: Surety::Regular }),
            ("most_likely_score", Field::Score { surety: Surety::Predicted }),
            ("home_team_name", Field::Team(Side::Home)),
            ("match_awayteam_name", Field::Team(Side::Away)),
            ("home_score_et", Field::Other),
            ("match_hometeam_penalty_score", Field::Other),
            ("extratime", Field::Other),
            ("score_90", Field::Score { surety: Surety::Regular }),
            ("home_score_90", home(Surety::Regular)),
            ("90", Field::Other),
            ("home_90", Field::Other),
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
            ("主队得分", Field::Goals { side: Side::Home, surety: Surety::Score }),
            ("比分", Field::Score { surety: Surety::Score }),
            ("", Field::Other),
            ("a_name_that_is_much_longer_than_any_that_a_model_would_use", Field::Other),
        ];
        for (key, expected) in table {
            assert_eq!(Field::of(key), expected, "{key}");
        }
    }

    #[test]
    fn explanations_are_told_by_parts_of_their_names() {
        for key in ["predictions", "data", "results", "matches", "response", "", "m1", "weekend", "format"] {
            assert!(!is_words(key), "{key}");
        }
        for key in ["reasoning", "Chain-Of-Thought", "analysis", "explanation", "match_notes", "summary"] {
            assert!(is_words(key), "{key}");
        }
    }
}
