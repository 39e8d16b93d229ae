//! Numbers of goals, and scores written as one text such as `2-1`.

use crate::football::Score;
use crate::football::score::MOST_GOALS;
use crate::parse::number::{self, narrow};

/// The longest text behind a number of goals.
const LONGEST_UNIT: usize = 60;

/// What goals are called.
const UNITS: [&str; 15] = [
    "goal",
    "goals",
    "goal(s",
    "gol",
    "gols",
    "goles",
    "goal/s",
    "tor",
    "tore",
    "but",
    "buts",
    "reti",
    "球",
    "个球",
    "个进球",
];

/// Words that make a number of goals another one, or one of something else.
const DOUBTS: [&str; 41] = [
    "a",
    "about",
    "against",
    "aggregate",
    "and",
    "another",
    "between",
    "conceded",
    "each",
    "either",
    "extra",
    "fewer",
    "few",
    "first",
    "five",
    "four",
    "half",
    "if",
    "least",
    "less",
    "maybe",
    "more",
    "most",
    "nil",
    "no",
    "none",
    "one",
    "or",
    "penalties",
    "perhaps",
    "plus",
    "possibly",
    "second",
    "six",
    "than",
    "three",
    "time",
    "to",
    "two",
    "unless",
    "zero",
];

/// The goals that a text stands for; `None` unless it is a whole number from 0 to 20, as JSON and JSON5 write numbers.
pub(super) fn goals(text: &str) -> Option<u8> {
    number::small(text).or_else(|| told_goals(text)).filter(|&goals| goals <= MOST_GOALS)
}

/// The goals that a text such as `2 goals` or `2 goals for Leeds` begins with; `None` unless that is its only number, and
/// nothing in it says that it is not one of all goals of one side.
fn told_goals(text: &str) -> Option<u8> {
    let text = text.trim();
    let digits = text.find(|char: char| !char.is_ascii_digit())?;
    let (number, rest) = text.split_at_checked(digits).filter(|(number, _)| matches!(number.len(), 1 | 2))?;
    if rest.len() > LONGEST_UNIT || rest.contains(char::is_numeric) {
        return None;
    }
    let mut words = rest
        .split(|char: char| char.is_whitespace() || matches!(char, '(' | ')' | '.' | ','))
        .filter(|word| !word.is_empty());
    let unit = words.next()?;
    let is_unit = UNITS.iter().any(|known| unit.eq_ignore_ascii_case(known))
        && (rest.starts_with(char::is_whitespace) || !unit.is_ascii());
    let is_plain = match words.next() {
        None => true,
        Some(word) => ["for", "from", "scored"].contains(&word) && words.all(|word| !is_doubtful(word)),
    };
    if is_unit && is_plain { number::small(number) } else { None }
}

/// Whether a word may make a number another one.
fn is_doubtful(word: &str) -> bool {
    DOUBTS.iter().any(|known| word.eq_ignore_ascii_case(known))
        || !word.chars().all(|char| char.is_alphanumeric() || matches!(char, '-' | '\'' | '’'))
}

/// The score that a text such as `2-1`, `2 : 1` or `2–1` stands for.
pub(super) fn score(text: &str) -> Option<Score> {
    let mut chars = text.trim().chars().map(narrow).peekable();
    let home = side(&mut chars)?;
    while chars.next_if(|space| space.is_whitespace()).is_some() {}
    chars.next_if(|&separator| is_separator(separator))?;
    while chars.next_if(|space| space.is_whitespace()).is_some() {}
    let away = side(&mut chars)?;
    if chars.next().is_some() {
        return None;
    }
    Some(Score { home, away })
}

/// One or two digits that make at most 20.
fn side(chars: &mut std::iter::Peekable<impl Iterator<Item = char>>) -> Option<u8> {
    let mut digits = String::new();
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        if digits.len() == 2 {
            return None;
        }
        digits.push(digit);
    }
    goals(&digits)
}

/// Whether a character stands between the goals of a score: colons, hyphens, dashes, minus signs.
pub(super) fn is_separator(separator: char) -> bool {
    matches!(separator, '-' | ':' | '：' | '∶' | '﹕' | '‐'..='―' | '−' | '－' | '﹣')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_from_0_to_20_are_goals() {
        let good = [
            ("0", 0),
            ("20", 20),
            (" 2 ", 2),
            ("2.0", 2),
            ("1e1", 10),
            ("1E+1", 10),
            ("２", 2),
            ("１２", 12),
            ("+2", 2),
            ("2.", 2),
            (".0", 0),
            ("0x2", 2),
            ("0X0f", 15),
            ("+0x14", 20),
            ("2e0", 2),
            ("20e-1", 2),
            (".2e1", 2),
            ("02", 2),
            ("009", 9),
            ("-0", 0),
            ("-0.0", 0),
            ("-0x0", 0),
            ("2 goals", 2),
            ("1 goal", 1),
            ("2 Goals for Leeds United", 2),
            ("2 goals scored", 2),
            ("2个进球", 2),
        ];
        for (text, expected) in good {
            assert_eq!(goals(text), Some(expected), "{text}");
        }
        let bad = [
            "",
            " ",
            "-1",
            "21",
            "20.5",
            "2.5",
            "1e2",
            "1e-1",
            "true",
            "null",
            "two",
            "<int>",
            "NaN",
            "inf",
            "Infinity",
            "+Infinity",
            "-Infinity",
            "0x",
            "0x+2",
            "-0x2",
            "0x15",
            "0x102",
            "0x2.0",
            "010",
            "0012",
            "1.5",
            ".5",
            "++2",
            "+-2",
            "--0",
            "-",
            "+",
            "1_0",
            "0b10",
            "0o2",
            "2n",
            "2 goals or 3",
            "2 to three goals",
            "2 shots",
            "2 goals at half time",
            "2 goals for, one against",
            "2 goals or more",
            "2nd",
            "2 xG",
            "2 %",
            "goals: 2",
            "2-1",
            "1e999",
            "00000000000000000000000000000000000000000000000002",
            "٢",
            ".",
            "e",
            "2e",
        ];
        for text in bad {
            assert_eq!(goals(text), None, "{text}");
        }
    }

    #[test]
    fn a_score_is_two_numbers_of_goals_with_a_colon_or_a_dash() {
        let good = ["2-1", "2:1", " 2 - 1 ", "2–1", "2—1", "2−1", "２：１", "2：1", "２－１", "02-01"];
        for text in good {
            assert_eq!(score(text), Some(Score { home: 2, away: 1 }), "{text}");
        }
        assert_eq!(score("20-0"), Some(Score { home: 20, away: 0 }));
        let bad = [
            "",
            "2",
            "2-",
            "-1",
            "21-0",
            "0-21",
            "2-1-1",
            "2-1 (aet)",
            "2.0-1",
            "200-1",
            "2 1",
            "X-Y",
            "2--1",
            "2026-01-02",
        ];
        for text in bad {
            assert_eq!(score(text), None, "{text}");
        }
    }
}
