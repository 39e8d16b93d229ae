//! What is another in one catalogue than in another.

use super::{Catalog, ModelIndex};

/// The ids of models that are another in a catalogue than in an earlier one, each list in the order of its catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogDifference {
    /// Models that the earlier one does not have.
    pub added: Vec<String>,
    /// Models that only the earlier one has.
    pub removed: Vec<String>,
    /// Models that are in both, but not the same, themselves or by their provider or their fallbacks.
    pub changed: Vec<String>,
}

impl Catalog {
    /// What is another in this catalogue than in an `earlier` one.
    #[must_use]
    pub fn difference(&self, earlier: &Self) -> CatalogDifference {
        let mut difference = CatalogDifference::default();
        for (index, model) in self.indexed() {
            match earlier.get(&model.id) {
                None => difference.added.push(model.id.clone()),
                Some(before) if !self.is_same(index, earlier, before) => difference.changed.push(model.id.clone()),
                Some(_) => {}
            }
        }
        let gone = earlier.models().filter(|model| self.get(&model.id).is_none());
        difference.removed = gone.map(|model| model.id.clone()).collect();
        difference
    }

    /// Whether two models are the same; their fallbacks may have other places.
    fn is_same(&self, index: ModelIndex, other: &Self, other_index: ModelIndex) -> bool {
        let alone = |catalog: &Self, index| {
            let mut model = catalog.model(index).as_ref().clone();
            let ids: Vec<String> =
                model.fallbacks.drain(..).map(|fallback| catalog.model(fallback).id.clone()).collect();
            (model, ids)
        };
        alone(self, index) == alone(other, other_index)
    }
}
