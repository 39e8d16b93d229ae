//! Values under names, each found at once and all of them read in order, so that who shows them need not sort them.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Values by name. A name is found as in a map; a new one moves those after it, for names are few and seldom new.
#[derive(Debug)]
pub(super) struct Sorted<K, V> {
    places: HashMap<K, usize>,
    /// By name, in ascending order.
    entries: Vec<(K, V)>,
}

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Self { places: HashMap::new(), entries: Vec::new() }
    }
}

impl<K: Clone + Ord + Hash, V: Default> Sorted<K, V> {
    /// Changes the value under a name, which is copied when it is new; the value begins as the default.
    pub(super) fn change<N>(&mut self, name: &N, step: impl FnOnce(&mut V))
    where
        N: Hash + Ord + ?Sized,
        K: Borrow<N> + for<'n> From<&'n N>,
    {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None => self.insert(name.into()),
        };
        if let Some((_, value)) = self.entries.get_mut(place) {
            step(value);
        }
    }

    fn insert(&mut self, name: K) -> usize {
        let place = self.entries.partition_point(|(known, _)| *known < name);
        self.places.values_mut().filter(|known| **known >= place).for_each(|known| *known += 1);
        self.places.insert(name.clone(), place);
        self.entries.insert(place, (name, V::default()));
        place
    }

    /// All of them, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(K, V)> + Clone {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn names_are_found_and_read_in_order_in_whatever_order_they_came() {
        let mut sorted: Sorted<Arc<str>, usize> = Sorted::default();
        let names: Vec<String> = (0..50).map(|number| format!("{}", number * 7 % 50)).collect();
        for (times, name) in names.iter().enumerate() {
            (0..=times).for_each(|_| sorted.change(name.as_str(), |value| *value += 1));
        }
        let mut expected: Vec<_> = names.iter().zip(1..).map(|(name, times)| (name.as_str(), times)).collect();
        expected.sort_unstable();
        assert_eq!(sorted.iter().map(|(name, value)| (&**name, *value)).collect::<Vec<_>>(), expected);
    }
}
