//! Channel markers: `<|channel|>analysis<|message|>…<|end|>`, where only the channel `final` holds the answer.

use super::add;

/// What was said on the channels.
pub(super) struct Said {
    /// The final channel, and what stands outside all channels.
    pub(super) answer: String,
    /// If the text ends inside another channel: the same with what is said there.
    pub(super) unclosed: Option<String>,
    /// The other channels.
    pub(super) thinking: String,
}

/// A marker, such as `<|end|>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marker {
    /// A role follows.
    Start,
    /// The name of a channel follows.
    Channel,
    /// The format of the message follows.
    Constrain,
    /// The message follows.
    Message,
    /// The message is over.
    End,
}

const MARKERS: [(&str, Marker); 7] = [
    ("<|start|>", Marker::Start),
    ("<|channel|>", Marker::Channel),
    ("<|constrain|>", Marker::Constrain),
    ("<|message|>", Marker::Message),
    ("<|end|>", Marker::End),
    ("<|return|>", Marker::End),
    ("<|call|>", Marker::End),
];

/// Where a piece of text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Outside,
    /// Between markers that introduce a message, with whether its channel is the final one.
    Header(bool),
    Message(bool),
}

/// Splits a text by its channels; `None` if it has none.
pub(super) fn split(text: &str) -> Option<Said> {
    if !text.contains("<|channel|>") {
        return None;
    }
    let mut said = Said { answer: String::new(), unclosed: None, thinking: String::new() };
    let mut state = State::Outside;
    let mut rest = text;
    loop {
        let (piece, found) = next_marker(rest);
        match state {
            State::Outside | State::Message(true) => said.answer.push_str(piece),
            State::Message(false) => add(&mut said.thinking, piece),
            State::Header(_) => {}
        }
        let Some((marker, after)) = found else {
            let is_thinking = state == State::Message(false);
            said.unclosed = is_thinking.then(|| format!("{}\n{piece}", said.answer));
            return Some(said);
        };
        state = match (marker, state) {
            (Marker::Start, _) if leads_to(after, &[Marker::Channel, Marker::Message]) => State::Header(true),
            (Marker::Channel, _) if leads_to(after, &[Marker::Constrain, Marker::Message]) => {
                State::Header(after.trim_start().starts_with("final"))
            }
            (Marker::Message, State::Header(is_final)) => State::Message(is_final),
            (Marker::End, _) => State::Outside,
            _ => state,
        };
        rest = after;
    }
}

/// The text before the next marker; the marker, and the text after it.
fn next_marker(text: &str) -> (&str, Option<(Marker, &str)>) {
    for (at, _) in text.match_indices("<|") {
        let (before, from) = text.split_at_checked(at).unwrap_or((text, ""));
        if let Some(found) = MARKERS.iter().find_map(|(name, marker)| Some((*marker, from.strip_prefix(name)?))) {
            return (before, Some(found));
        }
    }
    (text, None)
}

/// Whether the next marker is one of these. Without it, a marker is text about markers.
fn leads_to(text: &str, markers: &[Marker]) -> bool {
    next_marker(text).1.is_some_and(|(next, _)| markers.contains(&next))
}
