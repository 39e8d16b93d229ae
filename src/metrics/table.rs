//! Values under two names each, changed in place by many threads.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

use dashmap::DashMap;

/// A value for each pair of names. A pair is looked up as it is borrowed; its names are copied when it is new.
#[derive(Debug)]
pub(super) struct Table<V>(DashMap<Box<str>, HashMap<Box<str>, V>>);

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self(DashMap::new())
    }
}

impl<V: Default> Table<V> {
    /// Changes the value of a pair, which begins as the default. No other thread sees it half changed.
    pub(super) fn change(&self, first: &str, second: &str, step: impl FnOnce(&mut V)) {
        if let Some(mut row) = self.0.get_mut(first) {
            return change_in(&mut row, second, step);
        }
        change_in(&mut self.0.entry(first.into()).or_default(), second, step);
    }

    /// What `item` makes of each pair and its value, in no order.
    pub(super) fn collect<T>(&self, item: impl Fn(&str, &str, &V) -> T) -> Vec<T> {
        let mut items = Vec::new();
        self.each(|first, second, value| items.push(item(first, second, value)));
        items
    }

    /// Looks at each pair and its value, in no order.
    pub(super) fn each(&self, mut look: impl FnMut(&str, &str, &V)) {
        for row in &self.0 {
            row.iter().for_each(|(second, value)| look(row.key(), second, value));
        }
    }
}

/// Changes the value under a name, which is copied when it is new; the value begins as the default.
pub(super) fn change_in<N, K, V>(row: &mut HashMap<K, V>, name: &N, step: impl FnOnce(&mut V))
where
    N: Hash + Eq + ?Sized,
    K: Borrow<N> + for<'n> From<&'n N> + Hash + Eq,
    V: Default,
{
    match row.get_mut(name) {
        Some(value) => step(value),
        None => step(row.entry(name.into()).or_default()),
    }
}
