//! What goes on beside the calls: models come back and coolings end on time, and the state is written, and the engine takes part in its
//! fleet.
//!
//! Health needs nobody for this: a model whose time has come is brought back by the next call that asks for it. But then
//! `recovered` and `cooled` would be told when somebody happens to ask. So one task sleeps until the next is due.

use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use tokio_util::sync::CancellationToken;

use super::roster::Roster;
use super::state_writer::StateWriter;
use crate::fleet::Fleet;

/// How long the task sleeps at most while a model is switched off or cools: a machine that was suspended, or a clock that was
/// set, is noticed after that long.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// How long the task sleeps at most while a model is to retire; its day is days away as a rule.
const LOOK_FOR_RETIREMENTS: Duration = Duration::from_secs(3600);

/// How soon the fleet is asked again for a model that is to come back.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// Brings models back and writes the state until `ended`. The writer is not kept alive, so that an engine that is dropped
/// lets go of its file at once.
pub(super) async fn run(
    roster: Arc<Roster>,
    writer: Option<Weak<StateWriter>>,
    fleet: Option<Arc<Fleet>>,
    ended: CancellationToken,
) {
    let writing = async {
        if let Some(writer) = writer {
            StateWriter::write_changes(writer, &ended).await;
        }
    };
    let taking_part = async {
        if let Some(fleet) = fleet {
            // On the heap, for it is large, and there is one in an engine.
            Box::pin(fleet.run(ended.clone())).await;
        }
    };
    tokio::join!(bring_back(&roster, &ended), writing, taking_part);
}

async fn bring_back(roster: &Roster, ended: &CancellationToken) {
    loop {
        roster.recover_due();
        roster.recover_by_fleet().await;
        let retires = roster.look_for_retirements(SystemTime::now()).map(|left| left.min(LOOK_FOR_RETIREMENTS));
        let next = roster.next_recovery().map(|left| left.min(LOOK_AGAIN));
        // What the fleet did not answer for is asked for again in a moment.
        let next = if roster.waits_for_fleet() { Some(ASK_AGAIN) } else { next };
        let next = next.into_iter().chain(retires).min();
        let sleep = async {
            match next {
                Some(left) => tokio::time::sleep(left).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // First, so that nothing is told of an engine that was closed meanwhile.
            biased;
            () = ended.cancelled() => return,
            () = roster.may_be_sooner() => {}
            () = sleep => {}
        }
    }
}
