//! From tokens to nodes, with an explicit stack of the groups that are open.

use std::collections::VecDeque;

use super::lex::{Lexer, QuotePlace, Shape, Token};
use super::{Content, Node};
use crate::parse::number;

/// How many groups are open at once.
pub(super) const DEEPEST: usize = 64;

/// The most nodes of a text: some hundred times those of an answer for all matches that may be asked at once. A text with
/// more is none, and would take many times its size.
pub(super) const MOST_NODES: usize = 1 << 17;

/// A scalar that was read, of which it is not yet known whether it is a key or a value.
#[derive(Clone, Copy)]
enum PendingScalar<'a> {
    Nothing,
    Quoted(&'a str),
    /// A run of words: where it starts, where all but the last word end, where the last one starts and ends.
    Bare {
        start: usize,
        head_end: usize,
        last: usize,
        end: usize,
    },
}

/// A group that is open.
struct Frame<'a> {
    shape: Shape,
    /// Its node; none as long as nothing in it was worth a node.
    node: Option<usize>,
    /// Its own key.
    key: Option<&'a str>,
    /// The key of the member to come.
    next_key: Option<&'a str>,
    pending: PendingScalar<'a>,
    /// The first scalars without a key, and how many there are.
    elements: [Option<&'a str>; 2],
    count: usize,
}

/// Makes nodes of tokens.
pub(super) struct Scanner<'a> {
    lexer: Lexer<'a>,
    nodes: Vec<Node<'a>>,
    stack: VecDeque<Frame<'a>>,
    /// How many frames, from the outermost, have a node.
    placed: usize,
    /// How many frames are lists.
    lists: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { lexer: Lexer::new(text), nodes: Vec::new(), stack: VecDeque::new(), placed: 0, lists: 0 }
    }

    pub(super) fn run(mut self) -> Vec<Node<'a>> {
        while let Some((shape, after_words)) = self.lexer.open() {
            if after_words && !self.nodes.is_empty() {
                self.nodes.push(Node { key: None, content: Content::Prose });
            }
            self.push(shape);
            let mut place = QuotePlace::Start;
            while !self.stack.is_empty() && self.nodes.len() <= MOST_NODES - DEEPEST {
                let Some(token) = self.lexer.next(place) else { break };
                place = QuotePlace::after(token);
                self.take(token);
            }
            if self.nodes.len() > MOST_NODES - DEEPEST {
                return Vec::new();
            }
        }
        self.finish();
        self.nodes
    }

    fn take(&mut self, token: Token<'a>) {
        match token {
            Token::Open(shape) => self.push(shape),
            Token::Close(shape) => self.close(shape),
            Token::Comma => {
                self.flush();
                self.key_is(None);
            }
            Token::Colon => self.colon(),
            Token::Quoted(string) => {
                self.flush();
                self.pend(PendingScalar::Quoted(string));
            }
            Token::Bare { start, end } => {
                let waiting = self.stack.back().map(|frame| frame.pending);
                let pending = if let Some(PendingScalar::Bare { start: first, end: head_end, .. }) = waiting {
                    PendingScalar::Bare { start: first, head_end, last: start, end }
                } else {
                    self.flush();
                    PendingScalar::Bare { start, head_end: start, last: start, end }
                };
                self.pend(pending);
            }
        }
    }

    fn pend(&mut self, pending: PendingScalar<'a>) {
        if let Some(frame) = self.stack.back_mut() {
            frame.pending = pending;
        }
    }

    fn key_is(&mut self, key: Option<&'a str>) {
        if let Some(frame) = self.stack.back_mut() {
            frame.next_key = key;
        }
    }

    /// What came last is a key. Words before it are the value of the key before, which lacks its comma.
    fn colon(&mut self) {
        let Some(frame) = self.stack.back_mut() else { return };
        match std::mem::replace(&mut frame.pending, PendingScalar::Nothing) {
            PendingScalar::Nothing => {}
            PendingScalar::Quoted(key) => self.key_is(Some(key)),
            PendingScalar::Bare { start, head_end, last, end } => {
                let previous = frame.next_key.take();
                if let Some(previous) = previous.filter(|_| head_end > start) {
                    let value = self.lexer.slice(start, head_end);
                    self.leaf(Some(previous), Content::Bare(value));
                }
                self.key_is(Some(self.lexer.slice(last, end)));
            }
        }
    }

    /// What came last is a value.
    fn flush(&mut self) {
        let Some(frame) = self.stack.back_mut() else { return };
        let (content, text) = match std::mem::replace(&mut frame.pending, PendingScalar::Nothing) {
            PendingScalar::Nothing => return,
            PendingScalar::Quoted(string) => (Content::Quoted(string), string),
            PendingScalar::Bare { start, end, .. } => {
                let bare = self.lexer.slice(start, end);
                (Content::Bare(bare), bare)
            }
        };
        if let Some(key) = frame.next_key.take() {
            self.leaf(Some(key), content);
        } else if matches!(content, Content::Quoted(_)) && text.contains(['{', '[']) {
            self.leaf(None, content);
        } else {
            if let Some(element) = frame.elements.get_mut(frame.count) {
                *element = Some(text);
            }
            frame.count += 1;
        }
    }

    /// Adds a node to the innermost group, and before it the nodes of the groups around it that have none yet.
    fn leaf(&mut self, key: Option<&'a str>, content: Content<'a>) {
        for frame in self.stack.iter_mut().skip(self.placed) {
            frame.node = Some(self.nodes.len());
            let group = Content::Group { end: usize::MAX, list: frame.shape == Shape::List, complete: false };
            self.nodes.push(Node { key: frame.key, content: group });
        }
        self.placed = self.stack.len();
        self.nodes.push(Node { key, content });
    }

    fn push(&mut self, shape: Shape) {
        if let (Shape::Record, Some(frame)) = (shape, self.stack.back_mut()) {
            // `"m1" {…}`: the colon is missing.
            if let (None, PendingScalar::Quoted(key)) = (frame.next_key, frame.pending) {
                frame.next_key = Some(key);
                frame.pending = PendingScalar::Nothing;
            }
        }
        let waiting = self.stack.back().map(|frame| frame.pending);
        if !matches!(waiting, None | Some(PendingScalar::Nothing)) {
            self.flush();
        }
        let key = self.stack.back_mut().and_then(|frame| {
            frame.count = frame.count.max(frame.elements.len() + 1);
            frame.next_key.take()
        });
        if self.stack.len() >= DEEPEST
            && let Some(outermost) = self.stack.pop_front()
        {
            self.placed = self.placed.saturating_sub(1);
            self.lists -= usize::from(outermost.shape == Shape::List);
            self.end_group(outermost.node, false);
        }
        self.lists += usize::from(shape == Shape::List);
        self.stack.push_back(Frame {
            shape,
            node: None,
            key,
            next_key: None,
            pending: PendingScalar::Nothing,
            elements: [None; 2],
            count: 0,
        });
    }

    /// Closes the innermost group of this shape and those inside it; without one, the innermost of any shape.
    fn close(&mut self, shape: Shape) {
        let matched = match shape {
            Shape::List => self.lists > 0,
            Shape::Record => self.lists < self.stack.len(),
        };
        while let Some(closed) = self.pop() {
            if !matched || closed == shape {
                break;
            }
        }
    }

    fn pop(&mut self) -> Option<Shape> {
        self.flush();
        let frame = self.stack.pop_back()?;
        self.placed = self.placed.min(self.stack.len());
        self.lists -= usize::from(frame.shape == Shape::List);
        if frame.node.is_some() {
            self.end_group(frame.node, true);
        } else if let (Shape::List, 2, [Some(first), Some(second)]) = (frame.shape, frame.count, frame.elements)
            && (frame.key.is_some() || [first, second].iter().all(|text| number::small(text).is_some()))
        {
            self.leaf(frame.key, Content::Pair([first, second]));
        } else if frame.key.is_some() {
            // The field is there, though nothing is in it.
            self.leaf(frame.key, Content::Bare(""));
        }
        Some(frame.shape)
    }

    /// Ends a group where the nodes end now. One that is given up while groups inside it are open ends at itself.
    fn end_group(&mut self, node: Option<usize>, closed: bool) {
        let Some(place) = node else { return };
        let here = if closed { self.nodes.len() } else { place + 1 };
        if let Some(Node { content: Content::Group { end, complete, .. }, .. }) = self.nodes.get_mut(place) {
            *end = here;
            *complete = closed;
        }
    }

    /// The text is at its end: strings that are pending are whole, bare words may not be.
    fn finish(&mut self) {
        while let Some(frame) = self.stack.back_mut() {
            if matches!(frame.pending, PendingScalar::Quoted(_)) {
                self.flush();
            }
            let end = self.nodes.len();
            let node = self.stack.pop_back().and_then(|frame| frame.node);
            self.placed = self.placed.min(self.stack.len());
            if let Some(Node { content: Content::Group { end: open, .. }, .. }) =
                node.and_then(|place| self.nodes.get_mut(place))
            {
                *open = end;
            }
        }
    }
}
