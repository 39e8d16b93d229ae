//! From a status and a provider's complaint to a kind of failure.

use super::complaint::Complaint;
use super::topic::Topic;
use super::window::Window;
use crate::kind::FailureKind;

/// The kind of a reply whose status is not 2xx.
pub(super) fn of_status(status: u16, complaint: &Complaint, window: Window) -> FailureKind {
    match status {
        401 => FailureKind::Unauthorized,
        402 => FailureKind::QuotaExhausted,
        404 => FailureKind::ModelUnavailable,
        408 | 500..=599 => FailureKind::ServerError,
        429 => match topic(complaint, window) {
            Some(Topic::Quota) => FailureKind::QuotaExhausted,
            _ => FailureKind::RateLimited,
        },
        // They speak of a moment and blame nothing in the request.
        409 | 421 | 423 | 424 | 425 | 499 => match topic(complaint, window) {
            Some(Topic::Rate) => FailureKind::RateLimited,
            _ => FailureKind::ServerError,
        },
        413 => match topic(complaint, window) {
            Some(Topic::Context) => FailureKind::ContextTooLong,
            _ => FailureKind::BadRequest,
        },
        400 | 403 => match topic(complaint, window) {
            Some(topic) => topic.kind(),
            None if window.is_told_soon() => FailureKind::RateLimited,
            None if status == 403 => FailureKind::Unauthorized,
            None => FailureKind::BadRequest,
        },
        405..=499 => match topic(complaint, window) {
            Some(topic @ (Topic::Rate | Topic::Load)) => topic.kind(),
            _ => FailureKind::BadRequest,
        },
        _ => FailureKind::InvalidResponse,
    }
}

/// Whether a status and its kind blame what stands in the request. Some servers answer what they cannot do with 500 or 501,
/// and some say of a format that it is the model which is not supported.
pub(super) fn is_of_request(status: u16, kind: FailureKind) -> bool {
    match kind {
        FailureKind::BadRequest | FailureKind::ModelUnavailable => true,
        _ => matches!(status, 500 | 501) && kind == FailureKind::ServerError,
    }
}

/// The kind of an error that came with a 2xx: it is the provider's, and so blames neither the request nor the model
/// unless its words do.
pub(super) fn of_error(complaint: &Complaint, window: Window) -> FailureKind {
    match (topic(complaint, window), complaint.status) {
        (Some(topic), _) => topic.kind(),
        (None, Some(401 | 403)) => FailureKind::Unauthorized,
        (None, Some(402)) => FailureKind::QuotaExhausted,
        (None, Some(404)) => FailureKind::ModelUnavailable,
        (None, Some(429)) => FailureKind::RateLimited,
        (None, _) if window.is_told_soon() => FailureKind::RateLimited,
        (None, Some(408 | 500..=599)) => FailureKind::ServerError,
        (None, _) if complaint.is_explicit => FailureKind::ServerError,
        (None, _) => FailureKind::InvalidResponse,
    }
}

/// The kind of an answer that ended for a reason which is the provider's.
pub(super) fn of_finish(reason: &str) -> FailureKind {
    let code = reason.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    let complaint = Complaint { codes: vec![code], ..Complaint::default() };
    Topic::of(&complaint).map_or(FailureKind::ServerError, Topic::kind)
}

impl Topic {
    /// The kind that a complaint has by its words alone.
    fn kind(self) -> FailureKind {
        match self {
            Self::Quota => FailureKind::QuotaExhausted,
            Self::Rate => FailureKind::RateLimited,
            Self::Load => FailureKind::ServerError,
            Self::Model => FailureKind::ModelUnavailable,
            Self::Context => FailureKind::ContextTooLong,
            Self::Filter => FailureKind::ContentFiltered,
        }
    }
}

/// What a complaint is about. A quota that is there again soon is a rate; of a code that leaves no doubt about the
/// account only a wait that the provider asks for says so, for its counts may be of something else.
fn topic(complaint: &Complaint, window: Window) -> Option<Topic> {
    let topic = Topic::of(complaint)?;
    let is_account = complaint.codes.iter().any(|code| code == "insufficient_quota" || code.starts_with("billing_"));
    let is_soon = if is_account { window.is_told_soon() } else { window.is_soon() };
    Some(if topic == Topic::Quota && is_soon { Topic::Rate } else { topic })
}
