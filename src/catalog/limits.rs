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

impl Limits {
    /// Reads the field `limits`; no limit where it is absent.
    pub(super) fn read(fields: &mut Object<'_, '_>) -> Self {
        let limits = fields.object("limits", |fields| Self {
            max_tokens: fields.optional("maxTokens", rule::whole(1..=u32::MAX)),
            temperature: fields.optional("temperature", temperature),
            max_stop_sequences: fields.optional("maxStopSequences", rule::whole(0..=u32::MAX)),
        });
        limits.unwrap_or_default()
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
