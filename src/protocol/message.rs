//! Messages of one line, short, and without anything that looks like a key.

use crate::line::{self, OPAQUE, is_opaque};

/// The longest message, in characters.
const LONGEST: usize = 300;

/// The longest name of a model, in characters.
const LONGEST_NAME: usize = 200;

/// How much of a text is looked at, in bytes.
const LOOKED_AT: usize = 8 * 1024;

/// What was seen and what the other side said, on one line: control characters and white space are folded into single
/// spaces, `[key]` stands for what looks like one, and an ellipsis for what is too long.
pub(super) fn one_line(seen: &str, quoted: &str) -> String {
    let quoted = folded(quoted);
    let line = if quoted.is_empty() { seen.to_owned() } else { format!("{seen}: {quoted}") };
    cut(line::without_keys(&line))
}

/// What was seen, where somebody else has put it into words.
pub(super) fn of(text: &str) -> String {
    cut(line::without_keys(&folded(text)))
}

/// The name of a model, as the other side gives it; `None` if nothing is left of it.
pub(super) fn name(text: &str) -> Option<String> {
    // As nearly every name is: nothing of it has to be made safe.
    let is_plain = (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if is_plain && !line::may_hold_known_keys(text) {
        return Some(text.to_owned());
    }
    let (name, _) = line::beginning(&folded(text), LONGEST_NAME, line::without_known_keys);
    Some(name).filter(|name| !name.is_empty())
}

/// The first few thousand bytes of a text, cut between characters.
pub(super) fn beginning(text: &str) -> &str {
    let mut end = text.len().min(LOOKED_AT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

fn folded(text: &str) -> String {
    let mut line = line::folded(beginning(text));
    if text.len() + char::MAX.len_utf8() > LOOKED_AT {
        // It was cut here or before: the first half of a key may not look like one.
        let whole = line.trim_end_matches(is_opaque).len();
        if line.len() - whole < OPAQUE {
            line.truncate(whole);
        }
    }
    line.trim().to_owned()
}

/// Whether nothing in it ends a line or steers a terminal.
#[cfg(test)]
pub(crate) fn is_one_line(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// The line with an ellipsis for what is too long.
fn cut(line: String) -> String {
    if line.chars().nth(LONGEST).is_none() {
        return line;
    }
    let mut short: String = line.chars().take(LONGEST - 1).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_are_redacted() {
        for (text, line) in [
            ("Incorrect API key provided: sk-abc. See", "Incorrect API key provided: [key] See"),
            ("provided: sk-proj-ab*******wxyz.", "provided: [key]"),
            ("key=tgp_v1_Ab-9 hf_x syn_12 SK-UPPER", "key=[key] [key] [key] [key]"),
            ("Authorization: Bearer abc.def/g+h=, bad", "Authorization: Bearer [key], bad"),
            ("{\"authorization\":\"bearer: xyz\"}", "{\"authorization\":\"bearer: [key]\"}"),
            ("No Bearer token was sent", "No Bearer token was sent"),
            ("(abcdefghijkl012345678901)", "([key])"),
            ("abcdefghijkl01234567890", "abcdefghijkl01234567890"),
            ("a-very-long-name-without-any-figure", "a-very-long-name-without-any-figure"),
            ("sk- ask-me risk-1", "sk- ask-me risk-1"),
            ("sk-a\u{200b}bc sk-de\u{200b}f", "[key] [key]"),
        ] {
            assert_eq!(one_line("seen", text), format!("seen: {line}"));
        }
    }

    #[test]
    fn a_message_is_one_line() {
        assert_eq!(one_line("seen", "\r\n a \t\u{0}\u{7f}\u{85}\u{2028}b\n\nc \n"), "seen: a b c");
        assert_eq!(one_line("seen", " \n "), "seen");
    }

    #[test]
    fn what_others_put_into_words_is_a_message_too() {
        assert_eq!(of("lost: \r\n\tgo\u{1b}[2J away,\u{202e} Bearer abc.def"), "lost: go [2J away, Bearer [key]");
        assert_eq!(of(&"é ".repeat(999)), format!("{}é…", "é ".repeat(149)));
        assert_eq!(of(" \n"), "");
    }

    #[test]
    fn a_message_is_cut_with_an_ellipsis() {
        assert_eq!(one_line("s", &"é".repeat(297)), format!("s: {}", "é".repeat(297)));
        assert_eq!(one_line("s", &"é".repeat(298)), format!("s: {}…", "é".repeat(296)));
    }

    #[test]
    fn half_a_key_at_the_end_of_what_is_looked_at_is_left_out() {
        let key = "abcdefghijkl0123456789012345";
        for half in 0..key.len() {
            let text = " ".repeat(LOOKED_AT - half) + key;
            let line = one_line("seen", &text);
            assert!(line == "seen" || line == "seen: [key]", "{line}");
        }
    }

    proptest! {
        #[test]
        fn a_message_is_short_and_free_of_keys(
            before in ".{0,40}[ :=\"']",
            key in "(sk-|hf_|tgp_|syn_)[a-zA-Z0-9_-]{8,60}|[a-f]{12}[0-9]{12,20}",
            after in "(?s).{0,400}",
        ) {
            let line = one_line("seen", &format!("{before}{key}{after}"));
            prop_assert!(!line.contains(&key));
            prop_assert!(line.chars().count() <= LONGEST);
            prop_assert!(is_one_line(&line));
        }
    }
}
