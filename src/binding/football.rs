//! The sport as JavaScript sees it: matches in, predictions out; the transfer twins of the room of that name.

use napi::{Env, Unknown};
use napi_derive::napi;
use serde::Serialize;

use super::fields::{Fields, elements};
use crate::check::Faults;
use crate::football::{Match, Score, check_count};
use crate::outcome::Finding;

/// The score of one match.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct Prediction {
    /// The match's id, as the request has it.
    pub match_id: String,
    /// Goals of the home side, 0 to 20.
    pub home_score: u32,
    /// Goals of the away side, 0 to 20.
    pub away_score: u32,
    /// The model that predicted it.
    pub model_id: String,
}

/// The predictions among the findings of an outcome.
pub(super) fn predictions(findings: Vec<Finding<Score>>) -> Vec<Prediction> {
    let filled = findings.into_iter().filter_map(|finding| Some((finding.id, finding.filled?)));
    let prediction = |(match_id, (score, model_id)): (String, (Score, String))| Prediction {
        match_id,
        home_score: score.home.into(),
        away_score: score.away.into(),
        model_id,
    };
    filled.map(prediction).collect()
}

/// A list of matches that stands at `path`.
pub(super) fn items(env: &Env, value: Unknown<'_>, path: &str, faults: &mut Faults) -> napi::Result<Vec<Match>> {
    let Some(elements) = elements(env, value, &path, faults)? else { return Ok(Vec::new()) };
    if !check_count(path, elements.len(), faults) {
        return Ok(Vec::new());
    }
    let mut items = Vec::with_capacity(elements.len());
    for index in 0..elements.len() {
        let path = format_args!("{path}[{index}]");
        items.push(match Fields::new(env, elements.get(index)?, &path, faults)? {
            None => Match::default(),
            Some(fields) => Match {
                id: fields.required_id("id", faults)?,
                home_team: fields.required("homeTeam", faults)?,
                away_team: fields.required("awayTeam", faults)?,
                competition: fields.text("competition", faults)?,
                kickoff: fields.text("kickoff", faults)?,
                analysis: fields.text("analysis", faults)?,
            },
        });
    }
    Ok(items)
}
