//! The locks and atomics whose interleavings are checked: the loom tests put loom's in their place; a leaf.

pub use std::sync::{Mutex, MutexGuard, PoisonError, atomic};
