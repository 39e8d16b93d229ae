//! What a text may show in one line of a message: nothing that ends the line, steers a terminal, or looks like a key; a
//! leaf.

/// What stands for a key.
pub const KEY: &str = "[key]";

/// How the keys of known providers begin.
const KEY_PREFIXES: &[&str] =
    &["sk-", "sk_", "pk-", "pk_", "tgp_", "syn_", "hf_", "gsk_", "xai-", "nvapi-", "fw_", "r8_", "aiza"];

/// The length from which a run of letters and digits is taken for a key.
pub const OPAQUE: usize = 24;

/// Words that may follow `Bearer` without being a key.
const NOT_BEARERS: &[&str] = &["token", "tokens", "auth", "authentication", "authorization", "scheme", "header"];

/// Whether a character ends a line, steers a terminal, or turns the direction of the text.
#[must_use]
pub fn is_steering(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character takes no room or turns the direction of a line.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Whether a character may be one of a key.
#[must_use]
pub fn is_opaque(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// The text without invisible characters, each run of white space and control characters folded into a space.
#[must_use]
pub fn folded(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars().filter(|&c| !is_invisible(c)) {
        if !c.is_control() && !c.is_whitespace() {
            line.push(c);
        } else if !line.ends_with(' ') {
            line.push(' ');
        }
    }
    line
}

/// The text with `[key]` for whatever looks like a key: what begins as keys do, what follows `Bearer`, and every long
/// run of letters and digits.
#[must_use]
pub fn without_keys(text: &str) -> String {
    redacted(text, looks_like_key)
}

/// The text with `[key]` for what begins as keys do. A long run of letters and digits stays, for the ids of models are
/// such runs.
#[must_use]
pub fn without_known_keys(text: &str) -> String {
    redacted(text, begins_like_key)
}

/// Whether [`without_known_keys`] may leave something out of the text; if not, it gives the text as it is.
#[must_use]
pub fn may_hold_known_keys(text: &str) -> bool {
    let begins =
        |run: &str, prefix: &str| run.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    let is_suspect = |run: &str| begins(run, "bearer") || KEY_PREFIXES.iter().any(|prefix| begins(run, prefix));
    text.split(|c| !is_opaque(c)).any(is_suspect)
}

/// The first `most` characters of a text that `safe` has made safe, and whether there is more. What is cut off takes the
/// whole of a key that begins before the cut with it, for twice as much is looked at.
#[must_use]
pub fn beginning(text: &str, most: usize, safe: fn(&str) -> String) -> (String, bool) {
    let looked_at: String = text.chars().take(2 * most).collect();
    let mut safe = safe(&looked_at);
    let end = safe.char_indices().nth(most).map(|(end, _)| end);
    safe.truncate(end.unwrap_or(safe.len()));
    (safe, end.is_some())
}

fn redacted(line: &str, is_key: fn(&str) -> bool) -> String {
    let mut safe = String::with_capacity(line.len());
    let mut rest = line;
    let mut after_bearer = false;
    while let Some((before, from_run)) = rest.find(is_opaque).and_then(|start| rest.split_at_checked(start)) {
        let length = from_run.find(|c| !is_opaque(c)).unwrap_or(from_run.len());
        let Some((run, after)) = from_run.split_at_checked(length) else { break };
        let run_lower = run.to_ascii_lowercase();
        safe.push_str(before);
        rest = if after_bearer && !NOT_BEARERS.contains(&run_lower.as_str()) {
            safe.push_str(KEY);
            after.trim_start_matches(|c: char| !c.is_whitespace() && !"\"'`,;)]}<>".contains(c))
        } else if is_key(&run_lower) {
            safe.push_str(KEY);
            // The provider may have masked the middle of it.
            after.trim_start_matches(|c| is_opaque(c) || matches!(c, '*' | '.' | '…' | '•'))
        } else {
            safe.push_str(run);
            after
        };
        after_bearer = run_lower == "bearer";
    }
    safe.push_str(rest);
    safe
}

/// Whether a run in lower case begins as keys do.
fn begins_like_key(run: &str) -> bool {
    KEY_PREFIXES.iter().any(|prefix| run.len() > prefix.len() && run.starts_with(prefix))
}

/// Whether a run in lower case begins as keys do, or is long and of letters and digits both.
fn looks_like_key(run: &str) -> bool {
    let is_mixed = || run.bytes().any(|b| b.is_ascii_digit()) && run.bytes().any(|b| b.is_ascii_lowercase());
    begins_like_key(run) || (run.len() >= OPAQUE && is_mixed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_folded_into_one_line() {
        assert_eq!(folded("a\r\n\tb\u{200b}c \u{0}\u{2028} d\n"), "a bc d ");
        assert!(!folded("\u{1b}[31m \u{85} \u{2028} \u{202e}").chars().any(is_steering));
    }

    #[test]
    fn a_beginning_holds_no_half_of_a_key() {
        assert_eq!(beginning("äöü", 3, without_keys), ("äöü".to_owned(), false));
        assert_eq!(beginning("äöüß", 3, without_keys), ("äöü".to_owned(), true));
        assert_eq!(beginning("of sk-secret", 8, without_known_keys), ("of [key]".to_owned(), false));
        assert_eq!(beginning("of sk-secret", 6, without_known_keys), ("of [ke".to_owned(), true));
    }

    #[test]
    fn only_what_begins_like_a_key_is_left_out_of_an_id() {
        let id = "qwen3-235b-a22b-thinking-2507";
        assert_eq!((without_known_keys(id), without_keys(id)), (id.to_owned(), KEY.to_owned()));
        assert_eq!(without_known_keys("sk-1 hf_2"), "[key] [key]");
        assert!(!may_hold_known_keys(id));
        for text in ["x/SK-1", "sk-", "Bearer:abc", "hf_2:x"] {
            assert!(may_hold_known_keys(text), "{text}");
        }
    }
}
