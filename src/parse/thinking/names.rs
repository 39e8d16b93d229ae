//! What the name of a tag says about the block that it opens or closes.

/// The longest name that is looked at.
const LONGEST: usize = 40;

/// At how many words of a tag's attributes is looked.
const MOST_WORDS: usize = 16;

/// What a model thinks aloud in.
const THINKING: [&str; 7] = ["think", "thinking", "thought", "thoughts", "reasoning", "reflection", "scratchpad"];

/// What may also be no more than a heading: only a block that is closed is thinking.
const WORKING: [&str; 22] = [
    "analysis",
    "analyze",
    "brainstorm",
    "consideration",
    "considerations",
    "cot",
    "critique",
    "deliberation",
    "draft",
    "drafts",
    "internal",
    "monologue",
    "plan",
    "planning",
    "ponder",
    "rationale",
    "reason",
    "reflect",
    "reflections",
    "reflexion",
    "scratch",
    "working",
];

/// What a model answers in.
const ANSWER: [&str; 30] = [
    "action",
    "actions",
    "answer",
    "answers",
    "box",
    "boxed",
    "call",
    "code",
    "content",
    "data",
    "final",
    "function",
    "functions",
    "im",
    "invoke",
    "json",
    "message",
    "output",
    "parameter",
    "predict",
    "prediction",
    "predictions",
    "reply",
    "response",
    "result",
    "results",
    "solution",
    "text",
    "tool",
    "turn",
];

/// More names that a model answers in, those of what was asked for.
pub type Wrappers = &'static [&'static str];

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Thinking, also where one of its tags is missing.
    Thinking,
    /// Thinking, if both of its tags are there.
    Marked,
    /// The answer: the tags are only told from others.
    Answer,
    /// Nobody knows: the answer, where there is none outside of it.
    Other,
}

/// The name of a tag in lower case, by which the two tags of a block know each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name([u8; LONGEST]);

impl Name {
    /// The name of a tag, as it was written, and what its words say; `None` if it is too long to be one.
    pub(super) fn of(written: &str, wrappers: Wrappers) -> Option<(Self, Kind)> {
        let mut letters = [0; LONGEST];
        letters.get_mut(..written.len())?.copy_from_slice(written.as_bytes());
        letters.make_ascii_lowercase();
        let mut kind = Kind::Other;
        for word in std::str::from_utf8(letters.get(..written.len())?).ok()?.split(is_joint) {
            let is = |known: &&str| word == *known || known.len() > 4 && word.ends_with(*known);
            if THINKING.iter().any(&is) {
                kind = Kind::Thinking;
                break;
            }
            if WORKING.iter().any(is) {
                kind = Kind::Marked;
            } else if kind == Kind::Other && (ANSWER.contains(&word) || wrappers.contains(&word)) {
                kind = Kind::Answer;
            }
        }
        Some((Self(letters), kind))
    }

    /// Whether the attributes of a tag say that its block is thinking, such as `type="reasoning"`.
    pub(super) fn is_thinking_by(attributes: &str) -> bool {
        let words = attributes.split(|char: char| !char.is_ascii_alphanumeric());
        words.take(MOST_WORDS).any(|word| THINKING.iter().any(|known| known.eq_ignore_ascii_case(word)))
    }

    /// The name of a marker such as `START_THINKING` or `end_of_thought`, with whether the marker opens. Without a word
    /// that says so it opens, if it is about thinking.
    pub(super) fn of_marker(written: &str, wrappers: Wrappers) -> Option<(bool, Self, Kind)> {
        let mut opens = None;
        let mut rest = String::with_capacity(written.len());
        for word in written.split(is_joint) {
            match word.to_ascii_lowercase().as_str() {
                "start" | "begin" | "open" => opens = Some(true),
                "end" | "stop" | "close" => opens = Some(false),
                "of" | "" => {}
                word => {
                    let glued = [("begin", true), ("start", true), ("end", false)];
                    let verb = glued.iter().find_map(|&(verb, opening)| Some((word.strip_prefix(verb)?, opening)));
                    let word = verb.map_or(word, |(word, opening)| {
                        opens = Some(opening);
                        word
                    });
                    rest.push_str(word);
                    rest.push('_');
                }
            }
        }
        let (name, kind) = Self::of(rest.trim_end_matches('_'), wrappers).filter(|_| !rest.is_empty())?;
        match (opens, kind) {
            (None, Kind::Thinking) => Some((true, name, kind)),
            (Some(opens), Kind::Other) => Some((opens, name, Kind::Marked)),
            (Some(opens), _) => Some((opens, name, kind)),
            (None, _) => None,
        }
    }

    /// Whether it is that of a channel, whose first word says what it holds.
    pub(super) fn is_channel(self) -> bool {
        self.0.starts_with(b"channel\0")
    }
}

/// The name at the beginning of a text, of `wide` characters too, and the text behind it.
pub(super) fn of_tag(text: &str, wide: bool) -> Option<(&str, &str)> {
    let is_part = |char: &char| char.is_ascii_alphanumeric() || is_joint(*char) || wide && !char.is_ascii();
    let chars = text.chars().take(LONGEST + 1).take_while(is_part);
    let length = chars.map(char::len_utf8).sum();
    let (name, rest) = text.split_at_checked(length)?;
    let named = name.starts_with(|first: char| first.is_alphabetic()) && length <= LONGEST;
    named.then_some((name, rest))
}

/// Whether a character joins the words of a name.
fn is_joint(char: char) -> bool {
    matches!(char, '_' | '▁' | '-' | ':' | '.')
}
