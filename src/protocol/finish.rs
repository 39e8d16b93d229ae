//! Why a model stopped, as a provider says it.

/// What a finish reason means for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// The model had said all, or the provider does not say.
    Whole,
    /// It was cut off by `max_tokens`.
    Length,
    /// A content filter stopped it.
    Filtered,
    /// The provider failed.
    Broken,
    /// A reason that is not known, and so no fault of the model's.
    Unknown,
}

/// The reasons that each mean one thing, in lower case with underscores.
const REASONS: &[(Finish, &[&str])] = &[
    (
        Finish::Whole,
        &[
            "stop",
            "stop_sequence",
            "stop_sequences",
            "stop_token",
            "end_turn",
            "end_of_turn",
            "end_of_text",
            "end",
            "eos",
            "eos_token",
            "eos_found",
            "stop_str",
            "tool_calls",
            "tool_call",
            "tool_use",
            "function_call",
            "complete",
            "completed",
            "finish",
            "finished",
            "done",
            "success",
        ],
    ),
    (
        Finish::Length,
        &["length", "max_tokens", "max_output_tokens", "max_completion_tokens", "model_length", "token_limit"],
    ),
    (
        Finish::Filtered,
        &[
            "content_filter",
            "content_filtered",
            "content_blocked",
            "safety",
            "moderation",
            "guardrail_intervened",
            "prohibited_content",
            "blocklist",
            "recitation",
            "spii",
        ],
    ),
];

/// Parts of reasons that no model gives.
const BROKEN: &[&str] = &[
    "error",
    "abort",
    "cancel",
    "fail",
    "timeout",
    "timed_out",
    "time_out",
    "insufficient",
    "unavailable",
    "overload",
    "interrupt",
    "disconnect",
    "rate_limit",
    "exhausted",
    "exceeded",
    "incomplete",
    "busy",
    "killed",
    "preempt",
    "malformed",
];

/// Parts of reasons that a filter gives.
const FILTERED: &[&str] =
    &["safety", "sensitive", "guardrail", "moderat", "prohibited", "policy", "toxic", "refus", "filter", "blocked"];

/// Parts of reasons that speak of the length.
const LENGTH: &[&str] = &["max_token", "token_limit", "max_length", "length_limit"];

impl Finish {
    /// What a reason means; without one nothing is wrong.
    pub(super) fn of(reason: Option<&str>) -> Self {
        // The second is what nearly every reply says.
        let Some(reason) = reason.filter(|&reason| reason != "stop") else { return Self::Whole };
        let reason = reason.trim().to_ascii_lowercase().replace(['-', ' '], "_");
        if let Some(&(finish, _)) = REASONS.iter().find(|(_, reasons)| reasons.contains(&reason.as_str())) {
            return finish;
        }
        let has = |parts: &[&str]| parts.iter().any(|part| reason.contains(part));
        if has(BROKEN) {
            Self::Broken
        } else if has(FILTERED) {
            Self::Filtered
        } else if has(LENGTH) {
            Self::Length
        } else {
            Self::Unknown
        }
    }

    /// What a reason means, and which it is: that of a provider behind the provider where it tells of a failure and the
    /// other does not.
    pub(super) fn of_both<'a>(reason: Option<&'a str>, native: Option<&'a str>) -> (Self, &'a str) {
        let told = (Self::of(reason), reason.unwrap_or_default());
        let behind = (Self::of(native), native.unwrap_or_default());
        let tells = matches!(behind.0, Self::Broken | Self::Filtered | Self::Length);
        if told.0 == Self::Whole && tells { behind } else { told }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_apart() {
        for (reasons, finish) in [
            (&["stop", "STOP", "End-Turn", " eos ", "tool_calls"][..], Finish::Whole),
            (&["length", "MAX_TOKENS", "token_limit_reached", "max_length"], Finish::Length),
            (
                &[
                    "content_filter",
                    "SAFETY",
                    "content filter",
                    "IMAGE_SAFETY",
                    "sensitive",
                    "refusal",
                    "guardrails",
                    "policy_violation",
                    "prohibited",
                    "moderated",
                ],
                Finish::Filtered,
            ),
            (
                &[
                    "error",
                    "server_error",
                    "internal-error",
                    "aborted",
                    "abort",
                    "cancelled",
                    "canceled",
                    "insufficient_system_resource",
                    "network_error",
                    "timeout",
                    "overloaded",
                    "failed",
                ],
                Finish::Broken,
            ),
            (&["anything", "other", "unknown", "null", "?"], Finish::Unknown),
        ] {
            for reason in reasons {
                assert_eq!(Finish::of(Some(reason)), finish, "{reason}");
            }
        }
        assert_eq!(Finish::of(None), Finish::Whole);
    }

    #[test]
    fn a_provider_behind_the_provider_is_believed_where_it_tells_of_a_failure() {
        for (reason, native, expected) in [
            (Some("stop"), Some("MALFORMED_FUNCTION_CALL"), (Finish::Broken, "MALFORMED_FUNCTION_CALL")),
            (Some("stop"), Some("SAFETY"), (Finish::Filtered, "SAFETY")),
            (None, Some("MAX_TOKENS"), (Finish::Length, "MAX_TOKENS")),
            (Some("stop"), Some("eos_token_found"), (Finish::Whole, "stop")),
            (Some("length"), Some("error"), (Finish::Length, "length")),
            (Some("error"), Some("stop"), (Finish::Broken, "error")),
        ] {
            assert_eq!(Finish::of_both(reason, native), expected, "{reason:?} {native:?}");
        }
    }
}
