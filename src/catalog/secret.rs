//! A string that is never shown: an API key, or the value of a header.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::line;

/// A string that `Debug` redacts and that is wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Hides a string.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(SecretString::new(text.into()))
    }

    /// The string, for the request that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The string, still hidden.
    #[must_use]
    pub fn as_secret_string(&self) -> &SecretString {
        &self.0
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Shorter ones are taken for words: to replace them would garble a message.
const SHORTEST: usize = 6;

/// The text with `[key]` for every place where the secret stands, whatever white space, control or invisible characters
/// are within it, and for the beginning of it at the end of the text, where a message was cut. `None` if it is nowhere.
pub(super) fn without(text: &str, secret: &str) -> Option<String> {
    let wanted: Vec<char> = secret.chars().filter(|&c| !is_gap(c)).collect();
    if wanted.len() < SHORTEST {
        return None;
    }
    let (mut safe, mut rest) = (String::new(), text);
    while let Some((start, end)) = find(rest, &wanted) {
        safe.push_str(&rest[..start]);
        safe.push_str(line::KEY);
        rest = &rest[end..];
    }
    (rest.len() < text.len()).then(|| safe + rest)
}

/// Where the wanted characters stand in the text, as a range of bytes: all of them, or as many as the text has at its end.
fn find(text: &str, wanted: &[char]) -> Option<(usize, usize)> {
    text.match_indices(wanted[0]).find_map(|(start, _)| {
        let mut seen = text[start..].char_indices().filter(|&(_, c)| !is_gap(c));
        let mut end = start;
        for (found, &want) in wanted.iter().enumerate() {
            match seen.next() {
                Some((at, c)) if c == want => end = start + at + c.len_utf8(),
                None | Some((_, '…')) if found >= SHORTEST && seen.next().is_none() => break,
                _ => return None,
            }
        }
        Some((start, end))
    })
}

/// A character that may come into a secret where a text is folded.
fn is_gap(c: char) -> bool {
    c.is_whitespace() || c.is_control() || line::is_invisible(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "S3CR3T-k3y-zq9X";

    #[test]
    fn a_secret_is_left_out_wherever_it_stands() {
        for (text, safe) in [
            ("key S3CR3T-k3y-zq9X.", "key [key]."),
            ("S3CR3T-k3y-zq9XS3CR3T-k3y-zq9X", "[key][key]"),
            ("S3CR3T-k3\r\n y-zq9X bad", "[key] bad"),
            ("S\u{200b}3CR3T-k3y-zq\u{0}9X", "[key]"),
            ("SS3CR3T-k3y-zq9X", "S[key]"),
            ("S3CR3T-S3CR3T-k3y-zq9X", "S3CR3T-[key]"),
            ("wrong: S3CR3T", "wrong: [key]"),
            ("wrong: S3CR3T-k3y…", "wrong: [key]…"),
            ("é S3CR3T-k3y-zq9X é", "é [key] é"),
        ] {
            assert_eq!(without(text, SECRET).as_deref(), Some(safe), "{text}");
        }
        for text in ["S3CR3", "S3CR3T-k3y-zq9", "S3CR3T-k3y-zq9x", ""].map(|text| format!("{text} else")) {
            assert_eq!(without(&text, SECRET), None);
        }
        assert_eq!(without("short of it", "short"), None);
        assert_eq!(without("a value of words", "value of").as_deref(), Some("a [key] words"));
    }

    proptest! {
        #[test]
        fn nothing_is_left_of_a_secret(before in "[^S]{0,9}", gap in "[ \r\n\t\u{200b}]{0,3}", place in 1..SECRET.len(), after in ".{0,9}") {
            let (start, end) = SECRET.split_at(place);
            let text = format!("{before}{start}{gap}{end}{after}");
            prop_assert_eq!(without(&text, SECRET), Some(format!("{before}[key]{after}")));
        }
    }
}
