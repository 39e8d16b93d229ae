//! What a heading says of the lines below it.

use super::super::periods::is_aside;

/// Words of headings under which nothing is the predicted score.
const ASIDES: [&str; 58] = [
    "actual",
    "aggregate",
    "alternate",
    "alternative",
    "alternatives",
    "average",
    "bookmaker",
    "bookmakers",
    "chance",
    "chances",
    "draft",
    "earlier",
    "et",
    "example",
    "examples",
    "extra",
    "first",
    "form",
    "format",
    "h2h",
    "half",
    "halftime",
    "head",
    "historic",
    "historical",
    "history",
    "ht",
    "if",
    "incorrect",
    "initial",
    "instead",
    "last",
    "leg",
    "live",
    "market",
    "not",
    "odds",
    "past",
    "penalties",
    "pens",
    "placeholder",
    "previous",
    "prior",
    "probabilities",
    "probability",
    "recent",
    "reverse",
    "sample",
    "scenario",
    "scenarios",
    "schema",
    "season",
    "seasons",
    "statistics",
    "stats",
    "template",
    "wrong",
    "xg",
];

/// The longest heading that is looked at.
const LONGEST: usize = 160;

/// Whether what stands below a heading, or beside a label, is something else than the score that is predicted.
pub(super) fn says_aside(heading: &str) -> bool {
    let mut end = heading.len().min(LONGEST);
    while !heading.is_char_boundary(end) {
        end -= 1;
    }
    let heading = heading.get(..end).unwrap_or_default();
    let mut words = heading.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
    is_aside(heading) || words.any(|word| ASIDES.contains(&word.to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_something_else_are_told_by_their_words() {
        assert!(ASIDES.is_sorted());
        for heading in ["Half-time:", "## Odds", "Last season's results", "First draft", "Expected goals (xG)", "HT"] {
            assert!(says_aside(heading), "{heading}");
        }
        for heading in ["Predictions", "Final scores:", "Here are my predicted scores after 90 minutes", "", "结果"] {
            assert!(!says_aside(heading), "{heading}");
        }
    }
}
