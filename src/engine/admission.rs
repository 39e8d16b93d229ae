//! What an attempt holds while it sends a request: its turn at the provider, health's permit, and money's reservation.
//!
//! Health and money are asked here, immediately before the request is sent, because this is where their promise is kept:
//! whatever was asked of them before may have changed while the attempt waited for its slot.

use std::time::Duration;

use tracing::debug;

use super::context::{Assignment, Context};
use super::member::{self, take_place};
use super::purse::{NotReserved, likely_cost};
use super::report::milliseconds;
use super::retry::{self, Bounds, Had};
use super::slate_call::{Hold, NotHeld};
use super::time::{Patience, Stop};
use super::turn::{ProviderTurn, allowance, limits};
use crate::catalog::Model;
use crate::fleet::FleetPlace;
use crate::health::{Cooling, Permit};
use crate::kind::SkipReason;
use crate::money::Reservation;
use crate::outcome::Refusal;
use crate::plan::{Fitted, share_of};
use crate::task::Item;
use crate::transport::concurrency::Party;

/// Everything that a request needs before it is sent.
pub(super) struct Admission {
    /// One of the requests that may be under way at the provider.
    pub(super) turn: ProviderTurn,
    /// Against which the result is recorded.
    pub(super) permit: Permit,
    /// The most that the request can cost.
    pub(super) reservation: Reservation,
    /// That sum of the money of the slate, if the call belongs to one.
    pub(super) hold: Option<Hold>,
}

/// Why there is no admission.
pub(super) enum NotAdmitted {
    /// Health or money refuses.
    Refused(Refusal),
    /// The time for it is over, or something ended the call.
    OutOfTime(Option<Stop>),
    /// Something that it asks about has begun meanwhile, and is not asked about any more.
    Begun,
}

/// What an attempt has had of admissions before.
#[derive(Default)]
pub(super) struct Before {
    /// The permit of the latest request.
    pub(super) permit: Option<Permit>,
    /// The cooling that its own 429 began, which does not hold it back.
    pub(super) own_cooling: Option<Cooling>,
    /// A turn that it did not give back, for it asks again at once, or that was waited for before it began.
    pub(super) turn: Option<ProviderTurn>,
    /// A place of a model that has come back, given by the fleet.
    pub(super) place: Option<FleetPlace>,
}

/// Waits until the request may be sent. A retry that is due waits on while the model is left alone for others; the first
/// request does where it is worth it. `had` is what the attempt has had already, waits included. Whoever waits holds
/// nothing.
pub(super) async fn admission(
    context: &Context<'_, impl Item>,
    assigned: &Assignment<'_>,
    before: &mut Before,
    had: &mut Had,
    is_retry: bool,
) -> Result<Admission, NotAdmitted> {
    let Assignment { model, fitted, is_dearer, patience, .. } = *assigned;
    let (mut granted, mut has_asked) = (None, false);
    loop {
        let turn = match before.turn.take() {
            Some(turn) => turn,
            None => turn(context, model, fitted, patience.later).await.map_err(NotAdmitted::OutOfTime)?,
        };
        if context.has_begun(fitted) {
            turn.give_back();
            return Err(NotAdmitted::Begun);
        }
        let mut changes = context.joint().map(|joint| joint.changes());
        let hold = match context.joint().map(|joint| joint.hold(fitted.worst)).transpose() {
            Ok(hold) => hold,
            Err(not_held) => {
                turn.give_back();
                let NotHeld::Refused(refusal) = not_held else {
                    let left = async {
                        if let Some(changes) = &mut changes {
                            changes.any().await;
                        }
                    };
                    wait_for_money(context, left).await?;
                    continue;
                };
                return Err(NotAdmitted::Refused(refusal));
            }
        };
        let placed = take_place(context, model, &mut before.place, patience.timeout).await;
        let place = before.place.as_ref().map(|place| place.epoch);
        let permit =
            placed.and_then(|()| context.engine.roster.admit(model, before.permit.as_ref(), before.own_cooling, place));
        let purse = &context.engine.purse;
        let reserved = permit.map_err(NotReserved::Refused).and_then(|permit| {
            let reserved = granted.take().map_or_else(|| purse.reserve(model, fitted, is_dearer), Ok);
            Ok((permit, reserved?))
        });
        let refusal = match reserved {
            Ok((permit, mut reservation)) => {
                reservation.sent(likely_cost(model, fitted));
                let hold = hold.map(Hold::admitted);
                return Ok(Admission { turn, permit, reservation, hold });
            }
            Err(NotReserved::Refused(refusal)) => refusal,
            Err(NotReserved::NotGranted(refusal)) if has_asked => refusal,
            // The fleet is asked once, and health once more after that: the permit was given back meanwhile.
            Err(NotReserved::NotGranted(refusal)) => {
                has_asked = true;
                match member::reserve(context, model, fitted, is_dearer, refusal).await {
                    Ok(reservation) => {
                        (granted, before.turn) = (Some(reservation), Some(turn));
                        continue;
                    }
                    Err(refusal) => refusal,
                }
            }
        };
        // Others may have it while this attempt waits.
        drop(hold);
        turn.give_back();
        if refusal.reason == SkipReason::OverBudget
            && let (Some(joint), Some(changes)) = (context.joint(), &mut changes)
            && joint.may_leave_some(Some(changes))
        {
            wait_for_money(context, changes.settled()).await?;
            continue;
        }
        let waits = is_retry
            || assigned.may_wait
                && is_worth_waiting_for(context, model, fitted, is_dearer, patience.later.is_zero(), &refusal);
        match if waits { wait_on(context, &refusal, *had, patience).await } else { None } {
            Some(waited) => *had = waited,
            None => return Err(NotAdmitted::Refused(refusal)),
        }
    }
}

/// Waits until other requests of the slate have `left` some of what they held.
async fn wait_for_money(context: &Context<'_, impl Item>, left: impl Future<Output = ()>) -> Result<(), NotAdmitted> {
    tokio::select! {
        biased;
        stop = context.ends.stop() => Err(NotAdmitted::OutOfTime(Some(stop))),
        () = left => Ok(()),
    }
}

/// Whether a refusal is waited for until it has passed, instead of passing over the model: nothing but a 429 to another
/// call is behind it, it passes soon, and money would let the request go. A slate also waits for what failed, where it
/// `is_last` of those that may be asked.
pub(super) fn is_worth_waiting_for(
    context: &Context<'_, impl Item>,
    model: &Model,
    fitted: &Fitted,
    is_dearer: bool,
    is_last: bool,
    refusal: &Refusal,
) -> bool {
    if let Some(member) = context.slate {
        return member.share.waits_for(model, refusal, is_last);
    }
    let bounds = Bounds {
        is_last: true,
        max_retries: context.engine.config().max_retries,
        remaining: context.ends.remaining(),
        patience: None,
    };
    let is_soon = |wait| retry::wait_on(wait, Had::default(), &bounds, 0.0).is_some();
    may_pass_soon(context, model, is_last, refusal)
        && refusal.retry_after.is_some_and(is_soon)
        // Of a model that cools money was not asked yet, and to wait for what it refuses is to wait for nothing.
        && context.engine.purse.over_budget(fitted, is_dearer).is_none()
}

/// Whether nothing but a 429 to another call is behind a refusal: the refusal says that it is a cooling, and only health
/// knows what began it.
pub(super) fn may_pass_soon(context: &Context<'_, impl Item>, model: &Model, is_last: bool, refusal: &Refusal) -> bool {
    if let Some(member) = context.slate {
        return member.share.waits_for(model, refusal, is_last);
    }
    refusal.reason == SkipReason::Cooling
        && refusal.retry_after.is_some()
        && context.engine.roster.is_only_limited(model)
}

/// Within what an attempt of such patience may ask its model once more.
pub(super) fn bounds(context: &Context<'_, impl Item>, patience: Patience) -> Bounds {
    let (max_retries, remaining) = (context.engine.config().max_retries, context.ends.remaining());
    // In a slate a limit is waited out as long as one attempt's time is left then.
    let until_an_attempt = context.slate.map(|_| remaining.saturating_sub(patience.timeout));
    Bounds { is_last: patience.later.is_zero(), max_retries, remaining, patience: until_an_attempt }
}

/// Waits for the turn of a request, no longer than the attempt's share of the time; else what ended the wait. In a slate it
/// waits as long as the slate may take.
pub(super) async fn turn(
    context: &Context<'_, impl Item>,
    model: &Model,
    fitted: &Fitted,
    later: Duration,
) -> Result<ProviderTurn, Option<Stop>> {
    let (provider, ends) = (&model.provider, &context.ends);
    let limits = limits(context.engine, provider);
    let tokens = fitted.prompt_tokens.saturating_add(fitted.usual_tokens);
    let turn = if let Some(joint) = context.joint() {
        tokio::select! {
            biased;
            stop = ends.stop() => Err(Some(stop)),
            turn = joint.turn(limits, provider, tokens) => Ok(turn),
        }
    } else {
        tokio::select! {
            biased;
            slot = limits.slot(&provider.id, allowance(provider), Party::Single, tokens) => Ok(ProviderTurn::new(slot, None)),
            ended = ends.out_of_time(share_of(ends.remaining(), later)) => Err(ended),
        }
    };
    // What ended the call may have come with the turn.
    ends.stopped().map_or(turn, |stop| Err(Some(stop)))
}

/// Waits until a model that others found busy may be asked once more; `None` if it is not to be. Otherwise what the
/// attempt has had by then.
async fn wait_on(context: &Context<'_, impl Item>, refusal: &Refusal, had: Had, patience: Patience) -> Option<Had> {
    let cooling = refusal.retry_after.filter(|_| refusal.reason == SkipReason::Cooling)?;
    let again = retry::wait_on(cooling, had, &bounds(context, patience), fastrand::f64())?;
    debug!(wait_ms = milliseconds(again.wait), "waiting on, for others were told to");
    context.ends.out_of_time(again.wait).await.is_none().then_some(again.had)
}
