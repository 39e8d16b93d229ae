//! What a line says of a match behind its id.

use super::super::asked::Asked;
use super::super::fields::Field;
use super::super::teams::{Meant, Team};
use super::aside::says_aside;
use crate::parse::plain::bare;

/// The longest text behind an id that is looked into.
const LONGEST: usize = 256;

/// What may stand between the names of two teams, the home side first. Words such as `at` or `beat` would say more.
const BETWEEN: [&str; 8] = [" vs. ", " vs ", " v. ", " v ", " – ", " — ", " - ", " versus "];

/// What a line says of a match behind its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remark<'a> {
    /// Nothing that could be a score.
    Nothing,
    /// A score, the home side first as far as the line says, and the name under which it stands.
    Score(&'a str, &'a str),
    /// A score beside the names of both teams, turned so that the home side that was asked comes first.
    Named([&'a str; 2]),
    /// Numbers that may be anything.
    Doubtful,
}

/// Reads what a line says of the asked match with this index.
pub(super) fn said<'a>(text: &'a str, index: usize, asked: &Asked<'_>) -> Remark<'a> {
    let text = text.trim();
    if !text.contains(|char: char| char.is_numeric()) {
        return Remark::Nothing;
    }
    let Some(found) = Some(text).filter(|text| text.len() <= LONGEST).and_then(WrittenScore::only) else {
        return if text.len() <= LONGEST && only_names(text, index, asked) {
            Remark::Nothing
        } else {
            Remark::Doubtful
        };
    };
    let before = text.get(..found.start).unwrap_or_default();
    let after = text.get(found.end..).unwrap_or_default();
    let label = without_marks(before);
    if !without_marks(after).is_empty() || !is_calm(after) {
        let [left, right] = [label, without_marks(after)];
        return named(left, right, index, asked).map_or(Remark::Doubtful, |turn| found.turned(turn));
    }
    if label.is_empty() && is_calm(before) {
        return Remark::Score("score", found.text);
    }
    if matches!(Field::of(label), Field::Score { .. }) && !says_aside(label) {
        return Remark::Score(label, found.text);
    }
    let title = BETWEEN.iter().find_map(|between| label.split_once(between));
    let turn = title.and_then(|(left, right)| named(left, right, index, asked));
    turn.map_or(Remark::Doubtful, |turn| found.turned(turn))
}

/// The only score in a text.
struct WrittenScore<'a> {
    start: usize,
    end: usize,
    text: &'a str,
    goals: [&'a str; 2],
}

impl<'a> WrittenScore<'a> {
    /// The score in a text that has one such as `2-1` or `2 : 1`, and beside it no other that may be one. A time (`15:00`)
    /// and a day (`10-02`) are none.
    fn only(text: &'a str) -> Option<Self> {
        let mut found = None;
        let mut at = 0;
        while let Some(start) = text.get(at..)?.find(|char: char| char.is_ascii_digit()).map(|offset| at + offset) {
            let rest = text.get(start..)?;
            let home = digits(rest);
            at = start + home.len();
            let Some(score) = Self::at(text, start, home) else { continue };
            at = score.end;
            if found.replace(score).is_some() {
                return None;
            }
        }
        found
    }

    fn at(text: &'a str, start: usize, home: &'a str) -> Option<Self> {
        let behind = text.get(start + home.len()..)?;
        let gap = behind.trim_start();
        let separator = gap.chars().next().filter(|&char| super::super::goals::is_separator(char))?;
        let tail = gap.get(separator.len_utf8()..)?.trim_start();
        let away = digits(tail);
        let end = text.len() - tail.len() + away.len();
        let joins =
            |char: char| char.is_alphanumeric() || matches!(char, '.' | '-' | '–' | ':' | '/' | '%' | '+' | '~' | '≈');
        let is_alone =
            !text.get(..start)?.ends_with(joins_before) && !text.get(end..)?.trim_end_matches('.').starts_with(joins);
        let is_time = !matches!(separator, '-' | '–' | '—' | '−' | '‐'..='―' | '－' | '﹣') && away.len() > 1;
        let is_goals = |digits: &str| matches!(digits.len(), 1 | 2) && (digits.len() == 1 || !digits.starts_with('0'));
        let score = Self { start, end, text: text.get(start..end)?, goals: [home, away] };
        (is_alone && !is_time && is_goals(home) && is_goals(away)).then_some(score)
    }

    fn turned(self, is_turned: bool) -> Remark<'a> {
        let [home, away] = self.goals;
        Remark::Named(if is_turned { [away, home] } else { [home, away] })
    }
}

/// What makes a number part of another one, or of a word, before it.
fn joins_before(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '.' | '-' | '–' | '/' | '+' | '~' | '≈' | '<' | '>' | '$' | '€' | '£')
}

fn digits(text: &str) -> &str {
    text.get(..text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len())).unwrap_or_default()
}

/// A text without the marks that part it from a score.
fn without_marks(text: &str) -> &str {
    let is_mark = |char: char| {
        matches!(char, ':' | '=' | '|' | '→' | '–' | '—' | '-' | '>' | '(' | ')' | '[' | ']' | ',' | '.' | ';' | '!')
    };
    let mut text = text;
    loop {
        let less = bare(text).trim_matches(is_mark);
        if less.len() == text.len() {
            return text;
        }
        text = less;
    }
}

/// Whether nothing in the marks around a score questions it.
fn is_calm(marks: &str) -> bool {
    !marks.contains(['?', '~', '≈', '±', '%', '/', '+', '<'])
}

/// Whether the text is the names of both teams, whatever the numbers in them.
fn only_names(text: &str, index: usize, asked: &Asked<'_>) -> bool {
    let text = without_marks(text);
    let title = BETWEEN.iter().find_map(|between| text.split_once(between));
    title.is_some_and(|(left, right)| named(left, right, index, asked).is_some())
}

/// Whether two texts are the names of the teams, the home side first (`false`) or last (`true`); `None` if there is anything
/// else in them.
fn named(left: &str, right: &str, index: usize, asked: &Asked<'_>) -> Option<bool> {
    if says_aside(left) || says_aside(right) {
        return None;
    }
    let [home, away] = asked.teams(index)?;
    let [left, right] = [left, right].map(|name| Team::new(bare(name)));
    let meant = [&left, &right].map(|team| team.among(home, away));
    match meant {
        [Meant::First, Meant::Second] if left.is_only(home) && right.is_only(away) => Some(false),
        [Meant::Second, Meant::First] if left.is_only(away) && right.is_only(home) => Some(true),
        _ => None,
    }
}
