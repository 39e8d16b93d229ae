//! One attempt: the provider's turn, leave from health, a reservation, the HTTP call, and once more where a retry is
//! allowed; its result is applied to health and money exactly once.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use tracing::{debug, info, warn};

use super::reading::is_long;
use super::retry::{self, Bounds, Had};
use super::run::{Run, Stop};
use super::standing::worth_asking_after;
use crate::catalog::{Model, Secret};
use crate::health::{Circumstances, Fingerprint, Verdict};
use crate::kind::{FailureKind, SkipReason};
use crate::money::{self, Charge, End, Terms};
use crate::outcome::{Attempt, NanoUsd, Refusal, Score, Skip, Usage};
use crate::plan::{Fitted, share_of};
use crate::protocol::{self, Failure, body};
use crate::reply;
use crate::request::Match;
use crate::transport::concurrency::Slot;
use crate::transport::http::{Post, Received, Resend, WireFailure};

/// What the loop must know of a failed attempt.
pub(super) struct Failed {
    pub(super) kind: FailureKind,
    pub(super) status: Option<u16>,
    /// What ended it from outside, if anything did.
    pub(super) stop: Option<Stop>,
}

/// A reply with at least one score, in the order in which the matches were asked.
pub(super) struct Answered {
    pub(super) scores: Vec<Option<Score>>,
    pub(super) reasoning: Option<String>,
    pub(super) text: String,
}

/// One HTTP call and what became of it.
struct Sent {
    status: Option<u16>,
    charge: Charge,
    result: Result<Answered, Failure>,
    /// Why the request may be sent again as if it had not been.
    resend: Option<Resend>,
    stop: Option<Stop>,
    /// Whether the caller gave it less time than it would have had.
    hurried: bool,
}

/// How long a call may take.
#[derive(Clone, Copy)]
struct Patience {
    /// The attempt's own time-out.
    timeout: Duration,
    /// The time-outs of the attempts still to come.
    later: Duration,
}

impl Patience {
    /// The time of a call that begins when so much remains until the deadline.
    fn share(self, remaining: Duration) -> Duration {
        self.timeout.min(share_of(remaining, self.later))
    }
}

impl Run<'_> {
    /// Asks the model at `position`. The attempt is in the history when this returns, unless the model was skipped
    /// because it was switched off in the meantime.
    pub(super) async fn attempt(
        &mut self,
        position: usize,
        model: &Model,
        fitted: &Fitted,
    ) -> Result<Result<Answered, Failed>, Skip> {
        let engine = &self.call.engine;
        let patience = self.patience(position, self.call.options.attempt_timeout);
        let usual = self.call.options.sets_time().then(|| self.patience(position, None));
        let mut totals = Totals::new();
        let mut had = Had::default();
        let mut permit = None;
        let mut own_cooling = None;
        // What came of the request before, and what the attempt has had when it is asked once more.
        let mut failed: Option<(Sent, Had)> = None;
        let mut body = None;
        let mut held = None;
        let sent = loop {
            let turn = match held.take() {
                Some(turn) => Ok(turn),
                None => self.turn(model, patience.later).await,
            };
            let turn = match turn {
                Ok(turn) => turn,
                Err(stop) => {
                    let waiting = || Sent::ended(stop, "waiting for the provider's turn", Charge::default());
                    break failed.map_or_else(waiting, |(failed, _)| failed);
                }
            };
            let is_dearer = self.plan.is_dearer(position);
            let admitted = engine
                .admit(model, permit.as_ref(), own_cooling)
                .and_then(|permit| Ok((permit, engine.reserve(model, fitted, is_dearer)?)));
            let is_first = permit.is_none();
            let reservation = match (admitted, failed.take()) {
                (Ok((leave, reservation)), before) => {
                    permit = Some(leave);
                    had = before.map_or(had, |(_, again)| again);
                    reservation
                }
                (Err(refusal), before) => {
                    drop(turn);
                    let (before, so_far) = before.map_or((None, had), |(before, again)| (Some(before), again));
                    let waits = before.is_some() || self.is_worth_waiting_for(position);
                    let again = if waits { self.wait_on(&refusal, so_far, patience.later).await } else { None };
                    match (again, before) {
                        (Some(again), Some(before)) => failed = Some((before, again)),
                        (Some(again), None) => had = again,
                        (None, Some(before)) => break before,
                        (None, None) => return Err(refusal.of(&model.id)),
                    }
                    continue;
                }
            };
            if is_first && position > 0 {
                self.announce_fallback(position, model);
            }
            let body = body.get_or_insert_with(|| self.body(model, fitted));
            let sent = self.send(model, fitted, body, patience, usual).await;
            let again = sent.result.as_ref().err().and_then(|failure| {
                let ended = retry::Failed { kind: failure.kind, retry_after: failure.retry_after, resend: sent.resend };
                retry::once_more(&ended, had, &self.bounds(patience.later), fastrand::f64())
            });
            let is_resent = again.is_some_and(|again| again.had.stale && !had.stale);
            let charge = if is_resent { Charge::held() } else { sent.charge.clone() };
            let charged = engine.settle(model, reservation, &charge);
            totals.add(charged, charge.usage.as_ref());
            let Err(failure) = &sent.result else { break sent };
            if failure.kind == FailureKind::RateLimited {
                own_cooling = Some(engine.cool(model, failure.retry_after));
            }

            let Some(again) = again else { break sent };
            let may_be_charged = charged > NanoUsd::default() || charge.is_uncertain;
            if position > 0 && may_be_charged && !self.fallback_budget.takes_again(fitted) {
                break sent;
            }
            let (kind, wait_ms) = (failure.kind.as_str(), milliseconds(again.wait));
            debug!(model = model.id, kind, status = sent.status, retries = again.had.retries, wait_ms, "asking again");
            // The turn is given back for the time of a wait.
            held = again.wait.is_zero().then_some(turn);
            if self.out_of_time(again.wait).await.is_some() {
                break sent;
            }
            failed = Some((sent, again.had));
        };
        totals.retries = had.retries;
        if let Some(permit) = permit {
            engine.record(model, &permit, self.verdict(&sent, fitted));
        }
        Ok(self.conclude(model, fitted, sent, &totals))
    }

    /// Waits for the provider's turn, no longer than the attempt's share of the time; else what ended the wait.
    async fn turn(&self, model: &Model, later: Duration) -> Result<Slot, Option<Stop>> {
        let provider = &model.provider;
        let turn = tokio::select! {
            biased;
            turn = self.call.engine.limits.slot(&provider.id, provider.max_concurrency) => Ok(turn),
            ended = self.out_of_time(share_of(self.remaining(), later)) => Err(ended),
        };
        // What ended the call may have come with the turn.
        self.stopped().map_or(turn, |stop| Err(Some(stop)))
    }

    /// One POST, within its time.
    async fn send(
        &self,
        model: &Model,
        fitted: &Fitted,
        body: &Bytes,
        patience: Patience,
        usual: Option<Patience>,
    ) -> Sent {
        let provider = &model.provider;
        let begun: Arc<AtomicBool> = Arc::default();
        let timeout = patience.share(self.remaining());
        let hurried = usual.is_some_and(|usual| timeout < usual.share(self.usually_remaining()));
        let post = Post {
            url: &provider.endpoint,
            loopback: provider.loopback,
            api_key: provider.api_key.as_ref().map(Secret::as_secret_string),
            headers: &provider.headers,
            body: body.clone(),
            begun: Arc::clone(&begun),
            time: timeout,
        };
        let charge = |end| money::charge(&terms(model, fitted, body.len()), &end);
        let status = AtomicU16::default();
        let answered = tokio::select! {
            biased;
            answered = async {
                let received = self.call.engine.http.post(&post).await?;
                status.store(received.status, Ordering::Relaxed);
                Ok::<_, WireFailure>(self.read(model, fitted, body.len(), received).await)
            } => answered,
            ended = self.out_of_time(timeout) => {
                let status = Some(status.into_inner()).filter(|&status| status > 0);
                let end = if begun.load(Ordering::Acquire) { End::CutOff { status } } else { End::Unsent };
                return Sent { hurried, ..Sent::ended(ended, "no whole reply", charge(end)) };
            }
        };
        match answered {
            Ok(sent) => sent,
            Err(wire) => {
                let end = if wire.sent { End::CutOff { status: wire.status } } else { End::Unsent };
                let charge = charge(end);
                let message = protocol::shortened(provider.redacted(&wire.message).into_owned());
                let failure = Failure { kind: wire.kind, message, retry_after: None };
                Sent { status: wire.status, charge, result: Err(failure), resend: wire.resend, stop: None, hurried }
            }
        }
    }

    /// Waits until `time` is over, or something from outside ends the call first: `None` for the former. The deadline
    /// wins where both fall together.
    async fn out_of_time(&self, time: Duration) -> Option<Stop> {
        if time >= self.remaining() {
            return Some(self.stop().await);
        }
        tokio::select! {
            biased;
            stop = self.stop() => Some(stop),
            () = tokio::time::sleep(time) => None,
        }
    }

    /// The time of the attempt at `position`, where the caller asked for `requested`.
    fn patience(&self, position: usize, requested: Option<Duration>) -> Patience {
        let timeout = self.timeout_of(self.plan.candidates[position].model, requested);
        Patience { timeout, later: self.later_timeouts(position, requested) }
    }

    fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// What would remain if the caller had set no deadline.
    fn usually_remaining(&self) -> Duration {
        (self.call.began + self.call.engine.config.deadline).saturating_duration_since(Instant::now())
    }

    fn asked<'b>(&'b self, fitted: &'b Fitted) -> impl Iterator<Item = &'b Match> {
        fitted.positions.iter().map(|&index| &self.call.request.matches[index])
    }

    fn body(&self, model: &Model, fitted: &Fitted) -> Bytes {
        let texts = self.wanted.rendering.texts(model, &fitted.positions);
        let stop = &self.call.options.stop;
        let fitted = body::Fitted {
            model: &model.upstream_model,
            system: texts.system.as_deref(),
            user: &texts.user,
            temperature: fitted.temperature,
            max_tokens: u32::try_from(fitted.max_tokens).unwrap_or(u32::MAX),
            stop: stop.get(..fitted.stop).unwrap_or(stop),
            json_object: fitted.response_format,
        };
        fitted.to_json().into()
    }

    /// Reads a reply, a long one beside the async workers.
    async fn read(&self, model: &Model, fitted: &Fitted, bytes: usize, received: Received) -> Sent {
        let asked: Vec<&Match> = self.asked(fitted).collect();
        if !is_long(&received.body) {
            return Sent::read(model, fitted, bytes, &asked, &received);
        }
        let (model, fitted) = (model.clone(), fitted.clone());
        let asked: Vec<Match> = asked.into_iter().cloned().collect();
        let reading = move || Sent::read(&model, &fitted, bytes, &asked.iter().collect::<Vec<_>>(), &received);
        self.call.engine.readers.read(reading).await
    }

    pub(super) fn bounds(&self, later: Duration) -> Bounds {
        let max_retries = self.call.engine.config.max_retries;
        Bounds { is_last: later.is_zero(), max_retries, remaining: self.remaining() }
    }

    /// Waits until a model that others found busy may be asked once more; `None` if it is not to be. Otherwise what the
    /// attempt has had by then.
    async fn wait_on(&self, refusal: &Refusal, had: Had, later: Duration) -> Option<Had> {
        let cooling = refusal.retry_after.filter(|_| refusal.reason == SkipReason::Cooling)?;
        let again = retry::wait_on(cooling, had, &self.bounds(later), fastrand::f64())?;
        debug!(wait_ms = milliseconds(again.wait), "waiting on, for others were told to");
        self.out_of_time(again.wait).await.is_none().then_some(again.had)
    }

    fn verdict(&self, sent: &Sent, fitted: &Fitted) -> Verdict {
        let (blame, request, options) = (&self.call.engine.blame, &self.call.request, &self.call.options);
        let Err(failure) = &sent.result else {
            blame.answered(request, options);
            return Verdict::Success;
        };
        let circumstances = Circumstances {
            on_caller: blame.is_on_caller(request, options),
            cut: fitted.cut,
            hurried: sent.hurried,
            status: sent.status,
            asked: Some(Fingerprint::of(self.asked(fitted).map(|game| game.id.as_str()))),
        };
        Verdict::of(failure.kind, &circumstances)
    }

    /// Writes the attempt into the history and the log.
    fn conclude(&mut self, model: &Model, fitted: &Fitted, sent: Sent, totals: &Totals) -> Result<Answered, Failed> {
        let failure = sent.result.as_ref().err();
        let attempt = Attempt {
            model_id: model.id.clone(),
            provider_id: model.provider.id.clone(),
            prompt_version: self.wanted.rendering.version(model).to_owned(),
            overrides: self.wanted.rendering.overrides(model),
            failure: failure.map(|failure| failure.kind),
            message: failure.map(|failure| failure.message.clone()),
            status: sent.status,
            retries: totals.retries,
            started_at: totals.started_at,
            duration: totals.began.elapsed(),
            usage: totals.usage,
            cost: totals.cost,
            adjusted: fitted.adjusted.clone(),
        };
        log(&attempt);
        self.call.engine.metrics.attempted(&attempt);
        self.history.attempts.push(attempt);
        if let Some(wait) = failure.and_then(|failure| worth_asking_after(failure.kind, failure.retry_after)) {
            self.asked_to_wait.push((model.id.clone(), wait));
        }
        let (status, stop) = (sent.status, sent.stop);
        sent.result.map_err(|failure| Failed { kind: failure.kind, status, stop })
    }
}

impl Sent {
    /// What came of a request of so many bytes whose reply arrived.
    fn read(model: &Model, fitted: &Fitted, bytes: usize, asked: &[&Match], received: &Received) -> Self {
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
        let (reasoning, text) = (reply.reasoning, reply.text);
        let result = match reply.result {
            Ok(scores) => Ok(Answered { scores, reasoning, text }),
            Err(failure) => Err(Failure { message: provider.redacted(&failure.message).into_owned(), ..failure }),
        };
        Self { status: Some(received.status), charge, result, resend: None, stop: None, hurried: false }
    }

    /// A call that was given up: for its own time, or for what stopped it from outside.
    fn ended(stop: Option<Stop>, doing: &str, charge: Charge) -> Self {
        let (kind, message) = match stop {
            None => (FailureKind::Timeout, format!("{doing} within the attempt's time")),
            Some(Stop::Deadline) => (FailureKind::Deadline, format!("{doing} before the deadline")),
            Some(Stop::Abort) => (FailureKind::Aborted, "aborted by the caller's signal".to_owned()),
            Some(Stop::Close) => (FailureKind::Aborted, "the engine was closed".to_owned()),
        };
        let failure = Failure { kind, message, retry_after: None };
        Self { status: None, charge, result: Err(failure), resend: None, stop, hurried: false }
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

/// What the HTTP calls of one attempt came to.
struct Totals {
    started_at: SystemTime,
    began: Instant,
    retries: u32,
    cost: NanoUsd,
    usage: Option<Usage>,
}

impl Totals {
    fn new() -> Self {
        Self { started_at: SystemTime::now(), began: Instant::now(), retries: 0, cost: NanoUsd::default(), usage: None }
    }

    fn add(&mut self, cost: NanoUsd, usage: Option<&Usage>) {
        self.cost = self.cost.plus(cost);
        if let Some(usage) = usage {
            self.usage.get_or_insert_default().add(usage);
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What was seen, without what the model said: a reply is in no log record.
fn unquoted(message: &str, failure: Option<FailureKind>) -> &str {
    match failure {
        Some(FailureKind::ParseError | FailureKind::Truncated) => message.split(": ").next().unwrap_or_default(),
        _ => message,
    }
}

fn log(attempt: &Attempt) {
    let model = attempt.model_id.as_str();
    let provider = attempt.provider_id.as_str();
    let duration_ms = milliseconds(attempt.duration);
    let (status, retries, cost_usd) = (attempt.status, attempt.retries, attempt.cost.usd());
    let Some(kind) = attempt.failure.map(FailureKind::as_str) else {
        info!(model, provider, status, retries, duration_ms, cost_usd, "attempt answered");
        return;
    };
    let detail = attempt.message.as_deref().map(|message| unquoted(message, attempt.failure));
    warn!(model, provider, kind, detail, status, retries, duration_ms, cost_usd, "attempt failed");
}
