//! Where the names of hosts lead.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::{io, vec};

use hyper_util::client::legacy::connect::dns::Name;
use reqwest::dns::{self, Resolve, Resolving};
use tower_service::Service;

use crate::catalog::is_localhost;

/// Asks the system's resolver, but never for `localhost` and what is below it: those are this machine, whatever a server
/// for names would say, and so are called without TLS and with a key.
#[derive(Clone, Copy)]
pub(super) struct Resolver;

/// The host's name leads nowhere.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct Unresolved(#[from] io::Error);

/// The addresses of a host; the port of the URL takes the place of theirs.
type Addresses = vec::IntoIter<SocketAddr>;

async fn addresses(name: &str) -> Result<Addresses, Unresolved> {
    let addresses: Vec<_> = if is_localhost(name) {
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        loopback.into_iter().map(|address| SocketAddr::new(address, 0)).collect()
    } else {
        tokio::net::lookup_host((name, 0)).await?.collect()
    };
    Ok(addresses.into_iter())
}

impl Service<Name> for Resolver {
    type Response = Addresses;
    type Error = Unresolved;
    type Future = Pin<Box<dyn Future<Output = Result<Addresses, Unresolved>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move { addresses(name.as_str()).await })
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: dns::Name) -> Resolving {
        Box::pin(async move { Ok(Box::new(addresses(name.as_str()).await?) as dns::Addrs) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn localhost_is_this_machine_without_asking_anyone() {
        // Labels of more than 63 characters are names that no resolver knows.
        let below = format!("{}.localhost", "x".repeat(70));
        for name in ["localhost", "LocalHost.", "ollama.localhost", &below] {
            let addresses = addresses(name).await.unwrap();
            let addresses: Vec<_> = addresses.map(|address| address.ip().to_string()).collect();
            assert_eq!(addresses, ["127.0.0.1", "::1"], "{name}");
        }
        for name in [below.replace("localhost", "localhost.invalid"), below.replace(".localhost", "localhost")] {
            assert!(super::addresses(&name).await.is_err(), "{name}");
        }
    }
}
