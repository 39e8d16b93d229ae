//! The day from which a provider serves a model no more.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::check::{Checked, Violation};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long before its day a model is warned of.
const WARNED_BEFORE: Duration = Duration::from_secs(30 * 24 * 3600);

/// A day in UTC from which a model is not called any more; written as `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Retirement(SystemTime);

impl Retirement {
    /// Reads a day.
    pub(super) fn read(value: &Value) -> Checked<Self> {
        let violation = || Violation::new("must be a day in UTC from 1970 on, such as 2026-02-05");
        let text = value.as_str().filter(|text| text.is_ascii() && text.len() == "2026-02-05".len());
        let text = text.ok_or_else(violation)?;
        humantime::parse_rfc3339(&format!("{text}T00:00:00Z")).map(Self).map_err(|_| violation())
    }

    /// The midnight at which the day begins.
    #[must_use]
    pub fn begins(self) -> SystemTime {
        self.0
    }

    /// The moment from which it is warned of: 30 days before, but not before 1970.
    #[must_use]
    pub fn warns_from(self) -> SystemTime {
        self.0.checked_sub(WARNED_BEFORE).map_or(UNIX_EPOCH, |from| from.max(UNIX_EPOCH))
    }

    /// Whether the day has come.
    #[must_use]
    pub fn has_come(self, now: SystemTime) -> bool {
        self.0 <= now
    }

    /// How many days are left, a part of one counted as a whole; 0 from the day on.
    #[must_use]
    pub fn days_left(self, now: SystemTime) -> u64 {
        self.0.duration_since(now).map_or(0, |left| left.as_secs().div_ceil(DAY.as_secs()))
    }
}

impl fmt::Display for Retirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let midnight = humantime::format_rfc3339_seconds(self.0).to_string();
        f.write_str(midnight.split('T').next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn day(text: &str) -> Retirement {
        Retirement::read(&json!(text)).unwrap()
    }

    #[test]
    fn a_day_is_read_as_it_is_written() {
        assert_eq!(day("2026-02-05").to_string(), "2026-02-05");
        for wrong in [
            json!("2026-02-30"),
            json!("2026-2-5"),
            json!("05.02.2026"),
            json!("2026-02-05T10:00:00Z"),
            json!(20_260_205),
        ] {
            let refused = Retirement::read(&wrong).unwrap_err();
            assert_eq!(refused.problem, "must be a day in UTC from 1970 on, such as 2026-02-05", "{wrong}");
        }
    }

    #[test]
    fn a_model_is_warned_of_thirty_days_before_and_retired_from_midnight_on() {
        let retirement = day("2026-03-07");
        let at = |text: &str| humantime::parse_rfc3339(text).unwrap();
        assert_eq!(retirement.warns_from(), at("2026-02-05T00:00:00Z"));
        assert!(!retirement.has_come(at("2026-03-06T23:59:59Z")));
        assert!(retirement.has_come(at("2026-03-07T00:00:00Z")));
        let left = ["2026-02-05T00:00:00Z", "2026-03-06T00:00:01Z", "2026-03-07T00:00:00Z", "2026-04-01T00:00:00Z"];
        assert_eq!(left.map(|text| retirement.days_left(at(text))), [30, 1, 0, 0]);
    }

    #[test]
    fn a_leap_day_is_a_day_in_its_years_alone_and_one_of_the_thirty_before() {
        let at = |text: &str| humantime::parse_rfc3339(text).unwrap();
        assert_eq!(day("2028-02-29").to_string(), "2028-02-29");
        assert_eq!(day("2028-02-29").begins(), at("2028-02-29T00:00:00Z"));
        for wrong in ["2027-02-29", "2100-02-29", "2028-02-30"] {
            assert!(Retirement::read(&json!(wrong)).is_err(), "{wrong}");
        }
        assert_eq!(day("2028-03-01").warns_from(), at("2028-01-31T00:00:00Z"));
        assert_eq!(day("2027-03-01").warns_from(), at("2027-01-30T00:00:00Z"));
        assert_eq!(day("2028-01-01").warns_from(), at("2027-12-02T00:00:00Z"));
    }

    #[test]
    fn a_day_of_the_first_month_of_all_is_warned_of_from_the_beginning() {
        assert_eq!(day("1970-01-10").warns_from(), UNIX_EPOCH);
    }
}
