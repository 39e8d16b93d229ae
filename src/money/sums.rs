//! Amounts that add up.

use crate::outcome::NanoUsd;

/// What was spent, and what may still be billed at worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// What settled requests cost, as far as that is known.
    pub spent: NanoUsd,
    /// The worst case of all requests under way.
    pub reserved: NanoUsd,
    /// What requests that have ended may be billed beyond what is spent: nobody said what they cost.
    pub uncertain: NanoUsd,
}

impl Sums {
    /// What is gone of a budget for the rest of the day.
    #[must_use]
    pub fn gone(self) -> NanoUsd {
        self.spent.plus(self.uncertain)
    }

    /// What a budget may not be used for a second time.
    #[must_use]
    pub fn taken(self) -> NanoUsd {
        self.gone().plus(self.reserved)
    }
}
