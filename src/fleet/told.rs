//! What scripts answer and publish, as JSON.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::health::{Off, SharedWord};

/// What a script answers, or tells the others.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Bulletin {
    /// The generation.
    #[serde(rename = "g")]
    pub(super) generation: String,
    /// The number of the latest change.
    #[serde(rename = "v")]
    pub(super) version: u64,
    /// The name of a word.
    #[serde(rename = "m", default)]
    pub(super) name: Option<String>,
    /// The word as it is now.
    #[serde(rename = "w", default)]
    pub(super) word: Option<WrittenWord>,
    /// What cools.
    #[serde(default)]
    pub(super) cooling: Option<WrittenCooling>,
    /// The pin: its number, a line break, and the version of the prompts.
    #[serde(default)]
    pub(super) pin: Option<String>,
    /// Whether something of the day's money is to be told.
    #[serde(default)]
    pub(super) money: u8,
    /// Whether anything else changed, so that all is to be read.
    #[serde(default)]
    pub(super) all: u8,
    /// Whether the script changed anything.
    #[serde(default)]
    pub(super) done: u8,
    /// What became of a place.
    #[serde(default)]
    pub(super) place: Option<String>,
    /// How many places are taken.
    #[serde(default)]
    pub(super) under: u32,
    /// The server's time in milliseconds since 1970.
    #[serde(default)]
    pub(super) now: f64,
    /// The least of the protocols that each living member speaks at best.
    #[serde(default)]
    pub(super) lowest: u32,
    /// When each member was seen, if that was asked.
    #[serde(default)]
    seen: Value,
}

/// A word as Redis has it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct WrittenWord {
    f: f64,
    /// Milliseconds left.
    #[serde(default)]
    l: Option<f64>,
    /// The time in milliseconds since 1970, where the word stands in the hash.
    #[serde(default)]
    u: Option<f64>,
    t: f64,
    e: f64,
    #[serde(default)]
    s: String,
    /// The number of the change that made it what it is.
    #[serde(default)]
    pub(super) n: u64,
    /// The member where that happened.
    #[serde(default)]
    pub(super) o: Option<String>,
    #[serde(default)]
    r: Option<String>,
    /// How it was switched last.
    #[serde(default)]
    pub(super) c: Option<String>,
}

/// Something that is left alone for a moment.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct WrittenCooling {
    /// What.
    pub(super) name: String,
    /// Milliseconds left.
    pub(super) left: f64,
    /// The kind of the failure.
    pub(super) kind: String,
    /// The member where it happened.
    pub(super) origin: String,
}

/// All that is known of a fleet at one moment.
#[derive(Debug, Deserialize)]
pub(super) struct Everything {
    #[serde(rename = "g")]
    pub(super) generation: String,
    #[serde(rename = "v")]
    pub(super) version: u64,
    pub(super) now: f64,
    words: Value,
    members: Value,
    seen: Value,
    coolings: Value,
    #[serde(default)]
    pub(super) pin: Option<String>,
}

/// A member as it describes itself.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub(super) struct Description {
    /// `worker` or `reader`.
    #[serde(default)]
    pub(super) role: String,
    /// The models that it can ask.
    #[serde(default)]
    pub(super) models: Value,
    /// The providers for which it has a key or that need none.
    #[serde(default)]
    pub(super) providers: Value,
}

impl Bulletin {
    /// When each member was seen, in milliseconds since 1970, if that was asked.
    pub(super) fn seen(&self) -> impl Iterator<Item = (&str, f64)> {
        times(&self.seen)
    }
}

impl WrittenWord {
    /// The word as health has it, read when the server's clock showed `now`.
    pub(super) fn shared(&self, now: f64) -> SharedWord {
        let left = self.l.or_else(|| self.u.filter(|until| *until != 0.0).map(|until| left_until(until, now)));
        let open = match left {
            None => Off::Closed,
            Some(left) if left < 0.0 => Off::ByHand,
            Some(left) => Off::For(milliseconds(left)),
        };
        SharedWord {
            failures: small(self.f),
            open,
            trips: small(self.t),
            epoch: small(self.e),
            causes: self.s.split(' ').filter_map(|cause| u64::from_str_radix(cause, 16).ok()).collect(),
            reason: self.r.clone().unwrap_or_default(),
        }
    }
}

impl Everything {
    /// Every word by its name.
    pub(super) fn words(&self) -> Vec<(String, WrittenWord)> {
        read_pairs(&self.words)
    }

    /// Everything that cools.
    pub(super) fn coolings(&self) -> Vec<WrittenCooling> {
        let read = |(name, text): (&str, &str)| {
            let mut parts = text.splitn(3, ' ');
            let (until, kind, origin) = (parts.next()?.parse::<f64>().ok()?, parts.next()?, parts.next()?);
            let cooling =
                |left| WrittenCooling { name: name.to_owned(), left, kind: kind.to_owned(), origin: origin.to_owned() };
            Some(until - self.now).filter(|left| *left > 0.0).map(cooling)
        };
        pairs(&self.coolings).filter_map(read).collect()
    }

    /// Every member by its id, with the time at which it was seen.
    pub(super) fn members(&self) -> Vec<(String, f64, Description)> {
        let seen: HashMap<&str, f64> = times(&self.seen).collect();
        let described: Vec<(String, Description)> = read_pairs(&self.members);
        let seen_at = |id: &str| seen.get(id).copied();
        described
            .into_iter()
            .filter_map(|(id, is)| Some((seen_at(&id)?, id, is)))
            .map(|(at, id, is)| (id, at, is))
            .collect()
    }
}

/// The number of a pin and the version of the prompts, which is none if it is empty.
pub(super) fn pin(text: &str) -> Option<(u64, &str)> {
    let (number, version) = text.split_once('\n')?;
    Some((number.parse().ok()?, version))
}

/// How many milliseconds ago a generation was made, if `now` is the server's time.
pub(super) fn age_of(generation: &str, now: f64) -> f64 {
    let made = generation.rsplit_once(':').and_then(|(_, made)| made.parse::<f64>().ok());
    made.map_or(f64::INFINITY, |made| now - made)
}

/// The texts of a list; an empty list may be written as an object.
pub(super) fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn pairs(list: &Value) -> impl Iterator<Item = (&str, &str)> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.chunks_exact(2).filter_map(|pair| Some((pair[0].as_str()?, pair[1].as_str()?)))
}

fn times(list: &Value) -> impl Iterator<Item = (&str, f64)> {
    pairs(list).filter_map(|(id, at)| Some((id, at.parse().ok()?)))
}

/// What cannot be read was written by nobody that this release knows, and is passed over.
fn read_pairs<T: for<'a> Deserialize<'a>>(list: &Value) -> Vec<(String, T)> {
    pairs(list).filter_map(|(name, text)| Some((name.to_owned(), serde_json::from_str(text).ok()?))).collect()
}

/// The time that is left, -1 for what never ends.
fn left_until(until: f64, now: f64) -> f64 {
    if until < 0.0 { -1.0 } else { (until - now).max(0.0) }
}

/// Whole milliseconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is negative or too large is cut")]
pub(super) fn milliseconds(number: f64) -> Duration {
    Duration::from_millis(number.max(0.0) as u64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is negative or too large is cut")]
fn small<T: TryFrom<u64> + Default>(number: f64) -> T {
    T::try_from(number.max(0.0) as u64).unwrap_or_default()
}

/// A word that is written back.
#[derive(Serialize)]
pub(super) struct KnownWord<'a> {
    m: &'a str,
    f: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    l: Option<i64>,
    t: u8,
    e: u16,
    s: String,
    r: &'a str,
    o: &'a str,
    c: &'static str,
}

impl<'a> KnownWord<'a> {
    /// A word as `member` knows it.
    pub(super) fn new(name: &'a str, word: &'a SharedWord, member: &'a str) -> Self {
        let left = |left: Duration| i64::try_from(left.as_millis()).unwrap_or(i64::MAX);
        let (l, c) = match word.open {
            Off::Closed => (None, "enabled"),
            Off::ByHand => (Some(-1), "hand"),
            Off::For(time) => (Some(left(time)), "failed"),
        };
        let causes: Vec<String> = word.causes.iter().map(|cause| format!("{cause:016x}")).collect();
        Self {
            m: name,
            f: word.failures,
            l,
            t: word.trips,
            e: word.epoch,
            s: causes.join(" "),
            r: &word.reason,
            o: member,
            c,
        }
    }
}
