//! Log records for JavaScript: what `tracing` is told while a call of one engine runs, handed to that engine's `onLog`.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use napi::Env;
use napi::bindgen_prelude::{Function, FunctionRef, Object};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Event, Metadata, Subscriber, span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::inbox::Inbox;

/// Most log records that wait; beyond it the oldest is dropped, and the next one says how many were.
const MAX_WAITING: usize = 4096;

/// A user's function that takes log records.
pub(super) struct LogListener {
    function: FunctionRef<Object<'static>, ()>,
    waiting: Mutex<Waiting>,
}

/// Records that wait for the JavaScript thread.
#[derive(Default)]
struct Waiting {
    records: VecDeque<LogRecord>,
    /// How many were dropped since the last that was kept.
    dropped: u32,
}

/// That function while it is at hand.
pub(super) type Listener<'a> = Function<'a, Object<'static>, ()>;

/// One log record.
#[derive(Debug)]
pub(super) struct LogRecord {
    level: &'static str,
    message: String,
    fields: Vec<(&'static str, Value)>,
    /// How many records were dropped before this one because too many waited.
    dropped: u32,
}

#[derive(Clone, Debug)]
enum Value {
    Text(String),
    Number(f64),
    Flag(bool),
}

/// Collects the fields of an event or a span.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, Value)>,
}

struct ToInbox {
    inbox: Arc<Inbox>,
    listener: Arc<LogListener>,
    level: LevelFilter,
}

/// A subscriber that leaves Fallcast's own records of `level` and above in `inbox` for `listener`.
pub(super) fn dispatch(inbox: Arc<Inbox>, listener: Listener<'_>, level: &str) -> napi::Result<Dispatch> {
    let listener = Arc::new(LogListener { function: listener.create_ref()?, waiting: Mutex::default() });
    let level = level.parse().unwrap_or(LevelFilter::INFO);
    Ok(Dispatch::new(tracing_subscriber::registry().with(ToInbox { inbox, listener, level })))
}

impl LogListener {
    /// Adds a record, in place of the oldest if too many wait. Returns whether it is the first that waits.
    pub(super) fn put(&self, mut record: LogRecord) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.records.len() == MAX_WAITING {
            waiting.records.pop_front();
            waiting.dropped = waiting.dropped.saturating_add(1);
        }
        record.dropped = std::mem::take(&mut waiting.dropped);
        waiting.records.push_back(record);
        waiting.records.len() == 1
    }

    /// Takes all records that wait.
    pub(super) fn take(&self) -> VecDeque<LogRecord> {
        std::mem::take(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner).records)
    }

    /// Calls the function.
    pub(super) fn call(&self, env: &Env, record: LogRecord) -> napi::Result<()> {
        let listener: Function<'_, Object<'_>, ()> = self.function.borrow_back(env)?;
        let mut fields = Object::new(env)?;
        for (name, value) in record.fields {
            match value {
                Value::Text(text) => fields.set(name, text)?,
                Value::Number(number) => fields.set(name, number)?,
                Value::Flag(flag) => fields.set(name, flag)?,
            }
        }
        let mut object = Object::new(env)?;
        object.set("level", record.level)?;
        object.set("message", record.message)?;
        object.set("fields", fields)?;
        object.set("dropped", record.dropped)?;
        listener.call(object)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for ToInbox {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target().starts_with(env!("CARGO_CRATE_NAME")) && *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            let extensions = span.extensions();
            for (name, value) in extensions.get::<Fields>().into_iter().flat_map(|span| &span.others) {
                if fields.others.iter().all(|(known, _)| known != name) {
                    fields.others.push((name, value.clone()));
                }
            }
        }
        let level = match *event.metadata().level() {
            tracing::Level::ERROR => "error",
            tracing::Level::WARN => "warn",
            tracing::Level::INFO => "info",
            tracing::Level::DEBUG => "debug",
            tracing::Level::TRACE => "trace",
        };
        let record = LogRecord { level, message: fields.message, fields: fields.others, dropped: 0 };
        self.inbox.log(&self.listener, record);
    }
}

impl Fields {
    fn push(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::Text(text)) => self.message = text,
            (name, value) => self.others.push((name, value)),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a JavaScript number is a double")]
impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, Value::Number(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, Value::Number(value as f64));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, Value::Number(value as f64));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, Value::Flag(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, Value::Text(value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push(field, Value::Text(format!("{value:?}")));
    }
}
