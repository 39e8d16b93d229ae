//! One HTTP exchange of an attempt: what is sent within which time, and what became of it.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

use super::context::{Answered, Assignment, Context};
use super::reading::is_long;
use super::time::{Patience, Stop};
use crate::catalog::{Model, ResponseFormat, Secret};
use crate::kind::FailureKind;
use crate::money::{self, Charge, End, Terms};
use crate::plan::Fitted;
use crate::protocol::{self, Failure, body};
use crate::reply;
use crate::task::{Item, Judging, Schema};
use crate::transport::http::{Begun, HttpReply, HttpRequest, Resend, WireFailure};

/// One HTTP call and what became of it.
pub(super) struct Sent<V> {
    /// The status of the reply, if at least its head came.
    pub(super) status: Option<u16>,
    /// The model that the reply says it is of.
    pub(super) response_model: Option<String>,
    /// What it is charged.
    pub(super) charge: Charge,
    /// The answer, or why there is none.
    pub(super) result: Result<Answered<V>, Failure>,
    /// Whether the server refused the form of the answer that was asked for.
    pub(super) refuses_format: bool,
    /// Why the request may be sent again as if it had not been.
    pub(super) resend: Option<Resend>,
    /// What ended it from outside, if anything did.
    pub(super) stop: Option<Stop>,
    /// Whether the caller gave it less time than it would have had.
    pub(super) hurried: bool,
}

/// One POST, within its time.
pub(super) async fn send<I: Item>(context: &Context<'_, I>, assigned: &Assignment<'_>) -> Sent<I::Value> {
    let Assignment { model, fitted, patience, usual_patience, .. } = *assigned;
    let (provider, ends) = (&model.provider, &context.ends);
    let begun: Arc<Begun> = Arc::default();
    let timeout = patience.share(ends.remaining());
    let hurried = usual_patience.is_some_and(|usual| timeout < usual.share(ends.usually_remaining()));
    let body = request_body(context, model, fitted);
    let bytes = body.len();
    // Pinned here, for what is awaited after it was moved is held twice.
    let mut post = pin!(context.engine.http.post(&HttpRequest {
        url: &provider.endpoint,
        loopback: provider.loopback,
        api_key: provider.api_key.as_ref().map(Secret::as_secret_string),
        headers: &provider.headers,
        traceparent: context.wanted.options.traceparent.as_deref(),
        // Given away, so that nothing of it is left when it has been sent.
        body,
        begun: Arc::clone(&begun),
        time: timeout,
    }));
    let charge = |end| money::charge(&terms(model, fitted, bytes), &end);
    let answered = tokio::select! {
        biased;
        answered = async {
            let received = post.as_mut().await?;
            Ok::<_, WireFailure>(read(context, model, fitted, bytes, received).await)
        } => answered,
        ended = ends.cut_off(timeout) => {
            let status = begun.status();
            let end = if begun.is_sent() { End::CutOff { status } } else { End::Unsent };
            return Sent { status, hurried, ..Sent::ended(ended, "no whole reply", charge(end)) };
        }
    };
    match answered {
        Ok(sent) => {
            let answered = sent.result.as_ref().ok().filter(|_| I::HAS_OWN_FORM);
            let judging =
                answered.and_then(|answered| I::judge(&context.asked(fitted).collect::<Vec<_>>(), &answered.values));
            match judging {
                None => sent,
                Some(judging) => Box::pin(judged(context, patience, judging, sent)).await,
            }
        }
        Err(wire) => {
            let end = if wire.sent { End::CutOff { status: wire.status } } else { End::Unsent };
            let charge = charge(end);
            let message = protocol::one_line(&provider.redacted(&wire.message));
            let failure = Failure { kind: wire.kind, message, retry_after: None };
            Sent { status: wire.status, resend: wire.resend, hurried, ..Sent::new(charge, Err(failure)) }
        }
    }
}

/// What came of a reply whose answer somebody else judges, within the time that one attempt may take now.
async fn judged<I: Item>(
    context: &Context<'_, I>,
    patience: Patience,
    judging: Judging<I::Value>,
    mut sent: Sent<I::Value>,
) -> Sent<I::Value> {
    let time = patience.share(context.ends.remaining());
    let verdict = tokio::select! {
        biased;
        verdict = judging => Ok(verdict),
        ended = context.ends.cut_off(time) => Err(ended),
    };
    match verdict {
        Ok(Ok(values)) => {
            if let Ok(answered) = &mut sent.result {
                answered.values = values;
            }
            sent
        }
        Ok(Err(problem)) => {
            let message = protocol::one_line(&format!("HTTP 200 with an answer that does not fit: {problem}"));
            Sent { result: Err(Failure { kind: FailureKind::ParseError, message, retry_after: None }), ..sent }
        }
        // No fault of the model: whoever judges is late.
        Err(stop) => {
            let Sent { result, .. } = Sent::ended(stop, "its answer was not judged", Charge::default());
            Sent { result, stop, hurried: true, ..sent }
        }
    }
}

/// What is sent: the texts, and the parameters as they were fitted.
fn request_body<I: Item>(context: &Context<'_, I>, model: &Model, fitted: &Fitted) -> Bytes {
    let mut texts = context.wanted.rendering.texts(model, &fitted.positions);
    let stop = &context.wanted.options.stop;
    let asked = || context.asked(fitted).collect::<Vec<_>>();
    let schema = match fitted.response_format {
        ResponseFormat::JsonSchema => I::schema(&asked()),
        ResponseFormat::JsonObject | ResponseFormat::Free => None,
    };
    if I::HAS_OWN_FORM
        && schema.is_none()
        && let Some(words) = I::in_words(&asked())
    {
        texts.add_to_system(words);
    }
    let format = match (fitted.response_format, &schema) {
        (ResponseFormat::Free, _) => None,
        (_, Some(Schema { name, schema, is_strict })) => {
            Some(body::Format::JsonSchema { name, schema, is_strict: *is_strict })
        }
        (_, None) => Some(body::Format::JsonObject),
    };
    let request = body::ChatRequest {
        model: &model.upstream_model,
        system: texts.system.as_deref(),
        turns: &texts.turns,
        user: &texts.user,
        temperature: fitted.temperature,
        max_tokens: u32::try_from(fitted.max_tokens).unwrap_or(u32::MAX),
        stop: stop.get(..fitted.stop).unwrap_or(stop),
        format,
    };
    request.to_json().into()
}

/// Reads a reply, a long one beside the async workers.
async fn read<I: Item>(
    context: &Context<'_, I>,
    model: &Model,
    fitted: &Fitted,
    bytes: usize,
    received: HttpReply,
) -> Sent<I::Value> {
    let asked: Vec<&I> = context.asked(fitted).collect();
    if !is_long(&received.body) {
        return Sent::read(model, fitted, bytes, &asked, &received);
    }
    let (model, fitted) = (model.clone(), fitted.clone());
    let asked: Vec<I> = asked.into_iter().cloned().collect();
    let reading = move || Sent::read(&model, &fitted, bytes, &asked.iter().collect::<Vec<_>>(), &received);
    Box::pin(context.engine.readers.read(reading)).await
}

impl<V> Sent<V> {
    /// What came of a request of so many bytes whose reply arrived.
    fn read<I: Item<Value = V>>(
        model: &Model,
        fitted: &Fitted,
        bytes: usize,
        asked: &[&I],
        received: &HttpReply,
    ) -> Self {
        let provider = &model.provider;
        let is_success = (200..300).contains(&received.status);
        // A provider may repeat the key in its complaint; what a model says is not to be changed.
        let text = if is_success { Cow::default() } else { String::from_utf8_lossy(&received.body) };
        let complaint = provider.redacted(&text);
        let reply = reply::read(
            &protocol::Received {
                status: received.status,
                headers: &received.timely,
                body: if is_success { &received.body } else { complaint.as_bytes() },
                now: SystemTime::now(),
            },
            asked,
        );
        let end = End::Replied {
            status: received.status,
            told: reply.usage,
            text: &reply.text,
            thoughts: reply.reasoning.as_deref(),
            is_whole: match &reply.result {
                Ok(_) => !reply.is_cut,
                Err(failure) => failure.kind == FailureKind::ParseError,
            },
        };
        let charge = money::charge(&terms(model, fitted, bytes), &end);
        let refuses_format = reply.refuses_format && fitted.response_format > ResponseFormat::Free;
        let response_model = reply.model.map(|name| provider.redacted(&name).into_owned());
        let (reasoning, text) = (reply.reasoning, reply.text);
        let result = match reply.result {
            Ok(values) => Ok(Answered { values, reasoning, text }),
            Err(failure) => Err(Failure { message: provider.redacted(&failure.message).into_owned(), ..failure }),
        };
        Self { refuses_format, status: Some(received.status), response_model, ..Self::new(charge, result) }
    }

    /// A call that was given up: for its own time, or for what stopped it from outside.
    pub(super) fn ended(stop: Option<Stop>, doing: &str, charge: Charge) -> Self {
        let (kind, message) = match stop {
            None => (FailureKind::Timeout, format!("{doing} within the attempt's time")),
            Some(Stop::Deadline) => (FailureKind::Deadline, format!("{doing} before the deadline")),
            Some(Stop::Abort) => (FailureKind::Aborted, "aborted by the caller's signal".to_owned()),
            Some(Stop::Close) => (FailureKind::Aborted, "the engine was closed".to_owned()),
            Some(Stop::GivenUp) => (FailureKind::Aborted, "given up before it was sent".to_owned()),
        };
        let failure = Failure { kind, message, retry_after: None };
        Self { stop, ..Self::new(charge, Err(failure)) }
    }

    fn new(charge: Charge, result: Result<Answered<V>, Failure>) -> Self {
        Self {
            status: None,
            response_model: None,
            charge,
            result,
            refuses_format: false,
            resend: None,
            stop: None,
            hurried: false,
        }
    }
}

/// What a request of so many bytes is charged by.
fn terms<'a>(model: &'a Model, fitted: &Fitted, bytes: usize) -> Terms<'a> {
    Terms {
        prices: &model.prices,
        reasons: model.reasoning,
        usual: fitted.usual_usage(),
        max_tokens: fitted.max_tokens,
        bytes: bytes as u64,
    }
}
