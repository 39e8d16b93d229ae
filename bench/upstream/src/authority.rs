//! An authority that lives as long as the process, and servers with its certificate.

use std::error::Error;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// Certifies the address of loopback.
pub struct Authority {
    /// The certificate that clients have to trust.
    pub pem: String,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Authority {
    /// One with new keys, which are written nowhere.
    pub fn new() -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // OpenSSL takes a certificate for self-signed whose names are the same.
        params
            .distinguished_name
            .push(DnType::CommonName, "authority of the upstream");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate =
            CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &issuer)?;
        Ok(Self {
            pem: issuer.pem(),
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
        })
    }

    /// A server of TLS that speaks this protocol and no other.
    pub fn acceptor(&self, protocol: &str) -> Result<TlsAcceptor, Box<dyn Error>> {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.clone()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], key)?;
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
