//! The sport as JavaScript sees it: matches in, predictions out; the transfer twins of the room of that name.

use std::hash::Hash;

use napi::{Env, Unknown};
use napi_derive::napi;
use serde::Serialize;

use super::fields::{Fields, NO_STRING, elements};
use super::gathered::Texts;
use crate::check::Faults;
use crate::football::{Match, Score, check as check_matches, check_count, check_slate_count};
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

/// What the models that answered say of one match together.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct Consensus {
    /// The match's id.
    pub match_id: String,
    /// How many models answered, each counted once; at least 1.
    pub models: u32,
    /// The share of them that sees the home side win, 0 to 1.
    pub home_win: f64,
    /// The share that sees a draw.
    pub draw: f64,
    /// The share that sees the away side win.
    pub away_win: f64,
    /// Goals of the home side in the most frequent score; of several that of the fewest goals.
    pub home_score: u32,
    /// Goals of the away side in it.
    pub away_score: u32,
}

/// A cell of a slate without an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct MissingCell {
    /// The model.
    pub model_id: String,
    /// The match's id.
    pub match_id: String,
    /// Why.
    #[napi(ts_type = "MissingReason")]
    pub why: &'static str,
}

/// A cell without an answer.
pub(super) fn missing_cell(model_id: String, match_id: String, why: &'static str) -> MissingCell {
    MissingCell { model_id, match_id, why }
}

/// What is said of each match that has an answer; a model counts once for each, with the first that is given.
pub(super) fn consensus<M: Copy + Eq + Hash>(
    matches: &[Match],
    answers: impl IntoIterator<Item = (usize, M, Score)>,
) -> Vec<Consensus> {
    let said = crate::football::consensus(matches, answers);
    let twin = |said: crate::football::Consensus| Consensus {
        match_id: said.id,
        models: u32::try_from(said.models).unwrap_or(u32::MAX),
        home_win: said.home_win,
        draw: said.draw,
        away_win: said.away_win,
        home_score: said.score.home.into(),
        away_score: said.score.away.into(),
    };
    said.into_iter().map(twin).collect()
}

/// The matches of a slate that stand at `path`.
pub(super) fn slate_items(env: &Env, value: Unknown<'_>, path: &str, faults: &mut Faults) -> napi::Result<Vec<Match>> {
    let mut absent = Vec::new();
    let items = read_items(env, value, path, check_slate_count, &mut absent, faults)?;
    refuse_absent(absent, faults);
    Ok(items)
}

/// A list of matches that stands at `path`. Which of them lack the name of a side is in `absent`, as paths.
pub(super) fn items(
    env: &Env,
    value: Unknown<'_>,
    path: &str,
    absent: &mut Vec<String>,
    faults: &mut Faults,
) -> napi::Result<Vec<Match>> {
    read_items(env, value, path, check_count, absent, faults)
}

/// Refuses a list of matches whose sides have no names.
pub(super) fn refuse_absent(absent: Vec<String>, faults: &mut Faults) {
    for path in absent {
        faults.push(&path, NO_STRING);
    }
}

/// A list of matches that stands at `path`, of which nothing but the ids need be known, checked.
pub(super) fn items_to_read(
    env: &Env,
    value: Unknown<'_>,
    path: &str,
    faults: &mut Faults,
) -> napi::Result<Vec<Match>> {
    let before = faults.len();
    let items = items(env, value, path, &mut Vec::new(), faults)?;
    if faults.len() == before {
        check_matches(path, &items, false, faults);
    }
    Ok(items)
}

fn read_items(
    env: &Env,
    value: Unknown<'_>,
    path: &str,
    check_count: fn(&str, usize, &mut Faults) -> bool,
    absent: &mut Vec<String>,
    faults: &mut Faults,
) -> napi::Result<Vec<Match>> {
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
                home_team: fields.needed("homeTeam", absent, faults)?.unwrap_or_default(),
                away_team: fields.needed("awayTeam", absent, faults)?.unwrap_or_default(),
                competition: fields.text("competition", faults)?,
                kickoff: fields.text("kickoff", faults)?,
                analysis: fields.text("analysis", faults)?,
            },
        });
    }
    Ok(items)
}

/// How many texts of an item are gathered.
pub(super) const TEXTS_OF_ITEM: usize = 6;

/// The items of a request that was gathered, of which there are `count`.
pub(super) fn gathered(texts: &mut Texts<'_>, path: &str, count: usize, faults: &mut Faults) -> Vec<Match> {
    let item = |index| Match {
        id: texts.whole(&format_args!("{path}[{index}].id"), faults).unwrap_or_default(),
        home_team: texts.text().unwrap_or_default(),
        away_team: texts.text().unwrap_or_default(),
        competition: texts.text(),
        kickoff: texts.text(),
        analysis: texts.text(),
    };
    (0..count).map(item).collect()
}
