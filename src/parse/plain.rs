//! A text without braces, line by line: how deep a line stands, what is its mark-up and what its words, which cells it has
//! and which pairs of a name and a value.
//!
//! Every function takes time that grows with what it is given and with nothing else.

/// The longest line that is looked into; what is longer is prose.
const LONGEST_LINE: usize = 4096;

/// The longest name of a pair.
const LONGEST_KEY: usize = 80;

/// The most pairs or cells of a line.
const MOST_PARTS: usize = 64;

/// A line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextLine<'a> {
    /// The column in which its words begin, behind the mark of an item.
    pub column: usize,
    /// Whether it is an item of a list.
    pub is_item: bool,
    /// Whether it is marked as a heading.
    pub is_heading: bool,
    /// Its words, with the mark-up inside them.
    pub text: &'a str,
}

impl TextLine<'_> {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.text.is_empty()
    }
}

/// The lines of a text; those of fences, of rules and of tags alone are blank, and so are those that are too long.
pub fn lines(text: &str) -> impl Iterator<Item = TextLine<'_>> {
    text.lines().map(line)
}

fn line(line: &str) -> TextLine<'_> {
    let mut column = 0;
    let mut rest = line;
    while let Some(first) = rest.chars().next().filter(|&first| first.is_whitespace() || first == '>') {
        column += if first == '\t' { 4 } else { 1 };
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
    }
    let words = rest.trim_start_matches('#');
    let is_heading = words.len() < rest.len() && words.starts_with(' ');
    let (item, words) = if is_heading { (0, words.trim_start()) } else { without_item_mark(rest) };
    let words = without_tags(words.trim());
    let is_rule = words.chars().all(|mark| matches!(mark, '-' | '=' | '*' | '_' | '~' | '`'));
    let is_nothing = is_rule || words.starts_with("```") || line.len() > LONGEST_LINE;
    TextLine { column: column + item, is_item: item > 0, is_heading, text: if is_nothing { "" } else { words } }
}

/// The width of the mark of an item, such as `- ` or `12. `, and what is behind it.
fn without_item_mark(text: &str) -> (usize, &str) {
    let behind = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let mark = match text.len() - behind.len() {
        0 => text.strip_prefix(['-', '*', '+', '•', '·', '–', '▪', '‣']),
        1..=3 => behind.strip_prefix(['.', ')']),
        _ => None,
    };
    let words = mark.filter(|words| words.starts_with([' ', '\t'])).map(str::trim_start);
    words.map_or((0, text), |words| (text.len() - words.len(), words))
}

/// The words of a line without the tags at its ends.
fn without_tags(mut text: &str) -> &str {
    let is_tag = |inner: &str| inner.trim_start_matches('/').starts_with(|first: char| first.is_ascii_alphabetic());
    while let Some((_, rest)) =
        text.strip_prefix('<').and_then(|rest| rest.split_once('>')).filter(|(tag, _)| is_tag(tag))
    {
        text = rest.trim_start();
    }
    while let Some((rest, _)) =
        text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')).filter(|(_, tag)| is_tag(tag))
    {
        text = rest.trim_end();
    }
    text
}

/// A text without white space, quotes and marks of emphasis at its ends.
#[must_use]
pub fn bare(text: &str) -> &str {
    text.trim_matches(|char: char| {
        char.is_whitespace()
            || matches!(char, '*' | '_' | '`' | '"' | '\'' | '“' | '”' | '„' | '‘' | '’' | '«' | '»' | '「' | '」')
    })
}

/// The cells of a line, parted by `separator` outside of quotes; those at its ends that are empty are no cells of a line
/// that begins with the separator.
#[must_use]
pub fn cells(line: &str, separator: char) -> Vec<&str> {
    let line = line.trim();
    let inner = line.strip_prefix(separator).map_or(line, |inner| inner.strip_suffix(separator).unwrap_or(inner));
    let mut cells = parts(inner, |char| char == separator);
    for cell in &mut cells {
        *cell = cell.trim();
    }
    cells
}

/// Whether a line parts the heading of a table from its rows.
#[must_use]
pub fn is_rule_of_table(line: &str) -> bool {
    line.contains("--")
        && line.contains('|')
        && line.chars().all(|char| matches!(char, '|' | '-' | ':' | ' ' | '+' | '='))
}

/// The pairs of a line such as `id: m1, home = 2; away = 1`; one whose value is the rest of the line, where not every part
/// is a pair. `None` if it has no pair.
#[must_use]
pub fn pairs(line: &str) -> Option<Vec<(&str, &str)>> {
    let all: Option<Vec<_>> =
        parts(line, |char| matches!(char, ',' | ';' | '|' | '，' | '；')).into_iter().map(pair).collect();
    match all.filter(|all| all.len() > 1) {
        // One more separator in a value: there is no telling what belongs to what.
        Some(all) if all.iter().any(|(_, value)| is_ambiguous(value)) => None,
        None => pair(line).map(|pair| vec![pair]),
        all => all,
    }
}

/// Whether a value holds another pair.
fn is_ambiguous(value: &str) -> bool {
    pair(value).is_some() && [": ", "： ", "="].iter().any(|separator| value.contains(separator))
}

/// A name, and the value behind the first colon or equals sign.
fn pair(text: &str) -> Option<(&str, &str)> {
    let is_separator = |char: char| matches!(char, ':' | '=' | '：' | '＝');
    let mut is_quoted = false;
    for (at, char) in text.char_indices() {
        if char == '"' {
            is_quoted = !is_quoted;
        } else if !is_quoted && is_separator(char) {
            let key = bare(text.get(..at)?);
            let value = text.get(at + char.len_utf8()..)?;
            // A time or a score is no pair, and neither is an address.
            let is_inside = |next: char| next.is_ascii_digit() || next == '/' || is_separator(next);
            let is_joined = key.ends_with(|last: char| last.is_ascii_digit()) && value.starts_with(is_inside);
            let is_pair = !key.is_empty() && key.len() <= LONGEST_KEY && !is_joined && !value.starts_with("//");
            return is_pair.then(|| (key, value.trim_start_matches(['>', '=']).trim()));
        } else if !is_quoted && at > LONGEST_KEY {
            return None;
        }
    }
    None
}

/// The parts of a text between separators outside of quotes; the whole text where there are too many.
fn parts(text: &str, is_separator: impl Fn(char) -> bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut is_quoted, mut is_escaped) = (0, false, false);
    for (at, char) in text.char_indices() {
        if char == '"' {
            is_quoted = !is_quoted;
        } else if is_separator(char) && !is_quoted && !is_escaped {
            parts.push(text.get(start..at).unwrap_or_default());
            start = at + char.len_utf8();
        }
        is_escaped = char == '\\';
    }
    parts.push(text.get(start..).unwrap_or_default());
    // A quote that never ends hides what is behind it.
    if is_quoted || parts.len() > MOST_PARTS { vec![text] } else { parts }
}

/// The lists in a line, such as `("m1", 2, 1)` or `[m1, 2-1]`, of those that hold no other.
pub fn tuples(line: &str) -> impl Iterator<Item = Vec<&str>> {
    let mut rest = line;
    std::iter::from_fn(move || {
        loop {
            let open = rest.find(['(', '['])?;
            let inner = rest.get(open + 1..)?;
            let Some(end) = inner.find(['(', '[', ')', ']']) else {
                rest = "";
                return None;
            };
            let is_closed = inner.get(end..).is_some_and(|end| end.starts_with([')', ']']));
            rest = inner.get(if is_closed { end + 1 } else { end }..)?;
            if let Some(list) = inner.get(..end).filter(|_| is_closed) {
                return Some(cells(list, ','));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_parted_from_its_marks() {
        for (text, column, is_item, is_heading, words) in [
            ("m1: 2-1", 0, false, false, "m1: 2-1"),
            ("  - **m1**", 4, true, false, "**m1**"),
            ("12. m1", 4, true, false, "m1"),
            ("2-1", 0, false, false, "2-1"),
            ("-1", 0, false, false, "-1"),
            ("2026. January", 0, false, false, "2026. January"),
            ("### Half-time", 0, false, true, "Half-time"),
            ("#1", 0, false, false, "#1"),
            ("> \tm1", 6, false, false, "m1"),
            ("```yaml", 0, false, false, ""),
            ("---", 0, false, false, ""),
            ("<answer>m1: 2-1</answer>", 0, false, false, "m1: 2-1"),
            ("m1 < 2", 0, false, false, "m1 < 2"),
        ] {
            let expected = TextLine { column, is_item, is_heading, text: words };
            assert_eq!(lines(text).collect::<Vec<_>>(), [expected], "{text}");
        }
        assert!(line(&"x".repeat(LONGEST_LINE + 1)).is_blank());
    }

    #[test]
    fn pairs_are_parted_outside_of_quotes() {
        for (text, expected) in [
            ("home: 2", Some(vec![("home", "2")])),
            ("**home** = 2", Some(vec![("home", "2")])),
            ("matchId: \"m-1\", home: 2, away: 1", Some(vec![("matchId", "\"m-1\""), ("home", "2"), ("away", "1")])),
            ("match_id = m1; home = 2", Some(vec![("match_id", "m1"), ("home", "2")])),
            ("why: strong, but 3 injured", Some(vec![("why", "strong, but 3 injured")])),
            ("m1:", Some(vec![("m1", "")])),
            ("kickoff: 2026-02-10T15:00", Some(vec![("kickoff", "2026-02-10T15:00")])),
            ("form: home: 2, away: 1", None),
            ("at 15:00", None),
            ("https://example.org", None),
            ("no pair", None),
            (": 2", None),
        ] {
            assert_eq!(pairs(text), expected, "{text}");
        }
    }

    #[test]
    fn cells_and_tuples_are_parted() {
        assert_eq!(cells("| m1 | 2 \\| 1 ||", '|'), ["m1", "2 \\| 1", ""]);
        assert_eq!(cells("m1,\"Leeds, United\",,2", ','), ["m1", "\"Leeds, United\"", "", "2"]);
        let found: Vec<_> = tuples("x = [(\"m1\", 2, 1), (m2, 0-0)] (").collect();
        assert_eq!(found, [vec!["\"m1\"", "2", "1"], vec!["m2", "0-0"]]);
        assert!(is_rule_of_table("|:--|---:|") && is_rule_of_table("--- | ---") && !is_rule_of_table("| m1 | 2 |"));
    }
}
