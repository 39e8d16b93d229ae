//! The reader alone, for a reply that somebody has.

use std::time::SystemTime;

use napi::bindgen_prelude::FromNapiValue;
use napi::{Env, JsValue, Unknown, ValueType};
use napi_derive::napi;
use serde_json::{Value, json};

use super::error::{Thrown, thrown};
use super::football::items_to_read;
use super::mistake::{Mistake, expected_shape};
use super::plain::plain;
use crate::check::Faults;
use crate::config::MAX_RESPONSE_BYTES;
use crate::error::EngineError;
use crate::football::{Match, Score};
use crate::kind::FailureKind;
use crate::protocol::{Received, Reply};
use crate::reply;

/// What `readReply` found.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct ReadReply {
    /// The scores that were found, in the order of the matches.
    pub predictions: Vec<ReadPrediction>,
    /// The ids of the matches without a score.
    pub missing_match_ids: Vec<String>,
    /// What the model thought, trimmed; null if it did not say.
    pub reasoning: Option<String>,
    /// As what an attempt with this reply would fail; null if there is a score.
    #[napi(ts_type = "FailureKind")]
    pub failure: Option<&'static str>,
    /// What was seen, in one line; null if there is a score.
    pub message: Option<String>,
}

/// The score of one match, as a reply has it.
#[napi(object, object_from_js = false)]
pub struct ReadPrediction {
    /// The match's id, as it was given.
    pub match_id: String,
    /// Goals of the home side, 0 to 20.
    pub home_score: u32,
    /// Goals of the away side, 0 to 20.
    pub away_score: u32,
}

/// Reads a reply that you have as `predictWithFallback` would: for the scores of some matches. No engine is needed, and nothing
/// is sent.
///
/// `reply`: what a model said, as text, or a whole chat completion as an object, at most 4 MiB. `matches`: 1 to 100 of them with
/// distinct ids; the names of their teams, which may be absent, let scores that a reply gives the other way round be turned.
/// Whatever the reply is, this returns; it throws `INVALID_REQUEST` for other arguments.
#[napi]
pub fn read_reply(
    env: &Env,
    #[napi(ts_arg_type = "string | object")] reply: Unknown<'_>,
    #[napi(ts_arg_type = "(Pick<Match, 'id'> & Partial<Match>)[]")] matches: Unknown<'_>,
) -> Result<ReadReply, Thrown> {
    read(env, reply, matches).map_err(|mistake| thrown(env, mistake))
}

fn read(env: &Env, reply: Unknown<'_>, matches: Unknown<'_>) -> Result<ReadReply, Mistake> {
    let mut faults = Faults::new();
    let matches = items_to_read(env, matches, "matches", &mut faults)?;
    let asked: Vec<&Match> = matches.iter().collect();
    let completion = match reply.get_type()? {
        ValueType::String => json!({ "choices": [{ "message": { "content": String::from_unknown(reply)? } }] }),
        ValueType::Object if !reply.is_array()? => plain(env, reply, "reply", None, &mut faults)?,
        _ => {
            expected_shape(&mut faults, &"reply", "a text or a chat completion", reply)?;
            Value::Null
        }
    };
    faults.into_result(()).map_err(EngineError::InvalidRequest)?;
    // What is plain data can be written.
    let body = serde_json::to_vec(&completion).unwrap_or_default();
    let received = Received { status: 200, headers: &[], body: &body, now: SystemTime::UNIX_EPOCH };
    let read = (body.len() <= MAX_RESPONSE_BYTES).then(|| reply::read(&received, &asked));
    Ok(found(read, matches))
}

fn found(read: Option<Reply<Vec<Option<Score>>>>, matches: Vec<Match>) -> ReadReply {
    let Some(read) = read else {
        let message = format!("a reply of more than {MAX_RESPONSE_BYTES} bytes");
        return ReadReply {
            predictions: Vec::new(),
            missing_match_ids: matches.into_iter().map(|game| game.id).collect(),
            reasoning: None,
            failure: Some(FailureKind::InvalidResponse.as_str()),
            message: Some(message),
        };
    };
    let (scores, failure) = match read.result {
        Ok(scores) => (scores, None),
        Err(failure) => (vec![None; matches.len()], Some(failure)),
    };
    let (mut predictions, mut missing_match_ids) = (Vec::new(), Vec::new());
    for (Match { id: match_id, .. }, score) in matches.into_iter().zip(scores) {
        match score {
            Some(Score { home, away }) => {
                predictions.push(ReadPrediction { match_id, home_score: home.into(), away_score: away.into() });
            }
            None => missing_match_ids.push(match_id),
        }
    }
    ReadReply {
        predictions,
        missing_match_ids,
        reasoning: read.reasoning,
        failure: failure.as_ref().map(|failure| failure.kind.as_str()),
        message: failure.map(|failure| unsent(&failure.message)),
    }
}

/// What was seen, without the status that nobody sent.
fn unsent(message: &str) -> String {
    message.strip_prefix("HTTP 200 with ").unwrap_or(message).to_owned()
}
