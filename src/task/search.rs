//! Where in a reply an answer is looked for.

use crate::parse::thinking;
use crate::protocol::{Found, Said};

/// A text in which an answer is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Passage<'a> {
    /// The text.
    pub text: &'a str,
    /// Whether there is thinking in it, and so drafts.
    pub is_thought: bool,
    /// Whether it may have been cut off anywhere.
    pub is_cut: bool,
}

/// Looks for an answer in the texts of a choice, the likeliest first, and apart from that for what the model thought.
///
/// `wrappers` are the names of tags in which such an answer is wrapped, `wanted` is what it must hold at least one of, as a
/// message calls it, and `read` gives what a passage says of each item.
#[must_use]
pub fn search<V>(
    said: &Said<'_>,
    wrappers: thinking::Wrappers,
    wanted: &'static str,
    read: impl Fn(&Passage<'_>) -> Vec<Option<V>>,
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
        let passages = split.texts().map(|(text, has_thinking)| Passage {
            text,
            is_thought: has_thinking || index >= said.spoken.len(),
            is_cut: said.is_cut,
        });
        found.answer = passages.map(|passage| read(&passage)).find(|values| values.iter().any(Option::is_some));
        if let Some(values) = &found.answer {
            found.text = Some(index);
            found.is_complete = values.iter().all(Option::is_some);
            break;
        }
    }
    found
}
