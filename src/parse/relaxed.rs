//! A relaxed JSON scanner: finds every value in a text, in one pass, and keeps what of it can matter to a reader.
//!
//! A text yields nodes in its own order. A group of values is a node that knows where its members end, so nothing is
//! nested and nothing is read twice. Groups that were never closed stay, marked incomplete, around the complete ones
//! inside them. Nesting deeper than [`scanner::DEEPEST`] gives up the outermost group, never the inner ones.

mod chars;
mod escape;
mod lex;
mod scanner;
#[cfg(test)]
mod tests;
mod values;

pub use escape::unescape;
pub use values::{scalar, values};

use scanner::Scanner;

/// A value and the key it stands under.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    /// As it was written, escapes and all; none for an element of a list.
    pub key: Option<&'a str>,
    /// What it holds.
    pub content: Content<'a>,
}

/// What a node holds.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// A string, escapes and all.
    Quoted(&'a str),
    /// A number, a literal or a word without quotes.
    Bare(&'a str),
    /// A list of exactly two scalars, as they were written. Without a key it is one only of two small whole numbers.
    Pair([&'a str; 2]),
    /// Words between two values of the text, of which none are inside another.
    Prose,
    /// Braces or square brackets: the nodes after this one, up to `end`.
    Group {
        /// Where its members end.
        end: usize,
        /// Whether it stands in square brackets.
        list: bool,
        /// Whether it was closed.
        complete: bool,
    },
}

/// All the values in a text, with the members of each group behind it.
#[must_use]
pub fn scan(text: &str) -> Vec<Node<'_>> {
    Scanner::new(text).run()
}

/// The nodes of a range that stand beside each other, with their places; the members of groups are passed over.
#[must_use]
pub fn siblings<'n, 'a>(nodes: &'n [Node<'a>], start: usize, end: usize) -> Siblings<'n, 'a> {
    Siblings { nodes, at: start, end: end.min(nodes.len()) }
}

/// See [`siblings`].
pub struct Siblings<'n, 'a> {
    nodes: &'n [Node<'a>],
    at: usize,
    end: usize,
}

impl<'n, 'a> Iterator for Siblings<'n, 'a> {
    type Item = (usize, &'n Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        if at >= self.end {
            return None;
        }
        let node = self.nodes.get(at)?;
        self.at = match node.content {
            Content::Group { end, .. } => end.max(at + 1),
            _ => at + 1,
        };
        Some((at, node))
    }
}
