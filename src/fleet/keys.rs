//! The names of what a fleet keeps in Redis.
//!
//! Who is a member is read by every release, so that a new one can see what the old ones speak; all else carries the number
//! of the protocol in which it is written.

use crate::money::Day;

/// The protocol that this release speaks.
pub(super) const PROTOCOL: u32 = 1;

/// Every key of one fleet.
#[derive(Clone, Debug)]
pub(super) struct Keys {
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
    /// The keys below a namespace.
    pub(super) fn new(namespace: &str) -> Self {
        let prefix = format!("{namespace}:{PROTOCOL}");
        let own = |name: &str| format!("{prefix}:{name}");
        Self {
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
