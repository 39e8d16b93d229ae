//! What a ledger tells of a day.

use super::account::SpendOf;
use super::rules::BudgetState;
use super::sums::Sums;
use crate::outcome::NanoUsd;

/// How a day stands.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetStatus {
    /// The day, as `YYYY-MM-DD`.
    pub day: String,
    /// What it may cost; `None`: any sum.
    pub daily: Option<NanoUsd>,
    /// What is spent.
    pub spent: NanoUsd,
    /// What the requests of this day that are under way can cost at worst.
    pub reserved: NanoUsd,
    /// What the requests of this day that have ended may be billed beyond what is spent.
    pub uncertain: NanoUsd,
    /// What is neither spent nor reserved nor uncertain; `None` without a budget.
    pub remaining: Option<NanoUsd>,
    /// What may still be called.
    pub state: BudgetState,
    /// The models that have spent, reserved or left uncertain anything, sorted by id. Together they are `spent`,
    /// `reserved` and `uncertain`.
    pub models: Vec<(String, Sums)>,
}

/// What was spent on a day, as a snapshot keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spend {
    /// The day, as `YYYY-MM-DD`.
    pub day: String,
    /// What each model has spent, sorted by id.
    pub models: Vec<SpendOf>,
}

impl Spend {
    /// What all models have spent.
    #[must_use]
    pub fn total(&self) -> NanoUsd {
        self.models.iter().map(|model| model.spent).sum()
    }
}
