//! Splits what a model said into its thinking and its answer.

mod channels;
mod names;
mod tags;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

pub use names::Wrappers;
use names::{Kind, Name};
use tags::{Tag, tags};

/// The most tags of thinking that a text may have. One with more is no answer, and its tags would take many times its
/// size.
const MOST_TAGS: usize = 1 << 13;

/// What a model said, split.
#[derive(Debug, PartialEq, Eq)]
pub struct Split<'a> {
    /// If blocks of names that say neither thinking nor answer stand in what is not thinking: the rest of it.
    pub outside: Option<String>,
    /// What is not thinking.
    pub answer: Cow<'a, str>,
    /// If thinking began that never ended: the answer together with that thinking, which may hold the real answer if
    /// nothing else does.
    pub unclosed: Option<Cow<'a, str>>,
    /// The thinking, trimmed; `None` if there is none.
    pub thinking: Option<String>,
}

impl Split<'_> {
    /// The texts that may hold the answer, the surest first, each with whether there is thinking in it. What one leaves out
    /// no later one may fill in.
    pub fn texts(&self) -> impl Iterator<Item = (&str, bool)> {
        let said = [self.outside.as_deref(), Some(self.answer.as_ref())].into_iter().flatten();
        said.map(|text| (text, false)).chain(self.unclosed.as_deref().map(|text| (text, true)))
    }
}

/// Splits what a model said into its thinking and its answer: first by channels, then by tags. `wrappers` are the names,
/// beside the usual ones, of blocks in which a model answers.
#[must_use]
pub fn split(text: &str, wrappers: Wrappers) -> Split<'_> {
    let Some(said) = channels::split(text) else { return by_tags(text, wrappers) };
    let inner = by_tags(&said.answer, wrappers);
    let mut thinking = said.thinking;
    add(&mut thinking, inner.thinking.as_deref().unwrap_or_default());
    let unclosed = inner.unclosed.map(Cow::into_owned).or(said.unclosed).map(Cow::Owned);
    let answer = Cow::Owned(inner.answer.into_owned());
    Split { outside: inner.outside, answer, unclosed, thinking: Some(thinking).filter(|thinking| !thinking.is_empty()) }
}

/// Pairs the tags by name. A tag that closes nothing ends the thinking of all that stands before it.
fn by_tags(text: &str, wrappers: Wrappers) -> Split<'_> {
    let mut blocks = Blocks::default();
    tags(text, wrappers, |tag, found| blocks.take(tag, found));
    if blocks.is_given_up {
        return Split { outside: None, answer: Cow::Borrowed(""), unclosed: None, thinking: None };
    }
    blocks.open.retain(|open| open.kind == Kind::Thinking);
    if blocks.closed.is_empty() && blocks.open.is_empty() {
        let outside = blocks.has_others.then(|| outside(text, wrappers)).flatten();
        return Split { outside, answer: Cow::Borrowed(text), unclosed: None, thinking: None };
    }
    let mut thinking = String::new();
    for block in &blocks.closed {
        add(&mut thinking, text.get(block.inner.clone()).unwrap_or_default());
    }
    let first_open = blocks.open.first().map(|open| open.tag.clone());
    if let Some(open) = &first_open {
        let closed_inside = blocks.closed.iter().filter(|block| block.outer.start >= open.end);
        add(&mut thinking, &without(text, open.end..text.len(), closed_inside));
    }
    let answer_end = first_open.as_ref().map_or(text.len(), |open| open.start);
    let answer = without(text, 0..answer_end, blocks.closed.iter());
    Split {
        outside: blocks.has_others.then(|| outside(&answer, wrappers)).flatten(),
        answer,
        unclosed: first_open.map(|_| without(text, 0..text.len(), blocks.closed.iter())),
        thinking: Some(thinking).filter(|thinking| !thinking.is_empty()),
    }
}

/// A part of the text without the closed blocks that begin in it.
fn without<'t, 'b>(text: &'t str, part: Range<usize>, blocks: impl Iterator<Item = &'b Block>) -> Cow<'t, str> {
    let mut kept: Cow<'t, str> = Cow::Borrowed("");
    let mut at = part.start;
    for block in blocks.take_while(|block| block.outer.start < part.end) {
        kept += text.get(at..block.outer.start).unwrap_or_default();
        at = block.outer.end;
    }
    kept += text.get(at..part.end).unwrap_or_default();
    kept
}

/// A text without its closed blocks of names that say nothing; `None` if there are none with a value in them.
fn outside(text: &str, wrappers: Wrappers) -> Option<String> {
    let mut blocks = Blocks { of_others: true, ..Blocks::default() };
    tags(text, wrappers, |tag, found| blocks.take(tag, found));
    if blocks.is_given_up {
        return None;
    }
    let has_value = |block: &Block| text.get(block.inner.clone()).is_some_and(|inner| inner.contains(['{', '[']));
    let some = blocks.closed.iter().any(has_value);
    some.then(|| without(text, 0..text.len(), blocks.closed.iter()).into_owned())
}

/// Adds a thought after a blank line.
pub fn add(thinking: &mut String, thought: &str) {
    let thought = thought.trim();
    if !thinking.is_empty() && !thought.is_empty() {
        thinking.push_str("\n\n");
    }
    thinking.push_str(thought);
}

/// A block of thinking, with and without its tags.
struct Block {
    outer: Range<usize>,
    inner: Range<usize>,
}

/// A tag that opened and has not closed.
struct Open {
    name: Name,
    kind: Kind,
    tag: Range<usize>,
}

/// The blocks of a text, as far as it has been read.
#[derive(Default)]
struct Blocks {
    open: Vec<Open>,
    /// How many of them have each name.
    names: HashMap<Name, usize>,
    /// How many of them are thinking even if they are never closed.
    thinking: usize,
    /// Whether a block of another name was closed.
    has_others: bool,
    /// Whether it is the blocks of other names that are looked for.
    of_others: bool,
    /// Blocks that are closed and lie in no other.
    closed: Vec<Block>,
    /// Whether there were more tags than are kept.
    is_given_up: bool,
}

impl Blocks {
    /// Takes the next tag. Returns whether thinking is open after it.
    fn take(&mut self, tag: Tag, found: Range<usize>) -> bool {
        self.is_given_up |= self.open.len() + self.closed.len() >= MOST_TAGS;
        match tag {
            _ if self.is_given_up => {}
            Tag::Empty => {
                let inner = found.end..found.end;
                self.closed.push(Block { outer: found, inner });
            }
            Tag::Close(name, _) if self.names.get(&name).is_some_and(|&open| open > 0) => {
                while let Some(open) = self.pop() {
                    if open.name == name {
                        if open.kind != Kind::Answer {
                            self.close(open.tag, found);
                        }
                        break;
                    }
                }
            }
            Tag::Open(_, kind) | Tag::Close(_, kind) if (kind == Kind::Other) != self.of_others => {
                self.has_others |= matches!(tag, Tag::Close(_, Kind::Other));
            }
            Tag::Open(name, kind) => {
                *self.names.entry(name).or_default() += 1;
                self.thinking += usize::from(kind == Kind::Thinking);
                self.open.push(Open { name, kind, tag: found });
            }
            Tag::Close(_, Kind::Thinking) => {
                self.open.clear();
                self.names.clear();
                self.thinking = 0;
                self.close(0..0, found);
            }
            Tag::Close(..) => {}
        }
        self.thinking > 0
    }

    fn pop(&mut self) -> Option<Open> {
        let open = self.open.pop()?;
        if let Some(count) = self.names.get_mut(&open.name) {
            *count = count.saturating_sub(1);
        }
        self.thinking = self.thinking.saturating_sub(usize::from(open.kind == Kind::Thinking));
        Some(open)
    }

    /// Adds a block, in the place of those that lie in it.
    fn close(&mut self, open: Range<usize>, close: Range<usize>) {
        while self.closed.pop_if(|block| block.outer.start >= open.start).is_some() {}
        self.closed.push(Block { outer: open.start..close.end, inner: open.end..close.start });
    }
}
