//! Times as JavaScript sees them: ISO 8601 in UTC, to the millisecond.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use humantime::{Rfc3339Timestamp, format_rfc3339_millis};
use serde::{Serialize, Serializer};

/// 9999-12-31T23:59:59.999Z, the last time whose year has four digits, in milliseconds since 1970.
const LAST: u64 = 253_402_300_799_999;

/// A time as ISO 8601 text.
pub(super) fn iso(time: SystemTime) -> String {
    written(time).to_string()
}

/// A time that is written as such a text.
#[derive(Clone, Copy)]
pub(super) struct Iso(pub(super) SystemTime);

impl Serialize for Iso {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&written(self.0))
    }
}

/// The text; of a time before 1970, or after the year 9999, that of the nearest, for there is no other.
fn written(time: SystemTime) -> Rfc3339Timestamp {
    let last = UNIX_EPOCH + Duration::from_millis(LAST);
    format_rfc3339_millis(time.clamp(UNIX_EPOCH, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_to_the_millisecond() {
        let time = UNIX_EPOCH + Duration::from_micros(1_709_210_096_007_890);
        assert_eq!(iso(time), "2024-02-29T12:34:56.007Z");
        assert_eq!(serde_json::to_string(&Iso(time)).unwrap(), "\"2024-02-29T12:34:56.007Z\"");
    }

    #[test]
    fn what_has_no_such_date_is_written_as_the_nearest() {
        assert_eq!(iso(UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01T00:00:00.000Z");
        let late = UNIX_EPOCH + Duration::from_millis(LAST);
        assert_eq!(iso(late), "9999-12-31T23:59:59.999Z");
        assert_eq!(iso(late + Duration::from_secs(1 << 40)), iso(late));
    }
}
