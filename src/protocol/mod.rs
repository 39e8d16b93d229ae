//! The chat-completions protocol of `OpenAI`: what is asked becomes bytes ([`body`]); status, headers and bytes become what
//! was said, or why nothing was ([`read`]).
//!
//! Pure: no I/O, no clock, total on any bytes, linear in their number. It knows what an answer looks like around its text,
//! and nothing of what is in the text: whoever asked looks for the answer there, and says how much of it there is.

#![forbid(unsafe_code)]

pub mod body;
mod classify;
mod complaint;
mod envelope;
mod finish;
mod json;
mod mend;
mod message;
mod stream;
mod topic;
mod usage;
mod usual;
mod window;

#[cfg(test)]
pub(crate) use message::is_one_line;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use crate::kind::FailureKind;
use crate::outcome::Told;
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

/// What a reply holds; `T` is the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply<T> {
    /// What the reply says of its tokens, whatever became of it.
    pub usage: Option<Told>,
    /// The model that a reply with a 2xx says it is of: one line of at most 200 characters, without anything that begins as a
    /// key does; `None` if it does not say.
    pub model: Option<String>,
    /// What the model thought, trimmed; `None` if it did not say.
    pub reasoning: Option<String>,
    /// The text that holds the answer, as it came: the content, else the arguments of a tool call, a refusal or the
    /// reasoning. Empty if there is none.
    pub text: String,
    /// Whether the text is the begin of a stream that broke off.
    pub is_cut: bool,
    /// Whether the server refused the request for the form in which it asks for the answer.
    pub refuses_format: bool,
    /// The answer, or why there is none.
    pub result: Result<T, Failure>,
}

/// The texts of a chat completion, where there are any.
#[derive(Debug)]
pub struct Said<'a> {
    /// The content, the arguments of tool calls and the refusal, the likeliest to hold an answer first.
    pub spoken: [Cow<'a, str>; 3],
    /// What the model thought, where fields of their own say so.
    pub thoughts: Vec<Cow<'a, str>>,
    /// Whether something else than the model ended it, which may be anywhere.
    pub is_cut: bool,
}

/// What was found in the texts of a chat completion; `T` is the answer.
#[derive(Debug)]
pub struct Found<T> {
    /// Which text holds the answer, the spoken ones before the thoughts; without an answer the first that says anything.
    pub text: Option<usize>,
    /// What the model thought, trimmed.
    pub reasoning: String,
    /// The answer.
    pub answer: Option<T>,
    /// Whether the answer holds all that was asked.
    pub is_complete: bool,
    /// What an answer must hold at least one of, as a message calls it.
    pub wanted: &'static str,
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

/// Reads a reply. `find` looks for an answer in what was said.
pub fn read<T>(received: &Received<'_>, find: impl FnOnce(&Said<'_>) -> Found<T>) -> Reply<T> {
    let text = mend::utf8(received.body);
    let text = stream::without_comments(text.strip_prefix('\u{feff}').unwrap_or(&text));
    let read = || usual::read(text).or_else(|| stream::read(text));
    if let Some(envelope) = received.is_success().then(read).flatten() {
        return judged(received, envelope, text, find);
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
            Some(body) => judged(received, Envelope::read(body), text, find),
            None => Reply::strange(received, None, text, what_came(text)),
        };
    }
    let complaint = Complaint::read(parsed, text);
    let window = Window::read(received.headers, &complaint, received.now);
    let kind = classify::of_status(received.status, &complaint, window);
    let failure = Failure::told(kind, window, &format!("HTTP {}", received.status), &complaint.message);
    let refuses_format = classify::is_of_request(received.status, kind) && complaint.is_about_format();
    Reply { refuses_format, ..Reply::failed(parsed.and_then(envelope::usage_of), failure) }
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
fn judged<T>(
    received: &Received<'_>,
    mut envelope: Envelope<'_>,
    text: &str,
    find: impl FnOnce(&Said<'_>) -> Found<T>,
) -> Reply<T> {
    let model = envelope.model.take().and_then(|model| message::name(&model));
    let reply = match envelope {
        Envelope { choice: Some(_), error: None, .. } => answered(received, envelope, find),
        Envelope { choice: Some(ref choice), .. } if choice.has_text() => answered(received, envelope, find),
        Envelope { error: Some(error), usage, .. } => Reply::failed(usage, Failure::reported(received, &error)),
        Envelope { usage, is_cut: true, .. } => {
            let seen = format!("HTTP {} with a stream that broke off", received.status);
            let window = Window::read(received.headers, &Complaint::default(), received.now);
            Reply::failed(usage, Failure::told(FailureKind::ServerError, window, &seen, text))
        }
        Envelope { usage, .. } => Reply::strange(received, usage, text, "JSON without choices"),
    };
    Reply { model, ..reply }
}

/// A text as the message of a [`Failure`]: one line, short, and without anything that looks like a key.
#[must_use]
pub fn one_line(text: &str) -> String {
    message::of(text)
}

/// Judges a choice by what was found in its texts.
///
/// What the provider tells of itself, by an error, a finish reason or a stream that breaks off, stands over whatever is
/// wrong with the text, but not over an answer that is complete.
fn answered<T>(received: &Received<'_>, envelope: Envelope<'_>, find: impl FnOnce(&Said<'_>) -> Found<T>) -> Reply<T> {
    let Envelope { choice, error, usage, is_cut, .. } = envelope;
    let Choice { content, arguments, refusal, reasoning, finish, native_finish, .. } = choice.unwrap_or_default();
    let (finish, reason) = Finish::of_both(finish.as_deref(), native_finish.as_deref());
    let ended_early = is_cut || !matches!(finish, Finish::Whole | Finish::Unknown);
    let said = Said { spoken: [content, arguments, refusal], thoughts: reasoning, is_cut: ended_early };
    let Found { text, reasoning, answer, is_complete, wanted } = find(&said);
    let is_silent = text.is_none();
    let text = text.and_then(|index| said.spoken.into_iter().chain(said.thoughts).nth(index)).unwrap_or_default();
    let text = text.into_owned();
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
    let result = match (finish, answer) {
        (_, Some(answer)) if is_complete => Ok(answer),
        _ if error.is_some() => Err(Failure::reported(received, &error.unwrap_or_default())),
        (Finish::Filtered, _) => failed(FailureKind::ContentFiltered, "an answer that a content filter stopped"),
        (Finish::Broken, _) | (Finish::Unknown, None) => {
            broken(classify::of_finish(reason), "an answer that the provider ended", reason)
        }
        _ if is_cut => broken(FailureKind::ServerError, "a stream that broke off", &text),
        (_, Some(answer)) => Ok(answer),
        (Finish::Length, None) => failed(FailureKind::Truncated, &format!("an answer cut off before a valid {wanted}")),
        (Finish::Whole, None) if is_silent => failed(FailureKind::EmptyResponse, "a chat completion without text"),
        (Finish::Whole, None) => failed(FailureKind::ParseError, &format!("text without a valid {wanted}")),
    };
    let reasoning = Some(reasoning).filter(|reasoning| !reasoning.is_empty());
    Reply { usage, model: None, reasoning, text, is_cut, refuses_format: false, result }
}

impl Received<'_> {
    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl<T> Reply<T> {
    fn failed(usage: Option<Told>, failure: Failure) -> Self {
        Self {
            usage,
            model: None,
            reasoning: None,
            text: String::new(),
            is_cut: false,
            refuses_format: false,
            result: Err(failure),
        }
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
