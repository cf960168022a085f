//! Certificate: an authority of one run, and a server certificate for whatever host a client asks for.
//!
//! Keys live in memory only and end with the run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::Error;

/// Signs a certificate for every host that is asked for, once.
#[derive(Debug)]
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    known: Mutex<BTreeMap<String, Arc<CertifiedKey>>>,
}

impl Authority {
    /// A new authority.
    pub(crate) fn new() -> Result<Self, Error> {
        let key = KeyPair::generate().map_err(told)?;
        let mut params = CertificateParams::new(Vec::new()).map_err(told)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "Simulated cloud, authority of one run");
        let pem = params.self_signed(&key).map_err(told)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem, known: Mutex::default() })
    }

    /// The authority's certificate, for clients to trust.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    fn certificate(&self, host: &str) -> Result<Arc<CertifiedKey>, Error> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(certificate) = known.get(host) {
            return Ok(certificate.clone());
        }
        let made = Arc::new(self.sign(host)?);
        known.insert(host.to_owned(), made.clone());
        Ok(made)
    }

    fn sign(&self, host: &str) -> Result<CertifiedKey, Error> {
        let names = if host == "localhost" {
            vec![host.to_owned(), "127.0.0.1".to_owned()]
        } else {
            vec![host.to_owned()]
        };
        let mut params = CertificateParams::new(names).map_err(told)?;
        params.distinguished_name.push(DnType::CommonName, "Simulated cloud");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(told)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(told)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let signing = any_supported_type(&private).map_err(told)?;
        Ok(CertifiedKey::new(vec![certificate.der().clone()], signing))
    }
}

impl ResolvesServerCert for Authority {
    /// A client that names no host (an address instead) is given the certificate of `localhost`.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.certificate(&hello.server_name().unwrap_or("localhost").to_ascii_lowercase()).ok()
    }
}

fn told(error: impl ToString) -> Error {
    Error::Certificate(error.to_string())
}
