//! Football scores from language models that fail: fallback chains inside a budget and a deadline.
//!
//! This crate is the core of the Node.js addon `fallcast`; `binding` makes JavaScript of it.

pub mod ask;
#[cfg_attr(test, allow(dead_code, reason = "napi registers no exports in a test binary"))]
mod binding;
pub mod call_id;
pub mod catalog;
pub mod check;
pub mod config;
pub mod count;
pub mod engine;
pub mod error;
pub mod event;
pub mod fleet;
pub mod football;
pub mod health;
pub mod kind;
pub mod line;
pub mod metrics;
pub mod money;
pub mod outcome;
pub mod parse;
pub mod plan;
pub mod prompt;
pub mod protocol;
pub mod reply;
pub mod request;
pub mod slate;
pub mod state_file;
mod sync;
pub mod task;
pub mod transport;
pub mod watch;

/// Requests are made on one thread and freed on another, which glibc's allocator is slow at and musl's slower. Version 2 of
/// mimalloc, for version 3 ends the process when a thread starts after the one that loaded the addon has ended.
#[cfg(not(test))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(test)]
#[path = "../tests/support/counting.rs"]
mod counting;

#[cfg(test)]
#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;
