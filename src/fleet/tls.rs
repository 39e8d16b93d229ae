//! How a connection to Redis is encrypted: the Mozilla roots, authorities of the configuration, and the certificate with
//! which the engine shows who it is.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::config::FleetTls;

/// Encrypts connections to one server.
pub(super) struct Encryption {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Encryption {
    /// What a configuration says; the error names the field.
    pub(super) fn new(tls: &FleetTls, host: &str) -> Result<Self, (&'static str, String)> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = versions.map_err(|error| ("tls", format!("is not available: {error}")))?;
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for pem in &tls.authorities {
            for certificate in certificates(pem).map_err(|problem| ("tls.ca", problem))? {
                roots.add(certificate).map_err(|_| ("tls.ca", "is not a valid certificate".to_owned()))?;
            }
        }
        let builder = builder.with_root_certificates(roots);
        let config = match &tls.client {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates(certificate).map_err(|problem| ("tls.cert", problem))?;
                let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes());
                // What is wrong with a key is not said: the text of the error may quote it.
                let key = key.map_err(|_| ("tls.key", "is not a valid PEM private key".to_owned()))?;
                let config = builder.with_client_auth_cert(chain, key);
                config.map_err(|_| ("tls.cert", "does not go with its key".to_owned()))?
            }
        };
        let name = ServerName::try_from(host.to_owned()).map_err(|_| ("host", "is no name of a server".to_owned()))?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }

    /// Encrypts a connection.
    pub(super) async fn wrap(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.connector.connect(self.name.clone(), stream).await
    }
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err("is not valid PEM".to_owned()),
    }
}
