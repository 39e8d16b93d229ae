//! A match, and what a list of them must be.

use std::collections::HashMap;
use std::fmt::{self, Display};

use super::kickoff;
use crate::error::EngineError;
use crate::request::{MAX_TEXT_BYTES, check_text, invalid, shown};

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
///
/// # Errors
/// `INVALID_REQUEST` with the path of the first bad value.
pub fn check_matches(path: &str, matches: &[Match]) -> Result<(), EngineError> {
    check_count(path, matches.len())?;
    let mut seen = HashMap::new();
    let mut bytes = 0;
    for (index, game) in matches.iter().enumerate() {
        let at = |field| At { path, index, field };
        check_text(at("id"), &game.id)?;
        check_text(at("homeTeam"), &game.home_team)?;
        check_text(at("awayTeam"), &game.away_team)?;
        if let Some(competition) = &game.competition {
            check_text(at("competition"), competition)?;
        }
        if let Some(kickoff) = &game.kickoff
            && !kickoff::is_kickoff(kickoff)
        {
            let problem = format!("must be an ISO 8601 date or date and time, got {}", shown(kickoff));
            return Err(invalid(at("kickoff"), problem));
        }
        if let Some(first) = seen.insert(game.id.as_str(), index) {
            let problem = format!("must differ from {path}[{first}].id, got {} twice", shown(&game.id));
            return Err(invalid(at("id"), problem));
        }
        let optional = [&game.competition, &game.kickoff, &game.analysis].into_iter().flatten();
        bytes += game.id.len() + game.home_team.len() + game.away_team.len() + optional.map(String::len).sum::<usize>();
        if bytes > MAX_TEXT_BYTES {
            return Err(invalid(path, "must be at most 1 MiB of text together"));
        }
    }
    Ok(())
}

/// Checks how many matches there are, which is known before they are read.
///
/// # Errors
/// `INVALID_REQUEST` with the path.
pub fn check_count(path: &str, count: usize) -> Result<(), EngineError> {
    if (1..=MAX_MATCHES).contains(&count) {
        return Ok(());
    }
    Err(invalid(path, format_args!("must hold 1 to {MAX_MATCHES} matches, got {count}")))
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
