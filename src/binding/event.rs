//! Events and invalidations as JavaScript sees them; `types/events.d.ts` declares the same shapes.

use serde::Serialize;

use super::iso::iso;
use super::outcome::Usage;
use super::record::Record;
use crate::count;
use crate::event::{Event, Invalidation, What};
use crate::outcome as core;

/// An `EngineEvent`, but for `dropped`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EngineEvent<'a> {
    #[serde(flatten)]
    what: EventKind<'a>,
    call_id: Option<&'a str>,
    request_id: Option<&'a str>,
    sequence: u64,
    at: String,
    /// Only of what a fleet shares, and only in a fleet.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'a str>,
}

/// What only events of one `type` have.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
enum EventKind<'a> {
    Disabled {
        model_id: &'a str,
        disabled_until: Option<String>,
        reason: &'a str,
        consecutive_failures: u8,
    },
    Enabled {
        model_id: &'a str,
    },
    Recovered {
        model_id: &'a str,
        consecutive_failures: u8,
    },
    Cooling {
        model_id: &'a str,
        cooling_until: String,
        kind: &'static str,
    },
    Cooled {
        model_id: &'a str,
    },
    ProviderCooling {
        provider_id: &'a str,
        cooling_until: String,
        kind: &'static str,
    },
    ProviderCooled {
        provider_id: &'a str,
    },
    Restored {
        ignored_model_ids: &'a [String],
    },
    ModelRetiring {
        model_id: &'a str,
        retires_on: &'a str,
        days_left: u64,
    },
    Fallback {
        original_model_id: &'a str,
        model_id: &'a str,
        reason: &'static str,
        prompt_version: &'a str,
        overrides: &'a [String],
    },
    CostWarning {
        original_model_id: &'a str,
        model_id: &'a str,
        price_ratio: f64,
        expected_cost_usd: f64,
        original_cost_usd: f64,
    },
    Budget {
        threshold: f64,
        spent_usd: f64,
        daily_budget_usd: f64,
        day: &'a str,
    },
    UsageDoubted {
        model_id: &'a str,
        told: ToldUsage,
        booked: Usage,
        problem: &'a str,
    },
    StateDamaged {
        moved_to: &'a str,
        problem: &'a str,
    },
    StateUnsaved {
        problem: &'a str,
    },
    FleetJoined {
        members: usize,
    },
    FleetLost {
        problem: &'a str,
    },
    GrantLapsed {
        member_id: &'a str,
        held_usd: f64,
        day: &'a str,
    },
    CatalogReloaded {
        added_model_ids: &'a [String],
        removed_model_ids: &'a [String],
        changed_model_ids: &'a [String],
    },
    CatalogRejected {
        faults: &'a [String],
    },
    PromptsReloaded {
        versions: &'a [String],
    },
    PromptsRejected {
        faults: &'a [String],
    },
}

/// A count of tokens as a reply told it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "they are the names of JavaScript's fields")]
struct ToldUsage {
    prompt_tokens: Option<f64>,
    completion_tokens: Option<f64>,
    total_tokens: Option<f64>,
}

/// An `InvalidationEvent`, but for `dropped`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InvalidationEvent<'a> {
    key: &'static str,
    cause: &'static str,
    model_id: Option<&'a str>,
    active_model_count: usize,
    sequence: u64,
}

impl From<&Event> for Record {
    fn from(event: &Event) -> Self {
        Self::new(&written(event))
    }
}

/// An event as it is written, but for `dropped`.
pub(super) fn written(event: &Event) -> impl Serialize {
    let call = event.call.as_deref();
    EngineEvent {
        what: EventKind::from(&event.what),
        call_id: call.map(|ids| ids.call_id.as_str()),
        request_id: call.and_then(|ids| ids.request_id.as_deref()),
        sequence: event.sequence,
        at: iso(event.at),
        origin: event.origin.as_deref().filter(|_| is_shared(&event.what)),
    }
}

/// Whether it may have happened at another member of a fleet.
fn is_shared(what: &What) -> bool {
    matches!(
        what,
        What::Disabled { .. }
            | What::Enabled { .. }
            | What::Recovered { .. }
            | What::Cooling { .. }
            | What::ProviderCooling { .. }
            | What::Budget { .. }
    )
}

impl From<&Invalidation> for Record {
    fn from(told: &Invalidation) -> Self {
        Self::new(&InvalidationEvent {
            key: count::KEY,
            cause: told.cause.as_str(),
            model_id: told.model_id.as_deref(),
            active_model_count: told.active_models,
            sequence: told.sequence,
        })
    }
}

impl<'a> From<&'a What> for EventKind<'a> {
    fn from(what: &'a What) -> Self {
        match what {
            What::Disabled { model_id, until, reason, failures } => {
                Self::Disabled { model_id, disabled_until: until.map(iso), reason, consecutive_failures: *failures }
            }
            What::Enabled { model_id } => Self::Enabled { model_id },
            What::Recovered { model_id, failures } => Self::Recovered { model_id, consecutive_failures: *failures },
            What::Cooling { model_id, until, kind } => {
                Self::Cooling { model_id, cooling_until: iso(*until), kind: kind.as_str() }
            }
            What::Cooled { model_id } => Self::Cooled { model_id },
            What::ProviderCooling { provider_id, until, kind } => {
                Self::ProviderCooling { provider_id, cooling_until: iso(*until), kind: kind.as_str() }
            }
            What::ProviderCooled { provider_id } => Self::ProviderCooled { provider_id },
            What::Restored { ignored } => Self::Restored { ignored_model_ids: ignored },
            What::ModelRetiring { model_id, day, days_left } => {
                Self::ModelRetiring { model_id, retires_on: day, days_left: *days_left }
            }
            What::Fallback { original_model_id, model_id, reason, prompt_version, overrides } => {
                Self::Fallback { original_model_id, model_id, reason: reason.as_str(), prompt_version, overrides }
            }
            What::CostWarning { original_model_id, model_id, price_ratio, expected, original } => Self::CostWarning {
                original_model_id,
                model_id,
                price_ratio: *price_ratio,
                expected_cost_usd: expected.usd(),
                original_cost_usd: original.usd(),
            },
            What::Budget { share, spent, daily, day } => {
                Self::Budget { threshold: *share, spent_usd: spent.usd(), daily_budget_usd: daily.usd(), day }
            }
            What::UsageDoubted { model_id, doubt: core::Doubt { told, booked, problem } } => {
                Self::UsageDoubted { model_id, told: ToldUsage::from(told), booked: Usage::from(booked), problem }
            }
            What::StateDamaged { moved_to, problem } => Self::StateDamaged { moved_to, problem },
            What::StateUnsaved { problem } => Self::StateUnsaved { problem },
            What::FleetJoined { members } => Self::FleetJoined { members: *members },
            What::FleetLost { problem } => Self::FleetLost { problem },
            What::GrantLapsed { member_id, held, day } => Self::GrantLapsed { member_id, held_usd: held.usd(), day },
            What::CatalogReloaded { added, removed, changed } => {
                Self::CatalogReloaded { added_model_ids: added, removed_model_ids: removed, changed_model_ids: changed }
            }
            What::CatalogRejected { faults } => Self::CatalogRejected { faults },
            What::PromptsReloaded { versions } => Self::PromptsReloaded { versions },
            What::PromptsRejected { faults } => Self::PromptsRejected { faults },
        }
    }
}

impl From<&core::Told> for ToldUsage {
    fn from(told: &core::Told) -> Self {
        Self { prompt_tokens: told.prompt, completion_tokens: told.completion, total_tokens: told.total }
    }
}

#[cfg(test)]
mod tests;
