//! What an attempt is given: what it shares with the others of its call, and what is decided for it alone.

use std::sync::Arc;
use std::time::Instant;

use super::Engine;
use super::fleet_waits::FleetWaits;
use super::slate_call::{Joint, SlateCall};
use super::time::{Ends, Patience};
use crate::catalog::Model;
use crate::outcome::{FallbackReason, NanoUsd};
use crate::plan::{Fitted, Wanted};
use crate::request::Request;
use crate::task::Item;

/// What the attempts of one call share.
pub(super) struct Context<'a, I: Item> {
    pub(super) engine: &'a Engine,
    pub(super) request: &'a Request<I>,
    /// What any model is asked, and how.
    pub(super) wanted: &'a Wanted<'a>,
    /// What ends the call from outside.
    pub(super) ends: Ends<'a>,
    /// When the call began.
    pub(super) began: Instant,
    /// How long the call may still wait for its fleet.
    pub(super) waits: FleetWaits,
    /// The slate that the call belongs to, if it belongs to one.
    pub(super) slate: Option<&'a SlateCall<I>>,
}

/// A model that is to be asked, and what its attempt is allowed.
#[derive(Clone, Copy)]
pub(super) struct Assignment<'a> {
    pub(super) model: &'a Model,
    /// The request as the model can take it.
    pub(super) fitted: &'a Fitted,
    /// How long it may take.
    pub(super) patience: Patience,
    /// How long it might have taken, had the caller set no time; `None` if the caller set none.
    pub(super) usual_patience: Option<Patience>,
    /// What is told if a fallback is asked; `None` for the original.
    pub(super) announcement: Option<Announcement>,
    /// Whether it is a fallback that is expected to be dearer than the original.
    pub(super) is_dearer: bool,
    /// Whether it may wait until a 429 to another call has passed.
    pub(super) may_wait: bool,
    /// How many of its requests may be charged once more.
    pub(super) spare: u32,
}

/// What is to be told of a fallback before it is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Announcement {
    /// Why it is asked in place of the original.
    pub(super) reason: FallbackReason,
    /// What the whole request is expected to cost on it.
    pub(super) expected: NanoUsd,
    /// That in proportion to the original's; `None` beside a free one.
    pub(super) price_ratio: Option<f64>,
    /// What the original was expected to cost.
    pub(super) original_cost: NanoUsd,
}

/// A reply with at least one value, in the order in which the items were asked.
pub(super) struct Answered<V> {
    pub(super) values: Vec<Option<V>>,
    pub(super) reasoning: Option<String>,
    pub(super) text: String,
}

impl<I: Item> Context<'_, I> {
    /// What the calls of its slate share, if it belongs to one.
    pub(super) fn joint(&self) -> Option<&Arc<Joint>> {
        self.slate.map(|member| &member.share.joint)
    }

    /// Whether something that is asked about has begun, where the slate forbids to ask about that.
    pub(super) fn has_begun(&self, fitted: &Fitted) -> bool {
        self.slate.is_some_and(|member| fitted.positions.iter().any(|&position| member.has_begun(position)))
    }

    pub(super) fn asked<'b>(&'b self, fitted: &'b Fitted) -> impl Iterator<Item = &'b I> {
        fitted.positions.iter().map(|&index| &self.request.items[index])
    }
}
