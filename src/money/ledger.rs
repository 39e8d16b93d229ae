//! Money that is reserved before it is spent, and settled afterwards, exactly once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::outcome::MicroUsd;

/// What an engine has spent and what it has promised, in millionths of a dollar.
#[derive(Debug, Default)]
pub struct Ledger {
    spent: AtomicU64,
    reserved: AtomicU64,
}

/// The worst that one request to a provider can cost, held until it is known what it did cost.
#[derive(Debug)]
pub struct Reservation {
    ledger: Arc<Ledger>,
    worst: MicroUsd,
}

impl Ledger {
    /// What all settled requests cost together.
    #[must_use]
    pub fn spent(&self) -> MicroUsd {
        MicroUsd(self.spent.load(Ordering::Acquire))
    }

    /// What the requests under way can cost together, at worst.
    #[must_use]
    pub fn reserved(&self) -> MicroUsd {
        MicroUsd(self.reserved.load(Ordering::Acquire))
    }

    /// Reserves the worst case of one request.
    #[must_use]
    pub fn reserve(self: &Arc<Self>, worst: MicroUsd) -> Reservation {
        self.reserved.fetch_add(worst.0, Ordering::AcqRel);
        Reservation { ledger: Arc::clone(self), worst }
    }
}

impl Reservation {
    /// Gives the reservation back and books what the request did cost.
    pub fn settle(self, actual: MicroUsd) {
        self.ledger.spent.fetch_add(actual.0, Ordering::AcqRel);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.ledger.reserved.fetch_sub(self.worst.0, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_is_given_back_once_whether_settled_or_dropped() {
        let ledger = Arc::new(Ledger::default());
        let settled = ledger.reserve(MicroUsd(70));
        let dropped = ledger.reserve(MicroUsd(30));
        assert_eq!(ledger.reserved(), MicroUsd(100));
        settled.settle(MicroUsd(12));
        drop(dropped);
        assert_eq!((ledger.spent(), ledger.reserved()), (MicroUsd(12), MicroUsd(0)));
    }
}
