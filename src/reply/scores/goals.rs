//! Numbers of goals, and scores written as one text such as `2-1`.

use crate::outcome::Score;

/// The most goals of one side that are believed.
const MOST_GOALS: u8 = 20;

/// The longest text that is read as a number.
const LONGEST_NUMBER: usize = 40;

/// The goals that a text such as `2`, `2.0`, `1e1`, `+2` or `0x2` stands for, as JSON and JSON5 write numbers; `None`
/// unless it is a whole number from 0 to 20.
///
/// Digits behind a leading zero are octal in some languages and decimal in others: what they do not agree on is no
/// number, so `02` is two and `010` is nothing.
pub(in crate::reply) fn goals(text: &str) -> Option<u8> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST_NUMBER {
        return None;
    }
    let number: String = text.chars().map(narrow).collect();
    let number = number.strip_prefix('+').unwrap_or(&number);
    if let Some(digits) = number.strip_prefix("0x").or(number.strip_prefix("0X")) {
        let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        return u8::from_str_radix(digits, 16).ok().filter(|&goals| hex && goals <= MOST_GOALS);
    }
    let plain = number.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    let point = number.strip_prefix('.').unwrap_or(number);
    if !plain || !point.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let value: f64 = number.parse().ok()?;
    let octal = number.starts_with('0') && number.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if octal && value >= 10.0 {
        return None;
    }
    (0..=MOST_GOALS).find(|&whole| f64::from(whole) >= value).filter(|&whole| f64::from(whole) <= value)
}

/// The score that a text such as `2-1`, `2 : 1` or `2–1` stands for.
pub(in crate::reply) fn score(text: &str) -> Option<Score> {
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

/// The ASCII digit for a full-width one; anything else as it is.
fn narrow(wide: char) -> char {
    match wide {
        '０'..='９' => u32::from(wide).checked_sub(0xFEE0).and_then(char::from_u32).unwrap_or(wide),
        '．' => '.',
        _ => wide,
    }
}

/// Whether a character stands between the goals of a score: colons, hyphens, dashes, minus signs.
fn is_separator(separator: char) -> bool {
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
            "+",
            "1_0",
            "0b10",
            "0o2",
            "2n",
            "2 goals",
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
