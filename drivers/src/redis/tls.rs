//! Encryption: the certificates that a connection trusts.
//!
//! The rules are stricter than those of Node.js (OpenSSL): a name has to be among the alternative names, a version 1
//! certificate is refused, and an authority's certificate does not count as that of a server. So the owner may trust
//! a certificate in addition to the authorities. It is accepted as it is, and the server still has to prove that it
//! has the key.

use std::{
    io,
    sync::{Arc, LazyLock},
};

use redis::{ErrorKind, RedisError, RedisResult};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{
        CryptoProvider, ring::default_provider, verify_tls12_signature, verify_tls13_signature,
        verify_tls13_signature_with_raw_key,
    },
    pki_types::{
        CertificateDer, PrivateKeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime, pem::PemObject,
    },
};

use super::{address::Tls, owner::TrustedCertificate};

/// The authorities of the system, read once.
static SYSTEM: LazyLock<Vec<CertificateDer<'static>>> =
    LazyLock::new(|| rustls_native_certs::load_native_certs().certs);

/// The configuration of a connection.
pub(super) fn config(tls: &Tls, trusted: Option<TrustedCertificate>) -> RedisResult<ClientConfig> {
    let provider = Arc::new(default_provider());
    let authorities = if tls.insecure { None } else { authorities(tls, &provider)? };
    let verifier = Verifier { any: tls.insecure, authorities, trusted, provider: Arc::clone(&provider) };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid(&error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    match (&tls.cert, &tls.key) {
        (Some(cert), Some(key)) => {
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
                .map_err(|_| invalid("the key of the client cannot be read"))?;
            let chain =
                certificates(cert).map_err(|()| invalid("a certificate of the client cannot be read"))?;
            config.with_client_auth_cert(chain, key).map_err(|error| invalid(&error.to_string()))
        }
        _ => Ok(config.with_no_client_auth()),
    }
}

/// The check by authorities; `None` if no authority can be used.
fn authorities(tls: &Tls, provider: &Arc<CryptoProvider>) -> RedisResult<Option<Arc<WebPkiServerVerifier>>> {
    let mut roots = RootCertStore::empty();
    match &tls.ca {
        Some(ca) => {
            let given =
                certificates(ca).map_err(|()| invalid("a certificate of an authority cannot be read"))?;
            roots.add_parsable_certificates(given);
        }
        None => {
            roots.add_parsable_certificates(SYSTEM.iter().cloned());
            if let Some(more) = &tls.more_ca {
                // Node.js takes those that it can read, too.
                let readable = CertificateDer::pem_slice_iter(more.as_bytes()).filter_map(Result::ok);
                roots.add_parsable_certificates(readable);
            }
        }
    }
    if roots.is_empty() {
        return Ok(None);
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map(Some)
        .map_err(|error| invalid(&error.to_string()))
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, ()> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(drop)
}

fn invalid(reason: &str) -> RedisError {
    RedisError::from((ErrorKind::InvalidClientConfig, "the encryption cannot be set up", reason.to_owned()))
}

/// Whether a connection ended because the certificate of the server was refused.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    let reason = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(reason, Some(rustls::Error::InvalidCertificate(_)))
}

#[derive(Debug)]
struct Verifier {
    /// Whether any certificate will do.
    any: bool,
    authorities: Option<Arc<WebPkiServerVerifier>>,
    trusted: Option<TrustedCertificate>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn trusts(&self, certificate: &CertificateDer<'_>) -> Option<&TrustedCertificate> {
        self.trusted.as_ref().filter(|trusted| trusted.certificate == certificate.as_ref())
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.any || self.trusts(end_entity).is_some() {
            return Ok(ServerCertVerified::assertion());
        }
        match &self.authorities {
            Some(authorities) => {
                authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.any {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        if self.any {
            return Ok(HandshakeSignatureValid::assertion());
        }
        match self.trusts(certificate) {
            Some(trusted) => {
                let key = SubjectPublicKeyInfoDer::from(trusted.public_key.as_slice());
                verify_tls13_signature_with_raw_key(message, &key, signed, algorithms)
            }
            None => verify_tls13_signature(message, certificate, signed, algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
