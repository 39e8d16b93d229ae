//! What a provider sent back: status, headers and bytes in, scores or a kind of failure out.
//!
//! Pure: no I/O, no clock, total on any bytes, linear in their number.

#![forbid(unsafe_code)]

mod classify;
mod complaint;
mod envelope;
mod finish;
mod json;
mod mend;
mod message;
mod relaxed;
mod scores;
mod stream;
#[cfg(test)]
mod tests;
mod thinking;
mod topic;
mod usage;
mod window;

use std::time::{Duration, SystemTime};

use crate::kind::FailureKind;
use crate::outcome::{Score, Told};
use crate::request::Match;
use complaint::Complaint;
use envelope::{Choice, Envelope};
use finish::Finish;
use window::Window;

/// A reply as it came over the wire.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The headers that may say when to come back, by name: `Retry-After` and its kin, `x-ratelimit-*`.
    pub headers: &'a [(String, String)],
    /// The body, decompressed.
    pub body: &'a [u8],
    /// The time now, against which a date in a header is measured.
    pub now: SystemTime,
}

/// What a reply holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// What the reply says of its tokens, whatever became of it.
    pub usage: Option<Told>,
    /// What the model thought, trimmed; `None` if it did not say.
    pub reasoning: Option<String>,
    /// The text that holds the answer, as it came: the content, else the arguments of a tool call, a refusal or the
    /// reasoning. Empty if there is none.
    pub text: String,
    /// Whether the text is the begin of a stream that broke off.
    pub is_cut: bool,
    /// A slot for each asked match, in order, at least one of them with a score; or why there is none.
    pub result: Result<Vec<Option<Score>>, Failure>,
}

/// Why a reply is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind that decides what comes next.
    pub kind: FailureKind,
    /// What was seen: one line of at most 300 characters, without anything that looks like a key.
    pub message: String,
    /// How long the provider asks to be left alone.
    pub retry_after: Option<Duration>,
}

/// Reads a reply to a question about these matches.
#[must_use]
pub fn read(received: &Received<'_>, asked: &[&Match]) -> Reply {
    let text = mend::utf8(received.body);
    let text = stream::without_comments(text.strip_prefix('\u{feff}').unwrap_or(&text));
    if let Some(envelope) = stream::read(text).filter(|_| received.is_success()) {
        return judged(received, envelope, text, asked);
    }
    let mended;
    let parsed = match json::parse(text) {
        None => {
            mended = mend::mended(text);
            mended.as_deref().and_then(json::parse)
        }
        parsed => parsed,
    };
    if received.is_success() {
        return match parsed {
            Some(body) => judged(received, Envelope::read(body), text, asked),
            None => Reply::strange(received, None, text, what_came(text)),
        };
    }
    let complaint = Complaint::read(parsed, text);
    let window = Window::read(received.headers, &complaint, received.now);
    let kind = classify::of_status(received.status, &complaint, window);
    let failure = Failure::told(kind, window, &format!("HTTP {}", received.status), &complaint.message);
    Reply::failed(parsed.and_then(envelope::usage_of), failure)
}

/// What came in place of JSON.
fn what_came(text: &str) -> &'static str {
    match text {
        "" => "an empty body",
        text if text.starts_with('<') => "HTML",
        text if text.starts_with(['{', '[']) => "broken JSON",
        _ => "text",
    }
}

/// Reads what came with a 2xx.
fn judged(received: &Received<'_>, envelope: Envelope<'_>, text: &str, asked: &[&Match]) -> Reply {
    match envelope {
        Envelope { choice: Some(_), error: None, .. } => answered(received, envelope, asked),
        Envelope { choice: Some(ref choice), .. } if choice.has_text() => answered(received, envelope, asked),
        Envelope { error: Some(error), usage, .. } => Reply::failed(usage, Failure::reported(received, &error)),
        Envelope { usage, .. } => Reply::strange(received, usage, text, "JSON without choices"),
    }
}

/// A message of one line, no longer than those of a [`Failure`].
#[must_use]
pub fn shortened(line: String) -> String {
    message::cut(line)
}

/// Looks for scores in the texts of a choice, the most likely first.
///
/// What the provider tells of itself, by an error, a finish reason or a stream that breaks off, stands over whatever is
/// wrong with the text, but not over a score for every asked match.
fn answered(received: &Received<'_>, envelope: Envelope<'_>, asked: &[&Match]) -> Reply {
    let Envelope { choice, error, usage, is_cut } = envelope;
    let Choice { content, arguments, refusal, reasoning: thoughts, finish: reason, .. } = choice.unwrap_or_default();
    let spoken = [content, arguments, refusal];
    let mut reasoning = String::new();
    for thought in &thoughts {
        add_thought(&mut reasoning, thought);
    }
    let mut first = None;
    let mut found = None;
    for (index, text) in spoken.iter().chain(&thoughts).enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        first = first.or(Some(index));
        let split = thinking::split(text);
        if let Some(thinking) = split.thinking.as_deref().filter(|_| index < spoken.len()) {
            add_thought(&mut reasoning, thinking);
        }
        let mut scores = split.texts().map(|text| scores::read_scores(text, asked));
        found = scores.find(|scores| scores.iter().any(Option::is_some)).map(|scores| (index, scores));
        if found.is_some() {
            break;
        }
    }
    let (index, scores) = found.map_or((first, None), |(index, scores)| (Some(index), Some(scores)));
    let text = index.and_then(|index| spoken.into_iter().chain(thoughts).nth(index)).unwrap_or_default().into_owned();
    let is_silent = index.is_none();
    let is_complete = scores.as_ref().is_some_and(|scores| scores.iter().all(Option::is_some));
    let finish = Finish::of(reason.as_deref());
    let reason = reason.as_deref().unwrap_or_default();
    let seen = |what: &str| format!("HTTP {} with {what}", received.status);
    let failed = |kind, what: &str| Err(Failure::new(kind, &seen(what), &text));
    let broken = |kind, what: &str, quoted: &str| {
        Err(Failure::told(
            kind,
            Window::read(received.headers, &Complaint::default(), received.now),
            &seen(what),
            quoted,
        ))
    };
    let result = match (finish, scores) {
        (_, Some(scores)) if is_complete => Ok(scores),
        _ if error.is_some() => Err(Failure::reported(received, &error.unwrap_or_default())),
        (Finish::Filtered, _) => failed(FailureKind::ContentFiltered, "an answer that a content filter stopped"),
        (Finish::Broken, _) | (Finish::Unknown, None) => {
            broken(classify::of_finish(reason), "an answer that the provider ended", reason)
        }
        _ if is_cut => broken(FailureKind::ServerError, "a stream that broke off", &text),
        (_, Some(scores)) => Ok(scores),
        (Finish::Length, None) => failed(FailureKind::Truncated, "an answer cut off before a valid score"),
        (Finish::Whole, None) if is_silent => failed(FailureKind::EmptyResponse, "a chat completion without text"),
        (Finish::Whole, None) => failed(FailureKind::ParseError, "text without a valid score"),
    };
    let reasoning = Some(reasoning).filter(|reasoning| !reasoning.is_empty());
    Reply { usage, reasoning, text, is_cut, result }
}

/// Adds a thought after a blank line.
fn add_thought(thoughts: &mut String, thought: &str) {
    let thought = thought.trim();
    if !thoughts.is_empty() && !thought.is_empty() {
        thoughts.push_str("\n\n");
    }
    thoughts.push_str(thought);
}

impl Received<'_> {
    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Reply {
    fn failed(usage: Option<Told>, failure: Failure) -> Self {
        Self { usage, reasoning: None, text: String::new(), is_cut: false, result: Err(failure) }
    }

    /// No chat completion, but something else.
    fn strange(received: &Received<'_>, usage: Option<Told>, text: &str, what: &str) -> Self {
        let seen = format!("HTTP {} with {what} instead of a chat completion", received.status);
        Self::failed(usage, Failure::new(FailureKind::InvalidResponse, &seen, text))
    }
}

impl Failure {
    fn new(kind: FailureKind, seen: &str, quoted: &str) -> Self {
        Self { kind, message: message::one_line(seen, quoted), retry_after: None }
    }

    /// An error that came with a 2xx.
    fn reported(received: &Received<'_>, error: &Complaint) -> Self {
        let window = Window::read(received.headers, error, received.now);
        let seen = format!("HTTP {} with an error", received.status);
        Self::told(classify::of_error(error, window), window, &seen, &error.message)
    }

    /// A failure that the provider itself reported, and so may ask to be left alone.
    fn told(kind: FailureKind, window: Window, seen: &str, quoted: &str) -> Self {
        // The words and counts of any other failure may be about something else.
        let retry_after = if kind == FailureKind::RateLimited { window.wait() } else { window.header };
        Self { retry_after, ..Self::new(kind, seen, quoted) }
    }
}
