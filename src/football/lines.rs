//! The matches of a request as a model is shown them, and how many tokens they and their answers take.

use json_escape_simd::escape_into;

use crate::football::{ITEMS, Match};
use crate::money::estimate_tokens;
use crate::task::{AnswerTokens, Line, Lines};

/// An answer beside its scores: at most the wrapper, a code fence, a sentence or two around it.
const BESIDE: AnswerTokens = AnswerTokens { most: 256, usual: 16 };
/// One score, with its field names, beside the match's id.
const SCORE: AnswerTokens = AnswerTokens { most: 32, usual: 24 };

/// Tokens of the schema of an answer beside those of each id.
const SCHEMA_BESIDE: u64 = 160;
/// Tokens of an id in the schema of an answer, beside its own: the quotes and the comma around it.
const SCHEMA_ID: u64 = 3;

/// A line of JSON for each match; without its text if that is not sent.
pub(super) fn lines(matches: &[Match], is_sent: bool) -> Lines {
    let lines: Vec<Line> = matches.iter().map(|game| line(game, is_sent)).collect();
    let schema = lines.iter().map(|line| line.answer.most - SCORE.most + SCHEMA_ID).collect();
    Lines::new(ITEMS, lines, BESIDE).with_schema(SCHEMA_BESIDE, schema)
}

fn line(game: &Match, is_sent: bool) -> Line {
    let text = if is_sent { one_line(shown(game)) } else { String::new() };
    let id_tokens = estimate_tokens(&game.id);
    let answer = AnswerTokens { most: SCORE.most + id_tokens, usual: SCORE.usual + id_tokens };
    Line { tokens: estimate_tokens(&text), answer, text }
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
