//! What one day has cost so far, in all and for each model.

use std::collections::BTreeMap;

use crate::outcome::MicroUsd;

/// What was spent, and what the requests under way may still cost at worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// What settled requests cost.
    pub spent: MicroUsd,
    /// The worst case of all requests under way.
    pub reserved: MicroUsd,
}

/// The sums of one day. Those of the models add up to the total.
#[derive(Debug, Default)]
pub(super) struct Account {
    total: Sums,
    models: BTreeMap<String, Sums>,
    /// What was spent when alerts were last told.
    told: MicroUsd,
}

impl Account {
    pub(super) fn total(&self) -> Sums {
        self.total
    }

    /// The models that have spent or reserved anything, sorted by id.
    pub(super) fn models(&self) -> impl Iterator<Item = (&str, Sums)> {
        self.models.iter().map(|(id, &sums)| (id.as_str(), sums)).filter(|&(_, sums)| sums != Sums::default())
    }

    /// Reserves `worst`, or what can still be counted of it. Returns what was reserved, to be given back by
    /// [`Account::settle`].
    pub(super) fn reserve(&mut self, model: &str, worst: MicroUsd) -> MicroUsd {
        let worst = worst.min(MicroUsd(u64::MAX - self.total.reserved.0));
        for sums in self.sums_of(model) {
            sums.reserved = sums.reserved.plus(worst);
        }
        worst
    }

    /// Gives `reserved` back and books `actual`.
    pub(super) fn settle(&mut self, model: &str, reserved: MicroUsd, actual: MicroUsd) {
        for sums in self.sums_of(model) {
            sums.reserved = MicroUsd(sums.reserved.0.saturating_sub(reserved.0));
            sums.spent = sums.spent.plus(actual);
        }
    }

    /// Takes over what the models had spent by another account of this day, if that is more in all; of what they had
    /// spent, nothing is left to tell.
    pub(super) fn restore(&mut self, models: &[(String, MicroUsd)]) {
        let total = models.iter().map(|&(_, spent)| spent).sum();
        self.told = self.told.max(total);
        if total <= self.total.spent {
            return;
        }
        for sums in self.models.values_mut().chain([&mut self.total]) {
            sums.spent = MicroUsd::default();
        }
        for (model, spent) in models {
            self.settle(model, MicroUsd::default(), *spent);
        }
    }

    /// Up to which sum was told what is spent. From then on it counts as told up to what is spent now.
    pub(super) fn tell(&mut self) -> MicroUsd {
        self.tell_up_to(self.total.spent)
    }

    /// The same, up to a given sum.
    pub(super) fn tell_up_to(&mut self, sum: MicroUsd) -> MicroUsd {
        let told = self.told;
        self.told = told.max(sum);
        told
    }

    fn sums_of(&mut self, model: &str) -> [&mut Sums; 2] {
        [&mut self.total, self.models.entry(model.to_owned()).or_default()]
    }
}
