//! What a slate may cost in all: the most of each request is held while it is under way.

use crate::outcome::NanoUsd;

/// What a slate has spent, and what it holds.
#[derive(Debug, Default)]
pub struct Funds {
    limit: Option<NanoUsd>,
    spent: NanoUsd,
    /// What requests may be billed beyond what they are booked at.
    uncertain: NanoUsd,
    reserved: NanoUsd,
    open: usize,
}

/// Whether a request may cost what it can cost at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Funding {
    /// It may, and that sum is held for it until it is settled.
    Reserved,
    /// It may when others are settled that cost less than they could.
    Wait,
    /// It may not, however little the others cost.
    Refused,
}

impl Funds {
    /// So much, or without a limit.
    #[must_use]
    pub fn new(limit: Option<NanoUsd>) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Holds the most that a request can cost.
    pub fn reserve(&mut self, worst: NanoUsd) -> Funding {
        let gone = self.spent.plus(self.uncertain);
        if let Some(limit) = self.limit.filter(|_| worst > NanoUsd::default()) {
            if gone.plus(worst) > limit {
                return Funding::Refused;
            }
            if gone.plus(self.reserved).plus(worst) > limit {
                return Funding::Wait;
            }
        }
        self.reserved = self.reserved.plus(worst);
        self.open += 1;
        Funding::Reserved
    }

    /// Books what a request did cost that could have cost `worst`; `is_uncertain`: the rest of that is held on.
    pub fn settle(&mut self, worst: NanoUsd, cost: NanoUsd, is_uncertain: bool) {
        self.reserved = self.reserved.minus(worst);
        self.open = self.open.saturating_sub(1);
        self.spent = self.spent.plus(cost);
        if is_uncertain {
            self.uncertain = self.uncertain.plus(worst.minus(cost));
        }
    }

    /// What all requests so far did cost.
    #[must_use]
    pub fn spent(&self) -> NanoUsd {
        self.spent
    }

    /// How many requests hold something.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open
    }

    /// What is left beside what is spent, in words.
    #[must_use]
    pub fn left(&self) -> NanoUsd {
        self.limit.unwrap_or_default().minus(self.spent.plus(self.uncertain))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn usd(billionths: u64) -> NanoUsd {
        NanoUsd(billionths)
    }

    #[test]
    fn what_fits_only_without_the_others_waits_and_what_never_fits_is_refused() {
        let mut funds = Funds::new(Some(usd(10)));
        assert_eq!(funds.reserve(usd(6)), Funding::Reserved);
        assert_eq!((funds.reserve(usd(5)), funds.reserve(usd(11))), (Funding::Wait, Funding::Refused));
        funds.settle(usd(6), usd(2), false);
        assert_eq!((funds.reserve(usd(9)), funds.reserve(usd(5))), (Funding::Refused, Funding::Reserved));
        funds.settle(usd(5), usd(1), true);
        assert_eq!((funds.spent(), funds.left(), funds.open()), (usd(3), usd(3), 0));
        assert_eq!(funds.reserve(usd(4)), Funding::Refused, "what may be billed still is not free");
    }

    #[test]
    fn what_is_free_is_never_refused_and_without_a_limit_nothing_is() {
        assert_eq!(Funds::new(Some(usd(0))).reserve(usd(0)), Funding::Reserved);
        let mut unlimited = Funds::default();
        assert_eq!(
            (unlimited.reserve(usd(u64::MAX)), unlimited.reserve(usd(u64::MAX))),
            (Funding::Reserved, Funding::Reserved)
        );
    }

    proptest! {
        #[test]
        fn no_more_is_spent_than_the_limit(
            limit in 0..1000_u64,
            steps in prop::collection::vec((0..400_u64, 0..=100_u64, any::<bool>(), any::<bool>()), 0..100),
        ) {
            let mut funds = Funds::new(Some(usd(limit)));
            let mut open = Vec::new();
            for (worst, share, is_uncertain, settles) in steps {
                if settles && !open.is_empty() {
                    let worst: u64 = open.remove(0);
                    funds.settle(usd(worst), usd(worst * share / 100), is_uncertain);
                }
                match funds.reserve(usd(worst)) {
                    Funding::Reserved => open.push(worst),
                    Funding::Wait => prop_assert!(!open.is_empty(), "nobody waits for nothing"),
                    Funding::Refused => {}
                }
                prop_assert!(funds.spent().plus(funds.uncertain).plus(funds.reserved) <= usd(limit));
                prop_assert_eq!(funds.open(), open.len());
            }
        }
    }
}
