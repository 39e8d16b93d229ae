//! Days of the calendar, in UTC.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds of a day.
const SECONDS: u64 = 86_400;
/// 9999-12-31, the last day whose year has four digits.
const LAST: u64 = 2_932_896;

/// A day in UTC, counted from 1970-01-01; written as `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(u64);

impl Day {
    /// The day of `now`: the first or the last one for a time outside of all.
    #[must_use]
    pub fn of(now: SystemTime) -> Self {
        let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self((seconds / SECONDS).min(LAST))
    }

    /// The day that is written so; `None` if none is.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        let begin = humantime::parse_rfc3339(&format!("{text}T00:00:00Z")).ok()?;
        Some(Self::of(begin)).filter(|day| day.to_string() == text)
    }

    /// How many days it is after 1970-01-01.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }

    /// The midnight at which it begins.
    #[must_use]
    pub fn begin(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0 * SECONDS)
    }

    /// The midnight at which it ends.
    #[must_use]
    pub fn end(self) -> SystemTime {
        self.next().begin()
    }

    /// The day before it; the first has none but itself.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The day after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let midnight = humantime::format_rfc3339_seconds(self.begin()).to_string();
        f.write_str(midnight.split('T').next().unwrap_or_default())
    }
}
