//! Moments in UTC, as a manifest and a prompt have them.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::check::{Checked, Violation};

/// The last second of the year 9999, from 1970.
const LAST: Duration = Duration::from_secs(253_402_300_799);

/// A date, or a date and a time that ends with `Z` or `+00:00`.
pub(super) fn utc(value: &Value) -> Checked<SystemTime> {
    let violation = || Violation::new("must be an ISO 8601 time in UTC from 1970 on, such as 2026-02-05T00:00:00Z");
    let text = value.as_str().filter(|text| text.is_ascii()).ok_or_else(violation)?;
    let whole = if text.len() == "2026-02-05".len() { format!("{text}T00:00:00Z") } else { text.to_owned() };
    humantime::parse_rfc3339(&whole).map_err(|_| violation())
}

/// A moment, such as 2026-02-05T00:00:00Z; the nearest that can be written so.
pub(super) fn text(moment: SystemTime) -> String {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().min(LAST);
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + since).to_string()
}

/// The date of a moment, such as 2026-02-05.
pub(super) fn date(moment: SystemTime) -> String {
    let mut text = text(moment);
    text.truncate("2026-02-05".len());
    text
}
