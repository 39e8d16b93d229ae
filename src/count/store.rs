//! Where the count is kept.

use std::time::Duration;

use moka::sync::Cache;

use super::{Counted, KEY, Store};

/// A count is made anew after this long even if nothing invalidated it.
const TIME_TO_LIVE: Duration = Duration::from_secs(5 * 60);

/// A moka cache with one key.
#[derive(Debug)]
pub struct Moka(Cache<&'static str, Counted>);

impl Default for Moka {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(1).time_to_live(TIME_TO_LIVE).build())
    }
}

impl Store for Moka {
    fn get(&self) -> Option<Counted> {
        self.0.get(KEY)
    }

    fn put(&self, counted: Counted) {
        self.0.insert(KEY, counted);
    }

    fn remove(&self) {
        self.0.invalidate(KEY);
    }
}
