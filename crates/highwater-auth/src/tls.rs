//! TLS: the one way in which HTTP clients of this program are made.
//!
//! Guarantees that certificates are checked against the system's store (on Linux also `SSL_CERT_FILE` and
//! `SSL_CERT_DIR`) and the given file, that redirects are never followed, and that the proxies of the environment are
//! honoured. The command installs the cryptography once, with [`install`].

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::Error;

const CONNECT: Duration = Duration::from_secs(20);
const READ: Duration = Duration::from_secs(120);

/// Installs the cryptography that TLS of this process uses. Calling it again does nothing.
pub fn install() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

/// A client that trusts the system's store and, if given, the certificates of a PEM file. It follows no redirect,
/// waits 20 seconds for a connection and two minutes for the next bytes, and uses the proxies of the environment
/// (`HTTPS_PROXY`, `NO_PROXY`).
///
/// # Errors
/// [`Error::Configuration`] if the file cannot be read or holds no certificate.
pub fn client_builder(ca_file: Option<&Path>) -> Result<reqwest::ClientBuilder, Error> {
    install();
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .read_timeout(READ)
        .user_agent(concat!("highwater/", env!("CARGO_PKG_VERSION")));
    Ok(match ca_file {
        Some(path) => builder.tls_certs_merge(certificates(path)?),
        None => builder,
    })
}

/// Sends everything to one address, whatever host it is meant for: a simulated cloud on this machine. Certificates are
/// checked for the host that is meant, as ever.
pub fn only(builder: reqwest::ClientBuilder, address: SocketAddr) -> reqwest::ClientBuilder {
    builder.no_proxy().dns_resolver(Arc::new(Only(address)))
}

/// Finds every name at one address.
#[derive(Debug)]
struct Only(SocketAddr);

impl Resolve for Only {
    fn resolve(&self, _: Name) -> Resolving {
        let found: Addrs = Box::new(std::iter::once(self.0));
        Box::pin(std::future::ready(Ok(found)))
    }
}

fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, Error> {
    let wrong = |reason: String| {
        Error::configuration(format!("certificates of {}: {reason}", path.display()))
    };
    let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let found =
        reqwest::Certificate::from_pem_bundle(&bytes).map_err(|error| wrong(error.to_string()))?;
    if found.is_empty() {
        return Err(wrong("it holds none; a PEM file with BEGIN CERTIFICATE is needed".to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, "nothing").unwrap();
        let error = client_builder(Some(&path)).unwrap_err().to_string();
        assert!(error.contains("ca.pem") && error.contains("holds none"), "{error}");
        let error = client_builder(Some(&folder.path().join("no.pem"))).unwrap_err().to_string();
        assert!(error.contains("no.pem"), "{error}");
    }

    #[test]
    fn a_client_can_be_built_with_and_without_a_file() {
        assert!(client_builder(None).unwrap().build().is_ok());
        let key = rcgen::generate_simple_self_signed(["contoso.example".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, key.cert.pem()).unwrap();
        assert!(client_builder(Some(&path)).unwrap().build().is_ok());
    }
}
