//! A reply read for what was asked: how it came is the protocol's, how its texts are made is the parser's, what in them is
//! an answer is told by who asked.
//!
//! Pure: no I/O, no clock, total on any bytes, linear in their number.

#![forbid(unsafe_code)]

#[cfg(test)]
mod tests;

use crate::football::{self, Item, Value};
use crate::parse::thinking;
use crate::protocol::{self, Found, Received, Reply, Said};

/// Reads a reply to a question about these things: a value for each, in order, at least one of them there.
#[must_use]
pub fn read(received: &Received<'_>, asked: &[&Item]) -> Reply<Vec<Option<Value>>> {
    protocol::read(received, |said| find(said, asked))
}

/// Looks for an answer in the texts of a choice, the likeliest first, and apart from that for what the model thought.
fn find(said: &Said<'_>, asked: &[&Item]) -> Found<Vec<Option<Value>>> {
    let mut found =
        Found { text: None, reasoning: String::new(), answer: None, is_complete: false, wanted: football::VALUE };
    for thought in &said.thoughts {
        thinking::add(&mut found.reasoning, thought);
    }
    let texts = said.spoken.iter().chain(&said.thoughts).enumerate();
    for (index, text) in texts.filter(|(_, text)| !text.trim().is_empty()) {
        found.text = found.text.or(Some(index));
        let split = thinking::split(text, football::WRAPPERS);
        if let Some(thinking) = split.thinking.as_deref().filter(|_| index < said.spoken.len()) {
            thinking::add(&mut found.reasoning, thinking);
        }
        let mut values = split.texts().map(|text| football::read(text, asked));
        found.answer = values.find(|values| values.iter().any(Option::is_some));
        if let Some(values) = &found.answer {
            found.text = Some(index);
            found.is_complete = values.iter().all(Option::is_some);
            break;
        }
    }
    found
}
