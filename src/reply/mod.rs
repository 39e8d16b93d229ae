//! A reply read for what was asked: how it came is the protocol's, how its texts are made is the parser's, what in them is
//! an answer is told by who asked.
//!
//! Pure: no I/O, no clock, total on any bytes, linear in their number.

#![forbid(unsafe_code)]

#[cfg(test)]
mod tests;

use crate::protocol::{self, Received, Reply};
use crate::task::Item;

/// Reads a reply to a question about these items: a value for each, in order, at least one of them there.
#[must_use]
pub fn read<I: Item>(received: &Received<'_>, asked: &[&I]) -> Reply<Vec<Option<I::Value>>> {
    protocol::read(received, |said| I::find(asked, said))
}
