//! What a call can be about. The loop, the plan, the prompts and the reader deal in positions (of the items in a request),
//! sizes (in tokens) and values (whatever was read for a position); an [`Item`] says what they stand for, in the room that
//! knows.
//!
//! A call has the type of its items, so that whoever asks for one thing cannot be handed a value of another, and whatever
//! is decided for all of them stands in one loop.

mod lines;
mod search;

use std::borrow::Cow;
use std::fmt::Debug;
use std::pin::Pin;
use std::time::SystemTime;

use serde_json::value::RawValue;
use tracing::Span;

use crate::call_id::CallIds;
use crate::check::Faults;
use crate::kind::Task;
use crate::protocol::{Found, Said};
pub use lines::{AnswerTokens, Line, Lines};
pub use search::{Passage, search};

/// The schema of an answer, for servers that hold a model to one.
#[derive(Debug)]
pub struct Schema {
    /// What it is called, of at most 64 letters, digits, `_` and `-`.
    pub name: Cow<'static, str>,
    /// The JSON Schema.
    pub schema: Box<RawValue>,
    /// Whether it holds itself to what servers take that know only strict schemas: every field required, and no others.
    pub is_strict: bool,
}

/// Judges what was read: the values that are believed, or what is wrong with them.
pub type Judging<V> = Pin<Box<dyn Future<Output = Result<Vec<Option<V>>, String>> + Send>>;

/// A thing that a request asks about.
pub trait Item: Clone + Send + Sync + 'static {
    /// What is found for one.
    type Value: Clone + Debug + Send + Sync + 'static;

    /// Which task it is, as metrics name it.
    const TASK: Task;

    /// What they are called.
    const ITEMS: &'static str;

    /// Where they stand in a request.
    const PATH: &'static str;

    /// What the field is called that names one of them in a cell of a slate.
    const ID_FIELD: &'static str = "itemId";

    /// Why one of them is not asked about that has begun.
    const BEGUN: &'static str = "begun";

    /// When it begins, after which nobody is to be asked about it; `None` if that is not known, or it never does.
    fn begins_at(&self) -> Option<SystemTime> {
        None
    }

    /// Names it in its request, and is the same whenever the same is asked.
    fn id(&self) -> &str;

    /// Checks a list of them that stands at `path`; of what is not shown to a model less is asked.
    fn check(path: &str, items: &[Self], is_shown: bool, faults: &mut Faults);

    /// These items as a model is shown them, and how long their answers are; without the texts if those are not sent.
    fn lines(items: &[Self], is_sent: bool) -> Lines;

    /// The schema of an answer about these items; where there is none, any JSON is asked for.
    fn schema(_asked: &[&Self]) -> Option<Schema> {
        None
    }

    /// Whether what is asked for is the caller's own, which a server may refuse of this call and of no other.
    const HAS_OWN_FORM: bool = false;

    /// What is added to the system message where the schema is not sent beside it.
    fn in_words<'a>(_asked: &[&'a Self]) -> Option<&'a str> {
        None
    }

    /// Looks in what was said for an answer to the asked items: a value for each, in order, at least one of them there.
    fn find(asked: &[&Self], said: &Said<'_>) -> Found<Vec<Option<Self::Value>>>;

    /// Judges what was read, where only whoever asked knows whether it is an answer; `None` where all that is read is one.
    fn judge(_asked: &[&Self], _values: &[Option<Self::Value>]) -> Option<Judging<Self::Value>> {
        None
    }

    /// The span of a call in the log, by whose fields its records are told from those of others.
    fn span(ids: &CallIds, original: &str, items: &[Self]) -> Span;
}
