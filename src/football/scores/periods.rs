//! What is not the score after ninety minutes: a half, extra time, penalties, a leg, another match, odds, an alternative.

use super::fields::{LONGEST, Surety, find, fold};

/// Parts of names under which nothing is the predicted score.
const ASIDES: [&str; 48] = [
    "afterextra",
    "aggregate",
    "alternat",
    "average",
    "backup",
    "cards",
    "confidence",
    "corner",
    "default",
    "draft",
    "encounter",
    "example",
    "extratime",
    "half",
    "handicap",
    "head2head",
    "headtohead",
    "history",
    "h2h",
    "incident",
    "last5",
    "lastfive",
    "lastgame",
    "lastmatch",
    "lastmeeting",
    "lastresult",
    "lesslikely",
    "linescore",
    "meetings",
    "odds",
    "overtime",
    "pastresult",
    "penalt",
    "placeholder",
    "possession",
    "previous",
    "rating",
    "recent",
    "runnerup",
    "scorer",
    "secondchoice",
    "shootout",
    "shots",
    "stats",
    "statistic",
    "template",
    "timeline",
    "unlikely",
];

/// Ends of such names.
const ASIDE_ENDS: [&str; 2] = ["xg", "form"];

/// Words of such names, which are too short to be looked for inside others.
const ASIDE_WORDS: [&str; 26] = [
    "1h", "2h", "aet", "agg", "ap", "current", "et", "extra", "h1", "h2", "halves", "ht", "leg", "legs", "live", "ot",
    "pen", "pens", "period", "periods", "ps", "pso", "quarter", "quarters", "sets", "xg",
];

/// Words that say that a match went beyond ninety minutes.
const BEYOND: [&str; 13] =
    ["aet", "ap", "et", "extratime", "ot", "overtime", "pen", "penalties", "penalty", "pens", "ps", "pso", "shootout"];

/// What a label that tells how a match ended consists of besides.
const ENDING: [&str; 22] = [
    "after", "at", "by", "decided", "end", "ended", "extra", "final", "finished", "full", "goes", "in", "match", "on",
    "result", "score", "settled", "status", "the", "time", "win", "won",
];

/// What the label of a record of another stretch of the match consists of.
const LABELS: [&str; 21] = [
    "1st", "2nd", "after", "first", "goal", "in", "of", "on", "one", "period", "quarter", "result", "score", "second",
    "the", "third", "time", "two", "1", "2", "event",
];

/// What a label of the whole match consists of.
const WHOLE: [&str; 12] =
    ["90", "90min", "end", "final", "ft", "full", "fulltime", "match", "minutes", "normal", "regular", "regulation"];

/// The longest label that is looked at.
pub(super) const LONGEST_LABEL: usize = 60;

/// How much of what a record says can be the score after ninety minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trust {
    /// All.
    #[default]
    Any,
    /// The match went beyond ninety minutes: what is named the full time.
    FullTime,
    /// Its full time is the end of all that was played: what is named the regular time.
    Regular,
}

impl Trust {
    /// Whether a score of this surety may be the one.
    pub(super) fn allows(self, surety: Surety) -> bool {
        match self {
            Self::Any => true,
            Self::FullTime => matches!(surety, Surety::FullTime | Surety::Regular),
            Self::Regular => surety == Surety::Regular,
        }
    }

    /// What a field with a scalar says, such as `"status": "AET"` or `"extra_time": true`.
    pub(super) fn of(key: &str, value: &str) -> Self {
        let mut buffer = [0; LONGEST];
        let Some(name) = fold(key, &mut buffer) else { return Self::Any };
        match name {
            // To football-data.org the full time of such a match is its end.
            "duration" if is_beyond(value) => Self::Regular,
            "status" | "statusshort" | "short" | "long" | "matchstatus" | "state" | "decision" | "decidedby"
            | "decidedin" | "decided" | "finish" | "method" | "resulttype" | "wintype" | "winmethod" | "scoretype"
            | "type" | "detail" | "shortdetail"
                if is_beyond(value) =>
            {
                Self::FullTime
            }
            "note" | "notes" | "comment" | "remark" | "info" | "description" | "name"
                if is_beyond(value) && says_no_more(value) =>
            {
                Self::FullTime
            }
            _ if matches!(value.trim(), "true" | "True" | "yes" | "Yes") && says_beyond(key) => Self::FullTime,
            _ => Self::Any,
        }
    }
}

/// Whether what stands under a key is something else than the score after ninety minutes, such as odds or a half.
pub(super) fn is_aside(key: &str) -> bool {
    let mut buffer = [0; LONGEST];
    let Some(name) = fold(key, &mut buffer) else { return false };
    let predicted = find(name, "pred").is_some();
    let probability = find(name, "prob").is_some() && find(name, "probable").is_none();
    // "Expected results" are a prediction, expected goals are not.
    let expected = name.strip_prefix("expected").is_some_and(|what| !what.starts_with(['s', 'r', 'o']));
    probability
        || expected
        || ASIDES.iter().any(|part| find(name, part).is_some())
        || ASIDE_ENDS.iter().any(|end| name.ends_with(end))
        || words(key).any(|word| word.is_any(&ASIDE_WORDS) && !(predicted && word.is_any(&["current", "live"])))
}

/// Whether the name of a field is about extra time or penalties.
pub(super) fn says_beyond(key: &str) -> bool {
    let mut buffer = [0; LONGEST];
    fold(key, &mut buffer)
        .is_some_and(|name| ["extratime", "penalt", "shootout"].iter().any(|part| find(name, part).is_some()))
        || words(key).any(|word| word.is_any(&BEYOND))
}

/// Whether a record with this label is about something else than the whole match, such as `"name": "first half"`.
pub(super) fn is_of_other(key: &str, value: &str) -> bool {
    let mut buffer = [0; LONGEST];
    let Some(name) = fold(key, &mut buffer) else { return false };
    let value = value.trim();
    if value.is_empty() || value.len() > LONGEST_LABEL || value == "null" {
        return false;
    }
    match name {
        "minute" | "elapsed" => true,
        "period" | "half" | "quarter" => !words(value).all(|word| word.is_any(&WHOLE) || word.is_any(&["time"])),
        "name" | "type" | "label" | "description" | "kind" | "phase" | "segment" => {
            let is_core = |word: &Word| {
                word.is_any(&BEYOND)
                    || word.is_any(&ASIDE_WORDS)
                    || word.is_any(&["half", "halftime", "aggregate", "alternative", "alternate", "backup", "draft"])
            };
            let mut some = false;
            let all = words(value).all(|word| {
                let core = is_core(&word);
                some |= core;
                core || word.is_any(&LABELS)
            });
            all && some
        }
        _ => false,
    }
}

/// Whether a label says that the match went beyond ninety minutes.
fn is_beyond(label: &str) -> bool {
    if label.len() > LONGEST_LABEL || words(label).any(|word| word.is_any(&["no", "not", "none", "without"])) {
        return false;
    }
    let mut extra = false;
    words(label).any(|word| {
        let beyond = word.is_any(&BEYOND) || extra && word.is_any(&["time"]);
        extra = word.is_any(&["extra"]);
        beyond
    })
}

/// Whether a label consists of nothing but how a match ended; what explains a score may speak of what may be.
fn says_no_more(label: &str) -> bool {
    words(label).all(|word| word.is_any(&BEYOND) || word.is_any(&ENDING))
}

/// A word of a name in lower case.
struct Word {
    letters: [u8; 16],
    length: usize,
}

impl Word {
    fn is_any(&self, words: &[&str]) -> bool {
        let letters = self.letters.get(..self.length);
        words.iter().any(|word| letters == Some(word.as_bytes()))
    }
}

/// The words of a name: parted by anything but letters and digits, by capitals, and before digits.
fn words(name: &str) -> impl Iterator<Item = Word> {
    let mut rest = name.as_bytes();
    std::iter::from_fn(move || {
        let start = rest.iter().position(u8::is_ascii_alphanumeric)?;
        rest = rest.get(start..)?;
        let mut length = 1;
        while let (Some(last), Some(next)) = (rest.get(length - 1), rest.get(length)) {
            let begins = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
            let capital = next.is_ascii_uppercase() && rest.get(length + 1).is_some_and(u8::is_ascii_lowercase);
            if !next.is_ascii_alphanumeric()
                || begins(next) && last.is_ascii_lowercase()
                || capital && !last.is_ascii_digit()
            {
                break;
            }
            length += 1;
        }
        let (word, after) = rest.split_at_checked(length)?;
        rest = after;
        let mut letters = [0; 16];
        // One that is longer is none of those that are looked for.
        let length = length.min(letters.len());
        letters.get_mut(..length)?.copy_from_slice(word.get(..length)?);
        letters.make_ascii_lowercase();
        Some(Word { letters, length })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asides_are_told_by_their_names() {
        for key in [
            "odds",
            "home_odds",
            "winProbability",
            "half_time",
            "HT",
            "home_xG",
            "recent_form",
            "example",
            "extraTime",
            "et",
            "AET",
            "penalties",
            "pens",
            "aggregate",
            "agg_score",
            "firstLeg",
            "leg_2",
            "2nd leg",
            "1stHalf",
            "htScore",
            "HTScore",
            "overtime",
            "OT",
            "last_meeting",
            "head_to_head",
            "alternatives",
            "draft",
            "periods",
            "current",
            "live_score",
            "expected_goals",
            "goalscorer",
            "stats",
            "after_extra_time",
            "shootout",
        ] {
            assert!(is_aside(key), "{key}");
        }
        for key in [
            "predictions",
            "data",
            "results",
            "matches",
            "response",
            "",
            "m1",
            "weekend",
            "format",
            "expected_scores",
            "expected_results",
            "probable_scores",
            "current_predictions",
            "market",
            "college",
            "legacy",
            "details",
            "fulltime",
            "total",
            "openai",
            "delivery",
        ] {
            assert!(!is_aside(key), "{key}");
        }
    }

    #[test]
    fn labels_tell_other_stretches_of_a_match() {
        for (key, value) in [
            ("name", "first half"),
            ("type", "ET"),
            ("description", "2ND_HALF"),
            ("label", "Extra time"),
            ("period", "1"),
            ("half", "2"),
            ("type", "penalties"),
            ("name", "Aggregate"),
            ("minute", "12"),
            ("type", "alternative"),
            ("description", "CURRENT"),
            ("phase", "Half-time score"),
        ] {
            assert!(is_of_other(key, value), "{key}: {value}");
        }
        for (key, value) in [
            ("name", "Leeds United"),
            ("type", "FT"),
            ("period", "full time"),
            ("type", "prediction"),
            ("round", "2nd leg"),
            ("description", "It may go to extra time, but I doubt it"),
            ("name", ""),
            ("period", "null"),
        ] {
            assert!(!is_of_other(key, value), "{key}: {value}");
        }
    }

    #[test]
    fn what_a_record_says_of_its_end_decides_what_is_believed() {
        for (key, value, trust) in [
            ("duration", "EXTRA_TIME", Trust::Regular),
            ("duration", "PENALTY_SHOOTOUT", Trust::Regular),
            ("duration", "REGULAR", Trust::Any),
            ("status", "AET", Trust::FullTime),
            ("short", "PEN", Trust::FullTime),
            ("status", "Match Finished After Extra Time", Trust::FullTime),
            ("decided_by", "penalties", Trust::FullTime),
            ("extra_time", "true", Trust::FullTime),
            ("note", "After extra time", Trust::FullTime),
            ("notes", "won on penalties", Trust::FullTime),
            ("name", "STATUS_FINAL_AET", Trust::FullTime),
            ("shortDetail", "AET", Trust::FullTime),
            ("note", "may go to extra time", Trust::Any),
            ("name", "Et Cetera United", Trust::Any),
            ("went_to_penalties", "true", Trust::FullTime),
            ("extra_time", "false", Trust::Any),
            ("status", "FT", Trust::Any),
            ("decided_by", "no extra time", Trust::Any),
        ] {
            assert_eq!(Trust::of(key, value), trust, "{key}: {value}");
        }
    }
}
