//! What a ledger tells of a day.

use super::account::Sums;
use super::rules::BudgetState;
use crate::outcome::MicroUsd;

/// How a day stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The day, as `YYYY-MM-DD`.
    pub day: String,
    /// What it may cost; `None`: any sum.
    pub daily: Option<MicroUsd>,
    /// What is spent.
    pub spent: MicroUsd,
    /// What the requests of this day that are under way can cost at worst.
    pub reserved: MicroUsd,
    /// What is neither spent nor reserved; `None` without a budget.
    pub remaining: Option<MicroUsd>,
    /// What may still be called.
    pub state: BudgetState,
    /// The models that have spent or reserved anything, sorted by id. Together they are `spent` and `reserved`.
    pub models: Vec<(String, Sums)>,
}

/// What was spent on a day, as a snapshot keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spend {
    /// The day, as `YYYY-MM-DD`.
    pub day: String,
    /// What each model has spent, sorted by id.
    pub models: Vec<(String, MicroUsd)>,
}

impl Spend {
    /// What all models have spent.
    #[must_use]
    pub fn total(&self) -> MicroUsd {
        self.models.iter().map(|&(_, spent)| spent).sum()
    }
}
