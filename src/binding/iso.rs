//! Times as JavaScript sees them: ISO 8601 in UTC, to the millisecond.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

/// 9999-12-31T23:59:59.999Z, the last time whose year has four digits, in milliseconds since 1970.
const LAST: u64 = 253_402_300_799_999;
const SECONDS_OF_A_DAY: u64 = 86_400;

/// A time as ISO 8601 text.
pub(super) fn iso(time: SystemTime) -> String {
    String::from_utf8_lossy(&written(time)).into_owned()
}

/// A time that is written as such a text, without one being made of it: a status has thousands.
#[derive(Clone, Copy)]
pub(super) struct Iso(pub(super) SystemTime);

impl Serialize for Iso {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&String::from_utf8_lossy(&written(self.0)))
    }
}

/// The text; of a time before 1970, or after the year 9999, that of the nearest.
fn written(time: SystemTime) -> [u8; 24] {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().min(Duration::from_millis(LAST));
    let (days, second) = (since.as_secs() / SECONDS_OF_A_DAY, since.as_secs() % SECONDS_OF_A_DAY);
    let (year, month, day) = date(days);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    for (place, digits, number) in [
        (0, 4, year),
        (5, 2, month),
        (8, 2, day),
        (11, 2, second / 3600),
        (14, 2, second / 60 % 60),
        (17, 2, second % 60),
        (20, 3, since.subsec_millis().into()),
    ] {
        let mut rest = number;
        for digit in text.iter_mut().skip(place).take(digits).rev() {
            *digit += u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
    }
    text
}

/// The year, the month and the day that is so many days after 1970-01-01. Years begin in March here, so that the day that only
/// some of them have is the last.
fn date(days: u64) -> (u64, u64, u64) {
    // From the first of March of the year 0.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_their_dates() {
        for day in (0..=LAST / 1000 / SECONDS_OF_A_DAY).step_by(11) {
            let time = UNIX_EPOCH
                + Duration::from_millis((day * SECONDS_OF_A_DAY + day % SECONDS_OF_A_DAY) * 1000 + day % 1000);
            assert_eq!(iso(time), humantime::format_rfc3339_millis(time).to_string());
        }
    }

    #[test]
    fn what_has_no_such_date_is_written_as_the_nearest() {
        assert_eq!(iso(UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01T00:00:00.000Z");
        let late = UNIX_EPOCH + Duration::from_millis(LAST);
        assert_eq!(iso(late), "9999-12-31T23:59:59.999Z");
        assert_eq!(iso(late + Duration::from_secs(1 << 40)), iso(late));
    }
}
