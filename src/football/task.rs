//! Predictions as a task of the loop.

use std::time::SystemTime;

use tracing::Span;

use super::{BEGUN, ITEM_ID, ITEMS, Match, PATH, Score, WRAPPERS, begins_at, check, find, lines, schema};
use crate::call_id::CallIds;
use crate::check::Faults;
use crate::kind::Task;
use crate::protocol::{Found, Said};
use crate::task::{self, Item, Lines, Schema};

/// What an answer says of a match, as a message calls it.
const VALUE: &str = "score";

impl Item for Match {
    type Value = Score;

    const TASK: Task = Task::Predict;

    const ITEMS: &'static str = ITEMS;

    const PATH: &'static str = PATH;

    const ID_FIELD: &'static str = ITEM_ID;

    const BEGUN: &'static str = BEGUN;

    fn begins_at(&self) -> Option<SystemTime> {
        begins_at(self)
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn check(path: &str, items: &[Self], is_shown: bool, faults: &mut Faults) {
        check(path, items, is_shown, faults);
    }

    fn lines(items: &[Self], is_sent: bool) -> Lines {
        lines::lines(items, is_sent)
    }

    fn schema(asked: &[&Self]) -> Option<Schema> {
        Some(schema::schema(asked))
    }

    fn find(asked: &[&Self], said: &Said<'_>) -> Found<Vec<Option<Score>>> {
        task::search(said, WRAPPERS, VALUE, |passage| find(passage, asked))
    }

    fn span(ids: &CallIds, original: &str, items: &[Self]) -> Span {
        let CallIds { call_id, request_id } = ids;
        let (request_id, count) = (request_id.as_deref(), items.len());
        tracing::error_span!("predict", call_id, request_id, original, { ITEMS } = count)
    }
}
