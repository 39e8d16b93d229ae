//! What became of each cell of a slate.

use std::collections::HashSet;
use std::hash::Hash;

use crate::kind::{FailureKind, SkipReason};

/// Why a cell has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The call ended with an error of this code.
    Code(&'static str),
    /// The model failed, and nobody stood in.
    Failure(FailureKind),
    /// The model was passed over, and nobody stood in.
    Skip(SkipReason),
    /// What is asked about had begun; as the sport says it.
    Begun(&'static str),
    /// Enough was answered before it was asked.
    Enough,
    /// The caller left.
    Cancelled,
}

impl Why {
    /// The stable name, as JavaScript sees it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code(code) => code,
            Self::Failure(kind) => kind.as_str(),
            Self::Skip(reason) => reason.as_str(),
            Self::Begun(name) => name,
            Self::Enough => "enough",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A cell without an answer; `M` names a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing<M> {
    /// The model.
    pub model: M,
    /// The place of what it was asked about.
    pub position: usize,
    /// Why.
    pub why: Why,
}

/// What became of the cells so far.
#[derive(Debug)]
pub struct Tally<M> {
    cells: usize,
    answered: usize,
    missing: Vec<Missing<M>>,
    /// Of each position that is in a cell the models that answered.
    answered_by: Vec<Option<HashSet<M>>>,
}

impl<M: Copy + Eq + Hash> Tally<M> {
    /// Nothing yet, of cells at these positions.
    #[must_use]
    pub fn new(cells: impl IntoIterator<Item = usize>) -> Self {
        let mut tally = Self { cells: 0, answered: 0, missing: Vec::new(), answered_by: Vec::new() };
        for position in cells {
            tally.cells += 1;
            if tally.answered_by.len() <= position {
                tally.answered_by.resize_with(position + 1, || None);
            }
            if let Some(models) = tally.answered_by.get_mut(position) {
                models.get_or_insert_default();
            }
        }
        tally
    }

    /// A cell at this position has an answer, which this model gave.
    pub fn answered(&mut self, position: usize, by: M) {
        self.answered += 1;
        if let Some(Some(models)) = self.answered_by.get_mut(position) {
            models.insert(by);
        }
    }

    /// A cell has none, and will have none.
    pub fn missed(&mut self, model: M, position: usize, why: Why) {
        self.missing.push(Missing { model, position, why });
    }

    /// Whether every position has answers of so many models.
    #[must_use]
    pub fn is_enough(&self, models: usize) -> bool {
        self.answered_by.iter().flatten().all(|answered| answered.len() >= models)
    }

    /// How many cells there are, how many have an answer, and how many will have none.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        (self.cells, self.answered, self.missing.len())
    }

    /// The cells that will have no answer.
    #[must_use]
    pub fn missing(&self) -> &[Missing<M>] {
        &self.missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_enough_when_every_position_has_so_many_models_each_once() {
        // Two models about the first and the third; nobody is asked about the second.
        let mut tally = Tally::new([0, 2, 0, 2]);
        assert!(tally.is_enough(0) && !tally.is_enough(1));
        tally.answered(0, 'a');
        tally.answered(2, 'b');
        assert!(tally.is_enough(1) && !tally.is_enough(2));
        // Another stood in, which had answered itself.
        tally.answered(0, 'a');
        tally.answered(2, 'c');
        assert!(!tally.is_enough(2));
        tally.answered(0, 'd');
        assert!(tally.is_enough(2));
    }

    #[test]
    fn cells_are_counted_once() {
        let mut tally = Tally::new([0, 1, 2]);
        tally.answered(1, 'a');
        tally.missed('a', 0, Why::Enough);
        assert_eq!(tally.counts(), (3, 1, 1));
        assert_eq!(tally.missing(), [Missing { model: 'a', position: 0, why: Why::Enough }]);
        let names = [Why::Code("CLOSED"), Why::Failure(FailureKind::Timeout), Why::Skip(SkipReason::OverBudget)];
        assert_eq!(names.map(Why::as_str), ["CLOSED", "timeout", "over_budget"]);
        assert_eq!([Why::Begun("over"), Why::Enough, Why::Cancelled].map(Why::as_str), ["over", "enough", "cancelled"]);
    }
}
