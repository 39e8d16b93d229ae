//! Where the names of hosts lead.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::catalog::is_localhost;

/// Asks the system's resolver, but never for `localhost` and what is below it: those are this machine, whatever a server
/// for names would say, and so are called without TLS and with a key.
pub(super) struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The port of the URL takes the place of this one.
            let addresses: Addrs = if is_localhost(name.as_str()) {
                let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
                Box::new(loopback.into_iter().map(|address| SocketAddr::new(address, 0)))
            } else {
                Box::new(tokio::net::lookup_host((name.as_str(), 0)).await?.collect::<Vec<_>>().into_iter())
            };
            Ok(addresses)
        })
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
            let addresses = Resolver.resolve(name.parse().unwrap()).await.unwrap();
            let addresses: Vec<_> = addresses.map(|address| address.ip().to_string()).collect();
            assert_eq!(addresses, ["127.0.0.1", "::1"], "{name}");
        }
        for name in [below.replace("localhost", "localhost.invalid"), below.replace(".localhost", "localhost")] {
            assert!(Resolver.resolve(name.parse().unwrap()).await.is_err(), "{name}");
        }
    }
}
