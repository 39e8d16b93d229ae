//! What a provider's complaint is about, by its codes and its words.

use super::complaint::Complaint;
use super::message::beginning;

/// What a complaint is about, where the status alone does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// Credit, quota or billing.
    Quota,
    /// Too many requests or tokens for now.
    Rate,
    /// Too much to do for the provider, for now.
    Load,
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
            "arrearage",
        ],
    ),
    (
        Topic::Rate,
        &[
            "rate_limit",
            "rate_limit_error",
            "rate_limit_exceeded",
            "rate_limit_reached",
            "rate_limited",
            "ratelimit",
            "ratelimited",
            "ratelimiterror",
            "ratelimitexceeded",
            "ratelimitreached",
            "userratelimitexceeded",
            "too_many_requests",
            "toomanyrequests",
            "throttled",
            "throttling",
            "throttlingexception",
            "slow_down",
        ],
    ),
    (
        Topic::Load,
        &[
            "overloaded",
            "overloaded_error",
            "engine_overloaded",
            "engine_overloaded_error",
            "model_overloaded",
            "server_overloaded",
            "server_busy",
            "over_capacity",
            "capacity_exceeded",
            "service_unavailable",
            "serviceunavailable",
            "temporarily_unavailable",
            "insufficient_system_resource",
        ],
    ),
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

/// Phrases of a rate, whole and outside of names such as `rate_limit_tier`.
const RATE: &[&str] = &[
    "rate limit",
    "rate limits",
    "rate limited",
    "rate limiting",
    "ratelimit",
    "ratelimited",
    "rate_limit_exceeded",
    "too many requests",
    "too_many_requests",
    "too many concurrent requests",
    "request limit",
    "throttled",
    "throttling",
    "slow down",
];

/// Phrases of too much load, likewise.
const LOAD: &[&str] = &[
    "overloaded",
    "overload",
    "at capacity",
    "at full capacity",
    "at max capacity",
    "at maximum capacity",
    "over capacity",
    "no capacity",
    "out of capacity",
    "not enough capacity",
    "insufficient capacity",
    "capacity exceeded",
    "exceeded capacity",
    "high demand",
    "high load",
    "heavy load",
    "under load",
    "high traffic",
    "heavy traffic",
    "temporarily unavailable",
    "currently unavailable",
    "service unavailable",
    "server is busy",
    "server busy",
    "servers are busy",
    "system is busy",
    "too busy",
    "try again later",
    "try again shortly",
    "try again soon",
    "currently loading",
    "still loading",
    "is loading",
    "warming up",
    "starting up",
];

/// Words of a limit that passes by itself, likewise; they count where a limit is spoken of.
const PASSING: &[&str] = &[
    "per second",
    "per sec",
    "per minute",
    "per min",
    "per hour",
    "rpm",
    "tpm",
    "rps",
    "try again in",
    "retry in",
    "retry after",
];

/// Words of a limit.
const LIMIT: &[&str] = &["limit", "limits", "limited", "exceeded", "exceeds", "reached", "exhausted"];

/// Words of a provider that failed itself, in want of any that say more.
const OWN_FAULT: &[&str] = &[
    "internal error",
    "internal server error",
    "server error",
    "bad gateway",
    "gateway timeout",
    "upstream error",
    "upstream timeout",
    "upstream request timeout",
    "upstream connect error",
    "upstream connection error",
];

/// Words of an account, in want of any that say more.
const ACCOUNT: &[&str] = &["quota", "billing", "credit", "payment"];

impl Topic {
    /// What a complaint is about; nothing if it is a web page, whose words may belong to its menu.
    pub(super) fn of(complaint: &Complaint) -> Option<Self> {
        if complaint.is_page {
            return None;
        }
        complaint.codes.iter().find_map(|code| topic_of_code(code)).or_else(|| topic_of_words(complaint))
    }
}

fn topic_of_code(code: &str) -> Option<Topic> {
    CODES.iter().find(|(_, codes)| codes.contains(&code)).map(|&(topic, _)| topic)
}

fn topic_of_words(complaint: &Complaint) -> Option<Topic> {
    let codes = plain(&complaint.codes.join(" | ").replace('_', " "));
    let names_kept = plain(beginning(&complaint.message)) + " | " + &codes;
    let text = names_kept.replace('_', " ");
    let begins = |phrases: &[&str]| phrases.iter().any(|phrase| at_words(&text, phrase).next().is_some());
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| has_whole(&names_kept, phrase));
    if let Some(&(topic, _)) = PHRASES.iter().find(|(_, phrases)| begins(phrases)) {
        Some(topic)
    } else if says(RATE) {
        Some(Topic::Rate)
    } else if says(LOAD) {
        Some(Topic::Load)
    } else if says_model_is_gone(&text) {
        Some(Topic::Model)
    } else if (says(LIMIT) || begins(ACCOUNT)) && says(PASSING) {
        Some(Topic::Rate)
    } else if begins(ACCOUNT) {
        Some(Topic::Quota)
    } else if OWN_FAULT.iter().any(|phrase| has_whole(&text, phrase)) {
        Some(Topic::Load)
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

/// Whether a phrase stands there and is no part of a longer word.
fn has_whole(text: &str, phrase: &str) -> bool {
    let is_inside = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(phrase).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + phrase.len()..).unwrap_or_default();
        !before.ends_with(is_inside) && !after.starts_with(is_inside)
    })
}

/// Lower case, without quotation marks, and with a single space for white space and hyphens.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !"`'\"*’‘“”".contains(*c)) {
        if !(c.is_whitespace() || c.is_control() || c == '-') {
            plain.extend(c.to_lowercase());
        } else if !plain.ends_with(' ') {
            plain.push(' ');
        }
    }
    plain
}
