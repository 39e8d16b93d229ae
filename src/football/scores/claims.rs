//! What a reply claims of one match, and which of several claims is believed.

use super::fields::{LONGEST, Surety, fold};
use crate::football::Score;

/// How likely a candidate is said to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Weight {
    scale: Scale,
    value: f64,
}

/// What a weight is measured in. Weights on different scales are not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    Probability,
    Percent,
    Confidence,
    ConfidencePercent,
    /// In words: low, medium, high.
    Words,
    /// Of which the first is the likeliest.
    Rank,
}

/// What the names of weights are made of, and what the value is then.
const PARTS: [(&str, Option<Scale>); 22] = [
    ("probability", Some(Scale::Probability)),
    ("prob", Some(Scale::Probability)),
    ("likelihood", Some(Scale::Probability)),
    ("chance", Some(Scale::Probability)),
    ("weight", Some(Scale::Probability)),
    ("percentage", Some(Scale::Probability)),
    ("percent", Some(Scale::Probability)),
    ("pct", Some(Scale::Probability)),
    ("confidence", Some(Scale::Confidence)),
    ("ranking", Some(Scale::Rank)),
    ("rank", Some(Scale::Rank)),
    ("predicted", None),
    ("prediction", None),
    ("estimated", None),
    ("implied", None),
    ("correct", None),
    ("exact", None),
    ("scoreline", None),
    ("score", None),
    ("result", None),
    ("level", None),
    ("of", None),
];

/// Names of flags that tell the one that is meant from the others.
const CHOSEN: [&str; 16] = [
    "best",
    "chosen",
    "final",
    "isbest",
    "isfinal",
    "ismostlikely",
    "isprimary",
    "likeliest",
    "main",
    "mostlikely",
    "picked",
    "preferred",
    "primary",
    "recommended",
    "selected",
    "top",
];

impl Weight {
    /// The weight that a field gives to the record in which it stands.
    pub(super) fn of(key: &str, value: &str) -> Option<Self> {
        let mut buffer = [0; LONGEST];
        let mut name = fold(key, &mut buffer)?;
        let mut scale = (name == "p").then_some(Scale::Probability);
        while !name.is_empty() && name != "p" {
            let (rest, says) = PARTS.iter().find_map(|(part, says)| Some((name.strip_prefix(part)?, *says)))?;
            name = rest;
            scale = scale.or(says);
        }
        let scale = scale?;
        let value = value.trim();
        if let Some(level) = level(value) {
            return (scale != Scale::Rank).then_some(Self { scale: Scale::Words, value: level });
        }
        let (number, scale) = match (value.strip_suffix('%'), scale) {
            (Some(number), Scale::Probability) => (number.trim(), Scale::Percent),
            (Some(number), Scale::Confidence) => (number.trim(), Scale::ConfidencePercent),
            (Some(_), _) => return None,
            (None, Scale::Rank) => {
                (value.trim_start_matches('#').trim_end_matches(|end: char| end.is_ascii_alphabetic()), scale)
            }
            (None, scale) => (value, scale),
        };
        let value: f64 = number.parse().ok().filter(|value: &f64| value.is_finite())?;
        Some(Self { scale, value: if scale == Scale::Rank { -value } else { value } })
    }
}

/// How likely a word says that something is.
fn level(word: &str) -> Option<f64> {
    let words = ["very low", "low", "medium", "moderate", "high", "very high"];
    let found = words.iter().position(|known| known.eq_ignore_ascii_case(word))?;
    // Medium and moderate are one.
    Some([0.0, 1.0, 2.0, 2.0, 3.0, 4.0].get(found).copied().unwrap_or_default())
}

/// Whether a field says that its record is the one that is meant.
pub(super) fn is_chosen(key: &str, value: &str) -> bool {
    let mut buffer = [0; LONGEST];
    let Some(name) = fold(key, &mut buffer) else { return false };
    if matches!(name, "label" | "type" | "kind" | "status") {
        let mut buffer = [0; LONGEST];
        return fold(value, &mut buffer).is_some_and(|value| CHOSEN.binary_search(&value).is_ok());
    }
    matches!(value.trim(), "true" | "True" | "yes") && CHOSEN.binary_search(&name).is_ok()
}

/// Whether what stands under a key comes before what stands beside it (1), after it (-1), or neither.
pub(super) fn tier(key: &str) -> i8 {
    let mut buffer = [0; LONGEST];
    let Some(name) = fold(key, &mut buffer) else { return 0 };
    let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
    let first = ["final", "revised", "corrected", "updated", "adjusted", "answer", "best", "mostlikely", "likeliest"];
    if begins(&first) || begins(&["primary", "main", "preferred", "chosen", "selected"]) {
        1
    } else if begins(&[
        "initial",
        "preliminary",
        "firstguess",
        "raw",
        "original",
        "baseline",
        "actual",
        "secondary",
        "second",
        "other",
    ]) {
        -1
    } else {
        0
    }
}

/// How a claim stands among others of one value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Standing {
    /// What the names around it say.
    pub(super) tier: i8,
    /// How surely it is the score after ninety minutes.
    pub(super) surety: Surety,
    /// How likely it is said to be.
    pub(super) weight: Option<Weight>,
    /// For a score under the match's id: the number of the object. Of a key that is repeated the last value counts, as
    /// everywhere in JSON.
    pub(super) keyed_in: Option<usize>,
}

/// The scores that stand equally.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Equal {
    One(Score),
    /// Several that differ, and so none.
    Several,
}

impl Equal {
    fn and(self, score: Score) -> Self {
        if self == Self::One(score) { self } else { Self::Several }
    }
}

/// What is claimed of one match.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Claims {
    /// After how many words between values they were made. Those after words correct those before.
    value: usize,
    tier: i8,
    surety: Surety,
    keyed_in: Option<usize>,
    weighed: Option<(Weight, Equal)>,
    unweighed: Option<Equal>,
}

impl Claims {
    /// Takes one more claim, made after so many words between values.
    pub(super) fn take(&mut self, value: usize, standing: Standing, score: Score) {
        // The name of a side and any name of a score say the same of what is likely.
        let surety = standing.surety.max(Surety::Score);
        let is_first = self.weighed.is_none() && self.unweighed.is_none();
        let is_repeated = standing.keyed_in.is_some() && standing.keyed_in == self.keyed_in;
        if is_first || is_repeated || value != self.value || (standing.tier, surety) > (self.tier, self.surety) {
            *self = Self {
                value,
                tier: standing.tier,
                surety,
                keyed_in: standing.keyed_in,
                weighed: None,
                unweighed: None,
            };
        } else if (standing.tier, surety) < (self.tier, self.surety) {
            return;
        }
        match (standing.weight, self.weighed) {
            (None, _) => self.unweighed = Some(self.unweighed.map_or(Equal::One(score), |known| known.and(score))),
            (Some(weight), None) => self.weighed = Some((weight, Equal::One(score))),
            (Some(weight), Some((known, _))) if weight.scale == known.scale && weight.value > known.value => {
                self.weighed = Some((weight, Equal::One(score)));
            }
            (Some(weight), Some((known, _))) if weight.scale == known.scale && weight.value < known.value => {}
            (Some(weight), Some((known, scores))) if weight.scale == known.scale => {
                self.weighed = Some((known, scores.and(score)));
            }
            (Some(_), Some(_)) => {
                self.unweighed = Some(self.unweighed.map_or(Equal::One(score), |known| known.and(score)));
            }
        }
    }

    /// The score that is believed.
    pub(super) fn score(self) -> Option<Score> {
        match (self.weighed.map(|(_, scores)| scores), self.unweighed) {
            (Some(Equal::One(score)), None) | (None, Some(Equal::One(score))) => Some(score),
            (Some(Equal::One(score)), Some(Equal::One(other))) => Some(score).filter(|&score| score == other),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_told_by_their_names() {
        let weight = |scale, value| Some(Weight { scale, value });
        for (key, value, expected) in [
            ("probability", "0.3", weight(Scale::Probability, 0.3)),
            ("prob", "14%", weight(Scale::Percent, 14.0)),
            ("score_probability", "\t12 ", weight(Scale::Probability, 12.0)),
            ("likelihood", "High", weight(Scale::Words, 3.0)),
            ("confidence", "80 %", weight(Scale::ConfidencePercent, 80.0)),
            ("rank", "1", weight(Scale::Rank, -1.0)),
            ("rank", "#2", weight(Scale::Rank, -2.0)),
            ("rank", "2nd", weight(Scale::Rank, -2.0)),
            ("implied_probability", "0.5", weight(Scale::Probability, 0.5)),
            ("p", "0.2", weight(Scale::Probability, 0.2)),
            ("probability", "NaN", None),
            ("probability", "likely", None),
            ("home_win_probability", "0.5", None),
            ("draw_prob", "0.5", None),
            ("level", "3", None),
        ] {
            assert_eq!(Weight::of(key, value), expected, "{key}: {value}");
        }
        assert!(CHOSEN.is_sorted());
    }
}
