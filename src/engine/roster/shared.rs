//! The roster of an engine that belongs to a fleet: what the fleet decides comes in, and what the fleet is told of this
//! engine.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use super::Roster;
use crate::catalog::Model;
use crate::config::FleetRole;
use crate::event::Cause;
use crate::fleet::{Fleet, KnownModel, Unsent, lane};
use crate::health::{Permit, SharedWord, Subject, Turned};
use crate::kind::{FailureKind, SkipReason};
use crate::outcome::Refusal;

impl Roster {
    /// Shares health with a fleet from now on.
    pub(in crate::engine) fn belong(&self, fleet: &Arc<Fleet>) {
        self.events.belong(fleet.id());
        self.fleet.get_or_init(|| Arc::clone(fleet));
        self.health.count_denials_apart();
        self.describe();
    }

    /// The fleet, if there is one.
    pub(in crate::engine) fn fleet(&self) -> Option<&Arc<Fleet>> {
        self.fleet.get()
    }

    /// Why no model may be called, if this engine is a reader of its fleet.
    pub(in crate::engine) fn reads_only(&self) -> Option<Refusal> {
        let is_reader = self.fleet().is_some_and(|fleet| fleet.role() == FleetRole::Reader);
        is_reader
            .then(|| Refusal::new(SkipReason::Unconfigured, "this engine is a reader of its fleet, and makes no calls"))
    }

    /// Tells the fleet what this engine can ask.
    pub(super) fn describe(&self) {
        let Some(fleet) = self.fleet() else { return };
        let catalog = self.setup.catalog();
        let now = SystemTime::now();
        let is_usable = |model: &Model| model.is_usable(now) && !self.health.is_denied(&model.id);
        let known = catalog.models().map(|model| KnownModel { model, is_usable: is_usable(model) });
        fleet.describe(&known.collect::<Vec<_>>());
    }

    /// Takes over what the fleet decided of a model, and tells it.
    pub(in crate::engine) fn adopt(&self, name: &str, word: &SharedWord, turned: Turned, origin: Option<&str>) {
        let Some((model, subject)) = self.fleet().and_then(|fleet| fleet.about(name)) else { return };
        self.health.adopt(model, subject, word, turned, &|what, cause| self.tell(what, cause, origin));
        self.sooner.notify_one();
        self.unsaved.mark();
    }

    /// Has the fleet bring models back, or does it itself again.
    pub(in crate::engine) fn share(&self, is_shared: bool) {
        self.health.leave_recoveries(is_shared);
        if !is_shared {
            self.count_fleet(None);
        }
        self.sooner.notify_one();
    }

    /// Counts the models that the fleet can ask, or again those of this engine.
    pub(in crate::engine) fn count_fleet(&self, models: Option<HashSet<String>>) {
        self.health.unchanged(|| {
            let own = || {
                let catalog = self.setup.catalog();
                let now = SystemTime::now();
                catalog.models().filter(|model| model.is_usable(now)).map(|model| model.id.clone()).collect()
            };
            let is_same = {
                let mut known = self.fleet_models.write().unwrap_or_else(PoisonError::into_inner);
                let before = std::mem::replace(&mut *known, models);
                match (before, &*known) {
                    (None, None) => true,
                    (Some(before), None) => before == own(),
                    (None, Some(after)) => own() == *after,
                    (Some(before), Some(after)) => before == *after,
                }
            };
            if !is_same {
                self.invalidate(Cause::Fleet, None);
            }
        });
    }

    /// Whether a model is neither off nor was switched since a permit was given.
    pub(in crate::engine) fn is_current(&self, model: &Model, permit: &Permit) -> bool {
        self.health.is_current(&model.id, permit)
    }

    /// Leaves alone what another member was told to: a model, or all models of every provider that is asked in that lane.
    pub(in crate::engine) fn cool_with_fleet(&self, name: &str, left: Duration, kind: FailureKind, origin: &str) {
        let Some(fleet) = self.fleet() else { return };
        let (cooled, model) = fleet.cooled(name);
        let catalog = self.setup.catalog();
        let tell = |what, cause| self.tell(what, cause, Some(origin));
        match model {
            Some(model) => {
                let is_same = |model: &Arc<Model>| lane(&model.provider) == cooled;
                if let Some(model) = catalog.get(model).map(|index| catalog.model(index)).filter(|model| is_same(model))
                {
                    self.health.cool(&model.id, left, kind, &tell);
                }
            }
            None => {
                for provider in catalog.providers().filter(|provider| lane(provider) == cooled) {
                    self.health.cool_provider_for(&provider.id, left, kind, &tell);
                }
            }
        }
    }

    /// What a failure of a kind is about.
    pub(in crate::engine) fn subject(&self, kind: FailureKind) -> Subject {
        self.health.subject(kind)
    }

    /// Tells the fleet of a success, if there are failures to be forgotten.
    pub(in crate::engine) fn report_to_fleet(&self, model: &Model, permit: &Permit) -> [Option<Unsent<'_>>; 2] {
        Subject::BOTH.map(|subject| {
            let fleet = self.fleet().filter(|_| self.health.is_blemished(&model.id, subject))?;
            fleet.report_success(&model.id, subject, permit.epoch(subject))
        })
    }

    /// The epoch of a model that has come back and lets few calls through.
    pub(in crate::engine) fn needs_place(&self, model: &Model) -> Option<u16> {
        self.health.needs_place(&model.id)
    }

    /// The refusal of a model that has come back and has no place for another call.
    pub(in crate::engine) fn no_place(&self, calls: u32) -> Refusal {
        self.health.no_place(calls)
    }

    /// Notes a failure that the fleet has counted.
    pub(in crate::engine) fn note_failure(&self, model: &Model, kind: FailureKind) {
        self.health.note_failure(&model.id, kind);
        self.unsaved.mark();
    }

    /// Asks the fleet to bring back the models whose time has come; returns how many of them came back.
    pub(in crate::engine) async fn recover_by_fleet(&self) -> usize {
        let Some(fleet) = self.fleet().filter(|fleet| fleet.is_joined()) else { return 0 };
        let mut recovered = 0;
        for (model, subject) in self.health.due() {
            let answered = fleet.recover(&model, subject).await;
            recovered += usize::from(answered && !self.health.is_disabled(&model));
        }
        recovered
    }

    /// Whether models wait to be brought back by the fleet.
    pub(in crate::engine) fn waits_for_fleet(&self) -> bool {
        self.fleet().is_some_and(|fleet| fleet.is_joined()) && !self.health.due().is_empty()
    }
}
