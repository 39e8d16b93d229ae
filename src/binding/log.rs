//! Log records for JavaScript: what `tracing` is told while a call of one engine runs, handed to that engine's `onLog`.

use std::fmt;

use serde::{Serialize, Serializer};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Event, Metadata, Subscriber, span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::inbox::Sender;
use super::record::Record;

/// A `LogRecord` as JavaScript sees it, but for `dropped`.
#[derive(Serialize)]
struct LogRecord {
    level: &'static str,
    message: String,
    #[serde(serialize_with = "in_camel_case")]
    fields: Vec<(&'static str, FieldValue)>,
}

#[derive(Clone, Serialize)]
#[serde(untagged)]
enum FieldValue {
    Text(String),
    Number(f64),
    Flag(bool),
}

/// Collects the fields of an event or a span.
#[derive(Default)]
struct Collected {
    message: String,
    others: Vec<(&'static str, FieldValue)>,
}

struct ToListener {
    sender: Sender,
    level: LevelFilter,
}

/// A subscriber that writes Fallcast's own records of `level` and above to a listener.
pub(super) fn dispatch(sender: Sender, level: &str) -> Dispatch {
    let level = level.parse().unwrap_or(LevelFilter::INFO);
    Dispatch::new(tracing_subscriber::registry().with(ToListener { sender, level }))
}

/// The fields as an object, their names written as names are in JavaScript.
fn in_camel_case<S: Serializer>(fields: &[(&'static str, FieldValue)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(fields.iter().map(|(name, value)| (camel_case(name), value)))
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
        let mut fields = Collected::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Collected::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            let extensions = span.extensions();
            for (name, value) in extensions.get::<Collected>().into_iter().flat_map(|span| &span.others) {
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
        self.sender.post(Record::new(&record));
    }
}

impl Collected {
    fn push(&mut self, field: &Field, value: FieldValue) {
        match (field.name(), value) {
            ("message", FieldValue::Text(text)) => self.message = text,
            (name, value) => self.others.push((name, value)),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a JavaScript number is a double")]
impl Visit for Collected {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, FieldValue::Number(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, FieldValue::Number(value as f64));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, FieldValue::Number(value as f64));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, FieldValue::Flag(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, FieldValue::Text(value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push(field, FieldValue::Text(format!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_its_fields_in_order_with_names_as_in_javascript() {
        let fields = vec![
            ("cost_usd", FieldValue::Number(0.5)),
            ("model", FieldValue::Text("a\n".to_owned())),
            ("is_it", FieldValue::Flag(true)),
        ];
        let record = Record::new(&LogRecord { level: "info", message: "call ended".to_owned(), fields });
        let expected = r#"{"level":"info","message":"call ended","fields":{"costUsd":0.5,"model":"a\n","isIt":true}}"#;
        assert_eq!(record.json(), expected);
    }
}
