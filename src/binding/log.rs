//! Log records for JavaScript: what `tracing` is told while a call of one engine runs, handed to that engine's `onLog`.

use std::fmt;

use napi::Env;
use napi::bindgen_prelude::Object;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Event, Metadata, Subscriber, span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::inbox::{Line, Post};

/// One log record.
#[derive(Debug)]
pub(super) struct LogRecord {
    level: &'static str,
    message: String,
    fields: Vec<(&'static str, Value)>,
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

struct ToListener {
    line: Line,
    level: LevelFilter,
}

/// A subscriber that writes Fallcast's own records of `level` and above to a listener.
pub(super) fn dispatch(line: Line, level: &str) -> Dispatch {
    let level = level.parse().unwrap_or(LevelFilter::INFO);
    Dispatch::new(tracing_subscriber::registry().with(ToListener { line, level }))
}

impl LogRecord {
    /// A `LogRecord` as JavaScript sees it, the names of its fields written as names are there. `dropped`: how many records before this one were dropped.
    pub(super) fn to_object<'a>(&self, env: &'a Env, dropped: u32) -> napi::Result<Object<'a>> {
        let mut fields = Object::new(env)?;
        for (name, value) in &self.fields {
            let name = camel_case(name);
            match value {
                Value::Text(text) => fields.set(name, text)?,
                Value::Number(number) => fields.set(name, *number)?,
                Value::Flag(flag) => fields.set(name, *flag)?,
            }
        }
        let mut object = Object::new(env)?;
        object.set("level", self.level)?;
        object.set("message", &self.message)?;
        object.set("fields", fields)?;
        object.set("dropped", dropped)?;
        Ok(object)
    }
}

/// A name as JavaScript writes it.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for ToListener {
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
        let record = LogRecord { level, message: fields.message, fields: fields.others };
        self.line.post(Post::Log(Box::new(record)));
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
