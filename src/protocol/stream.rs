//! A reply that came as server-sent events although no stream was asked for.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::complaint::Complaint;
use super::envelope::{Choice, Envelope};
use super::{json, mend};

/// The text behind the comments with which some servers keep a connection alive.
pub(super) fn without_comments(text: &str) -> &str {
    let mut rest = text;
    while let Some(comment) = rest.trim_start().strip_prefix(':') {
        rest = comment.get(line_end(comment)..).unwrap_or_default();
    }
    rest.trim_start()
}

/// Joins the pieces of the first choice; `None` if the text is no stream.
pub(super) fn read(text: &str) -> Option<Envelope<'static>> {
    let mut rest = text.trim_start();
    let is_stream = ["data", "event", "id", "retry"].iter().any(|name| {
        let after = rest.strip_prefix(name);
        after.is_some_and(|after| after.starts_with(':'))
    });
    if !is_stream {
        return None;
    }
    let mut stream = Stream::default();
    let mut event = SentEvent::default();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(line_end(rest)).unwrap_or((rest, ""));
        rest = after.strip_prefix("\r\n").or_else(|| after.get(1..)).unwrap_or_default();
        if line.is_empty() {
            stream.take_event(&std::mem::take(&mut event));
        } else {
            event.add(line);
        }
    }
    // The last event lacks its end in a stream that was cut, and with careless servers.
    stream.take_event(&event);
    Some(stream.end())
}

/// Where a line ends: with CR, LF or both.
fn line_end(text: &str) -> usize {
    text.find(['\r', '\n']).unwrap_or(text.len())
}

/// An event, as far as it has been read.
#[derive(Default)]
struct SentEvent<'a> {
    name: &'a str,
    /// Its lines of data, joined.
    data: Option<Cow<'a, str>>,
}

impl<'a> SentEvent<'a> {
    fn add(&mut self, line: &'a str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        match name.trim_start() {
            "event" => self.name = value.trim(),
            "data" => match &mut self.data {
                None => self.data = Some(Cow::Borrowed(value)),
                Some(data) => {
                    let data = data.to_mut();
                    data.push('\n');
                    data.push_str(value);
                }
            },
            _ => {}
        }
    }
}

/// What the events so far came to.
#[derive(Default)]
struct Stream {
    whole: Envelope<'static>,
    index: Option<u64>,
    is_done: bool,
    /// Whether the data of an event were no JSON, as those of the last one are where it broke off.
    has_broken: bool,
}

impl Stream {
    fn take_event(&mut self, event: &SentEvent<'_>) {
        let Some(data) = &event.data else { return };
        self.has_broken = false;
        if !self.take(event.name, data) && data.contains('\n') {
            // A server that ends its events with a single line end.
            data.lines().for_each(|line| {
                self.take(event.name, line);
            });
        }
    }

    /// Takes the data of an event. Returns whether it is what it should be.
    fn take(&mut self, name: &str, data: &str) -> bool {
        if data.trim() == "[DONE]" {
            self.is_done = true;
            return true;
        }
        if let Some(piece) = json::parse(data) {
            self.add(name, piece);
            return true;
        }
        let mended = mend::mended(data);
        let piece = mended.as_deref().and_then(json::parse);
        match piece {
            Some(piece) => self.add(name, piece),
            None if name == "error" => {
                self.whole.error = self.whole.error.take().or_else(|| Some(Complaint::in_words(data)));
            }
            None => self.has_broken = !data.trim().is_empty(),
        }
        piece.is_some()
    }

    fn add(&mut self, event: &str, piece: &RawValue) {
        let mut choices = None;
        json::fields(piece, |name, value| {
            if name == "choices" {
                choices = Some(value);
            }
        });
        if let Some(choices) = choices {
            json::items(choices, |choice| {
                if json::is_object(choice) {
                    self.add_choice(Choice::read(choice));
                }
            });
        }
        let read = Envelope::read(piece);
        self.whole.usage = read.usage.or(self.whole.usage);
        if self.whole.model.is_none() {
            let named = read.model.filter(|model| !model.trim().is_empty());
            self.whole.model = named.map(|model| Cow::Owned(model.into_owned()));
        }
        let told = if event == "error" { Some(Complaint::explicit(piece)) } else { read.error };
        self.whole.error = self.whole.error.take().or(told);
    }

    fn add_choice(&mut self, mut choice: Choice<'_>) {
        if choice.index == *self.index.get_or_insert(choice.index) {
            self.whole.error = self.whole.error.take().or(choice.error.take());
            self.whole.choice.get_or_insert_default().extend(choice);
        }
    }

    fn end(mut self) -> Envelope<'static> {
        let is_finished = |choice: &Choice<'_>| choice.finish.is_some();
        let is_begun = self.whole.choice.is_some() || self.has_broken;
        self.whole.is_cut = is_begun && !self.is_done && !self.whole.choice.as_ref().is_some_and(is_finished);
        self.whole
    }
}
