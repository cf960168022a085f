//! Certificate: an application proves itself with a key instead of a secret.
//!
//! Owns reading a PEM file with key and certificate, and the signed statement that Entra accepts (PS256, thumbprint
//! `x5t#S256`). Needs no OpenSSL. Reads no PKCS #12 and no encrypted keys: the error says how to convert them.
//! <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PSS_SHA256, RsaKeyPair};
use rustls_pemfile::Item;
use serde_json::json;
use zeroize::Zeroizing;

use crate::transport::Line;
use crate::{Error, Surroundings};

/// A statement is good for this long.
const GOOD_FOR: Duration = Duration::from_secs(10 * 60);
/// It is dated back by this much, for clocks that differ a little.
const DATED_BACK: Duration = Duration::from_secs(2 * 60);

/// A key and the certificates that belong to it, the one of the key first.
pub(crate) struct Certificate {
    key: RsaKeyPair,
    chain: Vec<Vec<u8>>,
    send_chain: bool,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads a PEM file that holds a private RSA key and its certificate.
    pub(crate) fn read(path: &Path, send_chain: bool) -> Result<Self, Error> {
        let wrong = |reason: &str| {
            Error::configuration(format!(
                "AZURE_CLIENT_CERTIFICATE_PATH, {}: {reason}",
                path.display()
            ))
        };
        let bytes = Zeroizing::new(std::fs::read(path).map_err(|error| wrong(&error.to_string()))?);
        Self::parse(&bytes, send_chain).map_err(wrong)
    }

    fn parse(bytes: &[u8], send_chain: bool) -> Result<Self, &'static str> {
        if bytes.windows(9).any(|part| part == b"ENCRYPTED") {
            return Err(
                "its key is encrypted: convert it with `openssl pkey -in FILE -out KEY.pem` and join key and certificate in one file that only this account can read",
            );
        }
        let mut key = None;
        let mut chain = Vec::new();
        for item in rustls_pemfile::read_all(&mut &*bytes) {
            match item.map_err(|_| "it is not a valid PEM file")? {
                Item::X509Certificate(certificate) => chain.push(certificate.to_vec()),
                Item::Pkcs8Key(der) => {
                    key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).ok().or(key)
                }
                Item::Pkcs1Key(der) => {
                    key = RsaKeyPair::from_der(der.secret_pkcs1_der()).ok().or(key)
                }
                _ => {}
            }
        }
        if chain.is_empty() && key.is_none() {
            return Err(
                "it holds neither key nor certificate: a PEM file is needed; convert a .pfx with `openssl pkcs12 -in FILE.pfx -nodes -out FILE.pem`",
            );
        }
        let key = key.ok_or("it holds no RSA key of at least 2048 bits; Entra accepts no other")?;
        if chain.is_empty() {
            return Err(
                "it holds no certificate: append the one that was uploaded to the application",
            );
        }
        Ok(Self { key, chain, send_chain })
    }

    /// A signed statement that `client_id` is who it says, for the token address `audience`, made at `now`.
    fn statement(
        &self,
        client_id: &str,
        audience: &str,
        now: SystemTime,
        number: &str,
    ) -> Result<String, String> {
        let seconds =
            |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let leaf = self.chain.first().map(Vec::as_slice).unwrap_or_default();
        let thumbprint = ring::digest::digest(&ring::digest::SHA256, leaf);
        let mut header =
            json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": URL_SAFE_NO_PAD.encode(thumbprint) });
        if self.send_chain {
            header["x5c"] = self.chain.iter().map(|der| STANDARD.encode(der)).collect();
        }
        let from = seconds(now - DATED_BACK);
        let payload = json!({
            "aud": audience, "iss": client_id, "sub": client_id, "jti": number,
            "iat": from, "nbf": from, "exp": seconds(now + GOOD_FOR),
        });
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(payload.to_string())
        );
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| "the key cannot sign".to_owned())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Makes a new statement whenever `azure_identity` needs one.
#[derive(Debug)]
pub(crate) struct Assertion {
    pub(crate) certificate: Certificate,
    pub(crate) client_id: String,
    pub(crate) audience: String,
    pub(crate) line: Arc<Line>,
    pub(crate) surroundings: Arc<dyn Surroundings>,
}

#[async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let mut number = [0; 16];
        self.surroundings.random(&mut number);
        let now = self.line.corrected(self.surroundings.now());
        self.certificate
            .statement(&self.client_id, &self.audience, now, &URL_SAFE_NO_PAD.encode(number))
            .map_err(|reason| azure_core::Error::with_message(ErrorKind::Credential, reason))
    }
}
