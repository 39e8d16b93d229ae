//! What things cost: estimates of tokens, prices, and the reservation of money before it is spent, within the budget of
//! a day.

mod account;
mod charge;
mod day;
mod estimate;
mod grant;
mod ledger;
mod report;
mod rules;
mod sums;
#[cfg(test)]
mod tests;

pub use account::SpendOf;
pub use charge::{Charge, End, Terms, charge};
pub use day::Day;
pub use estimate::estimate_tokens;
pub use grant::{DayReport, Elsewhere, Grant};
pub use ledger::{ASK_AGAIN_AFTER, Ledger, Reservation};
pub use report::{BudgetStatus, Spend};
pub use rules::{Alert, BudgetRefusal, BudgetRules, BudgetState, Rule};
pub use sums::Sums;

use crate::catalog::Prices;
use crate::outcome::Usage;

/// Billionths of a dollar for one token at a price of one US dollar for a million of them.
const BILLIONTHS: f64 = 1000.0;

/// What `usage` costs at `prices`, in billionths of a dollar that are not rounded yet: [`Ledger::whole`] does that.
///
/// Cached and reasoning tokens are parts of the prompt and of the completion; where they have no price of their own,
/// they cost what the others cost.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of tokens are far below 2^52")]
pub fn cost(prices: &Prices, usage: &Usage) -> f64 {
    let cached = usage.cached_tokens.min(usage.prompt_tokens);
    let reasoning = usage.reasoning_tokens.min(usage.completion_tokens);
    let prompt = (usage.prompt_tokens - cached) as f64 * prices.prompt
        + cached as f64 * prices.cached_prompt.unwrap_or(prices.prompt);
    let completion = (usage.completion_tokens - reasoning) as f64 * prices.completion
        + reasoning as f64 * prices.reasoning.unwrap_or(prices.completion);
    (prompt + completion) * BILLIONTHS
}

/// What a prompt and a completion cost by estimate, in billionths of a dollar, priced at the dearer of the completion's
/// and the reasoning's price.
#[must_use]
pub fn estimated_cost(prices: &Prices, prompt_tokens: u64, completion_tokens: u64) -> f64 {
    let completion = prices.reasoning.map_or(prices.completion, |reasoning| reasoning.max(prices.completion));
    let prices = Prices { completion, reasoning: None, ..prices.clone() };
    cost(&prices, &Usage { prompt_tokens, completion_tokens, estimated: true, ..Usage::default() })
}
