//! What a call knows of the slate that it belongs to, and what the slate learns of its calls.
//!
//! The loop asks a [`SlateCall`] four things: for the turn that was waited for before the call began, for money of the slate beside that
//! of the day, whether another call of the slate asks a model already, and whether what it asks about has begun.
//!
//! Whoever waits holds nothing that another waits for: neither a turn nor a place nor money. So a slate cannot lock, however
//! its models are chained.

mod joint;
mod member;
mod outbox;
mod results;
mod share;
mod stand_in;

pub(super) use joint::{Hold, Joint, NotHeld};
pub(super) use member::SlateCall;
pub use outbox::SlateEvent;
pub(super) use outbox::SlateOutbox;
pub(super) use results::CellResults;
pub use results::{SlateAnswer, SlateEnd, SlateProgress};
pub(super) use share::{Left, Share};
pub(super) use stand_in::{Duty, OwnEnd, StandIns};
