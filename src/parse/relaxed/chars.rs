//! Characters of relaxed JSON: brackets, quotes and white space in ASCII, typographic and full-width writing.

use super::lex::{Shape, Token};

/// The families of quotes; a string ends with a quote of its own family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quote {
    Double,
    Single,
    CurlyDouble,
    CurlySingle,
    Angle,
    Corner,
    Wide,
}

impl Quote {
    /// How many families there are.
    pub(super) const COUNT: usize = 7;

    pub(super) fn of(char: char) -> Option<Self> {
        Some(match char {
            '"' => Self::Double,
            '\'' => Self::Single,
            '“' | '”' | '„' | '‟' => Self::CurlyDouble,
            '‘' | '’' | '‚' | '‛' => Self::CurlySingle,
            '«' | '»' => Self::Angle,
            '「' | '」' | '『' | '』' => Self::Corner,
            '＂' | '＇' => Self::Wide,
            _ => return None,
        })
    }

    /// Whether a string that begins with a quote of this family may end with `char`.
    pub(super) fn ends_with(self, char: char) -> bool {
        match (self, char) {
            (Self::CurlyDouble | Self::Wide, '"') | (Self::CurlySingle, '\'') => true,
            _ => Self::of(char) == Some(self),
        }
    }
}

/// What follows a quote, and so whether it ends its string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    /// What follows a value.
    End,
    /// A colon, as it follows a key.
    Colon,
    /// More text: the quote belongs to the string.
    Text,
}

/// What comes after a quote, up to the next quote at most.
pub(super) fn follows(after: &str) -> Follows {
    let trimmed = after.trim_start_matches(is_space);
    let space = after.get(..after.len() - trimmed.len()).unwrap_or_default();
    let Some(next) = trimmed.chars().next() else { return Follows::End };
    match punctuation(next) {
        Some(Token::Colon) => return Follows::Colon,
        Some(_) => return Follows::End,
        None => {}
    }
    let comment = next == '#' || trimmed.starts_with("//") || trimmed.starts_with("/*");
    if space.contains('\n') || Quote::of(next).is_some() || comment || next == '\\' {
        return Follows::End;
    }
    // A bare key after a missing comma.
    let word = trimmed.trim_start_matches(|char: char| char.is_alphanumeric() || char == '_' || char == '-');
    let key = !space.is_empty() && word.len() < trimmed.len();
    match word.trim_start_matches(is_space).chars().next().and_then(punctuation) {
        Some(Token::Colon) if key => Follows::End,
        _ => Follows::Text,
    }
}

/// The token that a character is by itself.
pub(super) fn punctuation(char: char) -> Option<Token<'static>> {
    Some(match char {
        '{' | '｛' => Token::Open(Shape::Record),
        '}' | '｝' => Token::Close(Shape::Record),
        '[' | '［' => Token::Open(Shape::List),
        ']' | '］' => Token::Close(Shape::List),
        ':' | '：' => Token::Colon,
        ',' | '，' | '、' | ';' | '；' => Token::Comma,
        _ => return None,
    })
}

/// White space, characters without width, and the back-ticks of a fence.
pub(super) fn is_space(char: char) -> bool {
    char.is_whitespace() || matches!(char, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' | '`')
}

pub(super) fn is_digit(char: char) -> bool {
    matches!(char, '0'..='9' | '０'..='９')
}
