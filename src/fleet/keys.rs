//! The names of what a fleet keeps in Redis.
//!
//! Who is a member, and what it speaks, is read by every release; all else carries the number of the protocol in which it is
//! written. Members speak the highest that all living ones speak, so that a release that speaks another runs beside this one
//! while workers are exchanged. Whoever goes over to another protocol leaves the keys of the one before without a generation:
//! to who comes back to them they are as new, and nothing is granted by what is old.

use std::ops::RangeInclusive;

use crate::money::Day;

/// The protocols that this release speaks.
pub(super) const SPOKEN: RangeInclusive<u32> = 1..=1;

/// What a member that speaks `spoken` speaks where `lowest` is the least of what each living member speaks at best; `None` if
/// one of them speaks none of these.
pub(super) fn common(spoken: &RangeInclusive<u32>, lowest: u32) -> Option<u32> {
    let common = lowest.min(*spoken.end());
    spoken.contains(&common).then_some(common)
}

/// Every key of one fleet.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// The protocol in which the rest is written.
    pub(super) protocol: u32,
    /// The highest protocol that each member speaks.
    pub(super) protocols: String,
    /// What each member is, by its id.
    pub(super) members: String,
    /// When each member was seen.
    pub(super) seen: String,
    /// How many models can be asked: for pages that have no engine.
    pub(super) count: String,
    /// A random text, made anew where a server has none.
    pub(super) generation: String,
    /// How many changes there were in this generation.
    pub(super) version: String,
    /// The word of each model.
    pub(super) words: String,
    /// The results that were counted.
    pub(super) results: String,
    /// The models that living workers can ask, and how many of them can.
    pub(super) usable: String,
    /// The models that are off.
    pub(super) off: String,
    /// What is left alone for a moment.
    pub(super) coolings: String,
    /// The version of the prompts that is pinned.
    pub(super) pin: String,
    /// Where changes are published.
    pub(super) channel: String,
    /// The greatest time that the clock gave.
    pub(super) clock: String,
    prefix: String,
}

impl Keys {
    /// The keys below a namespace, of a protocol.
    pub(super) fn new(namespace: &str, protocol: u32) -> Self {
        let prefix = format!("{namespace}:{protocol}");
        let own = |name: &str| format!("{prefix}:{name}");
        Self {
            protocol,
            protocols: format!("{namespace}:protocols"),
            members: format!("{namespace}:members"),
            seen: format!("{namespace}:seen"),
            count: format!("{namespace}:{}", crate::count::KEY),
            generation: own("generation"),
            version: own("version"),
            words: own("words"),
            results: own("results"),
            usable: own("usable"),
            off: own("off"),
            coolings: own("coolings"),
            pin: own("pin"),
            channel: own("changes"),
            clock: own("clock"),
            prefix,
        }
    }

    /// What the members have counted on a day.
    pub(super) fn totals(&self, day: Day) -> String {
        format!("{}:totals:{}", self.prefix, day.number())
    }

    /// What the members have of a day's money.
    pub(super) fn money(&self, day: Day) -> String {
        format!("{}:money:{}", self.prefix, day.number())
    }
}
