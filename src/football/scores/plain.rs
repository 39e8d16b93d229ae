//! Scores in a text without braces: pairs of names and values, tables, lists of three, lines that begin with an id.
//!
//! Such a text may be anything, so less is believed than of JSON: only what stands with an asked id, in a line of which every
//! number is explained. Words never correct a score: of two that differ none is read. What stands below a heading such as
//! "Half-time" or "Odds" is not read, and where scores stand without ids, no pair is.

mod aside;
mod records;
mod said;
mod tables;

use super::asked::Asked;
use super::beyond::Beyond;
use super::claims::Standing;
use super::fields::Field;
use super::{Around, ScoreReader, Whose};
use crate::football::{Match, Score};
use crate::parse::plain::{self, TextLine, bare};
use crate::parse::relaxed::Node;
use aside::says_aside;
use records::Records;
use tables::{Heading, begins_with_id, claim_plain};

/// The most lines of a text that is read: some hundred for each match that may be asked at once.
const MOST_LINES: usize = 1 << 14;

/// Up to how many characters a line without a colon may be a heading.
const LONGEST_HEADING: usize = 80;

/// At how many places a line is cut to find the id with which it begins.
const MOST_CUTS: usize = 24;

/// Reads the scores for the asked matches out of a text without braces; one slot for each, in order. Of a text that was
/// cut off the last line and what it may belong to are left out.
pub(super) fn read(text: &str, asked: &[&Match], is_cut: bool) -> Vec<Option<Score>> {
    let nothing = || vec![None; asked.len()];
    if text.contains(['{', '}', '｛', '｝']) {
        return nothing();
    }
    let lines: Vec<TextLine<'_>> = plain::lines(text).take(MOST_LINES + 1).collect();
    if lines.len() > MOST_LINES {
        return nothing();
    }
    let lines = match lines.split_last() {
        Some((_, lines)) if is_cut && !text.ends_with('\n') => lines,
        _ => &lines[..],
    };
    let mut reader = ScoreReader::new(asked);
    let mut claimant = Claimant { reader: &mut reader, is_aside: false };
    let mut records = Records::default();
    let mut rest = lines;
    let has_swapped_order = names_away_first(lines);
    while let Some((line, below)) = rest.split_first() {
        rest = below;
        if let Some(below) = table(line, below, &mut records, &mut claimant) {
            rest = below;
        } else if !(line.is_blank() || !has_swapped_order && rows(line.text, &mut records, &mut claimant)) {
            take(line, &mut records, &mut claimant);
        }
    }
    if is_cut {
        records.forget();
    }
    records.close(&mut claimant);
    if records.is_given_up { nothing() } else { reader.scores() }
}

/// Claims scores for the matches whose ids stand beside them.
struct Claimant<'r, 'q> {
    reader: &'r mut ScoreReader<'q>,
    /// Whether what comes is something else than what was asked.
    is_aside: bool,
}

impl<'q> Claimant<'_, 'q> {
    fn asked(&self) -> &Asked<'q> {
        &self.reader.asked
    }

    fn is_aside(&self) -> bool {
        self.is_aside
    }

    /// Takes a heading for what is below it.
    fn head(&mut self, heading: &str) {
        self.is_aside = says_aside(heading);
    }

    /// Claims what the members of a record say.
    fn claim(&mut self, nodes: &[Node<'_>]) {
        if self.is_aside || is_of_prices(nodes) {
            return;
        }
        let around = Around {
            owner: Whose::Nobody,
            standing: Standing::default(),
            beyond: Beyond::default(),
            ..Around::default()
        };
        self.reader.group(nodes, 0..nodes.len(), true, around, 0);
    }
}

/// Whether `home` and `away` of a record are prices or chances, for there is one of a draw.
fn is_of_prices(nodes: &[Node<'_>]) -> bool {
    nodes.iter().any(|node| node.key.is_some_and(tables::is_draw))
}

/// Reads the table that begins with a line. Returns the lines below it.
fn table<'l, 'a>(
    line: &TextLine<'a>,
    below: &'l [TextLine<'a>],
    records: &mut Records<'a>,
    claimant: &mut Claimant<'_, '_>,
) -> Option<&'l [TextLine<'a>]> {
    let (separator, mut rest) = match below.split_first() {
        Some((rule, rest)) if line.text.contains('|') && plain::is_rule_of_table(rule.text) => ('|', rest),
        _ => ([',', ';', '\t'].into_iter().find(|&separator| is_heading_of_values(line.text, separator))?, below),
    };
    // What stands above it is its heading.
    records.close(claimant);
    let heading = Heading::read(&plain::cells(line.text, separator));
    while let Some((row, below)) = rest.split_first() {
        let cells = plain::cells(row.text, separator);
        if row.is_blank() || cells.len() < 2 {
            break;
        }
        if let Some(heading) = &heading {
            heading.claim(&cells, claimant);
        }
        rest = below;
    }
    Some(rest)
}

/// Whether a line is the heading of separated values.
fn is_heading_of_values(text: &str, separator: char) -> bool {
    if !text.contains(separator) || plain::pairs(text).is_some() {
        return false;
    }
    Heading::read(&plain::cells(text, separator)).is_some()
}

/// Claims what the lists in a line say, or the line itself, if it is one; whether any begins with an asked id.
fn rows(text: &str, records: &mut Records<'_>, claimant: &mut Claimant<'_, '_>) -> bool {
    let mut some = false;
    let mut claim = |cells: &[&str]| {
        if begins_with_id(cells, claimant.asked()) {
            // A heading above is that of the list.
            records.close(claimant);
            claim_plain(cells, claimant);
            some = true;
        }
    };
    if text.contains(['(', '[']) {
        plain::tuples(text).for_each(|cells| claim(&cells));
    }
    if text.contains(',') {
        claim(&plain::cells(text, ','));
    }
    some
}

/// Whether the away side is named before the home side, so that numbers without names may stand in that order.
fn names_away_first(lines: &[TextLine<'_>]) -> bool {
    let place = |side: &str| {
        lines.iter().enumerate().find_map(|(index, line)| {
            let at = line.text.to_ascii_lowercase().find(side)?;
            Some((index, at))
        })
    };
    match (place("home"), place("away")) {
        (Some(home), Some(away)) => away < home,
        (None, Some(_)) => true,
        _ => false,
    }
}

/// Takes a line that is no row.
fn take<'a>(line: &TextLine<'a>, records: &mut Records<'a>, claimant: &mut Claimant<'_, '_>) {
    let pairs = plain::pairs(line.text).filter(|_| !line.is_heading);
    let names_id =
        |pairs: &Vec<(&str, &str)>| pairs.len() > 1 && matches!(pairs.first(), Some((key, _)) if is_id(Field::of(key)));
    if let Some(pairs) = pairs.as_ref().filter(|pairs| names_id(pairs)) {
        records.pairs(pairs, line.column, claimant);
    } else if let Some((id, index, rest)) = id_before(line.text, claimant.asked()) {
        records.begin((id, index), rest, line.column, claimant);
    } else if let Some(pairs) = pairs {
        records.pairs(&pairs, line.column, claimant);
    } else {
        records.close(claimant);
        let is_heading =
            line.is_heading || line.text.ends_with(':') || line.text.chars().nth(LONGEST_HEADING).is_none();
        claimant.head(if is_heading { line.text } else { "" });
    }
}

/// Whether a field names a match.
fn is_id(field: Field) -> bool {
    matches!(field, Field::MatchId | Field::Match | Field::Id)
}

/// The asked id that a text is, but for its marks, and its index.
fn id_in<'a>(text: &'a str, asked: &Asked<'_>) -> Option<(&'a str, usize)> {
    let is_bracket = |char: char| matches!(char, '(' | ')' | '[' | ']' | '<' | '>' | '#');
    let inner = bare(text);
    [text.trim(), inner, inner.trim_matches(is_bracket)].into_iter().find_map(|id| Some((id, asked.find(id)?)))
}

/// The asked id with which a line begins, the longest that is one, its index, and what is behind it.
fn id_before<'a>(line: &'a str, asked: &Asked<'_>) -> Option<(&'a str, usize, &'a str)> {
    let line = match line.split_once([' ', ':', '=', '#']) {
        Some((word, rest)) if !rest.is_empty() && is_id(Field::of(bare(word))) => {
            // The name of the pair is left to those who read pairs, where a value follows that is no id.
            rest.trim_start_matches(|char: char| char.is_whitespace() || matches!(char, ':' | '=' | '#'))
        }
        _ => line,
    };
    let is_end = |char: char| char.is_whitespace() || matches!(char, ':' | '：' | '=' | '|' | '→' | '-' | ',');
    let mut found = id_in(line, asked).map(|(id, index)| (id, index, ""));
    for (at, _) in line.match_indices(is_end).take(MOST_CUTS) {
        let (begin, rest) = line.split_at_checked(at)?;
        if let Some((id, index)) = id_in(begin, asked).filter(|_| is_parted(rest)) {
            let is_longer = found.is_none_or(|(known, ..)| id.len() > known.len());
            found = if is_longer { Some((id, index, behind(rest))) } else { found };
        }
    }
    found
}

/// Whether a text begins with what parts an id from what is said of it.
fn is_parted(rest: &str) -> bool {
    let marks = rest.trim_start_matches(['*', '_', '`', '"']);
    let inner = marks.trim_start();
    let is_dash = inner.starts_with(['-', '–', '—']) && inner.chars().nth(1).is_some_and(char::is_whitespace);
    // A comma parts what belongs to rows.
    let is_arrow = inner.starts_with("->") || inner.starts_with("=>");
    is_arrow || marks.starts_with([':', '：', '=', '→', '|']) || inner.starts_with(['→', ':', '|', '=']) || is_dash || {
        marks.len() > inner.len()
            && inner.starts_with(|first: char| first.is_alphanumeric() || matches!(first, '(' | '*' | '[' | '"'))
    }
}

/// What is behind the marks that part it from an id.
fn behind(rest: &str) -> &str {
    let is_mark = |char: char| {
        char.is_whitespace()
            || matches!(char, '*' | '_' | '`' | '"' | ':' | '：' | '=' | '→' | '|' | '>' | '–' | '—' | '-')
    };
    rest.trim_start_matches(is_mark)
}
