//! A match, and what a list of them must be.

use std::collections::HashMap;
use std::fmt::{self, Display};

use super::kickoff;
use crate::check::{Faults, rule};
use crate::request::{MAX_NAME_CHARS, MAX_TEXT_BYTES, shown};

/// Most matches in one request.
pub const MAX_MATCHES: usize = 100;

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

/// Checks a list of matches that stands at `path`.
pub fn check_matches(path: &str, matches: &[Match], faults: &mut Faults) {
    if !check_count(path, matches.len(), faults) {
        return;
    }
    let filled = rule::filled(MAX_NAME_CHARS);
    let mut seen = HashMap::new();
    let mut bytes = 0;
    for (index, game) in matches.iter().enumerate() {
        let at = |field| At { path, index, field };
        faults.check_text(&game.id, at("id"), &filled);
        faults.check_text(&game.home_team, at("homeTeam"), &filled);
        faults.check_text(&game.away_team, at("awayTeam"), &filled);
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
        let optional = [&game.competition, &game.kickoff, &game.analysis].into_iter().flatten();
        bytes += game.id.len() + game.home_team.len() + game.away_team.len() + optional.map(String::len).sum::<usize>();
    }
    if bytes > MAX_TEXT_BYTES {
        faults.push(path, "must be at most 1 MiB of text together");
    }
}

/// Checks how many matches there are, which is known before they are read; whether they are worth reading.
pub fn check_count(path: &str, count: usize, faults: &mut Faults) -> bool {
    let fits = (1..=MAX_MATCHES).contains(&count);
    if !fits {
        faults.push(path, format!("must hold 1 to {MAX_MATCHES} matches, got {count}"));
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
