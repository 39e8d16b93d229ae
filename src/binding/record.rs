//! The one way in which what is told or settled becomes a JavaScript object: written flat on the thread that has it, made
//! into an object on the thread of JavaScript, by whose half of the crossing it is read in batches.

use serde::Serialize;

use super::flat::{Flat, UNDEFINED};
use super::strings::MOST_TEXT;

/// A record on its way to JavaScript.
pub(super) struct Record(pub(super) Flat);

impl Record {
    /// Writes a record.
    pub(super) fn new(record: &impl Serialize) -> Self {
        Self(Flat::of(record))
    }
}

/// What stands in a batch, as `crossing.js` reads it.
#[derive(Clone, Copy)]
#[repr(i32)]
enum Kind {
    Told = 0,
    Forgotten = 1,
    Resolved = 2,
    Rejected = 3,
}

/// What crosses at once: each item is what kind it is, a number, a code more, and a value.
#[derive(Default)]
pub(super) struct Batch(pub(super) Flat);

impl Batch {
    /// So many codes, or bytes of text, are enough.
    const MOST_CODES: usize = 1 << 13;

    fn begin(&mut self, kind: Kind, number: u32, more: u32) {
        self.0.codes.extend([kind as i32, number.cast_signed(), more.cast_signed()]);
    }

    /// A listener is told something, after so many others were dropped.
    pub(super) fn tell(&mut self, listener: u32, dropped: u32, mut record: Record) {
        self.begin(Kind::Told, listener, dropped);
        self.0.append(&mut record.0);
    }

    /// Nobody can tell that listener anything any more.
    pub(super) fn forget(&mut self, listener: u32) {
        self.begin(Kind::Forgotten, listener, 0);
        self.0.codes.push(UNDEFINED);
    }

    /// A promise resolves with a record.
    pub(super) fn resolve(&mut self, promise: u32, mut record: Record) {
        self.begin(Kind::Resolved, promise, 0);
        self.0.append(&mut record.0);
    }

    /// A promise resolves with a number.
    pub(super) fn resolve_number(&mut self, promise: u32, number: u32) {
        self.resolve(promise, Record::new(&number));
    }

    /// A promise resolves with nothing.
    pub(super) fn resolve_nothing(&mut self, promise: u32) {
        self.begin(Kind::Resolved, promise, 0);
        self.0.codes.push(UNDEFINED);
    }

    /// A promise rejects; `cause` says which of the causes beside the batch is its, from 1 on, or 0 for none.
    pub(super) fn reject(&mut self, promise: u32, cause: u32, mut record: Record) {
        self.begin(Kind::Rejected, promise, cause);
        self.0.append(&mut record.0);
    }

    /// Whether nothing stands in it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.codes.is_empty()
    }

    /// Whether it is time to hand it over.
    pub(super) fn is_full(&self) -> bool {
        self.0.codes.len() >= Self::MOST_CODES || self.0.strings.first.len() >= MOST_TEXT
    }
}

#[cfg(test)]
impl Record {
    /// What JavaScript makes of it, as JSON.
    pub(super) fn json(&self) -> String {
        self.0.json()
    }
}
