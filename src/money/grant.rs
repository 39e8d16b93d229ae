//! What an engine may use of a day's budget that it shares with the other members of a fleet.

use super::sums::Sums;
use crate::outcome::NanoUsd;

/// What an engine is granted of a day's budget, and how the day stands for the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// What it may spend, reserve and leave uncertain on this day in all.
    pub limit: NanoUsd,
    /// What the others have.
    pub elsewhere: Elsewhere,
    /// What the day may cost, where the engine has no budget of its own and shows the fleet's; `None`: its own, if any.
    pub daily: Option<NanoUsd>,
}

/// What the other members of a fleet have of a day's budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// What they have spent.
    pub spent: NanoUsd,
    /// What they may be billed beyond that for what has ended.
    pub uncertain: NanoUsd,
    /// What living ones are granted beyond both; what they do not spend of it comes back.
    pub held: NanoUsd,
    /// What those that live no longer were granted beyond both: nobody knows what became of it.
    pub lapsed: NanoUsd,
}

/// What an engine reports of a day: whole millionths of a dollar, of which parts count as whole ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayReport {
    /// What it has spent.
    pub spent: NanoUsd,
    /// What it may be billed beyond that for what has ended.
    pub uncertain: NanoUsd,
    /// Both, and what is reserved.
    pub taken: NanoUsd,
    /// What it goes by until the next grant.
    pub keep: NanoUsd,
}

impl Elsewhere {
    /// The sums of all members, where those of the engine are `own`.
    pub(super) fn with(self, own: Sums) -> Sums {
        Sums {
            spent: own.spent.plus(self.spent),
            reserved: own.reserved.plus(self.held),
            uncertain: own.uncertain.plus(self.uncertain).plus(self.lapsed),
        }
    }
}

impl DayReport {
    /// The report of a day with these `sums`, of which the engine was granted `limit`, and keeps `reserve` at most beyond
    /// what is taken.
    pub(super) fn new(sums: Sums, limit: NanoUsd, reserve: NanoUsd) -> Self {
        let [spent, gone, taken] = [sums.spent, sums.gone(), sums.taken()].map(whole_millionths);
        // What is reserved may be billed, whatever was granted: a reply may have cost more than was reserved for it.
        let keep = taken.max(limit.min(taken.plus(reserve)));
        Self { spent, uncertain: gone.minus(spent), taken, keep: whole_millionths(keep) }
    }
}

fn whole_millionths(amount: NanoUsd) -> NanoUsd {
    NanoUsd::micro(amount.0.div_ceil(1000))
}
