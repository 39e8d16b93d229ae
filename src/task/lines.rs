//! What is asked as a model is shown it, and how many tokens it and its answer take.

use crate::catalog::ResponseFormat;

/// How many tokens an answer, or a part of one, takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswerTokens {
    /// The most that it should need.
    pub most: u64,
    /// What it usually takes.
    pub usual: u64,
}

/// One item of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// As it stands in a prompt; empty if it is not sent.
    pub text: String,
    /// Estimate of the text's tokens.
    pub tokens: u64,
    /// Those of its answer.
    pub answer: AnswerTokens,
}

/// A line for each item, in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    items: Vec<Line>,
    beside: AnswerTokens,
    /// Tokens of the schema of an answer: beside the items, and of each.
    schema: (u64, Vec<u64>),
    /// The tightest form in which the answer can be asked for.
    tightest: ResponseFormat,
    /// Whether the schema stands in the prompt where it is not sent beside it.
    is_in_words: bool,
    name: &'static str,
}

impl Lines {
    /// These lines, whose answers take so many tokens beside those of each; `name` is what the items are called: the
    /// parameter of an adjustment.
    #[must_use]
    pub fn new(name: &'static str, lines: Vec<Line>, beside: AnswerTokens) -> Self {
        let (schema, tightest) = ((0, Vec::new()), ResponseFormat::JsonSchema);
        Self { items: lines, beside, schema, tightest, is_in_words: false, name }
    }

    /// The same lines, where the answer can be asked for in no tighter form, and a schema that is not sent beside the prompt
    /// stands in it.
    #[must_use]
    pub fn with_form(self, tightest: ResponseFormat, is_in_words: bool) -> Self {
        Self { tightest, is_in_words, ..self }
    }

    /// The tightest form in which the answer can be asked for.
    #[must_use]
    pub fn tightest(&self) -> ResponseFormat {
        self.tightest
    }

    /// The same lines, where the schema of an answer takes so many tokens beside the items, and so many for each.
    #[must_use]
    pub fn with_schema(self, beside: u64, items: Vec<u64>) -> Self {
        Self { schema: (beside, items), ..self }
    }

    /// What the items are called.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.items.len()
    }

    /// The lines at these positions, as they stand in a prompt.
    #[must_use]
    pub fn text(&self, positions: &[usize]) -> String {
        self.at(positions).map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// Estimate of the tokens of the lines at these positions.
    #[must_use]
    pub fn tokens(&self, positions: &[usize]) -> u64 {
        self.at(positions).map(|line| line.tokens).sum()
    }

    /// The tokens of an answer for these positions.
    #[must_use]
    pub fn answer_tokens(&self, positions: &[usize]) -> AnswerTokens {
        self.at(positions).fold(self.beside, |sum, Line { answer, .. }| AnswerTokens {
            most: sum.most + answer.most,
            usual: sum.usual + answer.usual,
        })
    }

    /// Estimate of the tokens of the schema of an answer for these positions, where it is asked for in that form.
    #[must_use]
    pub fn schema_tokens(&self, positions: &[usize], format: ResponseFormat) -> u64 {
        if format < ResponseFormat::JsonSchema && !self.is_in_words {
            return 0;
        }
        let (beside, items) = &self.schema;
        beside + positions.iter().filter_map(|&position| items.get(position)).sum::<u64>()
    }

    /// How many bytes the line at a position has.
    #[must_use]
    pub fn bytes(&self, position: usize) -> usize {
        self.items.get(position).map_or(0, |line| line.text.len())
    }

    /// The most tokens that the answer for one position adds to one for others.
    #[must_use]
    pub fn most_tokens_of(&self, position: usize) -> u64 {
        self.items.get(position).map_or(0, |line| line.answer.most)
    }

    fn at<'a>(&'a self, positions: &'a [usize]) -> impl Iterator<Item = &'a Line> {
        positions.iter().filter_map(|&position| self.items.get(position))
    }
}
