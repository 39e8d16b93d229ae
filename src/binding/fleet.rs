//! How an engine stands in its fleet, as JavaScript sees it.

use napi_derive::napi;
use serde::Serialize;

use super::budget::Budget;
use super::iso::iso;
use super::metrics::{DaySums, RouteMetrics, count};
use crate::engine::FleetReport as Report;
use crate::fleet as core;
use crate::metrics::{ModelTotals, Route};
use crate::outcome::NanoUsd;

/// How an engine stands in its fleet.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct FleetStatus {
    /// Whether it has joined, or works alone.
    #[napi(ts_type = "'joined' | 'alone'")]
    pub state: &'static str,
    /// Since when, as an ISO 8601 time.
    pub since: String,
    /// The id of this engine in the fleet, 16 hexadecimal digits, new with each engine.
    pub id: String,
    /// Its living members, this engine included, sorted by id, as they were known last.
    pub members: Vec<FleetMember>,
    /// What is left of what this engine was granted of the day's budget, be it reserved or not, in US dollars; null for a
    /// reader and without a budget.
    pub grant_usd: Option<f64>,
}

/// What a fleet is and has done, as all its members have told it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct FleetReport {
    /// Whether this engine has joined, or works alone and knows what it read last.
    #[napi(ts_type = "'joined' | 'alone'")]
    pub state: &'static str,
    /// Its living members, this engine included, sorted by id.
    pub members: Vec<FleetMember>,
    /// How many models are active.
    pub active_model_count: u32,
    /// How the day's budget stands.
    pub budget: Budget,
    /// Each of the last eight days on which anything was counted, the latest first. Members write every five seconds, and when
    /// they are closed.
    pub days: Vec<FleetDay>,
}

/// What all members of a fleet have counted on one day.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct FleetDay {
    /// The day in UTC, as `YYYY-MM-DD`.
    pub day: String,
    /// How many calls ended.
    pub calls: f64,
    /// How many of them gave at least one prediction.
    pub answered: f64,
    /// How many of those were answered by another model than the one that was asked for.
    pub fallbacks: f64,
    /// What all their attempts cost, in US dollars.
    pub cost_usd: f64,
    /// How much more that is than the originals alone would have cost, by estimate; below 0 if it is less.
    pub extra_cost_usd: f64,
    /// Every route that was taken, sorted by original, model that answered, and reason.
    pub routes: Vec<RouteMetrics>,
    /// Every model that was asked, sorted by id.
    pub models: Vec<FleetModel>,
}

/// The attempts of one model on one day, in the whole fleet.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct FleetModel {
    /// The model.
    pub model_id: String,
    /// Its provider.
    pub provider_id: String,
    /// How many attempts there were.
    pub attempts: f64,
    /// How many of them gave at least one prediction.
    pub successes: f64,
    /// What they cost, in US dollars.
    pub cost_usd: f64,
}

/// A member of a fleet.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct FleetMember {
    /// 16 hexadecimal digits.
    pub id: String,
    /// What it is.
    #[napi(ts_type = "'worker' | 'reader'")]
    pub role: String,
    /// When it gave its last sign of life that is known here, as an ISO 8601 time on the clock of Redis: seconds ago, while it
    /// lives and the fleet is joined.
    pub seen_at: String,
    /// The providers of its enabled models for which it has a key or that need none, sorted.
    pub providers: Vec<String>,
}

impl From<core::FleetStatus> for FleetStatus {
    fn from(status: core::FleetStatus) -> Self {
        let core::FleetStatus { id, is_joined, since, members, granted } = status;
        Self {
            state: if is_joined { "joined" } else { "alone" },
            since: iso(since),
            id,
            members: members.into_iter().map(FleetMember::from).collect(),
            grant_usd: granted.map(NanoUsd::usd),
        }
    }
}

impl From<core::FleetMember> for FleetMember {
    fn from(member: core::FleetMember) -> Self {
        let core::FleetMember { id, role, seen_at, providers } = member;
        Self { id, role, seen_at: iso(seen_at), providers }
    }
}

impl From<Report> for FleetReport {
    fn from(report: Report) -> Self {
        let Report { is_joined, members, active_models, budget, days } = report;
        Self {
            state: if is_joined { "joined" } else { "alone" },
            members: members.into_iter().map(FleetMember::from).collect(),
            active_model_count: u32::try_from(active_models).unwrap_or(u32::MAX),
            budget: budget.into(),
            days: days
                .into_iter()
                .map(|(day, totals)| {
                    let routes = totals.routes();
                    let DaySums { calls, answered, fallbacks, cost_usd, extra_cost_usd } =
                        DaySums::of(routes.iter().map(Route::view));
                    FleetDay {
                        day,
                        calls: count(calls),
                        answered: count(answered),
                        fallbacks: count(fallbacks),
                        cost_usd,
                        extra_cost_usd,
                        routes: routes.into_iter().map(RouteMetrics::from).collect(),
                        models: totals.models().into_iter().map(FleetModel::from).collect(),
                    }
                })
                .collect(),
        }
    }
}

impl From<ModelTotals> for FleetModel {
    fn from(totals: ModelTotals) -> Self {
        let ModelTotals { model_id, provider_id, attempts, successes, cost } = totals;
        Self { model_id, provider_id, attempts: count(attempts), successes: count(successes), cost_usd: cost.usd() }
    }
}
