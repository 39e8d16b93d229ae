//! Scripts that Redis runs as one step each. They go by their content: a server that does not have one yet is sent its
//! text, so releases whose scripts differ run beside one another.

use std::sync::LazyLock;

/// A script, and the hash by which Redis knows it.
pub(super) struct Script {
    /// What it is called in a message.
    pub(super) name: &'static str,
    /// Its text.
    pub(super) text: &'static str,
    hash: LazyLock<String, Box<dyn FnOnce() -> String + Send + Sync>>,
}

/// The text of a script that changes something, by its file: what all of them begin with stands before it.
macro_rules! changing {
    ($file:literal) => {
        concat!(include_str!("scripts/common.lua"), include_str!(concat!("scripts/", $file)))
    };
}
pub(super) use changing;

impl Script {
    pub(super) fn new(name: &'static str, text: &'static str) -> Self {
        let hash = move || redis::Script::new(text).get_hash().to_owned();
        Self { name, text, hash: LazyLock::new(Box::new(hash)) }
    }

    /// The hash of its text, as Redis makes it.
    pub(super) fn hash(&self) -> &str {
        &self.hash
    }
}
