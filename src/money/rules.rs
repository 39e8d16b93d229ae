//! What a day may cost: decisions on its sums, without a clock and without a lock.

use std::fmt;
use std::time::SystemTime;

use super::day::Day;
use super::grant::Grant;
use super::sums::Sums;
use crate::outcome::NanoUsd;

/// What a day may cost, and who is to know.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetRules {
    /// What a day, in UTC, may cost at most. Default: `None`, any sum.
    pub daily: Option<NanoUsd>,
    /// From this share of `daily` on, fallbacks dearer than the original are refused; 0 to 1. Default: 0.8.
    pub pause_fallbacks_at: f64,
    /// The shares of `daily`, above 0, of which is told once a day that they are spent. Default: 0.5, 0.8 and 1.
    pub alerts: Vec<f64>,
    /// Whether `daily` is for a fleet, so that an engine may only use what it is granted of it. Default: false.
    pub is_shared: bool,
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
pub struct BudgetRefusal {
    /// The rule that forbids it.
    pub rule: Rule,
    /// The midnight at which the next day's budget opens, or for want of a grant a moment from now.
    pub until: SystemTime,
}

/// A rule that forbids a request, with the numbers that decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// It could cost more than the day's budget leaves.
    Budget {
        /// What it could cost.
        worst: NanoUsd,
        /// The day's budget.
        daily: NanoUsd,
        /// What is taken of it.
        sums: Sums,
    },
    /// It is a fallback dearer than the original, late in the budget.
    FallbacksPaused {
        /// What is gone of the day's budget, be it spent or uncertain.
        gone: NanoUsd,
        /// The day's budget.
        daily: NanoUsd,
    },
    /// The fleet has granted less of the day's budget than it could cost. The fleet may grant more.
    NoGrant {
        /// What it could cost.
        worst: NanoUsd,
        /// What is left of what was granted; `None` if nothing was granted yet.
        left: Option<NanoUsd>,
        /// The day's budget.
        daily: NanoUsd,
    },
}

/// A share of the day's budget is gone: spent, or uncertain.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// The share, as [`BudgetRules::alerts`] has it.
    pub share: f64,
    /// What is spent, which may be more than that share; less where some of the share is uncertain.
    pub spent: NanoUsd,
    /// The day's budget.
    pub daily: NanoUsd,
    /// The day, as `YYYY-MM-DD`.
    pub day: String,
}

impl Default for BudgetRules {
    fn default() -> Self {
        Self { daily: None, pause_fallbacks_at: 0.8, alerts: vec![0.5, 0.8, 1.0], is_shared: false }
    }
}

impl BudgetRules {
    /// The rule that forbids a request that costs `worst` at most, on a day with these `sums` of the engine's own, of which
    /// it was granted `grant`.
    pub(super) fn refuses(
        &self,
        sums: Sums,
        grant: Option<Grant>,
        worst: NanoUsd,
        dearer_fallback: bool,
    ) -> Option<Rule> {
        let daily = self.daily.filter(|_| worst > NanoUsd::default())?;
        let of_all = grant.unwrap_or_default().elsewhere.with(sums);
        // What is held by the fleet comes back in part, so only what is gone of its budget is gone for certain.
        let unavailable = if self.is_shared { of_all.gone() } else { sums.taken() };
        if unavailable.plus(worst) > daily {
            return Some(Rule::Budget { worst, daily, sums: of_all });
        }
        let gone = of_all.gone();
        if dearer_fallback && gone >= share_of(daily, self.pause_fallbacks_at) {
            return Some(Rule::FallbacksPaused { gone, daily });
        }
        let left = grant.map(|grant| grant.limit.minus(sums.taken()));
        let is_granted = !self.is_shared || left.is_some_and(|left| worst <= left);
        (!is_granted).then_some(Rule::NoGrant { worst, left, daily })
    }

    /// The state of a day that may cost `daily` and on which `gone` was spent or is uncertain.
    pub(super) fn state(&self, daily: Option<NanoUsd>, gone: NanoUsd) -> BudgetState {
        match daily {
            Some(daily) if gone >= daily => BudgetState::Exhausted,
            Some(daily) if gone >= share_of(daily, self.pause_fallbacks_at) => BudgetState::FallbacksPaused,
            _ => BudgetState::Open,
        }
    }

    /// The shares that `gone` reaches and `told` did not, in the order of `alerts`; `spent` is to be told with them.
    pub(super) fn alerts(&self, told: NanoUsd, gone: NanoUsd, spent: NanoUsd, day: Day) -> Vec<Alert> {
        let Some(daily) = self.daily else { return Vec::new() };
        let is_new = |&&share: &&f64| told < share_of(daily, share) && share_of(daily, share) <= gone;
        let alert = |&share: &f64| Alert { share, spent, daily, day: day.to_string() };
        self.alerts.iter().filter(is_new).map(alert).collect()
    }
}

impl BudgetRefusal {
    /// Whether nothing but the want of a grant forbids the request: the fleet may grant more when it is asked.
    #[must_use]
    pub fn is_for_want_of_a_grant(&self) -> bool {
        matches!(self.rule, Rule::NoGrant { .. })
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

impl fmt::Display for BudgetRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rule {
            Rule::Budget { worst, daily, sums } => {
                let (worst, left, daily) = (worst.usd(), daily.minus(sums.taken()).usd(), daily.usd());
                let (spent, reserved, uncertain) = (sums.spent.usd(), sums.reserved.usd(), sums.uncertain.usd());
                write!(f, "could cost ${worst:.6} where the day's budget of ${daily} leaves ${left:.6}, ")?;
                write!(f, "with ${spent:.6} spent and ${reserved:.6} reserved")?;
                if sums.uncertain > NanoUsd::default() {
                    write!(f, ", and ${uncertain:.6} that may be billed yet")?;
                }
                Ok(())
            }
            Rule::FallbacksPaused { gone, daily } => {
                let (gone, daily) = (gone.usd(), daily.usd());
                write!(f, "is dearer than the original, and ${gone:.6} of the day's budget of ${daily} is spent")
            }
            Rule::NoGrant { worst, left, daily } => {
                let (worst, daily) = (worst.usd(), daily.usd());
                write!(f, "could cost ${worst:.6} where the fleet has granted this engine ")?;
                match left {
                    Some(left) => write!(f, "${:.6} more of the day's budget of ${daily}", left.usd()),
                    None => write!(f, "nothing yet of the day's budget of ${daily}"),
                }
            }
        }
    }
}

fn share_of(daily: NanoUsd, share: f64) -> NanoUsd {
    NanoUsd::from_usd(daily.usd() * share)
}
