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
];

impl Finish {
    /// What a reason means; without one nothing is wrong.
    pub(super) fn of(reason: Option<&str>) -> Self {
        let Some(reason) = reason else { return Self::Whole };
        let reason = reason.trim().to_ascii_lowercase().replace(['-', ' '], "_");
        if let Some(&(finish, _)) = REASONS.iter().find(|(_, reasons)| reasons.contains(&reason.as_str())) {
            return finish;
        }
        let is_broken = BROKEN.iter().any(|part| reason.contains(part));
        if is_broken { Self::Broken } else { Self::Unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_apart() {
        for (reasons, finish) in [
            (&["stop", "STOP", "End-Turn", " eos ", "tool_calls"][..], Finish::Whole),
            (&["length", "MAX_TOKENS"], Finish::Length),
            (&["content_filter", "SAFETY", "content filter"], Finish::Filtered),
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
}
