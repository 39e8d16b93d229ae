//! What an attempt holds while it sends a request: a slot of the provider's concurrency limit, health's permit, and
//! money's reservation.
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
use super::time::Stop;
use crate::catalog::{Model, Provider};
use crate::fleet::FleetPlace;
use crate::health::{Cooling, Permit};
use crate::kind::SkipReason;
use crate::money::Reservation;
use crate::outcome::Refusal;
use crate::plan::{Fitted, share_of};
use crate::task::Item;
use crate::transport::concurrency::{Allowance, Party, Slot};

/// Everything that a request needs before it is sent.
pub(super) struct Admission {
    /// One of the requests that may be under way at the provider.
    pub(super) slot: Slot,
    /// Against which the result is recorded.
    pub(super) permit: Permit,
    /// The most that the request can cost.
    pub(super) reservation: Reservation,
}

/// Why there is no admission.
pub(super) enum NotAdmitted {
    /// Health or money refuses.
    Refused(Refusal),
    /// The time for it is over, or something ended the call.
    OutOfTime(Option<Stop>),
}

/// What an attempt has had of admissions before.
#[derive(Default)]
pub(super) struct Before {
    /// The permit of the latest request.
    pub(super) permit: Option<Permit>,
    /// The cooling that its own 429 began, which does not hold it back.
    pub(super) own_cooling: Option<Cooling>,
    /// A slot that it did not give back, for it asks again at once.
    pub(super) slot: Option<Slot>,
    /// A place of a model that has come back, given by the fleet.
    pub(super) place: Option<FleetPlace>,
}

/// Waits until the request may be sent. A retry that is due waits on while the model is left alone for others; the first
/// request does where it is worth it. `had` is what the attempt has had already, waits included.
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
        let slot = match before.slot.take() {
            Some(slot) => slot,
            None => slot(context, model, fitted, patience.later).await.map_err(NotAdmitted::OutOfTime)?,
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
                return Ok(Admission { slot, permit, reservation });
            }
            Err(NotReserved::Refused(refusal)) => refusal,
            Err(NotReserved::NotGranted(refusal)) if has_asked => refusal,
            // The fleet is asked once, and health once more after that: the permit was given back meanwhile.
            Err(NotReserved::NotGranted(refusal)) => {
                has_asked = true;
                match member::reserve(context, model, fitted, is_dearer, refusal).await {
                    Ok(reservation) => {
                        (granted, before.slot) = (Some(reservation), Some(slot));
                        continue;
                    }
                    Err(refusal) => refusal,
                }
            }
        };
        // Others may have it while this attempt waits.
        drop(slot);
        let waits = is_retry || assigned.may_wait && is_worth_waiting_for(context, model, fitted, is_dearer, &refusal);
        match if waits { wait_on(context, &refusal, *had, patience.later).await } else { None } {
            Some(waited) => *had = waited,
            None => return Err(NotAdmitted::Refused(refusal)),
        }
    }
}

/// Whether a refusal is waited for until it has passed, instead of passing over the model: nothing but a 429 to another
/// call is behind it, it passes soon, and money would let the request go.
pub(super) fn is_worth_waiting_for(
    context: &Context<'_, impl Item>,
    model: &Model,
    fitted: &Fitted,
    is_dearer: bool,
    refusal: &Refusal,
) -> bool {
    let bounds = bounds(context, Duration::ZERO);
    let is_soon = |wait| retry::wait_on(wait, Had::default(), &bounds, 0.0).is_some();
    may_pass_soon(context, model, refusal)
        && refusal.retry_after.is_some_and(is_soon)
        // Of a model that cools money was not asked yet, and to wait for what it refuses is to wait for nothing.
        && context.engine.purse.over_budget(fitted, is_dearer).is_none()
}

/// Whether nothing but a 429 to another call is behind a refusal: the refusal says that it is a cooling, and only health
/// knows what began it.
pub(super) fn may_pass_soon(context: &Context<'_, impl Item>, model: &Model, refusal: &Refusal) -> bool {
    refusal.reason == SkipReason::Cooling
        && refusal.retry_after.is_some()
        && context.engine.roster.is_only_limited(model)
}

/// Within what an attempt may ask its model once more, where `later` is the time of the attempts still to come.
pub(super) fn bounds(context: &Context<'_, impl Item>, later: Duration) -> Bounds {
    let max_retries = context.engine.config().max_retries;
    Bounds { is_last: later.is_zero(), max_retries, remaining: context.ends.remaining() }
}

/// Waits for a slot, no longer than the attempt's share of the time; else what ended the wait.
async fn slot(
    context: &Context<'_, impl Item>,
    model: &Model,
    fitted: &Fitted,
    later: Duration,
) -> Result<Slot, Option<Stop>> {
    let (provider, ends) = (&model.provider, &context.ends);
    let tokens = fitted.prompt_tokens.saturating_add(fitted.usual_tokens);
    let slot = tokio::select! {
        biased;
        slot = context.engine.limits.slot(&provider.id, allowance(provider), Party::Single, tokens) => Ok(slot),
        ended = ends.out_of_time(share_of(ends.remaining(), later)) => Err(ended),
    };
    // What ended the call may have come with the slot.
    ends.stopped().map_or(slot, |stop| Err(Some(stop)))
}

/// What a provider allows.
fn allowance(provider: &Provider) -> Allowance {
    Allowance {
        at_once: provider.max_concurrency,
        requests_per_minute: provider.rates.requests_per_minute,
        tokens_per_minute: provider.rates.tokens_per_minute,
    }
}

/// Waits until a model that others found busy may be asked once more; `None` if it is not to be. Otherwise what the
/// attempt has had by then.
async fn wait_on(context: &Context<'_, impl Item>, refusal: &Refusal, had: Had, later: Duration) -> Option<Had> {
    let cooling = refusal.retry_after.filter(|_| refusal.reason == SkipReason::Cooling)?;
    let again = retry::wait_on(cooling, had, &bounds(context, later), fastrand::f64())?;
    debug!(wait_ms = milliseconds(again.wait), "waiting on, for others were told to");
    context.ends.out_of_time(again.wait).await.is_none().then_some(again.had)
}
