//! The `Retry-After` header.

use std::time::{Duration, SystemTime};

/// The longest wait that is passed on, so that no sum with a clock overflows.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Reads a number of seconds or an HTTP date; `None` for anything else. A date that has passed is no wait.
pub(super) fn parse(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    if header.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        let seconds: f64 = header.parse().ok()?;
        return Some(Duration::try_from_secs_f64(seconds).map_or(LONGEST, |wait| wait.min(LONGEST)));
    }
    let until = httpdate::parse_http_date(header).ok()?;
    Some(until.duration_since(now).unwrap_or_default().min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT.
    const NOVEMBER_1994: u64 = 784_111_777;

    fn parsed(header: &str) -> Option<Duration> {
        parse(header, SystemTime::UNIX_EPOCH + Duration::from_secs(NOVEMBER_1994))
    }

    #[test]
    fn seconds_and_dates() {
        for (header, seconds) in [
            ("0", 0.0),
            ("30", 30.0),
            (" 7 ", 7.0),
            ("1.5", 1.5),
            ("0.25", 0.25),
            ("Sun, 06 Nov 1994 08:50:07 GMT", 30.0),
            ("Sunday, 06-Nov-94 08:50:07 GMT", 30.0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
            ("Sun, 06 Nov 1994 08:00:00 GMT", 0.0),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ] {
            assert_eq!(parsed(header), Some(Duration::from_secs_f64(seconds)), "{header}");
        }
    }

    #[test]
    fn what_is_neither_is_nothing() {
        for header in ["", ".", "1.2.3", "soon", "-1", "-0", "+5", "NaN", "inf", "infinity", "1e3", "30s", "0x10", "٣"]
        {
            assert_eq!(parsed(header), None, "{header:?}");
        }
    }

    #[test]
    fn absurd_waits_are_capped() {
        for header in ["99999999999", "18446744073709551616", &"9".repeat(400), "Fri, 31 Dec 9999 23:59:59 GMT"] {
            assert_eq!(parsed(header), Some(LONGEST), "{header:?}");
        }
    }
}
