//! What a caller asks for, checked before anything is sent; a leaf.

use std::fmt::Display;
use std::time::Duration;

use crate::error::EngineError;
use crate::line;

/// Most bytes of text in one request: a prompt of the caller's own, or all items together.
pub const MAX_TEXT_BYTES: usize = 1 << 20;
/// Most stop sequences in one request.
const MAX_STOP: usize = 16;
/// Most characters of an id, a name or a stop sequence.
const MAX_NAME_CHARS: usize = 256;
/// Most characters of the caller's own id of a call.
const MAX_REQUEST_ID_CHARS: usize = 200;

/// Where the caller's own id of a call stands.
pub const REQUEST_ID: &str = "options.requestId";

/// A prompt of the caller's own, sent as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnPrompt {
    /// The system message; none is sent without it.
    pub system: Option<String>,
    /// The user message.
    pub user: String,
}

/// What the caller asks for; `I` is what it asks about.
#[derive(Clone, Debug, Default, PartialEq)]
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

/// How it is to be done, as the caller wrote it: numbers are checked by [`Options::check`].
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
}

impl Options {
    /// Whether the caller set a parameter that reaches the model.
    #[must_use]
    pub fn sets_parameters(&self) -> bool {
        self.temperature.is_some() || self.max_tokens.is_some() || !self.stop.is_empty()
    }

    /// Whether the caller set how long it may take.
    #[must_use]
    pub fn sets_time(&self) -> bool {
        self.deadline.is_some() || self.attempt_timeout.is_some()
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// `INVALID_REQUEST` with the path of the first bad value.
    pub fn check(raw: RawOptions) -> Result<Self, EngineError> {
        let stop = raw.stop.unwrap_or_default();
        check_stop_count(stop.len())?;
        for (index, sequence) in stop.iter().enumerate() {
            check_length(format_args!("options.stop[{index}]"), sequence)?;
        }
        if let Some(id) = &raw.request_id {
            check_request_id(id)?;
        }
        Ok(Self {
            deadline: whole("options.deadlineMs", raw.deadline_ms, 1, 86_400_000)?.map(milliseconds),
            attempt_timeout: whole("options.attemptTimeoutMs", raw.attempt_timeout_ms, 1, 3_600_000)?.map(milliseconds),
            max_fallback_cost: range("options.maxFallbackCost", raw.max_fallback_cost, 0.0, 1e6)?,
            max_fallback_depth: whole("options.maxFallbackDepth", raw.max_fallback_depth, 0, 100)?,
            temperature: range("options.temperature", raw.temperature, 0.0, 2.0)?,
            max_tokens: whole("options.maxTokens", raw.max_tokens, 1, 1_000_000)?,
            stop,
            request_id: raw.request_id,
        })
    }
}

impl<I> Request<I> {
    /// Checks every value but the items.
    ///
    /// # Errors
    /// `INVALID_REQUEST` with the path of the first bad value.
    pub fn check(&self) -> Result<(), EngineError> {
        check_text("request.modelId", &self.model_id)?;
        if let Some(prompt) = &self.prompt {
            if prompt.user.trim().is_empty() {
                return Err(invalid("request.prompt.user", "must not be empty"));
            }
            let bytes = prompt.user.len() + prompt.system.as_ref().map_or(0, String::len);
            if bytes > MAX_TEXT_BYTES {
                return Err(invalid("request.prompt", format_args!("must be at most 1 MiB, got {bytes} bytes")));
            }
            if self.prompt_version.is_some() {
                return Err(invalid("request.promptVersion", "has no meaning beside a prompt of your own"));
            }
        }
        Ok(())
    }
}

/// Checks how many stop sequences there are, which is known before they are read.
///
/// # Errors
/// `INVALID_REQUEST` with the path.
pub fn check_stop_count(count: usize) -> Result<(), EngineError> {
    if count <= MAX_STOP {
        return Ok(());
    }
    Err(invalid("options.stop", format_args!("must hold at most {MAX_STOP} sequences, got {count}")))
}

/// Checks the caller's own id of a call, which goes into log records as it is.
///
/// # Errors
/// `INVALID_REQUEST` with the path.
pub fn check_request_id(id: &str) -> Result<(), EngineError> {
    let chars = id.chars().count();
    if !(1..=MAX_REQUEST_ID_CHARS).contains(&chars) {
        let problem = format_args!("must have 1 to {MAX_REQUEST_ID_CHARS} characters, got {chars}");
        return Err(invalid(REQUEST_ID, problem));
    }
    if id.chars().any(line::is_steering) {
        return Err(invalid(REQUEST_ID, format_args!("must have no control characters, got {}", shown(id))));
    }
    Ok(())
}

/// `text` quoted, cut to a readable length, without what begins like a key.
#[must_use]
pub fn shown(text: &str) -> String {
    const CHARS: usize = 60;
    let beginning: String = text.chars().take(2 * CHARS).collect();
    let safe = line::without_known_keys(&beginning);
    match safe.char_indices().nth(CHARS) {
        Some((cut, _)) => format!("{:?}…", &safe[..cut]),
        None => format!("{safe:?}"),
    }
}

/// `INVALID_REQUEST` for what stands at `path`.
pub(crate) fn invalid(path: impl Display, problem: impl Display) -> EngineError {
    EngineError::InvalidRequest(format!("{path}: {problem}"))
}

/// Refuses a text that says nothing, or is too long for an id or a name.
pub(crate) fn check_text(path: impl Display, text: &str) -> Result<(), EngineError> {
    if text.trim().is_empty() {
        return Err(invalid(path, "must not be empty"));
    }
    check_length(path, text)
}

/// Refuses a text that is empty, or too long for an id or a name.
pub(crate) fn check_length(path: impl Display, text: &str) -> Result<(), EngineError> {
    if text.is_empty() {
        return Err(invalid(path, "must not be empty"));
    }
    let chars = text.chars().count();
    if chars > MAX_NAME_CHARS {
        return Err(invalid(path, format_args!("must have at most {MAX_NAME_CHARS} characters, got {chars}")));
    }
    Ok(())
}

fn milliseconds(count: u32) -> Duration {
    Duration::from_millis(count.into())
}

fn range(path: &str, value: Option<f64>, low: f64, high: f64) -> Result<Option<f64>, EngineError> {
    match value {
        Some(number) if !(low..=high).contains(&number) => {
            Err(invalid(path, format_args!("must be a number from {low} to {high}, got {number}")))
        }
        other => Ok(other),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and in range")]
fn whole(path: &str, value: Option<f64>, low: u32, high: u32) -> Result<Option<u32>, EngineError> {
    match value {
        Some(number) if !(f64::from(low)..=f64::from(high)).contains(&number) || number.fract() != 0.0 => {
            Err(invalid(path, format_args!("must be a whole number from {low} to {high}, got {number}")))
        }
        other => Ok(other.map(|number| number as u32)),
    }
}
