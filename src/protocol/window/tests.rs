use super::*;

/// Sun, 06 Nov 1994 08:49:37 GMT.
const NOVEMBER_1994: u64 = 784_111_777;

fn parsed(header: &str) -> Option<Duration> {
    retry_after(header, SystemTime::UNIX_EPOCH + Duration::from_secs(NOVEMBER_1994))
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
    for header in ["", ".", "1.2.3", "soon", "-1", "-0", "+5", "NaN", "inf", "infinity", "1e3", "30s", "0x10", "٣"] {
        assert_eq!(parsed(header), None, "{header:?}");
    }
}

#[test]
fn absurd_waits_are_capped() {
    for header in ["99999999999", "18446744073709551616", &"9".repeat(400), "Fri, 31 Dec 9999 23:59:59 GMT"] {
        assert_eq!(parsed(header), Some(LONGEST), "{header:?}");
    }
}

fn words(text: &str) -> Option<f64> {
    in_words(text, SystemTime::UNIX_EPOCH + Duration::from_secs(NOVEMBER_1994)).map(|wait| wait.as_secs_f64())
}

#[test]
fn a_wait_is_found_in_words() {
    for (text, seconds) in [
        ("Please retry in 21s.", 21.0),
        ("Please try again in 2m59.56s. Visit https://x.test", 179.56),
        ("Please try again in 370ms.", 0.37),
        ("Try again in 3 minutes", 180.0),
        ("try again in 1 hour", 3600.0),
        ("Try again in an hour.", 3600.0),
        ("please wait a minute", 60.0),
        ("Wait 1 hour and 5 minutes, please", 3900.0),
        ("resets in 1h 5m", 3900.0),
        ("Limit of 3 per 60 seconds; please retry your request after 21 seconds", 21.0),
        ("Retry-After: 20", 20.0),
        ("retry after 7", 7.0),
        ("limit resets at 1994-11-06T08:50:07Z", 30.0),
        ("limit resets at 1994-11-06T10:50:07+02:00.", 30.0),
        ("available again in 2 days", 172_800.0),
        ("(retry in: '45s')", 45.0),
        ("Limit resets at 1994-11-06 08:50:07 UTC.", 30.0),
        ("try again at 1994-11-06 08:50:07Z", 30.0),
        ("Retry-After: Sun, 06 Nov 1994 08:50:07 GMT", 30.0),
        ("You can retry in 00:01:30", 90.0),
        ("retry in 1:05.", 65.0),
        ("retry_after_seconds=17", 17.0),
        ("Next request allowed in 5 seconds", 5.0),
        ("Please try again in two minutes", 120.0),
    ] {
        assert_eq!(words(text), Some(seconds), "{text}");
    }
}

#[test]
fn other_durations_are_no_wait() {
    for text in [
        "",
        "try again in a few minutes",
        "Limit: 20 requests per 60 seconds",
        "Please retry. The limit is 3 in 60 seconds",
        "you must wait; 60 seconds is the time-out",
        "try again with 3 matches",
        "retry at most 3 times",
        "after 20 seconds the request timed out",
        "again and again and at last after some 5 seconds",
        "wait 3 parsecs",
        "retry with 2-1 or 12:30:61:5",
        "retry on Sunday, or with two models",
        "reset at version 2",
    ] {
        assert_eq!(words(text), None, "{text}");
    }
}

fn header(fields: &[(&str, &str)]) -> Window {
    let fields: Vec<_> = fields.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOVEMBER_1994);
    Window::read(&fields, &Complaint::default(), now)
}

#[test]
fn a_reset_speaks_where_nothing_remains() {
    for (value, seconds) in [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("12ms", 0.012),
        ("30", 30.0),
        ("0.5", 0.5),
        ("784111807000", 30.0),
        ("1994-11-06T08:50:07Z", 30.0),
        ("1994-11-06T08:50:07.000z", 30.0),
        ("1994-11-06T09:50:07+01:00", 30.0),
        ("1994-11-06T06:20:07-02:30", 30.0),
        ("Sun, 06 Nov 1994 08:50:07 GMT", 30.0),
        ("1994-11-06T08:49:07Z", 0.0),
    ] {
        let wait = |remaining| {
            header(&[("x-ratelimit-reset-tokens", value), ("x-ratelimit-remaining-tokens", remaining)]).wait()
        };
        assert_eq!(wait("0").map(|wait| wait.as_secs_f64()), Some(seconds), "{value}");
        assert_eq!(wait("1"), None);
    }
    let now = Duration::from_secs(1_700_000_000);
    for moment in ["1700000030", "1700000030000"] {
        let seen = moment_or_duration(moment, SystemTime::UNIX_EPOCH + now);
        assert_eq!(seen, Some(Duration::from_secs(30)), "{moment}");
    }
    assert_eq!(header(&[("x-ratelimit-reset", "9")]).wait(), None);
    assert_eq!(header(&[("x-ratelimit-reset", "soon"), ("x-ratelimit-remaining", "0")]).wait(), None);
    let two = [
        ("X-RateLimit-Reset-Requests", "9s"),
        ("X-RateLimit-Remaining-Requests", "0"),
        ("anthropic-ratelimit-tokens-reset", "1994-11-06T08:50:07Z"),
        ("anthropic-ratelimit-tokens-remaining", "0"),
    ];
    assert_eq!(header(&two).wait(), Some(Duration::from_secs(30)), "the last of them");
}

#[test]
fn what_asks_for_a_wait_stands_over_what_counts() {
    let all = [
        ("x-ratelimit-reset", "50"),
        ("x-ratelimit-remaining", "0"),
        ("retry-after", "30"),
        ("retry-after-ms", "29500"),
    ];
    assert_eq!(header(&all).wait(), Some(Duration::from_millis(29_500)));
    assert_eq!(header(&all[..3]).wait(), Some(Duration::from_secs(30)));
    assert_eq!(header(&[("retry-after", "1.5s")]).wait(), Some(Duration::from_millis(1500)));
    assert!(header(&[("retry-after", "3600")]).is_soon());
    assert!(!header(&[("retry-after", "3601")]).is_soon());
}

proptest::proptest! {
    #[test]
    fn any_text_is_read(text in "(?s).{0,80}", value in "[0-9a-zA-Z:.+ -]{0,30}", remaining in "[0-9.]{0,5}") {
        let _ = words(&text);
        let _ = words(&format!("try again in {value}"));
        let _ = header(&[("x-ratelimit-reset", &value), ("x-ratelimit-remaining", &remaining), ("retry-after", &text)]);
    }
}
