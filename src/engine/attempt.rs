//! One attempt: a turn, a permit and a reservation, the HTTP call, and once more where a retry is allowed; each result is
//! applied to health and money exactly once.
//!
//! An attempt is a value of what it is given. It writes nothing of the call that it is made for: whoever makes it writes
//! the history, and takes what it may cost from the fallbacks' budget. So many attempts of one call, or of many, may be
//! under way at once.

#[cfg(test)]
mod tests;

use tracing::{debug, info};

use super::admission::{Admission, Before, NotAdmitted, admission, bounds};
use super::context::{Answered, Assignment, Context};
use super::member;
use super::report::{Totals, announce, milliseconds};
use super::retry::{self, Had};
use super::roster::worth_asking_after;
use super::sent::{Sent, send};
use super::time::Stop;
use super::turn::ProviderTurn;
use crate::catalog::ResponseFormat;
use crate::health::{Circumstances, Fingerprint, Verdict};
use crate::kind::FailureKind;
use crate::money::Charge;
use crate::outcome::{self, NanoUsd, Refusal};
use crate::plan::Fitted;
use crate::protocol::Failure;
use crate::task::Item;

/// What became of an attempt.
#[expect(clippy::large_enum_variant, reason = "each is taken apart where it is returned")]
pub(super) enum Attempted<V> {
    /// Nothing was sent: the model was refused meanwhile.
    Skipped(Refusal),
    /// Nothing was sent: something that was to be asked about has begun.
    Begun,
    /// The model was asked, or the time was over before it could be.
    Ended {
        /// The record of it.
        record: outcome::Attempt,
        /// The answer, or why there is none.
        result: Result<Answered<V>, Failure>,
        /// What ended it from outside, if anything did.
        stop: Option<Stop>,
        /// How many of its requests may have been charged and were made once more; at most `spare`.
        charged_again: u32,
    },
}

/// Asks a model, and asks it once more as far as a retry is allowed. `turn` is that of its first request, if it was waited for
/// already.
pub(super) async fn attempt<I: Item>(
    context: &Context<'_, I>,
    assigned: &Assignment<'_>,
    turn: Option<ProviderTurn>,
) -> Attempted<I::Value> {
    let Assignment { model, patience, .. } = *assigned;
    let engine = context.engine;
    let mut totals = Totals::new();
    let mut before = Before { turn, ..Before::default() };
    let mut had = Had::default();
    let mut charged_again = 0;
    // The request in a looser form than it was assigned, once its server has refused that.
    let mut loosened = None;
    // What came of the request before, when it is made once more.
    let mut failed: Option<Sent<I::Value>> = None;
    let sent = loop {
        let assigned = &in_form(assigned, loosened.as_ref());
        let admitted = admission(context, assigned, &mut before, &mut had, failed.is_some()).await;
        let Admission { mut turn, permit, reservation, hold } = match (admitted, failed.take()) {
            (Ok(admission), _) => admission,
            (Err(_), Some(failed)) => break failed,
            (Err(NotAdmitted::Refused(refusal)), None) => return Attempted::Skipped(refusal),
            (Err(NotAdmitted::Begun), None) => return Attempted::Begun,
            (Err(NotAdmitted::OutOfTime(stop)), None) => {
                break Sent::ended(stop, "waiting for the provider's turn", Charge::default());
            }
        };
        totals.retries = had.retries;
        if before.permit.replace(permit).is_none()
            && let Some(announcement) = &assigned.announcement
        {
            announce(context, assigned, announcement);
        }
        let mut sent = send(context, assigned).await;
        let again = sent.result.as_ref().err().and_then(|failure| {
            // A slate waits out a limit also where it is not told for how long.
            let limit = context.slate.and_then(|_| worth_asking_after(failure.kind, failure.retry_after));
            let ended = retry::Ended {
                kind: failure.kind,
                retry_after: limit.or(failure.retry_after),
                resend: sent.resend,
                refuses_format: sent.refuses_format,
            };
            retry::once_more(&ended, had, &bounds(context, patience), fastrand::f64())
        });
        let is_resent = again.is_some_and(|again| again.had.stale && !had.stale);
        let charge = if is_resent { Charge::held() } else { std::mem::take(&mut sent.charge) };
        let charged = engine.purse.settle(model, reservation, &charge);
        if let Some(hold) = hold {
            hold.settle(charged, charge.is_uncertain);
        }
        totals.add(charged, charge.usage.as_ref());
        if let Some(told) = charge.usage.as_ref().filter(|usage| !usage.estimated) {
            turn.took(told.prompt_tokens.saturating_add(told.completion_tokens));
        }
        let Err(failure) = &sent.result else { break sent };
        if failure.kind == FailureKind::RateLimited {
            before.own_cooling = Some(engine.roster.cool(model, failure.retry_after));
        }

        let Some(again) = again else { break sent };
        if charged > NanoUsd::default() || charge.is_uncertain {
            if charged_again == assigned.spare {
                break sent;
            }
            charged_again += 1;
        }
        let (kind, wait_ms) = (failure.kind.as_str(), milliseconds(again.wait));
        debug!(model = model.id, kind, status = sent.status, retries = again.had.retries, wait_ms, "asking again");
        // The turn is given back for the time of a wait.
        before.turn = again.wait.is_zero().then_some(turn);
        if context.ends.out_of_time(again.wait).await.is_some() {
            break sent;
        }
        if sent.refuses_format {
            loosened = Some(looser(context, assigned));
        }
        had = again.had;
        failed = Some(sent);
    };
    let assigned = &in_form(assigned, loosened.as_ref());
    if let Some(permit) = &before.permit {
        member::record(context, model, permit, verdict(context, assigned.fitted, &sent)).await;
    }
    let record = totals.record(context, assigned, &sent);
    Attempted::Ended { record, result: sent.result, stop: sent.stop, charged_again }
}

/// What is assigned, with the request in a looser form if there is one.
fn in_form<'a>(assigned: &Assignment<'a>, loosened: Option<&'a Fitted>) -> Assignment<'a> {
    Assignment { fitted: loosened.unwrap_or(assigned.fitted), ..*assigned }
}

/// The request in a looser form than the one that its server has just refused. The engine keeps that in mind, but for JSON
/// that a prompt of the caller's own does not speak of, and a schema of the caller's own: some servers refuse it then, and
/// would not with another.
fn looser<I: Item>(context: &Context<'_, I>, assigned: &Assignment<'_>) -> Fitted {
    let Assignment { model, fitted, .. } = *assigned;
    let refused = fitted.response_format;
    let is_of_the_call = refused == ResponseFormat::JsonObject && context.request.prompt.is_some();
    let left = if is_of_the_call || I::HAS_OWN_FORM {
        refused.lower()
    } else {
        context.engine.formats.refused(model, refused)
    };
    info!(model = model.id, refused = refused.name(), left = left.name(), "response_format refused");
    fitted.loosened(model, context.wanted, left)
}

/// What the end of an attempt means for the health of its model.
fn verdict<I: Item>(context: &Context<'_, I>, fitted: &Fitted, sent: &Sent<I::Value>) -> Verdict {
    let (blame, request, options) = (context.engine.roster.blame(), context.request, context.wanted.options);
    let Err(failure) = &sent.result else {
        blame.answered(request, options);
        return Verdict::Success;
    };
    // It would have been asked in a looser form, had there been the time or the money.
    if sent.refuses_format {
        return Verdict::Neutral(failure.kind);
    }
    let circumstances = Circumstances {
        on_caller: blame.is_on_caller(request, options),
        cut: fitted.cut,
        hurried: sent.hurried,
        status: sent.status,
        asked: Some(Fingerprint::of(context.asked(fitted).map(Item::id))),
    };
    Verdict::of(failure.kind, &circumstances)
}
