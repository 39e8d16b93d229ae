//! Tokens of relaxed JSON: what opens, closes, separates and quotes, in ASCII, typographic and full-width writing.
//!
//! Every look ahead ends at the next quote, and a quote that was once found to have no end is not tried again, so the
//! work grows with the length of the text and with nothing else.

use super::chars::{Follows, Quote, follows, is_digit, is_space, punctuation};

/// The two kinds of brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Braces.
    Record,
    /// Square brackets.
    List,
}

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open(Shape),
    Close(Shape),
    Colon,
    Comma,
    /// What stands between two quotes, escapes and all.
    Quoted(&'a str),
    /// A word, a number or any other run without punctuation, by its place in the text.
    Bare {
        start: usize,
        end: usize,
    },
}

/// What the token before makes of a quote that comes now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QuotePlace {
    /// After a colon: a value must come.
    Value,
    /// After a bracket that opens, or a comma: a key or an element must come.
    Start,
    /// After a word or a complete value, where only a missing comma explains a quote.
    Loose,
}

impl QuotePlace {
    /// Where a quote stands that comes after a token.
    pub(super) fn after(token: Token<'_>) -> Self {
        match token {
            Token::Open(_) | Token::Comma => Self::Start,
            Token::Colon => Self::Value,
            Token::Close(_) | Token::Quoted(_) | Token::Bare { .. } => Self::Loose,
        }
    }
}

/// Reads tokens from a text.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// By family: no quote from here on ends a string.
    endless: [bool; Quote::COUNT],
    /// By family: a value that begins before this place has no end of its own.
    broken_until: [usize; Quote::COUNT],
    /// The same for strings whose quotes are escaped.
    escaped_broken_until: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, endless: [false; Quote::COUNT], broken_until: [0; Quote::COUNT], escaped_broken_until: 0 }
    }

    /// The part of the text between two places.
    pub(super) fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn before(&self) -> Option<char> {
        self.text.get(..self.at).and_then(|before| before.chars().next_back())
    }

    /// Skips prose up to the next bracket that opens, and takes it, with whether there were words before it.
    pub(super) fn open(&mut self) -> Option<(Shape, bool)> {
        let before = self.at;
        loop {
            let offset = self.rest().bytes().position(|byte| matches!(byte, b'{' | b'[' | 0xEF))?;
            self.at += offset;
            let char = self.rest().chars().next()?;
            self.at += char.len_utf8();
            if let Some(Token::Open(shape)) = punctuation(char) {
                let skipped = self.slice(before, self.at - char.len_utf8());
                return Some((shape, skipped.contains(char::is_alphanumeric)));
            }
        }
    }

    /// The next token inside brackets; `None` at the end of the text.
    pub(super) fn next(&mut self, place: QuotePlace) -> Option<Token<'a>> {
        loop {
            let char = self.rest().chars().next()?;
            if let Some(token) = punctuation(char) {
                self.at += char.len_utf8();
                return Some(token);
            }
            if let Some(quote) = Quote::of(char) {
                if let Some(string) = self.string(char, quote, place) {
                    return Some(Token::Quoted(string));
                }
                continue;
            }
            match char {
                '\\' => {
                    if let Some(string) = self.escaped() {
                        return Some(Token::Quoted(string));
                    }
                }
                '/' if self.comment() => {}
                '#' => self.skip_line(),
                _ if is_space(char) => self.at += char.len_utf8(),
                _ => return Some(self.bare(place)),
            }
        }
    }

    fn skip_line(&mut self) {
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
    }

    /// Skips a comment. One that never ends hides the rest. `//` after a colon is part of an address.
    fn comment(&mut self) -> bool {
        let rest = self.rest();
        if rest.starts_with("/*") {
            self.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            true
        } else if rest.starts_with("//") && self.before() != Some(':') {
            self.skip_line();
            true
        } else {
            false
        }
    }

    /// A run without spaces or punctuation. An apostrophe inside a word, and a colon between the digits of a value,
    /// belong to it.
    fn bare(&mut self, place: QuotePlace) -> Token<'a> {
        let start = self.at;
        let mut chars = self.rest().char_indices().peekable();
        let mut previous: Option<char> = None;
        let mut end = self.text.len();
        while let Some((offset, char)) = chars.next() {
            let next = chars.peek().map(|&(_, next)| next);
            let both = |test: fn(char) -> bool| previous.is_some_and(test) && next.is_some_and(test);
            let inside = match char {
                '\'' | '’' => both(char::is_alphanumeric),
                ':' | '：' => place == QuotePlace::Value && both(is_digit),
                '/' => previous.is_none() || !matches!(next, Some('/' | '*')),
                '\\' => false,
                _ => punctuation(char).is_none() && Quote::of(char).is_none() && !is_space(char),
            };
            if !inside {
                end = start + offset;
                break;
            }
            previous = Some(char);
        }
        self.at = end;
        Token::Bare { start, end }
    }

    /// The string that begins here. Without an end it is no string: where one must come the text was cut off inside it,
    /// and elsewhere the quote is skipped.
    fn string(&mut self, open: char, quote: Quote, place: QuotePlace) -> Option<&'a str> {
        let start = self.at + open.len_utf8();
        let family = quote as usize;
        self.at = start;
        if place == QuotePlace::Value && self.broken_until.get(family).is_some_and(|&until| start <= until) {
            return None;
        }
        if !self.endless.get(family).copied().unwrap_or_default() {
            let rest = self.rest();
            let mut escaped = false;
            for (offset, char) in rest.char_indices() {
                if escaped {
                    escaped = false;
                } else if char == '\\' {
                    escaped = true;
                } else if quote.ends_with(char) {
                    let end = start + offset;
                    let after = end + char.len_utf8();
                    match follows(self.text.get(after..).unwrap_or_default()) {
                        Follows::Text => {}
                        Follows::Colon if place == QuotePlace::Value => {
                            // This is the end of the next key: the value before it was never closed.
                            if let Some(until) = self.broken_until.get_mut(family) {
                                *until = end;
                            }
                            return None;
                        }
                        Follows::End | Follows::Colon => {
                            self.at = after;
                            return Some(self.slice(start, end));
                        }
                    }
                }
            }
            if let Some(endless) = self.endless.get_mut(family) {
                *endless = true;
            }
        }
        if place != QuotePlace::Loose {
            self.at = self.text.len();
        }
        None
    }

    /// A string whose quotes are escaped, as in JSON that was quoted once more; escaped white space is skipped.
    fn escaped(&mut self) -> Option<&'a str> {
        let level = self.rest().bytes().take_while(|&byte| byte == b'\\').count();
        self.at += level;
        let open = self.rest().bytes().next()?;
        if matches!(open, b'n' | b'r' | b't') {
            self.at += 1;
            return None;
        }
        if !matches!(open, b'"' | b'\'') {
            return None;
        }
        self.at += 1;
        let start = self.at;
        if start <= self.escaped_broken_until {
            return None;
        }
        let mut backslashes = 0;
        for (offset, byte) in self.rest().bytes().enumerate() {
            if byte == b'\\' {
                backslashes += 1;
                continue;
            }
            if byte == open && backslashes <= level {
                let end = start + offset;
                if backslashes < level {
                    self.escaped_broken_until = end;
                    return None;
                }
                self.at = end + 1;
                return Some(self.slice(start, end - level));
            }
            backslashes = 0;
        }
        self.escaped_broken_until = self.text.len();
        None
    }
}
