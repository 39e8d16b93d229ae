//! Which forms of an answer servers have refused, for as long as the engine lives.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::catalog::{FormatsLeft, Model, ResponseFormat};

/// The forms of an answer that are left.
#[derive(Default)]
pub(super) struct Formats(ArcSwap<FormatsLeft>);

impl Formats {
    /// What is left of each model now.
    pub(super) fn left(&self) -> Arc<FormatsLeft> {
        self.0.load_full()
    }

    /// Notes that the server of a model has refused a form. Returns the one that is left.
    pub(super) fn refused(&self, model: &Model, format: ResponseFormat) -> ResponseFormat {
        self.0.rcu(|left| left.without(model, format));
        // Others may have found out more meanwhile.
        self.left().of(model).min(format.lower())
    }
}
