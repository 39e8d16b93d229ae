//! The errors of the engine, each with the stable `code` that JavaScript sees; a leaf.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use crate::check::Faults;
use crate::outcome::History;

/// Why a call gave no result.
#[derive(Debug, Error)]
pub enum EngineError {
    /// `INVALID_CONFIG`: a configuration or a catalogue with faults, a line each.
    #[error("{0}")]
    InvalidConfig(Faults),
    /// `INVALID_REQUEST`: a request, options or another argument with faults, a line each.
    #[error("{0}")]
    InvalidRequest(Faults),
    /// `UNKNOWN_MODEL`: an id that no model of the catalogue has.
    #[error("{path}: no model has the id {id}")]
    UnknownModel {
        /// Where the id was given.
        path: &'static str,
        /// The id as it is shown: quoted, and cut to a readable length.
        id: String,
    },
    /// `ALL_ATTEMPTS_FAILED`: at least one model was asked, and none gave a prediction.
    #[error("no model gave a prediction{}", HistoryLines(.0))]
    AllAttemptsFailed(Box<History>),
    /// `NO_MODEL_AVAILABLE`: every model of the chain was skipped.
    #[error("no model could be asked{}", HistoryLines(.0))]
    NoModelAvailable(Box<History>),
    /// `BUDGET_EXHAUSTED`: every model was skipped, at least one for the day's budget.
    #[error("the day's budget does not cover this request{}", HistoryLines(.0))]
    BudgetExhausted(Box<History>),
    /// `BUDGET_EXHAUSTED`: a slate is expected to cost more than its caller allows.
    #[error("{0}")]
    SlateTooDear(String),
    /// `DEADLINE_EXCEEDED`: the deadline passed before any prediction.
    #[error("the deadline passed before any prediction{}", HistoryLines(.0))]
    DeadlineExceeded(Box<History>),
    /// `ABORT_ERR`, with the name `AbortError`: the caller's signal.
    #[error("the request was aborted{}", HistoryLines(.0))]
    Aborted(Box<History>),
    /// `CLOSED`: the engine was closed before or during the call.
    #[error("the engine is closed{}", HistoryLines(.0))]
    Closed(Box<History>),
    /// `INTERNAL_ERROR`: a defect of Fallcast itself.
    #[error("internal error: {0}")]
    Internal(String),
}

impl EngineError {
    /// `INVALID_REQUEST` for one fault.
    #[must_use]
    pub fn invalid(path: &str, problem: impl Into<String>) -> Self {
        Self::InvalidRequest(Faults::one(path, problem))
    }

    /// The stable code, as JavaScript sees it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidConfig(_) => "INVALID_CONFIG",
            Self::InvalidRequest(_) => "INVALID_REQUEST",
            Self::UnknownModel { .. } => "UNKNOWN_MODEL",
            Self::AllAttemptsFailed(_) => "ALL_ATTEMPTS_FAILED",
            Self::NoModelAvailable(_) => "NO_MODEL_AVAILABLE",
            Self::BudgetExhausted(_) | Self::SlateTooDear(_) => "BUDGET_EXHAUSTED",
            Self::DeadlineExceeded(_) => "DEADLINE_EXCEEDED",
            Self::Aborted(_) => "ABORT_ERR",
            Self::Closed(_) => "CLOSED",
            Self::Internal(_) => "INTERNAL_ERROR",
        }
    }

    /// The error of a refused argument, whose text quotes it, with this text changed; any other as it is.
    #[must_use]
    pub fn with_text(self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Self::InvalidConfig(faults) => Self::InvalidConfig(faults.with_text(change)),
            Self::InvalidRequest(faults) => Self::InvalidRequest(faults.with_text(change)),
            Self::UnknownModel { path, id } => Self::UnknownModel { path, id: change(&id) },
            other => other,
        }
    }

    /// Whether such a call may be answered later as things stand: neither it nor the configuration need be changed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::AllAttemptsFailed(history) | Self::NoModelAvailable(history) | Self::BudgetExhausted(history) => {
                history.is_retryable
            }
            Self::DeadlineExceeded(_) | Self::Closed(_) => true,
            Self::InvalidConfig(_)
            | Self::InvalidRequest(_)
            | Self::UnknownModel { .. }
            | Self::SlateTooDear(_)
            | Self::Aborted(_)
            | Self::Internal(_) => false,
        }
    }

    /// How long such a call is worth waiting with, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.history().filter(|_| self.is_retryable()).and_then(|history| history.retry_after)
    }

    /// Where the first fault of a refused request is.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::InvalidRequest(faults) => faults.iter().next().map(|fault| fault.path.as_str()),
            Self::UnknownModel { path, .. } => Some(path),
            _ => None,
        }
    }

    /// The attempts and skips before the error, where there can be any.
    #[must_use]
    pub fn history(&self) -> Option<&History> {
        match self {
            Self::AllAttemptsFailed(history)
            | Self::NoModelAvailable(history)
            | Self::BudgetExhausted(history)
            | Self::DeadlineExceeded(history)
            | Self::Aborted(history)
            | Self::Closed(history) => Some(history),
            _ => None,
        }
    }
}

/// A line for each attempt and each skip.
struct HistoryLines<'a>(&'a History);

impl fmt::Display for HistoryLines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for attempt in &self.0.attempts {
            let kind = attempt.failure.map_or("answered", |kind| kind.as_str());
            write!(f, "\n  {}: {kind}", attempt.model_id)?;
            if let Some(message) = &attempt.message {
                write!(f, " ({message})")?;
            }
        }
        for skip in &self.0.skips {
            write!(f, "\n  {}: skipped, {} ({})", skip.model_id, skip.reason, skip.detail)?;
        }
        Ok(())
    }
}
