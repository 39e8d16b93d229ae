//! From a status and a provider's complaint to a kind of failure.

use super::complaint::Complaint;
use super::message::beginning;
use crate::kind::FailureKind;

/// What a complaint is about, where the status alone does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    /// Credit, quota or billing.
    Quota,
    /// Too many requests or tokens for now.
    Rate,
    /// A model that is unknown or gone.
    Model,
    /// A prompt that is too long.
    Context,
    /// A content filter.
    Filter,
}

/// The codes and types that leave no doubt.
const CODES: &[(Topic, &[&str])] = &[
    (
        Topic::Quota,
        &[
            "insufficient_quota",
            "insufficient_user_quota",
            "insufficient_balance",
            "insufficient_credits",
            "insufficient_funds",
            "exceeded_current_quota_error",
            "billing_hard_limit_reached",
            "billing_not_active",
            "billing_error",
            "credit_limit_exceeded",
            "payment_required",
        ],
    ),
    (Topic::Rate, &["rate_limit_exceeded", "rate_limit_reached", "rate_limited", "too_many_requests"]),
    (
        Topic::Model,
        &[
            "model_not_found",
            "model_not_available",
            "model_not_supported",
            "model_unavailable",
            "model_deprecated",
            "model_decommissioned",
            "unknown_model",
            "invalid_model",
            "deploymentnotfound",
        ],
    ),
    (
        Topic::Context,
        &["context_length_exceeded", "context_window_exceeded", "context_limit_exceeded", "exceed_context_size_error"],
    ),
    (
        Topic::Filter,
        &[
            "content_filter",
            "content_filtered",
            "content_policy_violation",
            "content_blocked",
            "responsibleaipolicyviolation",
            "data_inspection_failed",
        ],
    ),
];

/// Phrases that leave no doubt, the more telling topics first. A phrase matches at the beginning of a word.
const PHRASES: &[(Topic, &[&str])] = &[
    (
        Topic::Quota,
        &[
            "exceeded your current quota",
            "exceeded your quota",
            "exceeded your monthly",
            "insufficient quota",
            "insufficient credit",
            "insufficient balance",
            "insufficient account balance",
            "insufficient funds",
            "balance is insufficient",
            "balance is too low",
            "not enough credit",
            "not enough balance",
            "out of credit",
            "out of funds",
            "no credits",
            "no remaining credit",
            "credit balance",
            "credit limit",
            "more credits",
            "add credits",
            "payment required",
            "spending limit",
            "billing hard limit",
        ],
    ),
    (
        Topic::Context,
        &[
            "context length",
            "context size",
            "context window",
            "maximum context",
            "max model len",
            "inputs tokens",
            "inputs must have less than",
            "input token count",
            "input token limit",
            "input is too long",
            "prompt is too long",
            "prompt too long",
            "too many input tokens",
            "too many tokens",
            "maximum input length",
            "maximum number of tokens",
        ],
    ),
    (
        Topic::Filter,
        &[
            "content filter",
            "content policy",
            "content management policy",
            "content moderation",
            "requires moderation",
            "flagged by moderation",
            "input was flagged",
            "prompt was flagged",
            "content was flagged",
            "inappropriate content",
            "safety system",
        ],
    ),
    (
        Topic::Model,
        &[
            "unknown model",
            "no such model",
            "not a valid model",
            "unsupported model",
            "model not supported",
            "invalid model id",
            "invalid model name",
            "invalid model specified",
            "invalid model:",
            "unable to access model",
            "unable to access non serverless model",
            "not have access to model",
            "not have access to the model",
            "not have access to this model",
        ],
    ),
];

/// What is said of a model that is gone, within a few words after "model".
const GONE: &[&str] = &[
    "not found",
    "not exist",
    "doesnt exist",
    "not available",
    "isnt available",
    "is unavailable",
    "is unknown",
    "no longer available",
    "no longer supported",
    "no longer served",
    "been removed",
    "been retired",
    "been deprecated",
    "been decommissioned",
    "is retired",
    "is deprecated",
    "is decommissioned",
];

/// How far after "model" that is looked for, in bytes: room for a long name.
const NEAR: usize = 140;

/// Words of a limit that passes by itself, even where quota or billing are spoken of too.
const PASSING: &[&str] = &[
    "rate limit",
    "ratelimit",
    "too many requests",
    "per second",
    "per sec",
    "per minute",
    "per min",
    "per hour",
    "requests per",
    "tokens per",
    "throttl",
    "rpm",
    "tpm",
    "try again in",
    "retry in",
    "retry after",
];

/// Words of an account, in want of any that say more.
const ACCOUNT: &[&str] = &["quota", "billing", "credit", "payment"];

/// The kind of a reply whose status is not 2xx.
pub(super) fn of_status(status: u16, complaint: &Complaint) -> FailureKind {
    match status {
        401 => FailureKind::Unauthorized,
        402 => FailureKind::QuotaExhausted,
        404 => FailureKind::ModelUnavailable,
        408 | 500..=599 => FailureKind::ServerError,
        429 => match topic(complaint) {
            Some(Topic::Quota) => FailureKind::QuotaExhausted,
            _ => FailureKind::RateLimited,
        },
        413 => match topic(complaint) {
            Some(Topic::Context) => FailureKind::ContextTooLong,
            _ => FailureKind::BadRequest,
        },
        400 | 403 => match topic(complaint) {
            Some(Topic::Quota) => FailureKind::QuotaExhausted,
            Some(Topic::Model) => FailureKind::ModelUnavailable,
            Some(Topic::Context) => FailureKind::ContextTooLong,
            Some(Topic::Filter) => FailureKind::ContentFiltered,
            Some(Topic::Rate) | None if status == 403 => FailureKind::Unauthorized,
            Some(Topic::Rate) | None => FailureKind::BadRequest,
        },
        405..=499 => FailureKind::BadRequest,
        _ => FailureKind::InvalidResponse,
    }
}

/// The kind of an error that came with a 2xx.
pub(super) fn of_error(complaint: &Complaint) -> FailureKind {
    match (topic(complaint), complaint.status) {
        (Some(Topic::Quota), _) | (None, Some(402)) => FailureKind::QuotaExhausted,
        (Some(Topic::Rate), _) | (None, Some(429)) => FailureKind::RateLimited,
        (Some(Topic::Model), _) => FailureKind::ModelUnavailable,
        (Some(Topic::Context), _) => FailureKind::ContextTooLong,
        (Some(Topic::Filter), _) => FailureKind::ContentFiltered,
        (None, _) => FailureKind::InvalidResponse,
    }
}

fn topic(complaint: &Complaint) -> Option<Topic> {
    let by_code =
        |code: &String| CODES.iter().find(|(_, codes)| codes.contains(&code.as_str())).map(|&(topic, _)| topic);
    if complaint.is_page {
        return None;
    }
    complaint.codes.iter().find_map(by_code).or_else(|| topic_of_words(complaint))
}

fn topic_of_words(complaint: &Complaint) -> Option<Topic> {
    let text = plain(beginning(&complaint.message)) + " | " + &plain(&complaint.codes.join(" | "));
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| at_words(&text, phrase).next().is_some());
    if let Some(&(topic, _)) = PHRASES.iter().find(|(_, phrases)| says(phrases)) {
        Some(topic)
    } else if says_model_is_gone(&text) {
        Some(Topic::Model)
    } else if says(PASSING) {
        Some(Topic::Rate)
    } else if says(ACCOUNT) {
        Some(Topic::Quota)
    } else {
        None
    }
}

fn says_model_is_gone(text: &str) -> bool {
    at_words(text, "model").any(|at| {
        let near: &[u8] = text.as_bytes().get(at..).unwrap_or_default();
        let near = String::from_utf8_lossy(near.get(..NEAR).unwrap_or(near));
        GONE.iter().any(|phrase| near.contains(phrase))
    })
}

/// Where a phrase stands at the beginning of a word.
fn at_words<'a>(text: &'a str, phrase: &'a str) -> impl Iterator<Item = usize> {
    let begins_word = |at: &usize| !text.get(..*at).is_some_and(|before| before.ends_with(char::is_alphanumeric));
    text.match_indices(phrase).map(|(at, _)| at).filter(begins_word)
}

/// Lower case, without quotation marks, and with a single space for every other separator.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !"`'\"*’‘“”".contains(*c)) {
        if !(c.is_whitespace() || c.is_control() || matches!(c, '_' | '-')) {
            plain.extend(c.to_lowercase());
        } else if !plain.ends_with(' ') {
            plain.push(' ');
        }
    }
    plain
}
