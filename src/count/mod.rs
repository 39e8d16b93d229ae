//! The number of active models: the one figure that every page shows.

use crate::catalog::{Catalog, Model};

/// How many models are active: usable as the catalogue has them, and not switched off.
#[must_use]
pub fn active_models(catalog: &Catalog, is_switched_off: impl Fn(&Model) -> bool) -> usize {
    catalog.models().filter(|model| model.is_usable() && !is_switched_off(model)).count()
}
