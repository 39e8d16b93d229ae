//! Channel markers: `<|channel|>analysis<|message|>…<|end|>`, where only the channel `final` holds the answer. Servers
//! lose some of the markers, so each is understood without the others where that leaves no doubt.

use super::add;

/// What was said on the channels.
pub(super) struct ByChannels {
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

/// The names of channels, by which a message without its own marker is known.
const CHANNELS: [(&str, bool); 5] =
    [("final", true), ("analysis", false), ("commentary", false), ("thought", false), ("reasoning", false)];

/// What is left of the markers between the thinking and the answer where a server takes the markers themselves away.
const BARE_FINAL: &str = "assistantfinal";

/// Where a piece of text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Outside,
    /// Between markers that introduce a message, with whether its channel is the final one.
    Header(bool),
    Message(bool),
}

/// Splits a text by its channels; `None` if it has none.
pub(super) fn split(text: &str) -> Option<ByChannels> {
    if text.contains("<|channel|>") || text.contains("<|end|>") {
        return Some(by_markers(text));
    }
    let bare = text.trim_start().strip_prefix("analysis")?;
    let (thinking, answer) = bare.rsplit_once(BARE_FINAL)?;
    Some(ByChannels { answer: answer.to_owned(), unclosed: None, thinking: thinking.trim().to_owned() })
}

fn by_markers(text: &str) -> ByChannels {
    let mut said = ByChannels { answer: String::new(), unclosed: None, thinking: String::new() };
    let mut state = State::Outside;
    // What stands before all messages is thinking that lost its marker, if an answer comes after it.
    let (mut has_message, mut has_final) = (false, false);
    let last_value = text.rfind(['{', '[']);
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
            return said;
        };
        rest = after;
        state = match (marker, state) {
            (Marker::Start, _) if leads_to(after, &[Marker::Channel, Marker::Message]) => State::Header(true),
            (Marker::Channel, _) => match named(after) {
                Some((is_final, _)) if leads_to(after, &[Marker::Constrain, Marker::Message]) => {
                    State::Header(is_final)
                }
                Some((is_final, message)) => {
                    rest = message;
                    State::Message(is_final)
                }
                None if leads_to(after, &[Marker::Constrain, Marker::Message]) => State::Header(false),
                None => state,
            },
            (Marker::Message, State::Header(is_final)) => State::Message(is_final),
            (Marker::Message, State::Outside) if !has_message => match named(&said.answer) {
                Some((is_final, "")) => {
                    said.answer.clear();
                    State::Message(is_final)
                }
                _ => state,
            },
            (Marker::End, State::Outside) if !has_message && last_value >= Some(text.len() - after.len()) => {
                said.recant();
                State::Outside
            }
            (Marker::End, _) => State::Outside,
            _ => state,
        };
        has_message |= matches!(state, State::Message(_));
        if state == State::Message(true) && !has_final {
            said.recant();
            has_final = true;
        }
    }
}

impl ByChannels {
    /// What was taken for the answer was thinking.
    fn recant(&mut self) {
        let before = std::mem::take(&mut self.answer);
        add(&mut self.thinking, &before);
    }
}

/// Whether the channel whose name a text begins with is the final one, and the text behind the name.
fn named(text: &str) -> Option<(bool, &str)> {
    let text = text.trim_start();
    CHANNELS.iter().find_map(|&(name, is_final)| {
        let rest = text.strip_prefix(name)?;
        (!rest.starts_with(char::is_alphanumeric)).then(|| (is_final, rest.trim_start()))
    })
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
