//! What happened, and who is told; a leaf.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::call_id::CallIds;
use crate::kind::FailureKind;
use crate::outcome::{Doubt, FallbackReason, NanoUsd};

/// Something that happened in an engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// 1 for the first event of the engine, then one more each.
    pub sequence: u64,
    /// When it happened.
    pub at: SystemTime,
    /// The call that caused it, if one did.
    pub call: Option<Arc<CallIds>>,
    /// The member of the fleet where it happened; `None` without a fleet.
    pub origin: Option<Arc<str>>,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A model was switched off, by its failures or by hand.
    Disabled {
        /// The model.
        model_id: String,
        /// When it comes back; `None` if it was switched off by hand.
        until: Option<SystemTime>,
        /// Why.
        reason: String,
        /// Its failures in a row.
        failures: u8,
    },
    /// A model was switched on by hand.
    Enabled {
        /// The model.
        model_id: String,
    },
    /// A model that its failures had switched off is back, for its time has come.
    Recovered {
        /// The model.
        model_id: String,
        /// Failures that it has on its account still.
        failures: u8,
    },
    /// A model is left alone for a moment, or for longer than was told before.
    Cooling {
        /// The model.
        model_id: String,
        /// Until when.
        until: SystemTime,
        /// The failure that caused it.
        kind: FailureKind,
    },
    /// A model is left alone no longer, for its time is over.
    Cooled {
        /// The model.
        model_id: String,
    },
    /// All models of a provider are left alone for a moment, or for longer than was told before.
    ProviderCooling {
        /// The provider.
        provider_id: String,
        /// Until when.
        until: SystemTime,
        /// The failure that caused it.
        kind: FailureKind,
    },
    /// The models of a provider are left alone no longer, for its time is over.
    ProviderCooled {
        /// The provider.
        provider_id: String,
    },
    /// A saved state was taken over.
    Restored {
        /// The models in it that the catalogue does not have.
        ignored: Vec<String>,
    },
    /// A model retires within 30 days; told once.
    ModelRetiring {
        /// The model.
        model_id: String,
        /// The day from which it is passed over, as `YYYY-MM-DD`.
        day: String,
        /// How many days are left.
        days_left: u64,
    },
    /// A fallback is about to be asked.
    Fallback {
        /// The model that was asked for.
        original_model_id: String,
        /// The model that is asked in its place.
        model_id: String,
        /// Why.
        reason: FallbackReason,
        /// The version of the prompt that it is sent.
        prompt_version: String,
        /// The names of the prompt's overrides, in order.
        overrides: Vec<String>,
    },
    /// A fallback that is about to be asked is dearer than `warnPriceRatio` times the original.
    CostWarning {
        /// The model that was asked for.
        original_model_id: String,
        /// The model that is asked in its place.
        model_id: String,
        /// How many times dearer it is expected to be.
        price_ratio: f64,
        /// What the whole request is expected to cost on it.
        expected: NanoUsd,
        /// What it was expected to cost on the original.
        original: NanoUsd,
    },
    /// A share of the day's budget is spent; told once a day.
    Budget {
        /// The share.
        share: f64,
        /// What is spent, which may be more.
        spent: NanoUsd,
        /// The day's budget.
        daily: NanoUsd,
        /// The day in UTC, as `YYYY-MM-DD`.
        day: String,
    },
    /// The count of tokens in a reply is hard to believe; told once a model.
    UsageDoubted {
        /// The model.
        model_id: String,
        /// What was told, what is booked, and why.
        doubt: Doubt,
    },
    /// The state file held no state when the engine was built.
    StateDamaged {
        /// Where it is now.
        moved_to: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The state could not be written; told once until it can be again.
    StateUnsaved {
        /// What went wrong.
        problem: String,
    },
    /// The engine has joined its fleet; told at most once in ten seconds.
    FleetJoined {
        /// How many members it has, this engine included.
        members: usize,
    },
    /// The engine has lost its fleet, or did not find it, and works alone; told at most once in ten seconds.
    FleetLost {
        /// What went wrong.
        problem: String,
    },
    /// A member of the fleet that was granted money is no longer living; told once.
    GrantLapsed {
        /// The member.
        member_id: String,
        /// What it was granted and has not reported: held to the day's end, or until it reports.
        held: NanoUsd,
        /// The day in UTC, as `YYYY-MM-DD`.
        day: String,
    },
    /// The folder of the catalogue was changed, and what it holds is in use.
    CatalogReloaded {
        /// The models that are new.
        added: Vec<String>,
        /// The models that are gone.
        removed: Vec<String>,
        /// The models that are others.
        changed: Vec<String>,
    },
    /// The folder of the catalogue was changed and has faults; the catalogue in use stays.
    CatalogRejected {
        /// Every fault, with its file and path.
        faults: Vec<String>,
    },
    /// Other prompts are in use.
    PromptsReloaded {
        /// The names of their versions, in the order of the manifest.
        versions: Vec<String>,
    },
    /// The folder of the prompts was changed and has faults; the prompts in use stay.
    PromptsRejected {
        /// Every fault, with its file and path.
        faults: Vec<String>,
    },
}

impl What {
    /// Whether a call may have caused it; what only its time brings about is merely noticed in one.
    #[must_use]
    pub fn comes_of_calls(&self) -> bool {
        !matches!(
            self,
            Self::Recovered { .. } | Self::Cooled { .. } | Self::ProviderCooled { .. } | Self::ModelRetiring { .. }
        )
    }

    /// The one model that it happened to, if it was one alone.
    #[must_use]
    pub fn model_id(&self) -> Option<&str> {
        match self {
            Self::Disabled { model_id, .. }
            | Self::Enabled { model_id }
            | Self::Recovered { model_id, .. }
            | Self::Cooling { model_id, .. }
            | Self::Cooled { model_id }
            | Self::ModelRetiring { model_id, .. }
            | Self::Fallback { model_id, .. }
            | Self::CostWarning { model_id, .. }
            | Self::UsageDoubted { model_id, .. } => Some(model_id),
            Self::ProviderCooling { .. }
            | Self::ProviderCooled { .. }
            | Self::Restored { .. }
            | Self::Budget { .. }
            | Self::StateDamaged { .. }
            | Self::StateUnsaved { .. }
            | Self::FleetJoined { .. }
            | Self::FleetLost { .. }
            | Self::GrantLapsed { .. }
            | Self::CatalogReloaded { .. }
            | Self::CatalogRejected { .. }
            | Self::PromptsReloaded { .. }
            | Self::PromptsRejected { .. } => None,
        }
    }
}

/// The active set changed: a cached count of it is not to be used any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalidation {
    /// 1 for the first invalidation of the engine, then one more each.
    pub sequence: u64,
    /// What changed it.
    pub cause: Cause,
    /// The model, if it was one.
    pub model_id: Option<String>,
    /// How many models are active since.
    pub active_models: usize,
}

/// What changed the active set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A model was switched off.
    Disabled,
    /// A model came back.
    Recovered,
    /// A model was switched on by hand.
    Enabled,
    /// A saved state was taken over.
    Restored,
    /// The catalogue was changed.
    Catalog,
    /// The fleet was joined or lost, or other models can be asked by its members.
    Fleet,
}

impl Cause {
    /// The stable name, as JavaScript sees it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Recovered => "recovered",
            Self::Enabled => "enabled",
            Self::Restored => "restored",
            Self::Catalog => "catalog",
            Self::Fleet => "fleet",
        }
    }
}

/// Whoever wants to be told.
pub trait EventSink<T>: Send + Sync {
    /// Takes note, without waiting for anything and without calling back; false if it wants no more.
    fn put(&self, told: &Arc<T>) -> bool;
}

/// Tells every sink everything, in one order.
pub struct Announcer<T>(Mutex<Sinks<T>>);

struct Sinks<T> {
    sequence: u64,
    listening: Vec<Arc<dyn EventSink<T>>>,
    /// Told everything as well, but nobody who listens.
    memory: Option<Arc<dyn EventSink<T>>>,
}

impl<T> Default for Announcer<T> {
    fn default() -> Self {
        Self(Mutex::new(Sinks { sequence: 0, listening: Vec::new(), memory: None }))
    }
}

impl<T> Announcer<T> {
    /// Tells `sink` everything from now on.
    pub fn add(&self, sink: Arc<dyn EventSink<T>>) {
        self.with(|told| told.listening.push(sink));
    }

    /// Has `memory` keep everything from now on; it is nobody who listens.
    pub fn remember(&self, memory: Arc<dyn EventSink<T>>) {
        self.with(|told| told.memory = Some(memory));
    }

    /// Whether anybody listens.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        let mut is_heard = false;
        self.with(|told| is_heard = !told.listening.is_empty());
        is_heard
    }

    /// Tells `sink` nothing more.
    pub fn remove(&self, sink: &Arc<dyn EventSink<T>>) {
        self.with(|told| told.listening.retain(|known| !Arc::ptr_eq(known, sink)));
    }

    /// Gives what happened the next number and tells it; it is only made if anybody listens or it is kept.
    pub fn tell(&self, happened: impl FnOnce(u64) -> T) {
        self.with(|told| {
            told.sequence += 1;
            if !told.listening.is_empty() || told.memory.is_some() {
                let happened = Arc::new(happened(told.sequence));
                if let Some(memory) = &told.memory {
                    memory.put(&happened);
                }
                told.listening.retain(|sink| sink.put(&happened));
            }
        });
    }

    /// Counts from 1 again.
    pub fn begin(&self) {
        self.with(|told| told.sequence = 0);
    }

    fn with(&self, act: impl FnOnce(&mut Sinks<T>)) {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
