//! Text with `{{name}}` placeholders, split once and filled often.

use crate::money::estimate_tokens;

#[derive(Clone, Copy)]
enum Placeholder {
    ActiveModels,
    Matches,
}

/// What fills the placeholders.
pub(super) struct Values<'a> {
    /// `{{active_models}}`: how many models are active.
    pub(super) active_models: &'a str,
    /// `{{matches}}`: the matches, a line each.
    pub(super) matches: &'a str,
}

enum Part {
    Text(&'static str),
    Fill(Placeholder),
}

/// A component, ready to be filled.
pub(super) struct Template {
    parts: Vec<Part>,
    tokens: u64,
}

impl Template {
    /// Splits `text`; surrounding white space is dropped, and braces that name no placeholder stay as they are.
    pub(super) fn new(text: &'static str) -> Self {
        let mut rest = text.trim();
        let mut parts = Vec::new();
        while let Some((before, placeholder, after)) = next_placeholder(rest) {
            parts.extend([Part::Text(before), Part::Fill(placeholder)]);
            rest = after;
        }
        parts.push(Part::Text(rest));
        Self { parts, tokens: estimate_tokens(text) }
    }

    /// Estimate of the tokens of the text itself.
    pub(super) fn tokens(&self) -> u64 {
        self.tokens
    }

    /// Appends the text to `out` with each placeholder filled; what fills one is not looked into again.
    pub(super) fn render(&self, out: &mut String, values: &Values<'_>) {
        for part in &self.parts {
            out.push_str(match part {
                Part::Text(text) => text,
                Part::Fill(Placeholder::ActiveModels) => values.active_models,
                Part::Fill(Placeholder::Matches) => values.matches,
            });
        }
    }
}

fn next_placeholder(text: &'static str) -> Option<(&'static str, Placeholder, &'static str)> {
    const NAMES: [(&str, Placeholder); 2] =
        [("{{active_models}}", Placeholder::ActiveModels), ("{{matches}}", Placeholder::Matches)];
    NAMES
        .into_iter()
        .filter_map(|(name, placeholder)| text.split_once(name).map(|(before, after)| (before, placeholder, after)))
        .min_by_key(|(before, ..)| before.len())
}
