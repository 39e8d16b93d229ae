//! Where in a reply an answer is looked for.

use crate::parse::thinking;
use crate::protocol::{Found, Said};

/// Looks for an answer in the texts of a choice, the likeliest first, and apart from that for what the model thought.
///
/// `wrappers` are the names of tags in which such an answer is wrapped, `wanted` is what it must hold at least one of, as a
/// message calls it, and `read` gives what a text says of each item.
#[must_use]
pub fn search<V>(
    said: &Said<'_>,
    wrappers: thinking::Wrappers,
    wanted: &'static str,
    read: impl Fn(&str) -> Vec<Option<V>>,
) -> Found<Vec<Option<V>>> {
    let mut found = Found { text: None, reasoning: String::new(), answer: None, is_complete: false, wanted };
    for thought in &said.thoughts {
        thinking::add(&mut found.reasoning, thought);
    }
    let texts = said.spoken.iter().chain(&said.thoughts).enumerate();
    for (index, text) in texts.filter(|(_, text)| !text.trim().is_empty()) {
        found.text = found.text.or(Some(index));
        let split = thinking::split(text, wrappers);
        if let Some(thinking) = split.thinking.as_deref().filter(|_| index < said.spoken.len()) {
            thinking::add(&mut found.reasoning, thinking);
        }
        found.answer = split.texts().map(&read).find(|values| values.iter().any(Option::is_some));
        if let Some(values) = &found.answer {
            found.text = Some(index);
            found.is_complete = values.iter().all(Option::is_some);
            break;
        }
    }
    found
}
