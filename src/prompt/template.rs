//! Text with `{{name}}` placeholders, split once and filled often.

use crate::check::Faults;
use crate::football;
use crate::line;
use crate::money::estimate_tokens;

/// The most characters of an unknown name that are shown.
const LONGEST_SHOWN: usize = 40;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placeholder {
    ActiveModels,
    Date,
    Lines,
}

impl Placeholder {
    const NAMES: [(&'static str, Self); 3] =
        [("active_models", Self::ActiveModels), ("date", Self::Date), (football::ITEMS, Self::Lines)];
}

/// What fills the placeholders.
pub(super) struct Values<'a> {
    /// `{{active_models}}`: how many models are active.
    pub(super) active_models: &'a str,
    /// `{{date}}`: today's date in UTC, such as 2026-02-05.
    pub(super) date: &'a str,
    /// The placeholder that is called [`football::ITEMS`]: what is asked, a line each.
    pub(super) lines: &'a str,
}

#[derive(Debug, PartialEq)]
enum Part {
    Text(String),
    Fill(Placeholder),
}

/// The text of a component, ready to be filled.
#[derive(Debug, PartialEq)]
pub(super) struct Template {
    parts: Vec<Part>,
    tokens: u64,
}

impl Template {
    /// Splits `text`; surrounding white space is dropped. `None` and faults at `path` if a `{{` begins no placeholder
    /// that something fills, or if there is no text.
    pub(super) fn read(text: &str, path: &str, faults: &mut Faults) -> Option<Self> {
        let before = faults.len();
        if text.trim().is_empty() {
            faults.push(path, "must not be empty");
        }
        let mut parts = Vec::new();
        let mut rest = text.trim_end();
        while let Some((plain, after)) = rest.split_once("{{") {
            parts.push(Part::Text(if parts.is_empty() { plain.trim_start() } else { plain }.to_owned()));
            rest = after;
            let line = after.lines().next().unwrap_or_default();
            let found = match line.split_once("}}") {
                Some((name, _)) => {
                    rest = &after[name.len() + 2..];
                    let known = Placeholder::NAMES.iter().find(|(known, _)| *known == name);
                    known.map(|(_, placeholder)| *placeholder).ok_or_else(|| unknown(name))
                }
                None => Err("{{ begins a placeholder that does not end on its line".to_owned()),
            };
            match found {
                Ok(placeholder) => parts.push(Part::Fill(placeholder)),
                Err(problem) => {
                    let number = text[..text.trim_end().len() - after.len()].matches('\n').count() + 1;
                    faults.push(path, format!("line {number}: {problem}"));
                }
            }
        }
        parts.push(Part::Text(if parts.is_empty() { rest.trim_start() } else { rest }.to_owned()));
        (faults.len() == before).then(|| Self { parts, tokens: estimate_tokens(text.trim()) + 1 })
    }

    /// Estimate of the tokens of the text itself and of the blank line after it.
    pub(super) fn tokens(&self) -> u64 {
        self.tokens
    }

    /// How often what is asked is listed.
    pub(super) fn lists(&self) -> usize {
        self.parts.iter().filter(|part| **part == Part::Fill(Placeholder::Lines)).count()
    }

    /// Appends the text to `out` with each placeholder filled; what fills one is not looked into again.
    pub(super) fn render(&self, out: &mut String, values: &Values<'_>) {
        for part in &self.parts {
            out.push_str(match part {
                Part::Text(text) => text,
                Part::Fill(Placeholder::ActiveModels) => values.active_models,
                Part::Fill(Placeholder::Date) => values.date,
                Part::Fill(Placeholder::Lines) => values.lines,
            });
        }
    }
}

/// The placeholder that lists what is asked, as it stands in a text.
pub(super) fn listing() -> String {
    format!("{{{{{}}}}}", football::ITEMS)
}

fn unknown(name: &str) -> String {
    let shown: String = line::without_keys(name).chars().take(LONGEST_SHOWN).collect();
    let known: Vec<String> = Placeholder::NAMES.iter().map(|(name, _)| format!("{{{{{name}}}}}")).collect();
    format!("nothing fills the placeholder {{{{{shown}}}}}, known are {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VALUES: Values<'_> = Values { active_models: "7", date: "2026-02-05", lines: "{{date}}\n# Scoring" };

    fn rendered(text: &str) -> Result<String, Vec<String>> {
        let mut faults = Faults::new();
        let template = Template::read(text, "dir/a.md: ", &mut faults);
        match template {
            Some(template) => {
                let mut out = String::new();
                template.render(&mut out, &VALUES);
                Ok(out)
            }
            None => Err(faults.iter().map(ToString::to_string).collect()),
        }
    }

    #[test]
    fn each_placeholder_is_filled_wherever_it_stands() {
        assert_eq!(rendered("  {{date}}: {{active_models}}{{date}} \n").unwrap(), "2026-02-05: 72026-02-05");
        assert_eq!(rendered("\n a } { }} {\"a\": {}} \n").unwrap(), "a } { }} {\"a\": {}}");
    }

    #[test]
    fn what_fills_a_placeholder_is_not_looked_into() {
        assert_eq!(rendered("{{matches}}").unwrap(), "{{date}}\n# Scoring");
    }

    #[test]
    fn every_placeholder_that_nothing_fills_is_a_fault_with_its_line() {
        assert_eq!(
            rendered("\n{{Date}}\n{{ date }} {{date}}\n{{}} {{date\n}}").unwrap_err(),
            [
                "dir/a.md: line 2: nothing fills the placeholder {{Date}}, known are {{active_models}}, {{date}}, {{matches}}",
                "dir/a.md: line 3: nothing fills the placeholder {{ date }}, known are {{active_models}}, {{date}}, {{matches}}",
                "dir/a.md: line 4: nothing fills the placeholder {{}}, known are {{active_models}}, {{date}}, {{matches}}",
                "dir/a.md: line 4: {{ begins a placeholder that does not end on its line",
            ]
        );
        assert!(rendered("{{sk-1234}}").unwrap_err()[0].contains("{{[key]}}"));
        assert_eq!(rendered(" \n").unwrap_err(), ["dir/a.md: must not be empty"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[{}a-z_ \\n]{0,40}|.{0,40}") {
            if let Ok(out) = rendered(&text) {
                prop_assert!(!out.is_empty());
                prop_assert!(text.contains("{{") || out == text.trim());
            }
        }
    }
}
