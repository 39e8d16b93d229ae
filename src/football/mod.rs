//! The sport: the one room that knows what a match is, how a model is shown one, how long its answer is and what a score
//! is.
//!
//! Everybody else deals in positions (of the matches in their request), sizes (in tokens) and values (whatever was read
//! for a position). To predict something else, this room is replaced.

mod lines;
mod prompts;
mod scores;

pub use crate::outcome::Score as Value;
pub use crate::request::Match;
pub use lines::{ANSWER_BASE, Lines, USUAL_ANSWER_BASE};
pub use prompts::{PROMPT_COMPONENTS, PROMPT_MANIFEST};
pub use scores::read;

/// What the things are called that a request asks about: the placeholder in a prompt, and the parameter of an adjustment.
pub const ITEMS: &str = "matches";

/// What an answer says of one of them, as a message calls it.
pub const VALUE: &str = "score";
