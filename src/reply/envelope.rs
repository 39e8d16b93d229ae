//! The chat completion around an answer: finds the texts in it, wherever the provider put them.

use serde_json::{Map, Value};

use super::usage;
use crate::outcome::Usage;

/// The fields in which providers put what a model thought.
const REASONING_FIELDS: &[&str] = &["reasoning_content", "reasoning", "thinking", "reasoning_details"];

/// The fields of an object that hold its words; the first that is there counts.
const WORD_FIELDS: &[&str] = &["text", "content", "summary", "thinking", "reasoning", "value"];

/// A chat completion, or what came instead of one.
#[derive(Default)]
pub(super) struct Envelope {
    /// The first choice with any text, else the first; `None` if there is none at all.
    pub(super) choice: Option<Choice>,
    /// The error beside or inside the choices.
    pub(super) error: Option<Value>,
    /// The tokens that it says were used.
    pub(super) usage: Option<Usage>,
}

/// What a model said in one choice, not trimmed.
#[derive(Default)]
pub(super) struct Choice {
    /// The content, or the `text` of a legacy completion.
    pub(super) content: String,
    /// The arguments of all its tool calls, one a line.
    pub(super) arguments: String,
    /// Why it would not answer.
    pub(super) refusal: String,
    /// What it thought, where a field of its own says so; no text twice.
    pub(super) reasoning: Vec<String>,
    /// Why it stopped.
    pub(super) finish: Finish,
    /// The error inside the choice.
    pub(super) error: Option<Value>,
    /// The parts of the content that are reasoning, until they are told apart from the fields.
    thought: String,
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Finish {
    /// It had said all, or a reason that changes nothing here.
    #[default]
    Whole,
    /// It was cut off by `max_tokens`.
    Length,
    /// A content filter stopped it.
    Filtered,
}

impl Envelope {
    /// Takes the parsed body of a reply apart.
    pub(super) fn read(mut body: Value) -> Self {
        let usage = body.get("usage").and_then(usage::read);
        let mut choices = match body.get_mut("choices").map(Value::take) {
            Some(Value::Array(choices)) => choices,
            _ => Vec::new(),
        };
        choices.retain(Value::is_object);
        let mut first = None;
        let mut error = None;
        for mut choice in choices.into_iter().map(Choice::read) {
            error = error.or_else(|| choice.error.take());
            if choice.has_text() {
                first = Some(choice);
                break;
            }
            first = first.or(Some(choice));
        }
        if is_error(&body, first.is_none()) {
            error = Some(body);
        }
        Self { choice: first, error, usage }
    }
}

impl Choice {
    /// Reads an entry of `choices`, whole or of a stream.
    pub(super) fn read(mut choice: Value) -> Self {
        let mut read = Self { finish: Finish::read(choice.get("finish_reason")), ..Self::default() };
        for holder in ["message", "delta"] {
            if let Some(Value::Object(message)) = choice.get_mut(holder).map(Value::take) {
                read.add_message(message);
            }
        }
        if let Value::Object(mut fields) = choice {
            if let Some(Value::String(text)) = fields.get_mut("text").map(Value::take) {
                append(&mut read.content, text);
            }
            read.error = fields.remove("error").filter(says_something);
            read.add_message(fields);
        }
        read
    }

    /// Appends the next piece of a stream.
    pub(super) fn extend(&mut self, next: Self) {
        append(&mut self.content, next.content);
        append(&mut self.arguments, next.arguments);
        append(&mut self.refusal, next.refusal);
        for piece in next.reasoning {
            match self.reasoning.first_mut() {
                Some(reasoning) => reasoning.push_str(&piece),
                None => self.reasoning.push(piece),
            }
        }
        if next.finish != Finish::Whole {
            self.finish = next.finish;
        }
    }

    /// Whether it says anything at all.
    pub(super) fn has_text(&self) -> bool {
        let answers = [&self.content, &self.arguments, &self.refusal];
        answers.into_iter().chain(&self.reasoning).any(|text| !text.trim().is_empty())
    }

    fn add_message(&mut self, mut message: Map<String, Value>) {
        let mut take = |field: &str| message.get_mut(field).map(Value::take).unwrap_or_default();
        self.add_content(take("content"));
        self.add_refusal(take("refusal"));
        if let Value::Array(calls) = take("tool_calls") {
            for mut call in calls {
                match call.get_mut("function").map(Value::take) {
                    Some(function) => self.add_arguments(function),
                    None => self.add_arguments(call),
                }
            }
        }
        self.add_arguments(take("function_call"));
        for field in REASONING_FIELDS {
            self.add_reasoning(words(take(field)));
        }
        let thought = std::mem::take(&mut self.thought);
        self.add_reasoning(thought);
    }

    fn add_content(&mut self, content: Value) {
        match content {
            Value::String(text) => append(&mut self.content, text),
            Value::Array(parts) => parts.into_iter().for_each(|part| self.add_content(part)),
            Value::Object(part) => self.add_part(part),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn add_part(&mut self, mut part: Map<String, Value>) {
        let kind = part.get("type").and_then(Value::as_str);
        let is_untyped = kind.is_none();
        if kind.is_some_and(|kind| kind.contains("reasoning") || kind.contains("thinking")) {
            append(&mut self.thought, words(Value::Object(part)));
        } else if let Some(refusal) = part.get_mut("refusal").map(Value::take) {
            self.add_refusal(refusal);
        } else if let Some(text) = part.get_mut("text").map(Value::take) {
            append(&mut self.content, words(text));
        } else if is_untyped {
            // A server that has parsed the model's JSON already.
            append(&mut self.content, Value::Object(part).to_string());
        }
    }

    fn add_refusal(&mut self, refusal: Value) {
        append(&mut self.refusal, words(refusal));
    }

    fn add_arguments(&mut self, mut function: Value) {
        let arguments = match function.get_mut("arguments").map(Value::take) {
            Some(Value::String(text)) => text,
            Some(parsed @ (Value::Object(_) | Value::Array(_))) => parsed.to_string(),
            _ => return,
        };
        if !self.arguments.is_empty() {
            self.arguments.push('\n');
        }
        append(&mut self.arguments, arguments);
    }

    /// Providers send the same under several names.
    fn add_reasoning(&mut self, text: String) {
        if !text.is_empty() && !self.reasoning.iter().any(|known| known.trim() == text.trim()) {
            self.reasoning.push(text);
        }
    }
}

impl Finish {
    fn read(reason: Option<&Value>) -> Self {
        let reason = reason.and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
        match reason.as_str() {
            "length" | "max_tokens" | "max_output_tokens" | "model_length" => Self::Length,
            "content_filter" | "content_filtered" | "safety" => Self::Filtered,
            _ => Self::Whole,
        }
    }
}

/// Whether a body reports an error; without choices, a message alone does.
fn is_error(body: &Value, is_without_choices: bool) -> bool {
    let complains = ["message", "detail"].iter().any(|field| body.get(field).is_some_and(Value::is_string));
    body.get("error").is_some_and(says_something) || (is_without_choices && complains)
}

/// Whether the value of a field `error` is one: some servers always send the field.
fn says_something(error: &Value) -> bool {
    match error {
        Value::Null | Value::Number(_) => false,
        Value::Bool(is_error) => *is_error,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// All words of a text, of a list of texts, or of an object around one.
fn words(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Array(items) => items.into_iter().fold(String::new(), |mut all, item| {
            append(&mut all, words(item));
            all
        }),
        Value::Object(mut object) => WORD_FIELDS
            .iter()
            .find_map(|field| object.get_mut(*field).map(Value::take).filter(|value| !value.is_null()))
            .map(words)
            .unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
    }
}

/// Appends without a copy where there is nothing yet.
fn append(text: &mut String, more: String) {
    if text.is_empty() {
        *text = more;
    } else {
        text.push_str(&more);
    }
}
