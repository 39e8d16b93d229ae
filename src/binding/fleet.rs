//! How an engine stands in its fleet, as JavaScript sees it.

use napi_derive::napi;

use super::outcome::iso;
use crate::fleet as core;

/// How an engine stands in its fleet.
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
}

/// A member of a fleet.
#[napi(object, object_from_js = false)]
pub struct FleetMember {
    /// 16 hexadecimal digits.
    pub id: String,
    /// What it is.
    #[napi(ts_type = "'worker' | 'reader'")]
    pub role: String,
    /// When it gave its last sign of life that is known here, as an ISO 8601 time on the clock of Redis.
    pub seen_at: String,
    /// The providers of its enabled models for which it has a key or that need none, sorted.
    pub providers: Vec<String>,
}

impl From<core::FleetStatus> for FleetStatus {
    fn from(status: core::FleetStatus) -> Self {
        let core::FleetStatus { id, is_joined, since, members } = status;
        Self {
            state: if is_joined { "joined" } else { "alone" },
            since: iso(since),
            id,
            members: members.into_iter().map(FleetMember::from).collect(),
        }
    }
}

impl From<core::FleetMember> for FleetMember {
    fn from(member: core::FleetMember) -> Self {
        let core::FleetMember { id, role, seen_at, providers } = member;
        Self { id, role, seen_at: iso(seen_at), providers }
    }
}
