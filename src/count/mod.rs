//! The number of active models: the one figure that every page shows.

mod cache;
mod store;

pub use cache::{Count, Counted, Store};
pub use store::Moka;

use std::time::SystemTime;

use crate::catalog::{Catalog, Model};

/// The one key of the cache, and of the invalidations that are told.
pub const KEY: &str = "stats:active_model_count";

/// How many models are active now: usable as the catalogue has them, and not switched off.
#[must_use]
pub fn active_models(catalog: &Catalog, is_switched_off: impl Fn(&Model) -> bool) -> usize {
    let now = SystemTime::now();
    catalog.models().filter(|model| model.is_usable(now) && !is_switched_off(model)).count()
}
