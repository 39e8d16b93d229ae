//! A match, and what a list of them must be.

use std::collections::HashMap;
use std::fmt::{self, Display};

use super::kickoff;
use crate::check::{Faults, rule};
use crate::request::{MAX_NAME_CHARS, MAX_TEXT_BYTES, shown};

/// Most matches in one request.
pub const MAX_MATCHES: usize = 100;
/// Most matches in one slate.
pub const MAX_IN_SLATE: usize = 1000;
/// Most bytes of text in one slate.
const MAX_SLATE_BYTES: usize = 10 * MAX_TEXT_BYTES;

/// One football match.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Match {
    /// Names the match in the reply; unique within the request, 1 to 256 characters.
    pub id: String,
    /// The home side, 1 to 256 characters.
    pub home_team: String,
    /// The away side, 1 to 256 characters.
    pub away_team: String,
    /// The competition, 1 to 256 characters.
    pub competition: Option<String>,
    /// ISO 8601 date, or date and time.
    pub kickoff: Option<String>,
    /// Anything that helps the model: form, injuries, odds.
    pub analysis: Option<String>,
}

/// Checks a list of matches that stands at `path`. Those that are not shown to a model need no names of their sides.
pub fn check_matches(path: &str, matches: &[Match], is_shown: bool, faults: &mut Faults) {
    if check_count(path, matches.len(), faults) {
        check_each(path, matches, is_shown, (MAX_TEXT_BYTES, "1 MiB"), faults);
    }
}

/// Checks the matches of a slate that stand at `path`.
pub fn check_slate(path: &str, matches: &[Match], faults: &mut Faults) {
    if !check_slate_count(path, matches.len(), faults) {
        return;
    }
    check_each(path, matches, true, (MAX_SLATE_BYTES, "10 MiB"), faults);
    for (index, _) in matches.iter().enumerate().filter(|(_, game)| text_bytes(game) > MAX_TEXT_BYTES) {
        faults.push(&format!("{path}[{index}]"), "must be at most 1 MiB of text");
    }
}

/// How many bytes of text a match has.
#[must_use]
pub fn text_bytes(game: &Match) -> usize {
    let optional = [&game.competition, &game.kickoff, &game.analysis].into_iter().flatten();
    game.id.len() + game.home_team.len() + game.away_team.len() + optional.map(String::len).sum::<usize>()
}

fn check_each(path: &str, matches: &[Match], is_shown: bool, (most, shown_most): (usize, &str), faults: &mut Faults) {
    let filled = rule::filled(MAX_NAME_CHARS);
    let mut seen = HashMap::new();
    let mut bytes = 0;
    for (index, game) in matches.iter().enumerate() {
        let at = |field| At { path, index, field };
        faults.check_text(&game.id, at("id"), &filled);
        for (name, field) in [(&game.home_team, "homeTeam"), (&game.away_team, "awayTeam")] {
            if is_shown || !name.is_empty() {
                faults.check_text(name, at(field), &filled);
            }
        }
        if let Some(competition) = &game.competition {
            faults.check_text(competition, at("competition"), &filled);
        }
        if let Some(kickoff) = &game.kickoff {
            faults.check_text(kickoff, at("kickoff"), kickoff::check);
        }
        if let Some(first) = seen.insert(game.id.as_str(), index)
            && !game.id.is_empty()
        {
            let problem = format!("must differ from {path}[{first}].id, got {} twice", shown(&game.id));
            faults.push(&at("id").to_string(), problem);
        }
        bytes += text_bytes(game);
    }
    if bytes > most {
        faults.push(path, format!("must be at most {shown_most} of text together"));
    }
}

/// Checks how many matches there are, which is known before they are read; whether they are worth reading.
pub fn check_count(path: &str, count: usize, faults: &mut Faults) -> bool {
    is_within(MAX_MATCHES, path, count, faults)
}

/// Checks how many matches a slate has, as [`check_count`] does for a request.
pub fn check_slate_count(path: &str, count: usize, faults: &mut Faults) -> bool {
    is_within(MAX_IN_SLATE, path, count, faults)
}

fn is_within(most: usize, path: &str, count: usize, faults: &mut Faults) -> bool {
    let fits = (1..=most).contains(&count);
    if !fits {
        faults.push(path, format!("must hold 1 to {most} matches, got {count}"));
    }
    fits
}

/// The path of a match's field, written out only for an error.
struct At<'a> {
    path: &'a str,
    index: usize,
    field: &'static str,
}

impl Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}].{}", self.path, self.index, self.field)
    }
}
