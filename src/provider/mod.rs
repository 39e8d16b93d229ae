//! The wire: serialises a fitted request, waits for its turn at the provider, and sends it.

pub mod body;
mod coding;
mod connecting;
pub mod failure;
pub mod http;
pub mod proxies;
mod resolver;
mod tls;
pub mod turns;
mod upload;
