//! When a provider says that a limit ends: in a header, in a field of its complaint, or in its words.

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use super::complaint::Complaint;

/// The longest wait that is passed on, so that no sum with a clock overflows.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A limit that ends within this is one of a rate, whatever its words.
const SOON: Duration = Duration::from_secs(60 * 60);

/// Fields and headers that name a wait, in lower case and without separators.
const WAITS: &[&str] = &["retryafter", "retrydelay", "retryafterseconds", "retryin", "resetafter"];

/// Fields and headers that name a wait in milliseconds, written as those in [`WAITS`].
const WAITS_IN_MS: &[&str] = &["retryafterms", "xmsretryafterms", "retrydelayms", "retryinms"];

/// Words that speak of coming back. A duration that follows one of them closely is a window.
const ANCHORS: &[&str] =
    &["again", "retr", "wait", "reset", "back", "available", "allowed", "cooldown", "cooling", "resume"];

/// From here on a number of seconds is a moment: thirty years.
const MOMENT: f64 = 1e9;

/// How many words may stand between such a word and the duration.
const CLOSE: usize = 4;

/// The numbers that are written as words.
const NUMBERS: &[(&str, f64)] = &[
    ("a", 1.0),
    ("an", 1.0),
    ("one", 1.0),
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("ten", 10.0),
    ("thirty", 30.0),
    ("sixty", 60.0),
];

/// Words before a duration that is the length of a period and no wait.
const PERIODS: &[&str] = &["per", "every", "each", "last", "past", "within"];

/// How long a limit lasts, as far as a provider says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// In a header that asks to be left alone.
    pub(super) header: Option<Duration>,
    /// In a field or in the words of the body.
    body: Option<Duration>,
    /// Until counts begin anew of which nothing remains.
    reset: Option<Duration>,
}

impl Window {
    /// Reads the headers and the complaint of a reply that arrived `now`.
    pub(super) fn read(headers: &[(String, String)], complaint: &Complaint, now: SystemTime) -> Self {
        Self {
            header: asked(headers, now),
            body: asked(&complaint.fields, now).or_else(|| in_words(&complaint.message, now)),
            reset: reset(headers, now).or_else(|| reset(&complaint.fields, now)),
        }
    }

    /// How long the limit lasts, by what says it best.
    pub(super) fn wait(self) -> Option<Duration> {
        self.told().or(self.reset)
    }

    /// Whether the provider asks to come back, and soon.
    pub(super) fn is_told_soon(self) -> bool {
        self.told().is_some_and(|wait| wait <= SOON)
    }

    /// Whether the limit ends soon, by any sign.
    pub(super) fn is_soon(self) -> bool {
        self.wait().is_some_and(|wait| wait <= SOON)
    }

    fn told(self) -> Option<Duration> {
        self.header.or(self.body)
    }
}

/// The wait that a field asks for, to the millisecond if it can be had.
fn asked(fields: &[(String, String)], now: SystemTime) -> Option<Duration> {
    let named = |names: &'static [&'static str]| {
        fields.iter().filter(|(name, _)| names.contains(&bare(name).as_str())).map(|(_, value)| value.trim())
    };
    let mut in_ms = named(WAITS_IN_MS).filter_map(|value| Some(seconds(number(value)? / 1000.0)));
    in_ms.next().or_else(|| named(WAITS).find_map(|value| retry_after(value, now).or_else(|| duration(value))))
}

/// When all counts of which nothing remains begin anew: `x-ratelimit-reset-tokens` speaks where
/// `x-ratelimit-remaining-tokens` is 0.
fn reset(fields: &[(String, String)], now: SystemTime) -> Option<Duration> {
    let is_spent = |name: &str| {
        let remaining = name.replace("reset", "remaining");
        let value = fields.iter().find(|(other, _)| other.eq_ignore_ascii_case(&remaining)).map(|(_, value)| value);
        value.and_then(|value| number(value.trim())) == Some(0.0)
    };
    let resets = fields.iter().filter_map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let is_reset = bare(&name).contains("ratelimit") && name.contains("reset");
        if is_reset && is_spent(&name) { moment_or_duration(value.trim(), now) } else { None }
    });
    resets.max()
}

/// `X-RateLimit-Reset`, `retry_after` and `retryAfter` in one writing.
fn bare(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
}

/// Reads `Retry-After`: a number of seconds or an HTTP date; `None` for anything else. A date that has passed is no
/// wait.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let date = || httpdate::parse_http_date(value).ok().map(|moment| until(moment, now));
    number(value).map(seconds).or_else(date)
}

/// A duration, a number of seconds, or a moment: seconds or milliseconds since 1970, RFC 3339, or an HTTP date.
fn moment_or_duration(value: &str, now: SystemTime) -> Option<Duration> {
    /// From here on it is in milliseconds.
    const IN_MS: f64 = 1e11;
    let Some(number) = number(value) else {
        return duration(value).or_else(|| moment(value, now)).or_else(|| retry_after(value, now));
    };
    if number < MOMENT {
        return Some(seconds(number));
    }
    let since = Duration::try_from_secs_f64(if number < IN_MS { number } else { number / 1000.0 }).ok()?;
    Some(SystemTime::UNIX_EPOCH.checked_add(since).map_or(LONGEST, |moment| until(moment, now)))
}

/// A moment of RFC 3339, in UTC or with an offset.
fn moment(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.to_ascii_uppercase();
    if let Ok(moment) = humantime::parse_rfc3339(&value) {
        return Some(until(moment, now));
    }
    let (local, offset) = value.split_at_checked(value.len().checked_sub("+00:00".len())?)?;
    let local = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let offset_length = Duration::from_secs(hours.parse::<u64>().ok()? * 3600 + minutes.parse::<u64>().ok()? * 60);
    match offset.as_bytes().first()? {
        b'+' => Some(until(local.checked_sub(offset_length)?, now)),
        b'-' => Some(until(local.checked_add(offset_length)?, now)),
        _ => None,
    }
}

fn until(moment: SystemTime, now: SystemTime) -> Duration {
    moment.duration_since(now).unwrap_or_default().min(LONGEST)
}

/// A number without a sign or an exponent.
fn number(text: &str) -> Option<f64> {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.').then(|| text.parse().ok()).flatten()
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).map_or(LONGEST, |wait| wait.min(LONGEST))
}

/// A duration without spaces: `21s`, `2m59.56s`, `370ms`, `1h30m`.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let (value, after) = rest.split_at_checked(rest.find(|c: char| c != '.' && !c.is_ascii_digit())?)?;
        let (name, after) = after.split_at_checked(after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len()))?;
        sum += number(value)? * unit(name)?;
        rest = after;
    }
    (!text.is_empty()).then(|| seconds(sum))
}

/// The seconds of a unit.
fn unit(name: &str) -> Option<f64> {
    Some(match name {
        "ns" => 1e-9,
        "us" | "µs" | "μs" => 1e-6,
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 1e-3,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        "week" | "weeks" => 604_800.0,
        "month" | "months" => 2_592_000.0,
        _ => return None,
    })
}

/// The first wait in a text: `try again in 2m59.56s`, `retry after 3 minutes`, `wait an hour`, `resets in 1 h 5 min`,
/// `Retry-After: 20`, `retry_after_seconds=17`, `resets at 2026-09-21 14:15:20 UTC`.
fn in_words(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.to_lowercase();
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c == '=').filter(|word| !word.is_empty()).collect();
    (0..words.len()).find_map(|at| {
        let (before, from) = words.split_at_checked(at)?;
        let word = inner(from.first()?);
        let may_begin = word.starts_with(|c: char| c.is_ascii_digit()) || is_spelt(word) || is_weekday(word);
        if !may_begin || !follows_anchor(before) {
            return None;
        }
        let waits = || clock(word).or_else(|| bare_seconds(before, word));
        spoken(from).or_else(|| moment_in(from, now)).or_else(waits)
    })
}

fn is_spelt(word: &str) -> bool {
    NUMBERS.iter().any(|(known, _)| *known == word)
}

fn is_weekday(word: &str) -> bool {
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].iter().any(|day| word.starts_with(day))
}

/// The moment that the first words are: of RFC 3339, with a space in it or not, in UTC if they do not say; an HTTP date;
/// or seconds or milliseconds since 1970.
fn moment_in(words: &[&str], now: SystemTime) -> Option<Duration> {
    let first = inner(words.first()?);
    let date_and_time = || {
        let time = inner(words.get(1)?).trim_end_matches('z');
        (first.len() == "2026-09-21".len()).then(|| moment(&format!("{first}T{time}Z"), now)).flatten()
    };
    let http_date = || {
        let date = words.get(.."Mon, 21 Sep 2026 14:15:20 GMT".split(' ').count())?.join(" ");
        is_weekday(first).then(|| httpdate::parse_http_date(&capitalised(inner(&date))).ok()).flatten()
    };
    let since_1970 = || number(first).filter(|&number| number >= MOMENT).and_then(|_| moment_or_duration(first, now));
    let moment = moment(first, now).or_else(date_and_time);
    moment.or_else(|| http_date().map(|moment| until(moment, now))).or_else(since_1970)
}

/// An HTTP date in its own letters, for it is read with regard to case.
fn capitalised(date: &str) -> String {
    let word = |word: &str| match word {
        "gmt" => "GMT".to_owned(),
        word => word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect(),
    };
    date.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// A wait as a clock shows it: `00:01:30`, or `01:30` for a minute and a half.
fn clock(word: &str) -> Option<Duration> {
    let parts = || word.split(':');
    let is_clock = (2..=3).contains(&parts().count()) && parts().all(|part| (1..=2).contains(&part.len()));
    is_clock.then(|| parts().try_fold(0.0, |sum, part| Some(sum * 60.0 + number(part)?))).flatten().map(seconds)
}

/// Whether the last words before a duration, in its own sentence, speak of coming back.
fn follows_anchor(before: &[&str]) -> bool {
    let is_period = before.last().is_some_and(|word| PERIODS.contains(&inner(word)));
    let ends_sentence = |word: &&&str| word.ends_with(['.', '!', '?', ';']);
    let sentence = before.iter().rev().take(CLOSE).take_while(|word| !ends_sentence(word));
    !is_period && sentence.map(|word| inner(word)).any(|word| ANCHORS.iter().any(|anchor| word.starts_with(anchor)))
}

/// The duration at the beginning of some words: in one word, or in several, each number with its unit.
fn spoken(words: &[&str]) -> Option<Duration> {
    if let Some(duration) = duration(inner(words.first()?)) {
        let more = words.get(1..).and_then(spoken).unwrap_or_default();
        return Some((duration + more).min(LONGEST));
    }
    let mut sum = None;
    let mut words = words.iter().map(|word| inner(word)).filter(|word| *word != "and");
    while let (Some(value), Some(name)) = (words.next(), words.next()) {
        let value =
            NUMBERS.iter().find(|(word, _)| *word == value).map(|&(_, number)| number).or_else(|| number(value));
        let Some(part) = value.zip(unit(name)).map(|(value, unit)| value * unit) else { break };
        sum = Some(sum.unwrap_or(0.0) + part);
    }
    sum.map(seconds)
}

/// `Retry-After: 20` and `retry after 20` mean seconds.
fn bare_seconds(before: &[&str], word: &str) -> Option<Duration> {
    let mut before = before.iter().rev().map(|word| inner(word));
    let last = before.next()?;
    let is_header = matches!(bare(last).as_str(), "retryafter" | "retryafterseconds")
        || (last == "after" && before.next() == Some("retry"));
    is_header.then(|| number(word).map(seconds)).flatten()
}

/// A word without the punctuation around it.
fn inner(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}
