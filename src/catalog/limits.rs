//! What a provider or a model accepts.

use serde_json::Value;

use crate::check::{Checked, Object, Violation, rule};

/// The highest temperature that a limit may name.
const MAX_TEMPERATURE: f64 = 10.0;

/// What a provider or a model accepts; `None` is no limit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// Largest `max_tokens`, at least 1.
    pub max_tokens: Option<u32>,
    /// Lowest and highest temperature.
    pub temperature: Option<(f64, f64)>,
    /// Largest number of stop sequences.
    pub max_stop_sequences: Option<u32>,
}

/// How much a provider accepts a minute, of all its models together; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Most requests, at least 1.
    pub requests_per_minute: Option<u32>,
    /// Most tokens of prompts and completions, at least 1.
    pub tokens_per_minute: Option<u32>,
}

impl Limits {
    /// Reads the field `limits` of a model; no limit where it is absent.
    pub(super) fn read(fields: &mut Object<'_, '_>) -> Self {
        fields.object("limits", Self::of_request).unwrap_or_default()
    }

    /// Reads the field `limits` of a provider, which may name rates as well.
    pub(super) fn read_with_rates(fields: &mut Object<'_, '_>) -> (Self, RateLimits) {
        let limits = fields.object("limits", |fields| {
            let rates = RateLimits {
                requests_per_minute: fields.optional("requestsPerMinute", rule::whole(1..=u32::MAX)),
                tokens_per_minute: fields.optional("tokensPerMinute", rule::whole(1..=u32::MAX)),
            };
            (Self::of_request(fields), rates)
        });
        limits.unwrap_or_default()
    }

    fn of_request(fields: &mut Object<'_, '_>) -> Self {
        Self {
            max_tokens: fields.optional("maxTokens", rule::whole(1..=u32::MAX)),
            temperature: fields.optional("temperature", temperature),
            max_stop_sequences: fields.optional("maxStopSequences", rule::whole(0..=u32::MAX)),
        }
    }

    /// These limits, and where there is none, the other's.
    #[must_use]
    pub(super) fn or(&self, other: &Self) -> Self {
        Self {
            max_tokens: self.max_tokens.or(other.max_tokens),
            temperature: self.temperature.or(other.temperature),
            max_stop_sequences: self.max_stop_sequences.or(other.max_stop_sequences),
        }
    }
}

fn temperature(value: &Value) -> Checked<(f64, f64)> {
    let pair = match value.as_array().map(Vec::as_slice) {
        Some([min, max]) => min.as_f64().zip(max.as_f64()),
        _ => None,
    };
    pair.filter(|(min, max)| 0.0 <= *min && min <= max && *max <= MAX_TEMPERATURE)
        .ok_or_else(|| Violation::new(format!("must be [min, max] with 0 <= min <= max <= {MAX_TEMPERATURE}")))
}
