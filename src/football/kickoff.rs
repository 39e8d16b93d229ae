//! When a match begins, as a caller may write it.

use std::ops::RangeInclusive;

use crate::check::{Checked, Violation};

/// Checks that it is `YYYY-MM-DD`, or that with `THH:MM`, `:SS`, a fraction, and `Z` or an offset, and there is such a day and
/// such a time of it. 24:00 is the end of a day, and a minute may have a leap second.
pub(super) fn check(text: &str) -> Checked<()> {
    if is_kickoff(text) { Ok(()) } else { Err(Violation::new("must be an ISO 8601 date or date and time")) }
}

fn is_kickoff(text: &str) -> bool {
    let Some(rest) = date(text) else { return false };
    let Some(rest) = rest.strip_prefix(['T', 't', ' ']) else { return rest.is_empty() };
    time(rest).and_then(offset) == Some("")
}

/// What comes after a date that there is.
fn date(text: &str) -> Option<&str> {
    let (year, text) = number(text, 4, 0..=9999)?;
    let (month, text) = number(text.strip_prefix('-')?, 2, 1..=12)?;
    let (_, text) = number(text.strip_prefix('-')?, 2, 1..=days(year, month))?;
    Some(text)
}

fn days(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// What comes after a time that there is.
fn time(text: &str) -> Option<&str> {
    let (hour, text) = number(text, 2, 0..=24)?;
    let is_end = hour == 24;
    let (_, text) = number(text.strip_prefix(':')?, 2, 0..=if is_end { 0 } else { 59 })?;
    let Some(text) = text.strip_prefix(':') else { return Some(text) };
    let (_, text) = number(text, 2, 0..=if is_end { 0 } else { 60 })?;
    let Some(fraction) = text.strip_prefix('.') else { return Some(text) };
    let rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &fraction[..fraction.len() - rest.len()];
    ((1..=9).contains(&digits.len()) && !(is_end && digits.contains(|digit| digit != '0'))).then_some(rest)
}

/// What comes after an offset, which may be absent.
fn offset(text: &str) -> Option<&str> {
    let Some(text) = text.strip_prefix(['+', '-']) else { return text.strip_prefix('Z').or(Some(text)) };
    let (_, text) = number(text, 2, 0..=23)?;
    let (_, text) = number(text.strip_prefix(':').unwrap_or(text), 2, 0..=59)?;
    Some(text)
}

/// A number of so many digits within a range, and what comes after it.
fn number(text: &str, digits: usize, range: RangeInclusive<u32>) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(digits)?;
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    range.contains(&number).then_some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_or_a_time_that_there_is_not_is_no_kickoff() {
        for text in [
            "2026-02-28",
            "2024-02-29",
            "2000-02-29",
            "2026-12-31",
            "2026-04-30",
            "2026-02-10T15:00",
            "2026-02-10 15:00Z",
            "2026-02-10T15:00:00.000+05:30",
            "2026-02-10T24:00",
            "2026-02-10T24:00:00.000Z",
            "2026-06-30T23:59:60Z",
            "2026-02-10T00:00:00-1200",
        ] {
            assert!(is_kickoff(text), "{text}");
        }
        for text in [
            "2026-02-29",
            "1900-02-29",
            "2026-02-30",
            "2026-02-31",
            "2026-04-31",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "2026-01-32",
            "2026-02-10T24:01",
            "2026-02-10T24:00:01Z",
            "2026-02-10T24:00:00.001Z",
            "2026-02-10T25:00",
            "2026-02-10T15:60",
            "2026-02-10T15:00:61",
            "2026-02-10T15:00:00.",
            "2026-02-10T15:00:00+24:00",
            "2026-2-1",
            "2026-02-10T",
            "10.02.2026",
            "",
            "2026-02-10T15:00:00+00",
            "20२6-02-10",
        ] {
            assert!(!is_kickoff(text), "{text}");
        }
    }
}
