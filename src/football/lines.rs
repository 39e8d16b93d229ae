//! The matches of a request as a model is shown them, and how many tokens they and their answers take.

use json_escape_simd::escape_into;

use crate::football::Match;
use crate::money::estimate_tokens;

/// Tokens of an answer beside its scores: the wrapper, a code fence, a sentence or two around it.
pub const ANSWER_BASE: u64 = 256;
/// Tokens of one score, with its field names, beside those of the match's id.
const ANSWER_PER_MATCH: u64 = 32;
/// Tokens of a usual answer beside its scores.
pub const USUAL_ANSWER_BASE: u64 = 16;
/// Tokens of a score in a usual answer, beside those of the match's id.
const USUAL_ANSWER_PER_MATCH: u64 = 24;

/// A line of JSON for each match, in the order of the request.
pub struct Lines(Vec<Line>);

struct Line {
    text: String,
    /// Estimate of the text's tokens.
    tokens: u64,
    /// Estimate of the tokens of the match's id.
    id_tokens: u64,
}

impl Lines {
    /// The lines of these matches; without their texts if those are not sent.
    #[must_use]
    pub fn new(matches: &[Match], is_sent: bool) -> Self {
        Self(matches.iter().map(|game| Line::new(game, is_sent)).collect())
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The lines at these positions, as they stand in a prompt.
    #[must_use]
    pub fn text(&self, positions: &[usize]) -> String {
        self.at(positions).map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// Estimate of the tokens of the lines at these positions.
    #[must_use]
    pub fn tokens(&self, positions: &[usize]) -> u64 {
        self.at(positions).map(|line| line.tokens).sum()
    }

    /// The most tokens that the answer for one position should need, beside [`ANSWER_BASE`].
    #[must_use]
    pub fn answer_tokens(&self, position: usize) -> u64 {
        ANSWER_PER_MATCH + self.id_tokens(position)
    }

    /// The tokens that the answer for one position usually takes, beside [`USUAL_ANSWER_BASE`].
    #[must_use]
    pub fn usual_answer_tokens(&self, position: usize) -> u64 {
        USUAL_ANSWER_PER_MATCH + self.id_tokens(position)
    }

    fn id_tokens(&self, position: usize) -> u64 {
        self.0.get(position).map_or(0, |line| line.id_tokens)
    }

    fn at<'a>(&'a self, positions: &'a [usize]) -> impl Iterator<Item = &'a Line> {
        positions.iter().filter_map(|&position| self.0.get(position))
    }
}

impl Line {
    fn new(game: &Match, is_sent: bool) -> Self {
        let text = if is_sent { one_line(shown(game)) } else { String::new() };
        Self { tokens: estimate_tokens(&text), id_tokens: estimate_tokens(&game.id), text }
    }
}

/// A match as the model sees it. JSON keeps the caller's text inside its string: it can neither become a placeholder
/// nor begin a section.
fn shown(game: &Match) -> String {
    let fields = [
        ("match_id", Some(&game.id)),
        ("home_team", Some(&game.home_team)),
        ("away_team", Some(&game.away_team)),
        ("competition", game.competition.as_ref()),
        ("kickoff", game.kickoff.as_ref()),
        ("analysis", game.analysis.as_ref()),
    ];
    let mut json = Vec::new();
    for (name, text) in fields {
        let Some(text) = text else { continue };
        json.push(if json.is_empty() { b'{' } else { b',' });
        escape_into(name, &mut json);
        json.push(b':');
        escape_into(text, &mut json);
    }
    json.push(b'}');
    // Escaping asks for six times as much as it mostly takes.
    json.shrink_to_fit();
    // What is escaped stays UTF-8.
    String::from_utf8(json).unwrap_or_default()
}

/// JSON leaves three characters as they are that some take for the end of a line; they are escaped as well.
fn one_line(json: String) -> String {
    const ENDS: [(char, &str); 3] = [('\u{85}', "\\u0085"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")];
    if json.is_ascii() {
        return json;
    }
    ENDS.iter().fold(json, |json, (end, escape)| if json.contains(*end) { json.replace(*end, escape) } else { json })
}
