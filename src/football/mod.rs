//! The sport: the one room that knows what a match is, how a model is shown one, how long its answer is and what a score
//! is.
//!
//! Everybody else deals in positions (of the matches in their request), sizes (in tokens) and values (whatever was read
//! for a position): a match is one [`Item`](crate::task::Item) of those that a call can be about.

mod consensus;
mod kickoff;
mod lines;
mod matches;
mod prompts;
mod schema;
mod score;
mod scores;
mod task;

pub use consensus::{Consensus, consensus};
pub use kickoff::begins_at;
pub use matches::{
    MAX_IN_SLATE, MAX_MATCHES, Match, Match as Item, check_count, check_matches as check, check_slate,
    check_slate_count, text_bytes,
};
pub use prompts::{PROMPT_COMPONENTS, PROMPT_MANIFEST};
pub use score::{Score, Score as Value};
pub use scores::find;

/// What the things are called that a request asks about: the placeholder in a prompt, and the parameter of an adjustment.
pub const ITEMS: &str = "matches";

/// Where they stand in a request.
pub const PATH: &str = "request.matches";

/// What the field of a cell is called that names one of them.
pub const ITEM_ID: &str = "matchId";

/// Why one of them is not asked about that has begun.
pub const BEGUN: &str = "kicked_off";

/// Names of tags in which a model wraps an answer about the sport.
pub const WRAPPERS: &[&str] = &["fixture", "fixtures", "game", "match", "matches", "score", "scores"];

/// A request about the sport.
pub type Question = crate::request::Request<Item>;

/// What such a request gives.
pub type Answers = crate::outcome::Outcome<Value>;
