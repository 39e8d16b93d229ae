//! What a day may cost: decisions on its sums, without a clock and without a lock.

use std::fmt;
use std::time::SystemTime;

use super::account::Sums;
use super::day::Day;
use crate::outcome::MicroUsd;

/// What a day may cost, and who is to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// What a day, in UTC, may cost at most. Default: `None`, any sum.
    pub daily: Option<MicroUsd>,
    /// From this share of `daily` on, fallbacks dearer than the original are refused; 0 to 1. Default: 0.8.
    pub pause_fallbacks_at: f64,
    /// The shares of `daily`, above 0, of which is told once a day that they are spent. Default: 0.5, 0.8 and 1.
    pub alerts: Vec<f64>,
}

/// How much of its budget a day has spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetState {
    /// So little that every model may be called.
    Open,
    /// So much that fallbacks dearer than the original are refused.
    FallbacksPaused,
    /// All of it.
    Exhausted,
}

/// Why a request may not be sent, in words by its `Display`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refusal {
    /// The rule that forbids it.
    pub rule: Rule,
    /// The midnight at which the next day's budget opens.
    pub until: SystemTime,
}

/// A rule that forbids a request, with the numbers that decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// It could cost more than the day's budget leaves.
    Budget {
        /// What it could cost.
        worst: MicroUsd,
        /// The day's budget.
        daily: MicroUsd,
        /// What is spent of it and what is reserved.
        sums: Sums,
    },
    /// It is a fallback dearer than the original, late in the budget.
    FallbacksPaused {
        /// What is spent.
        spent: MicroUsd,
        /// The day's budget.
        daily: MicroUsd,
    },
}

/// A share of the day's budget is spent.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// The share, as [`Rules::alerts`] has it.
    pub share: f64,
    /// What is spent, which may be more than that share.
    pub spent: MicroUsd,
    /// The day's budget.
    pub daily: MicroUsd,
    /// The day, as `YYYY-MM-DD`.
    pub day: String,
}

impl Default for Rules {
    fn default() -> Self {
        Self { daily: None, pause_fallbacks_at: 0.8, alerts: vec![0.5, 0.8, 1.0] }
    }
}

impl Rules {
    /// The rule that forbids a request that costs `worst` at most, on a day with these `sums`.
    pub(super) fn refuses(&self, sums: Sums, worst: MicroUsd, dearer_fallback: bool) -> Option<Rule> {
        let daily = self.daily.filter(|_| worst > MicroUsd::default())?;
        if sums.spent.plus(sums.reserved).plus(worst) > daily {
            return Some(Rule::Budget { worst, daily, sums });
        }
        let paused = dearer_fallback && sums.spent >= share_of(daily, self.pause_fallbacks_at);
        paused.then_some(Rule::FallbacksPaused { spent: sums.spent, daily })
    }

    /// The state of a day on which `spent` was spent.
    pub(super) fn state(&self, spent: MicroUsd) -> BudgetState {
        match self.daily {
            Some(daily) if spent >= daily => BudgetState::Exhausted,
            Some(daily) if spent >= share_of(daily, self.pause_fallbacks_at) => BudgetState::FallbacksPaused,
            _ => BudgetState::Open,
        }
    }

    /// What the budget leaves, if there is one.
    pub(super) fn remaining(&self, sums: Sums) -> Option<MicroUsd> {
        self.daily.map(|daily| left_of(daily, sums))
    }

    /// The shares that are spent at `spent` and were not at `told`, in the order of `alerts`.
    pub(super) fn alerts(&self, told: MicroUsd, spent: MicroUsd, day: Day) -> Vec<Alert> {
        let Some(daily) = self.daily else { return Vec::new() };
        let is_new = |&&share: &&f64| told < share_of(daily, share) && share_of(daily, share) <= spent;
        let alert = |&share: &f64| Alert { share, spent, daily, day: day.to_string() };
        self.alerts.iter().filter(is_new).map(alert).collect()
    }
}

impl BudgetState {
    /// The stable name, as JavaScript sees it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::FallbacksPaused => "fallbacks_paused",
            Self::Exhausted => "exhausted",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rule {
            Rule::Budget { worst, daily, sums } => {
                let (worst, left, daily) = (worst.usd(), left_of(daily, sums).usd(), daily.usd());
                let (spent, reserved) = (sums.spent.usd(), sums.reserved.usd());
                write!(f, "could cost ${worst:.6} where the day's budget of ${daily} leaves ${left:.6}, ")?;
                write!(f, "with ${spent:.6} spent and ${reserved:.6} reserved")
            }
            Rule::FallbacksPaused { spent, daily } => {
                let (spent, daily) = (spent.usd(), daily.usd());
                write!(f, "is dearer than the original, and ${spent:.6} of the day's budget of ${daily} is spent")
            }
        }
    }
}

fn left_of(daily: MicroUsd, sums: Sums) -> MicroUsd {
    MicroUsd(daily.0.saturating_sub(sums.spent.plus(sums.reserved).0))
}

fn share_of(daily: MicroUsd, share: f64) -> MicroUsd {
    MicroUsd::from_usd(daily.usd() * share)
}
