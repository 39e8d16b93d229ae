//! What a caller asks for, checked before anything is sent; a leaf.

use std::time::Duration;

use serde_json::Value;

use crate::check::{Checked, Faults, Violation, rule};
use crate::line;

/// Most bytes of text in one request: a prompt of the caller's own, or all items together.
pub const MAX_TEXT_BYTES: usize = 1 << 20;
/// Most stop sequences in one request.
const MAX_STOP: usize = 16;
/// Most characters of an id, a name or a stop sequence.
pub const MAX_NAME_CHARS: usize = 256;
/// Most characters of the caller's own id of a call.
const MAX_REQUEST_ID_CHARS: usize = 200;

/// A prompt of the caller's own, sent as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnPrompt {
    /// The system message; none is sent without it.
    pub system: Option<String>,
    /// What was said before the user message.
    pub turns: Vec<ChatTurn>,
    /// The user message.
    pub user: String,
    /// Whether the overrides of each model are added to the system message, or are one where there is none.
    pub overrides: bool,
}

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChatTurn {
    /// Whether the model said it; else the user did.
    pub is_models: bool,
    /// What was said.
    pub text: String,
}

/// What the caller asks for; `I` is what it asks about.
#[derive(Clone, Debug, PartialEq)]
pub struct Request<I> {
    /// The original model.
    pub model_id: String,
    /// The things that it asks about, checked by whoever knows them; others deal with them by position.
    pub items: Vec<I>,
    /// Replaces the composed prompt.
    pub prompt: Option<OwnPrompt>,
    /// The version of the composed prompt; the active one by default.
    pub prompt_version: Option<String>,
}

impl<I> Default for Request<I> {
    fn default() -> Self {
        Self { model_id: String::new(), items: Vec::new(), prompt: None, prompt_version: None }
    }
}

/// How it is to be done, as the caller wrote it: numbers are checked by [`check`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawOptions {
    /// Milliseconds for the whole request.
    pub deadline_ms: Option<f64>,
    /// Milliseconds for one attempt.
    pub attempt_timeout_ms: Option<f64>,
    /// US dollars for all fallbacks of the request together.
    pub max_fallback_cost: Option<f64>,
    /// How many fallbacks may be called.
    pub max_fallback_depth: Option<f64>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Most tokens of one completion.
    pub max_tokens: Option<f64>,
    /// Stop sequences.
    pub stop: Option<Vec<String>>,
    /// The caller's own id of the call.
    pub request_id: Option<String>,
    /// Where the call stands in a trace.
    pub traceparent: Option<String>,
}

/// How it is to be done; what is `None` is left to the model, then to the configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Time for the whole request.
    pub deadline: Option<Duration>,
    /// Time for one attempt.
    pub attempt_timeout: Option<Duration>,
    /// US dollars for all fallbacks of the request together, worst case.
    pub max_fallback_cost: Option<f64>,
    /// How many fallbacks may be called.
    pub max_fallback_depth: Option<u32>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Most tokens of one completion.
    pub max_tokens: Option<u32>,
    /// Stop sequences.
    pub stop: Vec<String>,
    /// The caller's own id of the call, told wherever the call is.
    pub request_id: Option<String>,
    /// Where the call stands in a trace, sent with each of its requests: as the header of W3C Trace Context has it.
    pub traceparent: Option<String>,
}

impl Options {
    /// Whether the caller set how long it may take.
    #[must_use]
    pub fn sets_time(&self) -> bool {
        self.deadline.is_some() || self.attempt_timeout.is_some()
    }

    /// Checks options as the caller wrote them.
    pub fn check(raw: RawOptions, faults: &mut Faults) -> Self {
        let stop = raw.stop.unwrap_or_default();
        check_stop_count(stop.len(), faults);
        for (index, sequence) in stop.iter().enumerate() {
            faults.check_text(sequence, format_args!("options.stop[{index}]"), rule::sized(MAX_NAME_CHARS));
        }
        if let Some(id) = &raw.request_id {
            faults.check_text(id, "options.requestId", rule::one_line(MAX_REQUEST_ID_CHARS));
        }
        if let Some(traceparent) = &raw.traceparent {
            faults.check_text(traceparent, "options.traceparent", traceparent_rule);
        }
        let mut numbers = Numbers(faults);
        Self {
            deadline: numbers.check("options.deadlineMs", raw.deadline_ms, rule::milliseconds(1..=86_400_000)),
            attempt_timeout: numbers.check(
                "options.attemptTimeoutMs",
                raw.attempt_timeout_ms,
                rule::milliseconds(1..=3_600_000),
            ),
            max_fallback_cost: numbers.check("options.maxFallbackCost", raw.max_fallback_cost, rule::number(0.0..=1e6)),
            max_fallback_depth: numbers.check("options.maxFallbackDepth", raw.max_fallback_depth, rule::whole(0..=100)),
            temperature: numbers.check("options.temperature", raw.temperature, rule::number(0.0..=2.0)),
            max_tokens: numbers.check("options.maxTokens", raw.max_tokens, rule::whole(1..=1_000_000)),
            stop,
            request_id: raw.request_id,
            traceparent: raw.traceparent,
        }
    }
}

/// Numbers that there may be.
pub(crate) struct Numbers<'f>(pub(crate) &'f mut Faults);

impl Numbers<'_> {
    /// Checks one, if it is there.
    pub(crate) fn check<T>(
        &mut self,
        path: &str,
        number: Option<f64>,
        rule: impl Fn(&Value) -> Checked<T>,
    ) -> Option<T> {
        number.and_then(|number| self.0.check_number(number, path, rule))
    }
}

/// Checks a request and its options, so that all faults are told at once; `check_items` checks what it asks about, and is told
/// whether that is shown to a model: it is not beside a prompt of the caller's own.
///
/// # Errors
/// Every fault of either.
pub fn check<I>(
    request: &Request<I>,
    options: RawOptions,
    check_items: impl FnOnce(&[I], bool, &mut Faults),
) -> Result<Options, Faults> {
    let mut faults = Faults::new();
    let options = Options::check(options, &mut faults);
    faults.check_text(&request.model_id, "request.modelId", rule::filled(MAX_NAME_CHARS));
    check_items(&request.items, request.prompt.is_none(), &mut faults);
    if let Some(prompt) = &request.prompt {
        check_prompt(prompt, &mut faults);
        if request.prompt_version.is_some() {
            faults.push("request.promptVersion", "has no meaning beside a prompt of your own");
        }
    }
    faults.into_result(options)
}

fn check_prompt(prompt: &OwnPrompt, faults: &mut Faults) {
    if prompt.user.trim().is_empty() {
        faults.push("request.prompt.user", "must not be empty");
    }
    let turns = prompt.turns.iter().map(|turn| turn.text.len()).sum::<usize>();
    let bytes = prompt.user.len() + turns + prompt.system.as_ref().map_or(0, String::len);
    if bytes > MAX_TEXT_BYTES {
        faults.push("request.prompt", format!("must be at most 1 MiB, got {bytes} bytes"));
    }
}

/// Checks how many stop sequences there are, which is known before they are read; whether they are worth reading.
pub fn check_stop_count(count: usize, faults: &mut Faults) -> bool {
    let fits = count <= MAX_STOP;
    if !fits {
        faults.push("options.stop", format!("must hold at most {MAX_STOP} sequences, got {count}"));
    }
    fits
}

/// A `traceparent` of W3C Trace Context in its first version: `00`, a trace, a span and flags in small hexadecimal digits, with
/// neither of the two all zeros.
fn traceparent_rule(text: &str) -> Checked<()> {
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let names = |part: &str, digits| part.len() == digits && is_hex(part) && part.bytes().any(|byte| byte != b'0');
    match parts.as_slice() {
        ["00", trace, span, flags] if names(trace, 32) && names(span, 16) && flags.len() == 2 && is_hex(flags) => {
            Ok(())
        }
        _ => Err(Violation::new("must be a traceparent of W3C Trace Context, as \"00-<trace>-<span>-<flags>\"")),
    }
}

/// Whether a text may be the caller's own id of a call, which goes into log records as it is.
#[must_use]
pub fn is_request_id(id: &str) -> bool {
    rule::one_line(MAX_REQUEST_ID_CHARS)(id).is_ok()
}

/// `text` quoted, cut to a readable length, without what begins like a key.
#[must_use]
pub fn shown(text: &str) -> String {
    const CHARS: usize = 60;
    let (safe, is_cut) = line::beginning(text, CHARS, line::without_known_keys);
    if is_cut { format!("{safe:?}…") } else { format!("{safe:?}") }
}
