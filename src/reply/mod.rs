//! What a provider sent back: status, headers and bytes in, scores or a kind of failure out.
//!
//! Pure: no I/O, no clock, total on any bytes, linear in their number.

#![forbid(unsafe_code)]

mod classify;
mod complaint;
mod envelope;
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

use serde_json::Value;

use crate::kind::FailureKind;
use crate::outcome::{Score, Usage};
use crate::request::Match;
use complaint::Complaint;
use envelope::{Choice, Envelope, Finish};
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
    /// The tokens that the reply says were used, whatever became of it.
    pub usage: Option<Usage>,
    /// What the model thought, trimmed; `None` if it did not say.
    pub reasoning: Option<String>,
    /// The text that holds the answer, as it came: the content, else the arguments of a tool call, a refusal or the
    /// reasoning. Empty if there is none.
    pub text: String,
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
    let body = String::from_utf8_lossy(received.body);
    let body = body.strip_prefix('\u{feff}').unwrap_or(&body);
    let parsed = parse(body).or_else(|| parse(&mend::mended(body)));
    if !(200..300).contains(&received.status) {
        let complaint = Complaint::read(parsed.as_ref(), body);
        let window = Window::read(received.headers, &complaint, received.now);
        let kind = classify::of_status(received.status, &complaint, window);
        let failure = Failure::told(kind, window, &format!("HTTP {}", received.status), &complaint.message);
        return Reply::failed(parsed.and_then(|body| usage::read(body.get("usage")?)), failure);
    }
    let is_json = parsed.is_some();
    let envelope = parsed.map(Envelope::read).or_else(|| stream::read(body)).unwrap_or_default();
    match envelope {
        Envelope { choice: Some(choice), error, usage } if choice.has_text() || error.is_none() => {
            answered(received.status, choice, usage, asked)
        }
        Envelope { error: Some(error), usage, .. } => {
            let complaint = Complaint::read(Some(&error), body);
            let window = Window::read(received.headers, &complaint, received.now);
            let seen = format!("HTTP {} with an error", received.status);
            let kind = classify::of_error(&complaint, window);
            Reply::failed(usage, Failure::told(kind, window, &seen, &complaint.message))
        }
        Envelope { usage, .. } => {
            let what = match body.trim_start() {
                "" => "an empty body",
                _ if is_json => "JSON without choices",
                text if text.starts_with('<') => "HTML",
                text if text.starts_with(['{', '[']) => "broken JSON",
                _ => "text",
            };
            let seen = format!("HTTP {} with {what} instead of a chat completion", received.status);
            Reply::failed(usage, Failure::new(FailureKind::InvalidResponse, &seen, body))
        }
    }
}

fn parse(body: &str) -> Option<Value> {
    serde_json::from_str(body).ok()
}

/// A message of one line, no longer than those of a [`Failure`].
#[must_use]
pub fn shortened(line: String) -> String {
    message::cut(line)
}

/// Looks for scores in the texts of a choice, the most likely first.
fn answered(status: u16, choice: Choice, usage: Option<Usage>, asked: &[&Match]) -> Reply {
    let Choice { content, arguments, refusal, reasoning: thoughts, finish, .. } = choice;
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
    let text = index.and_then(|index| spoken.into_iter().chain(thoughts).nth(index)).unwrap_or_default();
    let is_silent = index.is_none();
    let failed = |kind, seen: &str| Err(Failure::new(kind, &format!("HTTP {status} with {seen}"), &text));
    let result = match (finish, scores) {
        (Finish::Filtered, _) => failed(FailureKind::ContentFiltered, "an answer that a content filter stopped"),
        (_, Some(scores)) => Ok(scores),
        (Finish::Length, None) => failed(FailureKind::Truncated, "an answer cut off before a valid score"),
        (Finish::Whole, None) if is_silent => failed(FailureKind::EmptyResponse, "a chat completion without text"),
        (Finish::Whole, None) => failed(FailureKind::ParseError, "text without a valid score"),
    };
    let reasoning = Some(reasoning).filter(|reasoning| !reasoning.is_empty());
    Reply { usage, reasoning, text, result }
}

/// Adds a thought after a blank line.
fn add_thought(thoughts: &mut String, thought: &str) {
    let thought = thought.trim();
    if !thoughts.is_empty() && !thought.is_empty() {
        thoughts.push_str("\n\n");
    }
    thoughts.push_str(thought);
}

impl Reply {
    fn failed(usage: Option<Usage>, failure: Failure) -> Self {
        Self { usage, reasoning: None, text: String::new(), result: Err(failure) }
    }
}

impl Failure {
    fn new(kind: FailureKind, seen: &str, quoted: &str) -> Self {
        Self { kind, message: message::one_line(seen, quoted), retry_after: None }
    }

    /// A failure that the provider itself reported, and so may ask to be left alone.
    fn told(kind: FailureKind, window: Window, seen: &str, quoted: &str) -> Self {
        // The words and counts of any other failure may be about something else.
        let retry_after = if kind == FailureKind::RateLimited { window.wait() } else { window.header };
        Self { retry_after, ..Self::new(kind, seen, quoted) }
    }
}
