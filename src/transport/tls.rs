//! What the wire trusts: the Mozilla roots and the certificates of the configuration.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// A client configuration on ring that offers HTTP/2 before HTTP/1.1 and verifies every certificate.
///
/// Each of `ca_certificates` is PEM with one certificate or more; the error names the first that is not.
pub(super) fn client_config(ca_certificates: &[String]) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS is not available: {error}"))?
        .with_root_certificates(roots(ca_certificates)?)
        .with_no_client_auth();
    // The HTTP client takes a finished configuration as it is and would not offer HTTP/2 by itself.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn roots(ca_certificates: &[String]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for (index, pem) in ca_certificates.iter().enumerate() {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate =
                certificate.map_err(|error| format!("caCertificates[{index}]: is not valid PEM: {error}"))?;
            roots
                .add(certificate)
                .map_err(|error| format!("caCertificates[{index}]: is not a valid certificate: {error}"))?;
        }
        if roots.len() == before {
            return Err(format!("caCertificates[{index}]: holds no PEM certificate"));
        }
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(certificates: &[&str]) -> String {
        let certificates: Vec<String> = certificates.iter().map(ToString::to_string).collect();
        client_config(&certificates).err().unwrap_or_default()
    }

    #[test]
    fn without_certificates_the_public_roots_are_trusted_and_http2_is_offered() {
        let config = client_config(&[]).expect("the default configuration");
        assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
        assert!(roots(&[]).expect("the public roots").len() > 100);
    }

    #[test]
    fn a_bad_certificate_is_named_by_its_index() {
        let valid = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate").cert.pem();
        assert_eq!(roots(&[valid.clone() + &valid]).expect("two in one").len(), roots(&[]).expect("none").len() + 2);
        assert_eq!(fault(&[&valid, "no certificate"]), "caCertificates[1]: holds no PEM certificate");
        assert_eq!(fault(&[""]), "caCertificates[0]: holds no PEM certificate");

        let broken = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
        assert!(fault(&[&valid, &valid, broken]).starts_with("caCertificates[2]: is not valid PEM: "));
        let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(fault(&[empty]).starts_with("caCertificates[0]: is not a valid certificate: "));
    }
}
