//! The sport as JavaScript sees it: matches in, predictions out; the transfer twins of the room of that name.

use napi::{Env, Unknown};
use napi_derive::napi;
use serde::Serialize;

use super::read::{Fields, Read, elements};
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
pub(super) fn items(env: &Env, value: Unknown<'_>, path: &str) -> Read<Vec<Match>> {
    let elements = elements(env, value, &path)?;
    check_count(path, elements.len())?;
    let read = |(index, element)| {
        let path = format_args!("{path}[{index}]");
        let fields = Fields::new(env, element, &path)?;
        Ok(Match {
            id: fields.required_id("id")?,
            home_team: fields.required("homeTeam")?,
            away_team: fields.required("awayTeam")?,
            competition: fields.text("competition")?,
            kickoff: fields.text("kickoff")?,
            analysis: fields.text("analysis")?,
        })
    };
    (0..elements.len()).map(|index| Ok((index, elements.get(index)?))).map(|element| element.and_then(read)).collect()
}
