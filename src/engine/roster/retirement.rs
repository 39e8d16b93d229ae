//! Models that retire: told of once, 30 days before, and counted no longer from their day on.
//!
//! A call needs nobody for this: the plan looks at the clock. But the number of active models is cached, and the fleet is
//! told what can be asked; so whoever looks here takes the step that the day brings.

use std::collections::HashSet;
use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

use super::Roster;
use crate::catalog::Retirement;
use crate::event::{Cause, What};

/// The retirements that were noticed, each by its model and day.
#[derive(Debug, Default)]
pub(super) struct Retirements {
    told: HashSet<(String, Retirement)>,
    /// `None` before the first look: what was retired then was never counted.
    come: Option<HashSet<(String, Retirement)>>,
}

impl Roster {
    /// Tells of every model that retires within 30 days and was not told of, and counts those anew whose day has come since
    /// the last look. Returns how long it is until there is something to do again; `None` if no model is to retire.
    pub(in crate::engine) fn look_for_retirements(&self, now: SystemTime) -> Option<Duration> {
        let catalog = self.setup.catalog();
        let mut noticed = self.retirements.lock().unwrap_or_else(PoisonError::into_inner);
        let Retirements { told, come } = &mut *noticed;
        let mut retired = HashSet::new();
        let mut next: Option<SystemTime> = None;
        let mut wait_for = |moment: SystemTime| next = Some(next.map_or(moment, |next| next.min(moment)));
        for model in catalog.models().filter(|model| model.enabled) {
            let Some(day) = model.retires_on else { continue };
            let key = (model.id.clone(), day);
            if day.has_come(now) {
                retired.insert(key);
            } else if day.warns_from() <= now {
                wait_for(day.begins());
                if told.insert(key) {
                    let (model_id, days_left) = (model.id.clone(), day.days_left(now));
                    self.events.announce_or_keep(What::ModelRetiring { model_id, day: day.to_string(), days_left });
                }
            } else {
                wait_for(day.warns_from());
            }
        }
        let newly: Vec<String> = match come {
            Some(come) => retired.difference(come).map(|(model, _)| model.clone()).collect(),
            None => Vec::new(),
        };
        *come = Some(retired);
        drop(noticed);
        if !newly.is_empty() {
            self.health.unchanged(|| {
                self.describe();
                let counted = |id: &&String| {
                    let is_configured = |index| catalog.is_configured(index);
                    catalog.get(id).is_some_and(is_configured) && !self.health.is_disabled(id)
                };
                for model in newly.iter().filter(counted) {
                    self.invalidate(Cause::Catalog, Some(model));
                }
            });
        }
        next.map(|next| next.duration_since(now).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
