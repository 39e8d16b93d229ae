//! How a call is named wherever it is told of; a leaf.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// The names of one call: in its outcome or error, its events and its log records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallIds {
    /// The engine's: no other call has it, whatever process made it.
    pub call_id: String,
    /// The caller's own.
    pub request_id: Option<String>,
}

/// Names the calls of one engine `<engine>-<number>`.
#[derive(Debug)]
pub struct CallNumbers {
    engine: String,
    given: AtomicU64,
}

impl Default for CallNumbers {
    fn default() -> Self {
        // The keys of each `RandomState` are the operating system's, so that two engines differ in 64 random bits
        // wherever and whenever they were built.
        Self { engine: format!("{:016x}", RandomState::new().hash_one(0)), given: AtomicU64::new(0) }
    }
}

impl CallNumbers {
    /// What the ids begin with: no other engine has it, whatever process made it.
    #[must_use]
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// An id that no other call has.
    #[must_use]
    pub fn next(&self) -> String {
        format!("{}-{}", self.engine, self.given.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_calls_have_the_same_id_whatever_engine_made_them() {
        let engines: Vec<CallNumbers> = (0..1000).map(|_| CallNumbers::default()).collect();
        let ids: HashSet<String> = engines.iter().flat_map(|engine| [engine.next(), engine.next()]).collect();
        assert_eq!(ids.len(), 2000);
    }

    #[test]
    fn the_ids_of_one_engine_begin_alike_and_count() {
        let engine = CallNumbers::default();
        let (first, second) = (engine.next(), engine.next());
        let (begin, number) = first.split_once('-').unwrap();
        assert_eq!((begin.len(), number), (16, "1"));
        assert_eq!(second, format!("{begin}-2"));
    }
}
