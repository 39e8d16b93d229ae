//! Questions of the caller's own as JavaScript asks and answers them. `ask.js` is the other half: it knows the schema, and judges
//! what was read by it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::bindgen_prelude::{FromNapiValue, JsObjectValue, Object, PromiseRaw};
use napi::{Env, JsValue, Unknown, ValueType};
use serde::Serialize;
use tokio::sync::oneshot;

use super::error::into_engine_error;
use super::fields::{Fields, elements};
use super::half::{Listener, Owner};
use super::handle::Handle;
use super::inbox::Sender;
use super::mistake::{Mistake, expected};
use super::outcome::{Attempt, Skip, Usage, milliseconds};
use super::plain::plain;
use super::read;
use super::realm::Realm;
use super::record::Record;
use crate::ask::{AnswerText, ChatMessage, Form, Judge, Judgement, OpenQuestion, Role, is_count, prompt_of};
use crate::check::Faults;
use crate::error::EngineError;
use crate::outcome::{FallbackReason, Outcome};
use crate::request::{self, OwnPrompt, RawOptions, Request};

/// Where a conversation stands.
const MESSAGES: &str = "request.messages";
/// What a schema is called where the caller does not name it.
const NAME: &str = "answer";

/// What `askWithFallback` resolves with; `types/questions.d.ts` declares the same shape.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    call_id: String,
    request_id: Option<String>,
    /// Its place: `ask.js` has the value.
    value: (),
    text: String,
    original_model_id: String,
    model_id: String,
    used_fallback: bool,
    fallback_model_id: Option<String>,
    fallback_reason: Option<&'static str>,
    attempts: Vec<Attempt>,
    skips: Vec<Skip>,
    cost_usd: f64,
    original_cost_usd: f64,
    usage: Usage,
    prompt_version: String,
    overrides: Vec<String>,
    reasoning: Option<String>,
    raw_response: String,
    duration_ms: f64,
}

impl From<Outcome<AnswerText>> for Record {
    fn from(outcome: Outcome<AnswerText>) -> Self {
        let used_fallback = outcome.model_id != outcome.original_model_id;
        let filled = outcome.findings.into_iter().find_map(|finding| finding.filled);
        Self::new(&Answer {
            call_id: outcome.call.call_id.clone(),
            request_id: outcome.call.request_id.clone(),
            value: (),
            text: filled.map(|(reading, _)| reading.into_text()).unwrap_or_default(),
            fallback_model_id: used_fallback.then(|| outcome.model_id.clone()),
            original_model_id: outcome.original_model_id,
            model_id: outcome.model_id,
            used_fallback,
            fallback_reason: outcome.fallback_reason.map(FallbackReason::as_str),
            cost_usd: outcome.history.cost().usd(),
            usage: Usage::from(&outcome.history.usage()),
            attempts: outcome.history.attempts.iter().map(Attempt::from).collect(),
            skips: outcome.history.skips.iter().map(Skip::from).collect(),
            original_cost_usd: outcome.original_cost.usd(),
            prompt_version: outcome.prompt_version,
            overrides: outcome.overrides,
            reasoning: outcome.reasoning,
            raw_response: outcome.raw_response,
            duration_ms: milliseconds(outcome.duration),
        })
    }
}

/// What `ask.js` is told to judge.
#[derive(Serialize)]
struct Told {
    id: u32,
    candidates: Vec<String>,
}

/// A question as it was read, and what ends its call.
struct Asked<'a> {
    request: Request<OpenQuestion>,
    options: RawOptions,
    signal: Option<Unknown<'a>>,
    judge: Option<Arc<InJavaScript>>,
}

impl Handle {
    /// Begins a call. What it gives is for `ask.js`: the promise of it, and the function by which what was told is judged.
    pub(super) fn begin_ask<'env>(
        &self,
        env: &'env Env,
        asked: Unknown<'_>,
        options: Option<Unknown<'_>>,
        owner: Owner<'_>,
    ) -> Result<Object<'env>, Mistake> {
        let (mut request_id, mut object) = (None, Object::new(env)?);
        let begun = read_asked(env, asked, options, &mut request_id).and_then(|asked| {
            let Asked { request, options, signal, judge } = asked;
            let call = self.engine.call(request, options)?;
            Ok((self.launch::<_, ()>(env, call, signal, owner)?, judge))
        });
        let ended: PromiseRaw<'_, ()> = match begun {
            Ok((ended, judge)) => {
                if let Some(judge) = judge {
                    // Whoever judges is let go with the call, which holds it.
                    let judge = Arc::downgrade(&judge);
                    let judged = env.create_function_from_closure::<(), _, _>("judged", move |context| {
                        let (id, place) = (context.get::<u32>(0)?, context.get::<i32>(1)?);
                        let problem = context.get::<Option<String>>(2)?;
                        let verdict = usize::try_from(place).map_err(|_| problem.unwrap_or_default());
                        Ok(judge.upgrade().is_some_and(|judge| judge.give(id, verdict)))
                    })?;
                    object.set("judged", judged)?;
                }
                ended
            }
            Err(mistake) => {
                let (error, cause) = into_engine_error(env, mistake);
                let refused = self.act(|_| self.refused(error, request_id));
                Realm::current(env)?.refuse(env, refused, cause)?
            }
        };
        object.set("ended", ended)?;
        Ok(object)
    }
}

/// Reads what `ask.js` hands over: `request` as the caller gave it, and of its schema what is wrong with it (`faults`), the JSON
/// Schema as text (`schema`) and the function that judges (`judge`).
fn read_asked<'a>(
    env: &Env,
    asked: Unknown<'_>,
    options: Option<Unknown<'a>>,
    request_id: &mut Option<String>,
) -> Result<Asked<'a>, Mistake> {
    let mut faults = Faults::new();
    let (options, signal) = read::options(env, options, &mut faults)?;
    *request_id = options.request_id.clone().filter(|id| request::is_request_id(id));
    let asked: Object<'_> = Object::from_raw(env.raw(), asked.raw());
    let given: Unknown<'_> = asked.get_named_property_unchecked("request")?;
    let mut request = Request::<OpenQuestion>::default();
    let mut name = None;
    if let Some(fields) = Fields::new(env, given, &"request", &mut faults)? {
        request.model_id = fields.required_id("modelId", &mut faults)?;
        name = fields.id("schemaName", &mut faults)?;
        request.prompt = match (fields.value("prompt")?, fields.value("messages")?) {
            (Some(prompt), None) => read::own_prompt(env, prompt, &mut faults)?,
            (None, Some(messages)) => conversation(env, messages, &mut faults)?,
            (Some(_), Some(_)) => {
                faults.push(MESSAGES, "has no meaning beside a prompt");
                None
            }
            (None, None) => {
                faults.push("request.prompt", "must be an object, got nothing, and no messages either");
                None
            }
        };
    }
    let schema = schema(env, &asked, name.as_deref(), &mut faults)?;
    if !faults.is_empty() {
        request.prompt = None;
        if let Err(others) = request::check(&request, options, |_, _, _| ()) {
            faults.extend_elsewhere(others);
        }
        return Err(EngineError::InvalidRequest(faults).into());
    }
    let judge: Unknown<'_> = asked.get_named_property_unchecked("judge")?;
    let judge = match schema {
        None => None,
        Some(_) => Some(Arc::new(InJavaScript::new(env, read::function(judge, &"judge")?)?)),
    };
    let form = schema.zip(judge.clone()).map(|(schema, judge)| {
        let schema = (!schema.is_null()).then_some(&schema);
        Form::new(name.as_deref().unwrap_or(NAME), schema, judge as Arc<dyn Judge>)
    });
    let prompt = request.prompt.get_or_insert_default();
    request.items = vec![OpenQuestion::new(prompt, form)];
    Ok(Asked { request, options, signal, judge })
}

/// What `ask.js` made of the schema: `None` if there is none, null if there is no JSON Schema of it.
fn schema(
    env: &Env,
    asked: &Object<'_>,
    name: Option<&str>,
    faults: &mut Faults,
) -> napi::Result<Option<serde_json::Value>> {
    if let Some(name) = name {
        let is_name = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
        if name.is_empty() || name.len() > 64 || !name.chars().all(is_name) {
            faults.push("request.schemaName", "must be 1 to 64 letters, digits, _ and -");
        }
    }
    let found: Unknown<'_> = asked.get_named_property_unchecked("faults")?;
    if let serde_json::Value::Array(found) = plain(env, found, "faults", None, faults)? {
        for fault in found {
            if let (Some(path), Some(problem)) = (fault[0].as_str(), fault[1].as_str()) {
                faults.push(path, problem);
            }
        }
    }
    let schema: Option<String> = asked.get_named_property("schema")?;
    // What was made by JSON.stringify is JSON.
    Ok(schema.map(|schema| serde_json::from_str(&schema).unwrap_or_default()))
}

fn conversation(env: &Env, value: Unknown<'_>, faults: &mut Faults) -> napi::Result<Option<OwnPrompt>> {
    let Some(elements) = elements(env, value, &MESSAGES, faults)? else { return Ok(None) };
    // Before they are read, for there may be any number of them.
    if !is_count(MESSAGES, elements.len(), faults) {
        return Ok(None);
    }
    let mut messages = Vec::new();
    for index in 0..elements.len() {
        let path = format_args!("{MESSAGES}[{index}]");
        let value = elements.get(index)?;
        let Some(fields) = Fields::new(env, value, &path, faults)? else { continue };
        let (role, content) = (fields.value("role")?, fields.required("content", faults)?);
        let name = match role {
            Some(role) if role.get_type()? == ValueType::String => Some(String::from_unknown(role)?),
            _ => None,
        };
        let known = name.as_deref().and_then(Role::named);
        if known.is_none() {
            let path = format!("{MESSAGES}[{index}].role");
            match role {
                Some(role) => expected(faults, &path, "\"system\", \"user\" or \"assistant\"", role)?,
                None => faults.push(&path, "must be \"system\", \"user\" or \"assistant\", got nothing"),
            }
        }
        messages.push(ChatMessage { role: known, content });
    }
    if !faults.is_empty() {
        return Ok(None);
    }
    Ok(prompt_of(MESSAGES, messages, faults))
}

/// The judge of one call, who sits on its JavaScript thread.
struct InJavaScript {
    sender: Sender,
    waiting: Arc<Mutex<PendingVerdicts>>,
}

/// What was told and is not judged.
#[derive(Default)]
struct PendingVerdicts {
    last: u32,
    verdicts: HashMap<u32, oneshot::Sender<Result<usize, String>>>,
}

impl InJavaScript {
    fn new(env: &Env, judge: Listener<'_>) -> napi::Result<Self> {
        let (_, sender) = Realm::current(env)?.listen(env, judge, None)?;
        Ok(Self { sender, waiting: Arc::default() })
    }

    fn waiting(&self) -> MutexGuard<'_, PendingVerdicts> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a verdict; whether anybody still waits for it.
    fn give(&self, id: u32, verdict: Result<usize, String>) -> bool {
        let waiting = self.waiting().verdicts.remove(&id);
        waiting.is_some_and(|waiting| waiting.send(verdict).is_ok())
    }
}

impl Judge for InJavaScript {
    fn judge(&self, candidates: Vec<String>) -> Judgement {
        let (sender, verdict) = oneshot::channel();
        let mut waiting = self.waiting();
        waiting.last = waiting.last.wrapping_add(1);
        let id = waiting.last;
        waiting.verdicts.insert(id, sender);
        drop(waiting);
        self.sender.post(Record::new(&Told { id, candidates }));
        Box::pin(async {
            match verdict.await {
                Ok(verdict) => verdict,
                // Nobody can give it any more, so it never comes: what the attempt may take ends the wait.
                Err(_) => std::future::pending().await,
            }
        })
    }
}
