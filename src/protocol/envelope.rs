//! The chat completion around an answer: finds the texts in it, wherever the provider put them.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::complaint::Complaint;
use super::json::{self, DEEPEST};
use super::usage;
use crate::outcome::Told;

/// The fields in which providers put what a model thought.
pub(super) const REASONING_FIELDS: [&str; 4] = ["reasoning_content", "reasoning", "thinking", "reasoning_details"];

/// The fields of an object that hold its words; the first that is there counts.
const WORD_FIELDS: [&str; 6] = ["text", "content", "summary", "thinking", "reasoning", "value"];

/// A larger `usage` is none.
const LONGEST_USAGE: usize = 16 * 1024;

/// A chat completion, or what came instead of one.
#[derive(Default)]
pub(super) struct Envelope<'a> {
    /// The first choice with any text, else the first; `None` if there is none at all.
    pub(super) choice: Option<Choice<'a>>,
    /// The error beside or inside the choices.
    pub(super) error: Option<Complaint>,
    /// What it says of its tokens.
    pub(super) usage: Option<Told>,
    /// The model that it says it is of, as it says it.
    pub(super) model: Option<Cow<'a, str>>,
    /// Whether it is a stream that broke off.
    pub(super) is_cut: bool,
}

/// What a model said in one choice, not trimmed.
#[derive(Default)]
pub(super) struct Choice<'a> {
    /// The content, or the `text` of a legacy completion.
    pub(super) content: Cow<'a, str>,
    /// The arguments of all its tool calls, one a line.
    pub(super) arguments: Cow<'a, str>,
    /// Why it would not answer.
    pub(super) refusal: Cow<'a, str>,
    /// What it thought, where a field of its own says so; no text twice.
    pub(super) reasoning: Vec<Cow<'a, str>>,
    /// Why it stopped, as the provider says it.
    pub(super) finish: Option<Cow<'a, str>>,
    /// Why it stopped, as a provider behind the provider says it.
    pub(super) native_finish: Option<Cow<'a, str>>,
    /// The error inside the choice.
    pub(super) error: Option<Complaint>,
    /// Which of several choices it is.
    pub(super) index: u64,
    /// The parts of the content that are reasoning, until they are told apart from the fields.
    pub(super) thought: Cow<'a, str>,
}

/// The fields of a choice or of a message in it.
#[derive(Default)]
struct Slots<'a> {
    content: Option<&'a RawValue>,
    refusal: Option<&'a RawValue>,
    tool_calls: Option<&'a RawValue>,
    function_call: Option<&'a RawValue>,
    reasoning: [Option<&'a RawValue>; REASONING_FIELDS.len()],
    message: Option<&'a RawValue>,
    delta: Option<&'a RawValue>,
    text: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
    finish: Option<&'a RawValue>,
    native_finish: Option<&'a RawValue>,
    index: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    /// Takes the body of a reply apart; of a list the first item is it.
    pub(super) fn read(body: &'a RawValue) -> Self {
        let mut first = None;
        json::items(body, |item| first = first.or(Some(item)));
        let body = first.unwrap_or(body);
        let [mut choices, mut error] = [None; 2];
        let mut envelope = Self::default();
        let mut complains = false;
        json::fields(body, |name, value| match name {
            "choices" => choices = Some(value),
            "usage" => envelope.usage = read_usage(value),
            "model" => envelope.model = json::text(value),
            "error" | "errors" => error = Some(value).filter(|error| says_something(error, DEEPEST)).or(error),
            "object" | "type" | "status" if value.get() == "\"error\"" => error = error.or(Some(value)),
            "success" if value.get() == "false" => error = error.or(Some(value)),
            "message" | "msg" | "detail" => complains |= value.get().starts_with('"'),
            "base_resp" => complains = true,
            _ => {}
        });
        if let Some(choices) = choices {
            json::items(choices, |choice| envelope.add(choice));
        }
        if error.is_some() || (complains && envelope.choice.is_none()) {
            envelope.error =
                Some(Complaint { is_explicit: error.is_some(), ..Complaint::read(Some(body), body.get()) });
        }
        envelope
    }

    /// Keeps the next choice if it is better than the one there is.
    fn add(&mut self, choice: &'a RawValue) {
        if json::is_object(choice) && !self.choice.as_ref().is_some_and(Choice::has_text) {
            let mut choice = Choice::read(choice);
            self.error = self.error.take().or_else(|| choice.error.take());
            if self.choice.is_none() || choice.has_text() {
                self.choice = Some(choice);
            }
        }
    }
}

impl<'a> Choice<'a> {
    /// Reads an entry of `choices`, whole or of a stream.
    pub(super) fn read(choice: &'a RawValue) -> Self {
        let slots = Slots::read(choice);
        let mut read = Self {
            finish: slots.finish.and_then(json::text).and_then(reason),
            native_finish: slots.native_finish.and_then(json::text).and_then(reason),
            error: slots.complaint(),
            index: slots.index.and_then(|index| index.get().parse().ok()).unwrap_or_default(),
            ..Self::default()
        };
        for message in [slots.message, slots.delta].into_iter().flatten() {
            let message = Slots::read(message);
            read.error = read.error.take().or_else(|| message.complaint());
            read.add_message(&message);
        }
        if let Some(text) = slots.text.and_then(json::text) {
            append(&mut read.content, text);
        }
        read.add_message(&slots);
        read
    }

    /// Whether it says anything at all.
    pub(super) fn has_text(&self) -> bool {
        let answers = [&self.content, &self.arguments, &self.refusal];
        answers.into_iter().chain(&self.reasoning).any(|text| !text.trim().is_empty())
    }

    fn add_message(&mut self, message: &Slots<'a>) {
        if let Some(content) = message.content {
            self.add_content(content, DEEPEST);
        }
        if let Some(refusal) = message.refusal {
            append(&mut self.refusal, words(refusal, DEEPEST));
        }
        if let Some(calls) = message.tool_calls {
            json::items(calls, |call| {
                let mut function = call;
                json::fields(call, |name, value| {
                    if name == "function" {
                        function = value;
                    }
                });
                self.add_arguments(function);
            });
        }
        if let Some(function) = message.function_call {
            self.add_arguments(function);
        }
        for field in message.reasoning.into_iter().flatten() {
            self.add_reasoning(words(field, DEEPEST));
        }
        let thought = std::mem::take(&mut self.thought);
        self.add_reasoning(thought);
    }

    fn add_content(&mut self, content: &'a RawValue, depth: u8) {
        if let Some(text) = json::text(content) {
            append(&mut self.content, text);
        } else if let Some(depth) = depth.checked_sub(1).filter(|_| json::is_list(content)) {
            json::items(content, |part| self.add_content(part, depth));
        } else if json::is_object(content) {
            self.add_part(content, depth);
        }
    }

    fn add_part(&mut self, part: &'a RawValue, depth: u8) {
        let [mut kind, mut refusal, mut text] = [None; 3];
        json::fields(part, |name, value| match name {
            "type" => kind = Some(value),
            "refusal" => refusal = Some(value),
            "text" => text = Some(value),
            _ => {}
        });
        let kind = kind.and_then(json::text);
        if kind.as_ref().is_some_and(|kind| kind.contains("reasoning") || kind.contains("thinking")) {
            append(&mut self.thought, words(part, depth));
        } else if let Some(refusal) = refusal {
            append(&mut self.refusal, words(refusal, depth));
        } else if let Some(text) = text {
            append(&mut self.content, words(text, depth));
        } else if kind.is_none() {
            // A server that has parsed the model's JSON already.
            append(&mut self.content, Cow::Borrowed(part.get()));
        }
    }

    fn add_arguments(&mut self, function: &'a RawValue) {
        let mut arguments = None;
        json::fields(function, |name, value| {
            if name == "arguments" {
                arguments = Some(value);
            }
        });
        let Some(arguments) = arguments else { return };
        let text = match json::text(arguments) {
            Some(text) => text,
            None if json::is_object(arguments) || json::is_list(arguments) => Cow::Borrowed(arguments.get()),
            None => return,
        };
        if !self.arguments.is_empty() {
            self.arguments.to_mut().push('\n');
        }
        append(&mut self.arguments, text);
    }

    /// Providers send the same under several names.
    pub(super) fn add_reasoning(&mut self, text: Cow<'a, str>) {
        if !text.is_empty() && !self.reasoning.iter().any(|known| known.trim() == text.trim()) {
            self.reasoning.push(text);
        }
    }
}

impl Choice<'static> {
    /// Appends the next piece of a stream.
    pub(super) fn extend(&mut self, next: Choice<'_>) {
        self.content.to_mut().push_str(&next.content);
        self.arguments.to_mut().push_str(&next.arguments);
        self.refusal.to_mut().push_str(&next.refusal);
        for piece in next.reasoning {
            match self.reasoning.first_mut() {
                Some(reasoning) => reasoning.to_mut().push_str(&piece),
                None => self.reasoning.push(Cow::Owned(piece.into_owned())),
            }
        }
        let last = [(&mut self.finish, next.finish), (&mut self.native_finish, next.native_finish)];
        for (known, next) in last {
            if let Some(next) = next {
                *known = Some(Cow::Owned(next.into_owned()));
            }
        }
    }
}

impl<'a> Slots<'a> {
    fn read(object: &'a RawValue) -> Self {
        let mut slots = Self::default();
        json::fields(object, |name, value| {
            let slot = match name {
                "content" => &mut slots.content,
                "refusal" => &mut slots.refusal,
                "tool_calls" => &mut slots.tool_calls,
                "function_call" => &mut slots.function_call,
                "message" => &mut slots.message,
                "delta" => &mut slots.delta,
                "text" => &mut slots.text,
                "error" => &mut slots.error,
                "finish_reason" => &mut slots.finish,
                "native_finish_reason" => &mut slots.native_finish,
                "index" => &mut slots.index,
                _ => {
                    let known = REASONING_FIELDS.iter().position(|field| *field == name);
                    let Some(slot) = known.and_then(|place| slots.reasoning.get_mut(place)) else { return };
                    slot
                }
            };
            *slot = Some(value);
        });
        slots
    }

    fn complaint(&self) -> Option<Complaint> {
        self.error.filter(|error| says_something(error, DEEPEST)).map(Complaint::explicit)
    }
}

/// A reason to stop; some servers write that there is none yet.
pub(super) fn reason(reason: Cow<'_, str>) -> Option<Cow<'_, str>> {
    Some(reason).filter(|reason| !matches!(reason.trim(), "" | "null" | "none" | "None"))
}

/// Whether the value of a field `error` is one: some servers always send the field, or all fields of it.
fn says_something(error: &RawValue, depth: u8) -> bool {
    match error.get() {
        "true" => true,
        text if text.starts_with('"') => !text.trim_matches('"').trim().is_empty(),
        text if text.starts_with(['[', '{']) => {
            let Some(depth) = depth.checked_sub(1) else { return true };
            let mut some = false;
            json::fields(error, |_, value| some = some || says_something(value, depth));
            json::items(error, |value| some = some || says_something(value, depth));
            some
        }
        // The number of an error; a field that is a number itself is none.
        text => depth < DEEPEST && text.parse().is_ok_and(|number: f64| number.abs() > 0.0),
    }
}

/// The tokens that a body says were used, whatever else it is.
pub(super) fn usage_of(body: &RawValue) -> Option<Told> {
    let mut usage = None;
    json::fields(body, |name, value| {
        if name == "usage" {
            usage = read_usage(value);
        }
    });
    usage
}

pub(super) fn read_usage(value: &RawValue) -> Option<Told> {
    usage::read(Some(value.get()).filter(|usage| usage.len() <= LONGEST_USAGE)?)
}

/// All words of a text, of a list of texts, or of an object around one.
fn words(value: &RawValue, depth: u8) -> Cow<'_, str> {
    if let Some(text) = json::text(value) {
        return text;
    }
    let Some(depth) = depth.checked_sub(1) else { return Cow::default() };
    let mut all = Cow::default();
    json::items(value, |item| append(&mut all, words(item, depth)));
    let mut fields = [None; WORD_FIELDS.len()];
    json::fields(value, |name, value| {
        let known = WORD_FIELDS.iter().position(|field| *field == name);
        if let Some(field) = known.and_then(|place| fields.get_mut(place)).filter(|_| value.get() != "null") {
            *field = Some(value);
        }
    });
    fields.into_iter().flatten().next().map_or(all, |field| words(field, depth))
}

/// Appends without a copy where there is nothing yet.
fn append<'a>(text: &mut Cow<'a, str>, more: Cow<'a, str>) {
    if text.is_empty() {
        *text = more;
    } else {
        text.to_mut().push_str(&more);
    }
}
