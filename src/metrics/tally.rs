//! What is counted: sums that stop at their largest value instead of wrapping.

use std::collections::BTreeMap;

use super::finished::Finished;
use super::latency::Latency;
use crate::kind::FailureKind;
use crate::outcome::{Attempt, NanoUsd, Usage};

/// The calls of one route.
#[derive(Clone, Debug, Default)]
pub(super) struct RouteTally {
    pub(super) calls: u64,
    pub(super) cost: NanoUsd,
    pub(super) original_cost: NanoUsd,
}

impl RouteTally {
    pub(super) fn add(&mut self, call: &Finished<'_>) {
        self.calls = self.calls.saturating_add(1);
        self.cost = self.cost.plus(call.cost);
        self.original_cost = self.original_cost.plus(call.original_cost);
    }
}

/// What attempts came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results {
    /// All attempts.
    pub attempts: u64,
    /// Those that failed, by kind; a kind that never occurred is absent.
    pub failures: BTreeMap<FailureKind, u64>,
}

impl Results {
    pub(super) fn add(&mut self, failure: Option<FailureKind>) {
        self.attempts = self.attempts.saturating_add(1);
        if let Some(kind) = failure {
            let count = self.failures.entry(kind).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// The attempts that gave at least one prediction: their replies were valid.
    #[must_use]
    pub fn successes(&self) -> u64 {
        self.failures.values().fold(self.attempts, |left, &failed| left.saturating_sub(failed))
    }
}

/// Tokens, as they were reported or estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Of the prompts, the cached ones included.
    pub prompt: u64,
    /// Of the completions, the reasoning included.
    pub completion: u64,
    /// Of the prompts, those that the provider had cached.
    pub cached: u64,
    /// Of the completions, those that were reasoning.
    pub reasoning: u64,
}

impl Tokens {
    fn add(&mut self, usage: &Usage) {
        self.prompt = self.prompt.saturating_add(usage.prompt_tokens);
        self.completion = self.completion.saturating_add(usage.completion_tokens);
        self.cached = self.cached.saturating_add(usage.cached_tokens);
        self.reasoning = self.reasoning.saturating_add(usage.reasoning_tokens);
    }
}

/// The attempts of one model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelTally {
    /// What they came to.
    pub results: Results,
    /// How many times a request was sent again within its attempt.
    pub retries: u64,
    /// What they used.
    pub tokens: Tokens,
    /// What they cost.
    pub cost: NanoUsd,
    /// How long they took, each from the wait for the provider's turn to the end of the last reply.
    pub latency: Latency,
}

impl ModelTally {
    pub(super) fn add(&mut self, attempt: &Attempt) {
        self.results.add(attempt.failure);
        self.retries = self.retries.saturating_add(u64::from(attempt.retries));
        if let Some(usage) = &attempt.usage {
            self.tokens.add(usage);
        }
        self.cost = self.cost.plus(attempt.cost);
        self.latency.add(attempt.duration);
    }
}
