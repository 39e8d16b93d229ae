//! The records of one prediction: what was answered, by whom, after which attempts and skips; a leaf.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::call_id::CallIds;
use crate::kind::{FailureKind, SkipReason};

/// Tokens that one attempt used, or all attempts of a request together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt, the cached ones included.
    pub prompt_tokens: u64,
    /// Tokens of the completion, the reasoning included.
    pub completion_tokens: u64,
    /// Tokens of the prompt that the provider had cached.
    pub cached_tokens: u64,
    /// Tokens of the completion that were reasoning.
    pub reasoning_tokens: u64,
    /// Whether any of it is an estimate, for want of a `usage` in the reply.
    pub estimated: bool,
}

impl Usage {
    /// Adds the tokens of another attempt; a sum stops at the largest number instead of wrapping.
    pub fn add(&mut self, other: &Usage) {
        for (sum, tokens) in [
            (&mut self.prompt_tokens, other.prompt_tokens),
            (&mut self.completion_tokens, other.completion_tokens),
            (&mut self.cached_tokens, other.cached_tokens),
            (&mut self.reasoning_tokens, other.reasoning_tokens),
        ] {
            *sum = sum.saturating_add(tokens);
        }
        self.estimated |= other.estimated;
    }
}

/// What a reply says of its tokens, as it says it: numbers that may be missing, below nothing or no whole ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Told {
    /// Tokens of the prompt.
    pub prompt: Option<f64>,
    /// Tokens of the completion.
    pub completion: Option<f64>,
    /// Tokens in all.
    pub total: Option<f64>,
    /// Tokens of the prompt that were read from a cache.
    pub cached: Option<f64>,
    /// Tokens of the prompt that were written into a cache.
    pub written: Option<f64>,
    /// Tokens of the completion that were reasoning.
    pub reasoning: Option<f64>,
}

/// A reply whose count of tokens is hard to believe.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// What was told.
    pub told: Told,
    /// What is booked.
    pub booked: Usage,
    /// What is wrong with it, in words.
    pub problem: String,
}

/// An amount of money in whole billionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NanoUsd(pub u64);

impl NanoUsd {
    /// The amount in US dollars.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "exact below nine million dollars")]
    pub fn usd(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The nearest whole number of billionths; nothing for less than none or for no number.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
    pub fn rounded(billionths: f64) -> Self {
        Self(billionths.round() as u64)
    }

    /// The amount nearest to one in US dollars.
    #[must_use]
    pub fn from_usd(usd: f64) -> Self {
        Self::rounded(usd * 1e9)
    }

    /// So many millionths of a dollar.
    #[must_use]
    pub const fn micro(millionths: u64) -> Self {
        Self(millionths.saturating_mul(1000))
    }

    /// The sum, which stops at the largest amount instead of wrapping.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left when `other` is taken away, at least nothing.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl std::iter::Sum for NanoUsd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Self::plus)
    }
}

/// One of the things that were asked about, and what was found for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding<V> {
    /// Its id, as the caller wrote it.
    pub id: String,
    /// The value, and the model that gave it.
    pub filled: Option<(V, String)>,
}

/// A parameter's value, before or after it was fitted to a provider.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A number, such as a temperature or a count.
    Number(f64),
    /// A name, such as a response format.
    Text(&'static str),
}

/// A change that made a request fit its provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Adjustment {
    /// The parameter's name on the wire, or `matches`.
    pub parameter: &'static str,
    /// What was wanted.
    pub from: Setting,
    /// What was sent; `None` if the parameter was left out.
    pub to: Option<Setting>,
}

/// One model, asked over HTTP, and what became of it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The model that was asked.
    pub model_id: String,
    /// Its provider.
    pub provider_id: String,
    /// The version of the prompt that it was sent.
    pub prompt_version: String,
    /// The names of the prompt's overrides, in order.
    pub overrides: Vec<String>,
    /// Why it failed; `None` if it gave at least one prediction.
    pub failure: Option<FailureKind>,
    /// What was seen, in one line; `None` if it did not fail.
    pub message: Option<String>,
    /// The HTTP status of the last reply; `None` if none came.
    pub status: Option<u16>,
    /// The model that the last reply says it is of, as the provider calls it, in one line; `None` if it does not say.
    pub response_model: Option<String>,
    /// How many times the request was sent again after a failure.
    pub retries: u32,
    /// When it began.
    pub started_at: SystemTime,
    /// From then, the wait for the provider's turn, to the end of the last reply.
    pub duration: Duration,
    /// Tokens used; `None` if nothing is charged.
    pub usage: Option<Usage>,
    /// What it cost.
    pub cost: NanoUsd,
    /// How the request was fitted to the provider.
    pub adjusted: Vec<Adjustment>,
    /// Whether another call of the same slate made it, whose answer or failure stands here at no cost.
    pub reused: bool,
}

/// A model of the chain that was not called.
#[derive(Clone, Debug, PartialEq)]
pub struct Skip {
    /// The model that was not called.
    pub model_id: String,
    /// Why.
    pub reason: SkipReason,
    /// The same in words, with the numbers that decided.
    pub detail: String,
}

/// Why a model may not be called.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Why.
    pub reason: SkipReason,
    /// The same in words, with the numbers that decided.
    pub detail: String,
    /// How long it is until that passes, where it does by itself.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal that does not pass by itself.
    #[must_use]
    pub fn new(reason: SkipReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), retry_after: None }
    }

    /// This refusal where another one stands beside it: it passes when both have.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        let retry_after = self.retry_after.zip(other.retry_after).map(|(one, other)| one.max(other));
        Self { retry_after, ..self }
    }

    /// The skip that it makes of a model.
    #[must_use]
    pub fn of(self, model_id: &str) -> Skip {
        Skip { model_id: model_id.to_owned(), reason: self.reason, detail: self.detail }
    }
}

/// Why another model than the original contributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FallbackReason {
    /// The original failed.
    Failure(FailureKind),
    /// The original was skipped.
    Skip(SkipReason),
    /// The original answered some of the matches.
    Incomplete,
}

impl FallbackReason {
    /// The stable name, as JavaScript sees it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failure(kind) => kind.as_str(),
            Self::Skip(reason) => reason.as_str(),
            Self::Incomplete => "incomplete",
        }
    }

    /// The reason with exactly this name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        let failure = || FailureKind::named(text).map(Self::Failure);
        let skip = || SkipReason::named(text).map(Self::Skip);
        failure().or_else(skip).or_else(|| (text == Self::Incomplete.as_str()).then_some(Self::Incomplete))
    }
}

/// Whatever a provider asks for, a model is worth another try after that long.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Every attempt and skip of a request, in order, and what they cost.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The models that were asked.
    pub attempts: Vec<Attempt>,
    /// The models that were not.
    pub skips: Vec<Skip>,
    /// Whether such a call may be answered later as things stand, in an error: neither it nor the configuration need be changed.
    pub is_retryable: bool,
    /// How long it is until a model of the chain can be asked again, in such an error, where that is known.
    pub retry_after: Option<Duration>,
}

impl History {
    /// Why `model_id` gave no prediction: it failed, or it was skipped; `None` if neither.
    #[must_use]
    pub fn why_unanswered(&self, model_id: &str) -> Option<FallbackReason> {
        let asked = self.attempts.iter().find(|attempt| attempt.model_id == model_id);
        let skipped = self.skips.iter().find(|skip| skip.model_id == model_id);
        let failed = asked.and_then(|attempt| attempt.failure).map(FallbackReason::Failure);
        failed.or(skipped.map(|skip| FallbackReason::Skip(skip.reason)))
    }

    /// What all attempts cost together.
    #[must_use]
    pub fn cost(&self) -> NanoUsd {
        self.attempts.iter().map(|attempt| attempt.cost).sum()
    }

    /// Tokens of all attempts together.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let mut total = Usage::default();
        for usage in self.attempts.iter().filter_map(|attempt| attempt.usage.as_ref()) {
            total.add(usage);
        }
        total
    }
}

/// What a request for which anything was found gives its caller; `V` is what is found for one thing.
#[derive(Clone, Debug)]
pub struct Outcome<V> {
    /// The names of the call.
    pub call: Arc<CallIds>,
    /// A finding for each thing that was asked about, in the request's order; at least one is filled.
    pub findings: Vec<Finding<V>>,
    /// The model that was asked for.
    pub original_model_id: String,
    /// The last model that contributed.
    pub model_id: String,
    /// Why that is another one; `None` if it is the original.
    pub fallback_reason: Option<FallbackReason>,
    /// Every attempt and skip.
    pub history: History,
    /// Estimate of what the original alone would have cost.
    pub original_cost: NanoUsd,
    /// The version of the prompt that `model_id` was sent.
    pub prompt_version: String,
    /// The names of that prompt's overrides, in order.
    pub overrides: Vec<String>,
    /// What `model_id` thought, where it said so.
    pub reasoning: Option<String>,
    /// What `model_id` answered, as it came.
    pub raw_response: String,
    /// From the call to the answer.
    pub duration: Duration,
}

impl<V> Outcome<V> {
    /// The ids of the things for which nothing was found, in the request's order.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.findings.iter().filter(|finding| finding.filled.is_none()).map(|finding| finding.id.as_str())
    }
}
