//! The tags around blocks: `<think>` and its kin, `<x:think>`, `[THINK]`, `◁think▷`, `<|START_THINKING|>`, `<|channel>`.

use std::ops::Range;

use super::names::{Kind, Name, Wrappers, of_tag};

/// The bars of markers, the wide one too.
const BARS: [char; 2] = ['|', '｜'];

/// A tag, with its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Open(Name, Kind),
    Close(Name, Kind),
    /// One that closes itself.
    Empty,
}

impl Tag {
    /// Whether it is a tag around an answer, which is as good as none; except that of a channel, where the tag that
    /// closes does not say what it closes.
    fn is_of_answer(self) -> bool {
        matches!(self, Self::Open(name, Kind::Answer) | Self::Close(name, Kind::Answer) if !name.is_channel())
    }
}

/// Calls `take` for each tag, in order; it answers whether a block is open after it. While none is, tags inside the
/// strings of JSON are text.
pub(super) fn tags(text: &str, wrappers: Wrappers, mut take: impl FnMut(Tag, Range<usize>) -> bool) {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut inside = false;
    let mut braces = 0_usize;
    // No quote before this place begins a string; without it the same text would be searched from each of them.
    let mut no_string_before = 0;
    // Nor does one of thinking before this place a fence that ends.
    let mut no_fence_before = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'{' => braces += 1,
            b'}' => braces = braces.saturating_sub(1),
            b'"' if braces > 0 && !inside && at >= no_string_before => {
                match json_string(text.get(at + 1..).unwrap_or_default()) {
                    Ok(length) => at += length,
                    Err(length) => no_string_before = at + 1 + length,
                }
            }
            b'`' if !inside && at >= no_fence_before => match text.get(at..).map(|text| fence(text, wrappers)) {
                Some(Fence::Thinking(name, open, close)) => {
                    let end = at + close;
                    take(Tag::Open(name, Kind::Marked), at..at + open);
                    inside = take(Tag::Close(name, Kind::Marked), end..end + FENCE.len());
                    at = end + FENCE.len();
                    continue;
                }
                Some(Fence::Endless) => no_fence_before = text.len(),
                Some(Fence::Other) | None => {}
            },
            b'<' | b'[' | b'&' | b'\\' | 0xE2 => {
                if let Some((tag, length)) =
                    text.get(at..).and_then(|text| tag(text, wrappers)).filter(|(tag, _)| !tag.is_of_answer())
                {
                    inside = take(tag, at..at + length);
                    braces = 0;
                    at += length;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// How the brackets of a tag are written where they are escaped.
const ESCAPED: [(&str, &str); 3] = [("&lt;", "&gt;"), ("&#60;", "&#62;"), ("\\u003c", "\\u003e")];

/// What begins and ends a block of code.
const FENCE: &str = "```";

/// What a text begins with that begins with a back-tick.
enum Fence {
    /// A fence whose info string is a name of thinking: the name, the length of the fence, and where its end begins.
    Thinking(Name, usize, usize),
    /// One of thinking that does not end.
    Endless,
    Other,
}

fn fence(text: &str, wrappers: Wrappers) -> Fence {
    let named = text.strip_prefix(FENCE).and_then(|rest| of_tag(rest, false)).and_then(|(written, rest)| {
        let (name, kind) = Name::of(written, wrappers)?;
        matches!(kind, Kind::Thinking | Kind::Marked).then_some((name, text.len() - rest.len()))
    });
    let Some((name, open)) = named else { return Fence::Other };
    match text.get(open..).and_then(|rest| rest.find(FENCE)) {
        Some(close) => Fence::Thinking(name, open, open + close),
        None => Fence::Endless,
    }
}

/// The length of a string of JSON from behind its first quote; where it fails to end on its line as one would, `Err`.
fn json_string(rest: &str) -> Result<usize, usize> {
    let mut escaped = false;
    for (offset, byte) in rest.bytes().enumerate() {
        match byte {
            b'\n' => return Err(offset),
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => {
                let after = rest.get(offset + 1..).unwrap_or_default().trim_start();
                return if after.starts_with([',', ':', '}', ']']) { Ok(offset + 1) } else { Err(offset) };
            }
            _ => {}
        }
    }
    Err(rest.len())
}

/// The tag at the beginning of a text, and its length.
fn tag(text: &str, wrappers: Wrappers) -> Option<(Tag, usize)> {
    let mut chars = text.chars();
    let end = match chars.next()? {
        '<' => '>',
        '[' => ']',
        '◁' => '▷',
        '&' | '\\' => return escaped(text, wrappers),
        _ => return None,
    };
    let rest = chars.as_str();
    if let Some(rest) = rest.strip_prefix(BARS).filter(|_| end == '>') {
        let (tag, rest) = marker(rest, wrappers)?;
        return Some((tag, text.len() - rest.len()));
    }
    let (spaced, rest) = rest.strip_prefix(' ').filter(|_| end == '>').map_or((false, rest), |rest| (true, rest));
    let (closes, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest.trim_start_matches(' ')));
    let (written, rest) = of_tag(rest, end != '▷')?;
    let (name, kind) = Name::of(written, wrappers)?;
    let (closes, name, mut kind) = match written {
        // Tokens that a model without any for thinking was taught as such.
        "unused94" => (false, Name::of("thought", wrappers)?.0, Kind::Thinking),
        "unused95" => (true, Name::of("thought", wrappers)?.0, Kind::Thinking),
        _ => (closes, name, kind),
    };
    if spaced {
        // A sign of less may stand before a word too.
        kind = Some(Kind::Marked).filter(|_| kind == Kind::Thinking)?;
    }
    if end == ']' {
        // `[think]` in other letters may be a link or a list, and so may other words, if nothing closes them.
        kind = match (written, kind) {
            ("THINK", _) => Kind::Thinking,
            (_, Kind::Thinking | Kind::Marked) => Kind::Marked,
            _ => return None,
        };
    }
    if let Some(rest) = rest.strip_prefix("|>").filter(|_| end == '>' && !closes) {
        let kind = if name.is_channel() { Kind::Thinking } else { kind };
        return Some((Tag::Close(name, kind), text.len() - rest.len()));
    }
    let (attributes, rest) = rest.split_at_checked(rest.find(['<', '[', '◁', end])?)?;
    let rest = rest.strip_prefix(end)?;
    let empty = attributes.ends_with('/');
    if !empty && !attributes.is_empty() && !attributes.starts_with(char::is_whitespace) {
        return None;
    }
    if kind == Kind::Other && Name::is_thinking_by(attributes) {
        kind = Kind::Marked;
    }
    let tag = match (closes, empty) {
        (true, _) => Tag::Close(name, kind),
        (false, true) if kind == Kind::Thinking => Tag::Empty,
        (false, true) => return None,
        (false, false) => Tag::Open(name, kind),
    };
    Some((tag, text.len() - rest.len()))
}

/// A tag whose brackets are escaped, as those of a text that was once part of a page or of JSON: only a block of
/// thinking that is closed is meant by it.
fn escaped(text: &str, wrappers: Wrappers) -> Option<(Tag, usize)> {
    let (rest, end) = ESCAPED.iter().find_map(|&(begin, end)| Some((text.strip_prefix(begin)?, end)))?;
    let (closes, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
    let (written, rest) = of_tag(rest, false)?;
    let (name, kind) = Name::of(written, wrappers)?;
    let rest = rest.trim_start_matches(' ').strip_prefix(end)?;
    let tag = if closes { Tag::Close(name, Kind::Marked) } else { Tag::Open(name, Kind::Marked) };
    matches!(kind, Kind::Thinking | Kind::Marked).then_some((tag, text.len() - rest.len()))
}

/// The marker whose text begins behind `<|`, such as `START_THINKING|>`, `end_of_thought|>`, `/think|>` or, with one
/// bar alone, `channel>`; and the text behind it.
fn marker(rest: &str, wrappers: Wrappers) -> Option<(Tag, &str)> {
    let (slash, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
    let (written, rest) = of_tag(rest, false)?;
    if let Some(rest) = rest.strip_prefix('>') {
        let (name, mut kind) = Name::of(written, wrappers)?;
        if name.is_channel() {
            kind = if rest.trim_start().starts_with("final") { Kind::Answer } else { Kind::Thinking };
        }
        return Some((if slash { Tag::Close(name, kind) } else { Tag::Open(name, kind) }, rest));
    }
    let rest = rest.strip_prefix(BARS)?.strip_prefix('>')?;
    let (opens, name, kind) = Name::of_marker(written, wrappers)?;
    Some((if slash || !opens { Tag::Close(name, kind) } else { Tag::Open(name, kind) }, rest))
}
