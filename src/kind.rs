//! The closed sets of names by which Fallcast says why something did not work; a leaf.

/// Declares an enum whose variants each have one stable name, the same in JavaScript, logs and metrics.
macro_rules! names {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$inner])* $variant,)+ }

        impl $name {
            /// Every variant, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The variant with exactly this name.
            #[must_use]
            pub fn named(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|variant| variant.as_str() == text)
            }

            /// The stable name, as JavaScript sees it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

names! {
    /// Why an attempt failed.
    FailureKind {
        /// The attempt's own time ran out.
        Timeout = "timeout",
        /// Refused, reset, DNS, TLS, or a body that was cut off.
        Network = "network",
        /// A status of 500 or above, or one from 400 on that speaks of a moment, such as 408 or 425.
        ServerError = "server_error",
        /// Status 429, or any limit that ends within the hour.
        RateLimited = "rate_limited",
        /// The account is out of credit: 402, or 400/403/429 whose body speaks of credit, quota or billing and of no end soon.
        QuotaExhausted = "quota_exhausted",
        /// The key was refused: 401 or 403.
        Unauthorized = "unauthorized",
        /// The provider does not have the model: 404, or 400/403 whose body says so.
        ModelUnavailable = "model_unavailable",
        /// The prompt is longer than the model's context.
        ContextTooLong = "context_too_long",
        /// Any other status from 400 to 499.
        BadRequest = "bad_request",
        /// The provider's content filter stopped the answer.
        ContentFiltered = "content_filtered",
        /// A 3xx, or a 2xx that is no chat completion, or one larger than the limit.
        InvalidResponse = "invalid_response",
        /// A chat completion without any text.
        EmptyResponse = "empty_response",
        /// The answer was cut off by `max_tokens` before a valid score.
        Truncated = "truncated",
        /// Text without a valid score for any asked match.
        ParseError = "parse_error",
        /// The caller's signal.
        Aborted = "aborted",
        /// The deadline of the whole request.
        Deadline = "deadline",
    }
}

names! {
    /// Why a model of the chain was not called.
    SkipReason {
        /// Switched off after failures, or by hand.
        Disabled = "disabled",
        /// Left alone for a moment.
        Cooling = "cooling",
        /// Its provider has no key.
        Unconfigured = "unconfigured",
        /// `maxFallbackDepth` fallbacks were called already.
        Depth = "depth",
        /// Beyond `maxPriceRatio` or `maxFallbackCost`.
        TooExpensive = "too_expensive",
        /// The day's budget does not cover it.
        OverBudget = "over_budget",
        /// Its provider refused the key or is out of credit.
        ProviderFailed = "provider_failed",
        /// `enabled: false` in the catalogue.
        NotEnabled = "not_enabled",
        /// Its day to retire has come.
        Retired = "retired",
    }
}

names! {
    /// What a call is about.
    Task {
        /// Predictions.
        Predict = "predict",
        /// An answer of any form.
        Ask = "ask",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The members of a union type in the declarations for TypeScript.
    fn union(name: &str) -> Vec<&'static str> {
        let types = include_str!("binding/types/errors.d.ts");
        let start = types.find(&format!("export type {name} =\n")).expect("the type is declared");
        let lines = types[start..].lines().skip(1).take_while(|line| line.starts_with("  | '"));
        lines.map(|line| line.trim_start_matches("  | '").trim_end_matches('\'')).collect()
    }

    #[test]
    fn typescript_knows_the_same_names_in_the_same_order() {
        assert_eq!(union("FailureKind"), FailureKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>());
        assert_eq!(union("SkipReason"), SkipReason::ALL.iter().map(|reason| reason.as_str()).collect::<Vec<_>>());
    }

    #[test]
    fn the_page_on_errors_explains_every_kind() {
        let page = include_str!("../docs/errors.md");
        for kind in FailureKind::ALL {
            assert!(page.contains(&format!("| `{kind}` |")), "{kind}");
        }
    }
}
