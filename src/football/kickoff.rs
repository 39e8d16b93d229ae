//! When a match begins, as a caller may write it.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Match;
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

/// When a match begins; `None` if that is not known. A time without an offset is UTC, and a day without a time begins with its
/// end, for until then nobody knows that it has.
#[must_use]
pub fn begins_at(game: &Match) -> Option<SystemTime> {
    instant(game.kickoff.as_deref()?)
}

fn instant(text: &str) -> Option<SystemTime> {
    let (year, rest) = number(text, 4, 0..=9999)?;
    let (month, rest) = number(rest.strip_prefix('-')?, 2, 1..=12)?;
    let (day, rest) = number(rest.strip_prefix('-')?, 2, 1..=days(year, month))?;
    let midnight = days_since_1970(year, month, day) * 86_400;
    let Some(rest) = rest.strip_prefix(['T', 't', ' ']) else { return at(midnight + 86_400) };
    let (hour, rest) = number(rest, 2, 0..=24)?;
    let (minute, rest) = number(rest.strip_prefix(':')?, 2, 0..=59)?;
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => number(rest, 2, 0..=60)?,
        None => (0, rest),
    };
    let offset = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let east = match offset.strip_prefix(['+', '-']) {
        Some(digits) => {
            let (hours, digits) = number(digits, 2, 0..=23)?;
            let (minutes, _) = number(digits.strip_prefix(':').unwrap_or(digits), 2, 0..=59)?;
            let seconds = i64::from(hours) * 3600 + i64::from(minutes) * 60;
            if offset.starts_with('-') { -seconds } else { seconds }
        }
        None => 0,
    };
    at(midnight + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second) - east)
}

/// The time so many seconds after the beginning of 1970.
fn at(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

/// How many days lie between the first of January 1970 and a day of the Gregorian calendar.
fn days_since_1970(year: u32, month: u32, day: u32) -> i64 {
    // Years that begin in March have their leap day at their end.
    let (year, month) = if month > 2 { (i64::from(year), month - 3) } else { (i64::from(year) - 1, month + 9) };
    let before_year = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    before_year + i64::from((153 * month + 2) / 5 + day - 1) - 719_468
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
    fn a_match_begins_when_it_says() {
        let second = |text: &str| {
            let at = instant(text).expect("it is one");
            at.duration_since(UNIX_EPOCH).map_or_else(
                |e| -i64::try_from(e.duration().as_secs()).unwrap(),
                |d| i64::try_from(d.as_secs()).unwrap(),
            )
        };
        assert_eq!(second("1970-01-01T00:00Z"), 0);
        assert_eq!(second("2026-02-10T15:00"), 1_770_735_600);
        assert_eq!(second("2026-02-10t15:00:30.5Z"), 1_770_735_630);
        assert_eq!(second("2026-02-10 15:00+05:30"), 1_770_735_600 - 19_800);
        assert_eq!(second("2026-02-10T15:00:00-1200"), 1_770_735_600 + 43_200);
        assert_eq!(second("2024-02-29"), 1_709_251_200, "a day without a time: its end");
        assert_eq!(second("2000-03-01T00:00"), 951_868_800);
        assert_eq!(second("2026-12-31T24:00"), second("2027-01-01T00:00"));
        assert_eq!(second("1969-12-31T23:59:59Z"), -1);
        assert_eq!(second("0000-03-01T00:00Z"), -62_162_035_200);
    }

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
