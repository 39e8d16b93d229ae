//! What one day has cost so far, in all and for each model.

use std::collections::BTreeMap;

use super::grant::Grant;
use super::sums::Sums;
use crate::outcome::NanoUsd;

/// What one model has spent on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpendOf {
    /// The model.
    pub model: String,
    /// What its requests cost, as far as that is known.
    pub spent: NanoUsd,
    /// What they may be billed beyond that.
    pub uncertain: NanoUsd,
}

/// The sums of one day. Those of the models add up to the total.
#[derive(Debug, Default)]
pub(super) struct Account {
    total: Sums,
    models: BTreeMap<String, Sums>,
    /// What was gone when alerts were last told.
    told: NanoUsd,
    /// What a fleet has granted of it; `None` if nothing was granted yet.
    pub(super) grant: Option<Grant>,
}

impl Account {
    pub(super) fn total(&self) -> Sums {
        self.total
    }

    /// The models that have spent, reserved or left uncertain anything, sorted by id.
    pub(super) fn models(&self) -> impl Iterator<Item = (&str, Sums)> {
        self.models.iter().map(|(id, &sums)| (id.as_str(), sums)).filter(|&(_, sums)| sums != Sums::default())
    }

    /// Reserves `worst`, or what can still be counted of it. Returns what was reserved, to be given back by
    /// [`Account::settle`].
    pub(super) fn reserve(&mut self, model: &str, worst: NanoUsd) -> NanoUsd {
        let worst = worst.min(NanoUsd(u64::MAX).minus(self.total.reserved));
        for sums in self.sums_of(model) {
            sums.reserved = sums.reserved.plus(worst);
        }
        worst
    }

    /// Gives `reserved` back, books `spent`, and holds `uncertain` for the day.
    pub(super) fn settle(&mut self, model: &str, reserved: NanoUsd, spent: NanoUsd, uncertain: NanoUsd) {
        for sums in self.sums_of(model) {
            sums.reserved = sums.reserved.minus(reserved);
            sums.spent = sums.spent.plus(spent);
            sums.uncertain = sums.uncertain.plus(uncertain);
        }
    }

    /// Takes over what the models had spent by another account of this day, if that is more in all; of what they had
    /// spent, nothing is left to tell.
    pub(super) fn restore(&mut self, models: &[SpendOf]) {
        let total = models.iter().map(SpendOf::gone).sum();
        self.told = self.told.max(total);
        if total <= self.total.gone() {
            return;
        }
        for sums in self.models.values_mut().chain([&mut self.total]) {
            *sums = Sums { reserved: sums.reserved, ..Sums::default() };
        }
        for SpendOf { model, spent, uncertain } in models {
            self.settle(model, NanoUsd::default(), *spent, *uncertain);
        }
    }

    /// The sums of the day for all who share it.
    pub(super) fn of_all(&self) -> Sums {
        self.grant.unwrap_or_default().elsewhere.with(self.total)
    }

    /// Up to which sum was told what is gone. From then on it counts as told up to `sum`.
    pub(super) fn tell_up_to(&mut self, sum: NanoUsd) -> NanoUsd {
        let told = self.told;
        self.told = told.max(sum);
        told
    }

    fn sums_of(&mut self, model: &str) -> [&mut Sums; 2] {
        [&mut self.total, self.models.entry(model.to_owned()).or_default()]
    }
}

impl SpendOf {
    /// What is gone of a budget by it.
    pub(super) fn gone(&self) -> NanoUsd {
        self.spent.plus(self.uncertain)
    }
}
