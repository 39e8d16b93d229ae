//! The engine as a member of a fleet: what happens here is decided by the fleet, and what the fleet decides reaches the
//! roster. The one place at which a call waits for Redis.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::warn;

use super::context::Context;
use super::events::Events;
use super::library::Library;
use super::purse::Purse;
use super::roster::Roster;
use crate::catalog::Model;
use crate::event::What;
use crate::fleet::{Decided, Fleet, FleetPlace, News, Placing};
use crate::health::{Fingerprint, Permit, Verdict};
use crate::money::Reservation;
use crate::outcome::Refusal;
use crate::plan::Fitted;
use crate::task::Item;

/// For how long a call waits at most until its engine has joined its fleet for the first time.
const LONGEST_JOIN: Duration = Duration::from_secs(2);

impl<I: Item> Context<'_, I> {
    /// Waits for the fleet, no longer than the call may: `ask` is given how long that is. A call that is ended from outside
    /// is not kept, and what it asked is decided without it.
    pub(super) async fn ask_fleet<T>(&self, ask: impl AsyncFnOnce(Duration) -> T) -> T {
        let began = Instant::now();
        let answer = ask(self.waits.left().min(self.ends.remaining())).await;
        self.waits.waited(began.elapsed());
        answer
    }
}

/// Applies the result of an attempt: a failure that counts is decided by the fleet, if there is one, and is told before this
/// returns.
pub(super) async fn record<I: Item>(context: &Context<'_, I>, model: &Model, permit: &Permit, verdict: Verdict) {
    let roster = &context.engine.roster;
    let Some(fleet) = roster.fleet().filter(|_| roster.is_current(model, permit)) else {
        return roster.record(model, permit, verdict);
    };
    match verdict {
        Verdict::Fault(kind, cause) => {
            let failure = (kind, cause.map(Fingerprint::number));
            let subject = roster.subject(kind);
            let (word, epoch) = ((model.id.as_str(), subject), permit.epoch(subject));
            let decided = context.ask_fleet(async |within| fleet.failed(word, epoch, failure, within).await).await;
            match decided {
                Decided::ByFleet => roster.note_failure(model, kind),
                Decided::Here(unsent) => {
                    roster.record(model, permit, verdict);
                    drop(unsent);
                }
            }
        }
        Verdict::Success => {
            let unsent = roster.report_to_fleet(model, permit);
            roster.record(model, permit, verdict);
            drop(unsent);
        }
        _ => roster.record(model, permit, verdict),
    }
}

/// Takes a place of a model that has come back, for a request of at most `time`, unless `held` is one. The places are the
/// fleet's while it is joined, and this engine's own while it is alone.
pub(super) async fn take_place<I: Item>(
    context: &Context<'_, I>,
    model: &Model,
    held: &mut Option<FleetPlace>,
    time: Duration,
) -> Result<(), Refusal> {
    let roster = &context.engine.roster;
    let Some(fleet) = roster.fleet().filter(|fleet| fleet.is_joined()) else { return Ok(()) };
    let Some(epoch) = roster.needs_place(model) else { return Ok(()) };
    if held.as_ref().is_some_and(|place| place.epoch == epoch) {
        return Ok(());
    }
    *held = None;
    match context.ask_fleet(async |within| fleet.place(&model.id, epoch, time, within).await).await {
        Placing::Taken(place) => *held = Some(place),
        Placing::Full(calls) => return Err(roster.no_place(calls)),
        Placing::Free | Placing::Unknown => {}
    }
    Ok(())
}

/// Waits until the fleet is joined and can grant something; where no call needs a grant, no longer than a call would.
pub(super) async fn joined(fleet: &Fleet) {
    if fleet.is_limited() {
        fleet.opened().await;
    } else {
        let _ = tokio::time::timeout(LONGEST_JOIN, fleet.opened()).await;
    }
}

/// Asks the fleet for what the ledger has refused for want of a grant: once it has answered, the rest stays refused. The
/// first calls of an engine wait until it has joined.
pub(super) async fn reserve<I: Item>(
    context: &Context<'_, I>,
    model: &Model,
    fitted: &Fitted,
    is_dearer: bool,
    refusal: Refusal,
) -> Result<Reservation, Refusal> {
    let purse = &context.engine.purse;
    let Some(fleet) = purse.fleet() else { return Err(refusal) };
    if !fleet.is_opened() {
        let left = LONGEST_JOIN.saturating_sub(context.began.elapsed());
        tokio::select! {
            biased;
            () = fleet.opened() => {}
            _ = context.ends.out_of_time(left) => {}
        }
    }
    let asked = context.ask_fleet(async |within| {
        let began = Instant::now();
        // What remains of the time in which members write back what an emptied Redis knew.
        let _ = tokio::time::timeout(within, fleet.opened()).await;
        fleet.reserve(&model.id, fitted.worst, is_dearer, within.saturating_sub(began.elapsed())).await
    });
    match asked.await {
        Ok(reservation) => Ok(reservation),
        Err(Some(refused)) => Err(purse.refused(&refused)),
        Err(None) => Err(refusal),
    }
}

/// Has what is new in the fleet reach the roster and whoever listens.
pub(super) fn listen(
    fleet: &Fleet,
    (roster, library, purse): (&Arc<Roster>, &Arc<Library>, &Arc<Purse>),
    events: &Arc<Events>,
) {
    let (roster, library) = (Arc::downgrade(roster), Arc::downgrade(library));
    let (purse, events) = (Arc::downgrade(purse), Arc::clone(events));
    fleet.listen(Box::new(move |news| {
        let (Some(roster), Some(library)) = (roster.upgrade(), library.upgrade()) else { return };
        let Some(purse) = purse.upgrade() else { return };
        match news {
            News::Word { name, word, turned, origin } => roster.adopt(name, word, turned, origin),
            News::Cooling { name, left, kind, origin } => roster.cool_with_fleet(name, left, kind, origin),
            News::Pin(version) => library.follow_pin(version),
            News::Usable(models) => roster.count_fleet(Some(models)),
            News::Joined => roster.share(true),
            News::Alone => roster.share(false),
            News::Warning(problem) => warn!(problem, "of the fleet"),
            News::TellJoined { members } => events.announce_or_keep(What::FleetJoined { members }),
            News::TellLost { problem } => events.announce_or_keep(What::FleetLost { problem }),
            News::Rows => purse.changed(),
            News::Share { share, spent, day, origin } => purse.tell_share(share, spent, day, origin),
            News::Lapsed { member, held, day, origin } => {
                events.announce_of(What::GrantLapsed { member_id: member.to_owned(), held, day }, Some(origin));
            }
        }
    }));
}
