//! What is new in a fleet, and who is told.

use std::collections::HashSet;
use std::time::Duration;

use crate::health::{SharedWord, Turned};
use crate::kind::FailureKind;
use crate::outcome::NanoUsd;

/// Takes what is new. Called while nothing else of the fleet changes, so it must not call back.
pub type Listener = dyn Fn(News<'_>) + Send + Sync;

/// What is new in a fleet.
pub enum News<'a> {
    /// The word of a model.
    Word {
        /// The name of the word; [`super::Fleet::about`] says what it is about.
        name: &'a str,
        /// What it is now.
        word: &'a SharedWord,
        /// How it became so.
        turned: Turned,
        /// The member where that happened.
        origin: Option<&'a str>,
    },
    /// Something is left alone for a moment.
    Cooling {
        /// What; [`super::Fleet::cooled`] says it.
        name: &'a str,
        /// For how long still.
        left: Duration,
        /// The failure that caused it.
        kind: FailureKind,
        /// The member where that happened.
        origin: &'a str,
    },
    /// A version of the prompts is pinned, or none any more.
    Pin(Option<&'a str>),
    /// The models that living workers can ask.
    Usable(HashSet<String>),
    /// The fleet is joined: from now on recoveries are its own.
    Joined,
    /// The engine is alone.
    Alone,
    /// The fleet was joined, which is to be told.
    TellJoined {
        /// How many members it has.
        members: usize,
    },
    /// The fleet was lost, which is to be told.
    TellLost {
        /// Why.
        problem: String,
    },
    /// Something that an operator should know of the server; each is told once.
    Warning(String),
    /// More is known of the money of the others.
    Rows,
    /// A share of the day's budget is gone, by what all members have reported.
    Share {
        /// The share.
        share: f64,
        /// What was spent then.
        spent: NanoUsd,
        /// The day, as `YYYY-MM-DD`.
        day: String,
        /// The member whose report passed it.
        origin: &'a str,
    },
    /// A member that was granted money is no longer living.
    Lapsed {
        /// The member.
        member: &'a str,
        /// What it was granted and has not reported as spent: held to the day's end, or until it reports.
        held: NanoUsd,
        /// The day, as `YYYY-MM-DD`.
        day: String,
        /// The member that noticed it.
        origin: &'a str,
    },
}
