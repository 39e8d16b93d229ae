//! Carries bytes to a provider and back, one POST at a time, and knows nothing of what they mean.

mod client;
mod coding;
pub mod concurrency;
mod connecting;
pub mod failure;
pub mod http;
pub mod proxies;
mod rate;
mod resolver;
mod tls;
mod traffic;
mod turns;
mod upload;
