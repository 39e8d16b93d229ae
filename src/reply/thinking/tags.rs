//! The tags around thinking: `<think>` and its kin, `[THINK]`, `◁think▷`.

use std::ops::Range;

/// The names that models use, in lower case.
pub(super) const NAMES: [&str; 7] =
    ["think", "thinking", "thought", "thoughts", "reasoning", "reflection", "scratchpad"];

/// The longest of them.
const LONGEST: usize = 10;

/// A tag, with the index of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Open(usize),
    Close(usize),
    /// One that closes itself.
    Empty,
}

/// Calls `take` for each tag, in order; it answers whether a block is open after it. While none is, tags inside the
/// strings of JSON are text.
pub(super) fn tags(text: &str, mut take: impl FnMut(Tag, Range<usize>) -> bool) {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut inside = false;
    let mut braces = 0_usize;
    // No quote before this place begins a string; without it the same text would be searched from each of them.
    let mut no_string_before = 0;
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
            b'<' | b'[' | 0xE2 => {
                if let Some((tag, length)) = text.get(at..).and_then(tag) {
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
fn tag(text: &str) -> Option<(Tag, usize)> {
    let mut chars = text.chars();
    let end = match chars.next()? {
        '<' => '>',
        '[' => ']',
        '◁' => '▷',
        _ => return None,
    };
    let rest = chars.as_str();
    let (closes, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
    let length = rest.bytes().take(LONGEST + 1).take_while(u8::is_ascii_alphabetic).count();
    let (name, rest) = rest.split_at_checked(length)?;
    // `[think]` in other letters may be a link or a list.
    if end == ']' && name != "THINK" {
        return None;
    }
    let name = NAMES.iter().position(|known| name.eq_ignore_ascii_case(known))?;
    let (attributes, rest) = rest.split_at_checked(rest.find(['<', '[', '◁', end])?)?;
    let rest = rest.strip_prefix(end)?;
    let empty = attributes.ends_with('/');
    if !empty && !attributes.is_empty() && !attributes.starts_with(char::is_whitespace) {
        return None;
    }
    let tag = match (closes, empty) {
        (true, _) => Tag::Close(name),
        (false, true) => Tag::Empty,
        (false, false) => Tag::Open(name),
    };
    Some((tag, text.len() - rest.len()))
}
