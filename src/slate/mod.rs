//! A slate as values: its cells, how they are cut into requests, what is due next, what it may cost, and what became of
//! each cell.
//!
//! A *cell* is one model and one of the things that are asked about. The engine runs the requests; whatever can be decided
//! without a network or a clock of its own is decided here, so that it can be tried with random values.

mod cut;
mod funds;
mod queue;
mod request;
mod tally;

pub use cut::{Cut, cut};
pub use funds::{Funding, Funds};
pub use queue::{Due, NextDue, Queue};
pub use request::{Cells, Enough, Fallbacks, RawSlateOptions, Selection, SlateOptions, SlateRequest, check};
pub use tally::{Missing, Tally, Why};
