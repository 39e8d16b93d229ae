//! What a reply to a question says.

use super::candidates;
use crate::parse::thinking::{self, Split};
use crate::protocol::{Found, Said};
use crate::task::Passage;

/// What a reply says: a text, or a value as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerText {
    /// The text; or the values that it may mean, the likeliest first, of which one is left when they were judged.
    pub(super) texts: Vec<String>,
}

impl AnswerText {
    /// The text, or the JSON of the value.
    #[must_use]
    pub fn into_text(self) -> String {
        self.texts.into_iter().next().unwrap_or_default()
    }
}

/// Looks for a text: what the model said without its thinking, as long as nobody cut it off.
pub(super) fn text(said: &Said<'_>) -> Found<Vec<Option<AnswerText>>> {
    let mut found = nothing(said, "text");
    let [content, ..] = &said.spoken;
    let Split { answer, thinking, .. } = thinking::split(content, &[]);
    thinking::add(&mut found.reasoning, thinking.as_deref().unwrap_or_default());
    let answer = answer.trim();
    if !answer.is_empty() && !said.is_cut {
        found.text = Some(0);
        found.answer = Some(vec![Some(AnswerText { texts: vec![answer.to_owned()] })]);
        found.is_complete = true;
    }
    found
}

/// Looks for the values that may be the answer.
pub(super) fn value(said: &Said<'_>) -> Found<Vec<Option<AnswerText>>> {
    let mut found = nothing(said, "JSON");
    let mut texts = Vec::new();
    for (index, text) in said.spoken.iter().chain(&said.thoughts).enumerate() {
        let is_spoken = index < said.spoken.len();
        let split = thinking::split(text, &[]);
        if let Some(thinking) = split.thinking.as_deref().filter(|_| is_spoken) {
            thinking::add(&mut found.reasoning, thinking);
        }
        let before = texts.len();
        for (text, has_thinking) in split.texts() {
            let is_thought = has_thinking || !is_spoken;
            candidates::add(&Passage { text, is_thought, is_cut: said.is_cut }, &mut texts);
        }
        if before == 0 && !texts.is_empty() {
            found.text = Some(index);
        }
    }
    if !texts.is_empty() {
        found.answer = Some(vec![Some(AnswerText { texts })]);
        found.is_complete = !said.is_cut;
    }
    found
}

/// Nothing found yet.
fn nothing(said: &Said<'_>, wanted: &'static str) -> Found<Vec<Option<AnswerText>>> {
    let mut reasoning = String::new();
    for thought in &said.thoughts {
        thinking::add(&mut reasoning, thought);
    }
    let mut texts = said.spoken.iter().chain(&said.thoughts);
    let text = texts.position(|text| !text.trim().is_empty());
    Found { text, reasoning, answer: None, is_complete: false, wanted }
}
