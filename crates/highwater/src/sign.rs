//! Signatures: Ed25519 over a file, kept in a small JSON file beside it.
//!
//! Guarantees that a signature covers every byte of the file and the moment of signing, that keys are the
//! PEM files of other tools (PKCS#8 and SubjectPublicKeyInfo), and that no message holds a secret. Asks no
//! clock and makes no randomness: both are given. Whom to trust is the caller's to say.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Everything before the 32 bytes of a private key: PKCS#8 version 1, Ed25519 (RFC 8410).
const PRIVATE: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
/// Everything before the 32 bytes of a public key (RFC 8410).
const PUBLIC: [u8; 12] = [48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0];
/// The one algorithm.
const ALGORITHM: &str = "Ed25519";

/// Why a key or a signature cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A key file is not one.
    #[error("{}: {problem}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: &'static str,
    },
    /// A signature does not belong to its file.
    #[error("{}: {problem}", path.display())]
    Signature {
        /// The signature's file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
}

/// A public key, 32 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PublicKey(Vec<u8>);

/// A private key.
pub(crate) struct PrivateKey(Ed25519KeyPair);

/// The content of a signature file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signature {
    format: u32,
    algorithm: String,
    /// Short name of the key: the first 16 hexadecimal digits of the digest of its 32 bytes.
    pub(crate) key: String,
    public_key: String,
    /// When it was signed, RFC 3339 in UTC; part of what is signed.
    pub(crate) signed_at: String,
    sha256: String,
    signature: String,
}

impl PublicKey {
    /// Reads the public keys of a PEM file.
    pub(crate) fn read(path: &Path, text: &str) -> Result<Vec<Self>, Error> {
        let wrong = |problem| Error::Key { path: path.to_owned(), problem };
        if text.contains("PRIVATE KEY-----") {
            return Err(wrong(
                "holds a private key, which is nobody's to trust with: give the .pub file",
            ));
        }
        let blocks = pem(text, "PUBLIC KEY");
        if blocks.is_empty() {
            return Err(wrong(
                "holds no public key: give a PEM file such as `highwater attest keygen` writes",
            ));
        }
        blocks
            .into_iter()
            .map(|der| match der.as_deref().and_then(|der| der.strip_prefix(&PUBLIC)) {
                Some(key) if key.len() == 32 => Ok(Self(key.to_vec())),
                _ => Err(wrong("holds a key that is not Ed25519: give one that is")),
            })
            .collect()
    }

    /// The key as a PEM file.
    pub(crate) fn pem(&self) -> String {
        armour("PUBLIC KEY", &[&PUBLIC, self.0.as_slice()].concat())
    }

    /// Its short name.
    pub(crate) fn id(&self) -> String {
        hex(&Sha256::digest(&self.0)).chars().take(16).collect()
    }
}

impl PrivateKey {
    /// A key of 32 random bytes, and its PEM file.
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Option<(Self, String)> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        Some((Self(pair), armour("PRIVATE KEY", &[&PRIVATE, seed.as_slice()].concat())))
    }

    /// Reads a PEM file.
    pub(crate) fn read(path: &Path, text: &str) -> Result<Self, Error> {
        let wrong = |problem| Error::Key { path: path.to_owned(), problem };
        if text.contains("BEGIN ENCRYPTED PRIVATE KEY") {
            return Err(wrong("is locked with a password: write it out without one first"));
        }
        let der = pem(text, "PRIVATE KEY").into_iter().next().flatten();
        let der = der.ok_or_else(|| {
            wrong("holds no private key: give a PEM file such as `highwater attest keygen` writes")
        })?;
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der)
            .map(Self)
            .map_err(|_| wrong("holds a key that is not Ed25519: make one with `attest keygen`"))
    }

    /// The public half.
    pub(crate) fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().to_vec())
    }

    /// Signs a file's bytes as of a moment.
    pub(crate) fn sign(&self, bytes: &[u8], signed_at: &str) -> Signature {
        let public = self.public();
        let (key, sha256) = (public.id(), hex(&Sha256::digest(bytes)));
        let signed = self.0.sign(message(&key, signed_at, &sha256).as_bytes());
        Signature {
            format: 1,
            algorithm: ALGORITHM.to_owned(),
            key,
            public_key: STANDARD.encode(&public.0),
            signed_at: signed_at.to_owned(),
            sha256,
            signature: STANDARD.encode(signed.as_ref()),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.public().id())
    }
}

impl Signature {
    /// Reads a signature file.
    pub(crate) fn read(path: &Path, text: &str) -> Result<Self, Error> {
        let wrong = |problem: String| Error::Signature { path: path.to_owned(), problem };
        let read: Self = serde_json::from_str(text).map_err(|error| {
            wrong(format!("is no signature ({error}): sign the file again, or remove this one"))
        })?;
        if read.format != 1 || read.algorithm != ALGORITHM {
            return Err(wrong(format!(
                "has format {} and algorithm {}, and this program knows format 1 with {ALGORITHM}: update highwater",
                read.format, read.algorithm
            )));
        }
        Ok(read)
    }

    /// The signature as a file.
    pub(crate) fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// Checks that it belongs to these bytes; gives the key that made it. `path` names it in messages.
    pub(crate) fn check(&self, path: &Path, bytes: &[u8]) -> Result<PublicKey, Error> {
        let wrong = |problem: &str| {
            Err(Error::Signature { path: path.to_owned(), problem: problem.to_owned() })
        };
        if self.sha256 != hex(&Sha256::digest(bytes)) {
            return wrong(
                "the file was changed after it was signed: restore it, or have it signed again",
            );
        }
        let key = STANDARD.decode(&self.public_key).ok().filter(|key| key.len() == 32);
        let Some(key) = key.map(PublicKey).filter(|key| key.id() == self.key) else {
            return wrong("names a key that it does not hold: have the file signed again");
        };
        let message = message(&self.key, &self.signed_at, &self.sha256);
        let signed = STANDARD.decode(&self.signature).unwrap_or_default();
        match UnparsedPublicKey::new(&ED25519, &key.0).verify(message.as_bytes(), &signed) {
            Ok(()) => Ok(key),
            Err(_) => wrong(
                "is not a signature of this file by that key: have the file signed again by somebody you trust",
            ),
        }
    }
}

/// What is signed: four lines, so that any tool can check it.
fn message(key: &str, signed_at: &str, sha256: &str) -> String {
    format!("highwater signature 1\nkey {key}\nsigned_at {signed_at}\nsha256 {sha256}\n")
}

/// The file in which a file's signature stands.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

/// Digest in lower-case hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The contents of the blocks of a kind; `None` for one that is not Base64.
fn pem(text: &str, kind: &str) -> Vec<Option<Vec<u8>>> {
    let (begin, end) = (format!("-----BEGIN {kind}-----"), format!("-----END {kind}-----"));
    let blocks = text.split(begin.as_str()).skip(1);
    blocks
        .map(|rest| {
            let body: String =
                rest.split(end.as_str()).next()?.split_whitespace().collect::<Vec<_>>().concat();
            STANDARD.decode(body).ok()
        })
        .collect()
}

fn armour(kind: &str, der: &[u8]) -> String {
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", STANDARD.encode(der))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> (PrivateKey, String) {
        PrivateKey::from_seed(&[byte; 32]).unwrap()
    }

    fn problem<T: fmt::Debug>(result: Result<T, Error>) -> String {
        result.unwrap_err().to_string()
    }

    const AT: &str = "2026-11-22T06:00:00Z";

    #[test]
    fn a_signature_holds_for_its_bytes_alone() {
        let (private, _) = key(7);
        let signature = private.sign(b"format = 1\n", AT);
        let path = Path::new("a.toml.sig");
        assert_eq!(signature.check(path, b"format = 1\n").unwrap(), private.public());
        let said = problem(signature.check(path, b"format = 2\n"));
        assert!(said.starts_with("a.toml.sig: the file was changed"), "{said}");
        let read = Signature::read(path, &signature.to_json().unwrap()).unwrap();
        assert_eq!(read, signature);
    }

    #[test]
    fn nothing_of_a_signature_can_be_exchanged() {
        let (private, _) = key(7);
        let (other, _) = key(8);
        let good = private.sign(b"x", AT);
        let theirs = other.sign(b"x", AT);
        let forged = [
            Signature { signed_at: "2025-01-01T00:00:00Z".to_owned(), ..good.clone() },
            Signature { signature: theirs.signature.clone(), ..good.clone() },
            Signature { key: theirs.key.clone(), ..good.clone() },
            Signature { public_key: theirs.public_key, ..good.clone() },
            Signature { signature: String::new(), ..good.clone() },
            Signature { public_key: "AAAA".to_owned(), ..good },
        ];
        for signature in forged {
            assert!(signature.check(Path::new("s"), b"x").is_err(), "{signature:?}");
        }
    }

    #[test]
    fn keys_are_read_back_and_mixed_up_ones_are_named() {
        let (private, text) = key(9);
        let path = Path::new("k.pem");
        assert_eq!(PrivateKey::read(path, &text).unwrap().public(), private.public());
        let public = private.public().pem();
        assert_eq!(PublicKey::read(path, &public).unwrap(), [private.public()]);
        let both = public.clone() + &key(1).0.public().pem();
        assert_eq!(PublicKey::read(path, &both).unwrap().len(), 2);
        assert!(problem(PublicKey::read(path, &text)).contains("private key"));
        assert!(problem(PrivateKey::read(path, &public)).contains("holds no private key"));
        assert!(problem(PublicKey::read(path, "hello")).contains("no public key"));
        let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
        assert!(problem(PrivateKey::read(path, locked)).contains("password"));
        let short = armour("PUBLIC KEY", &PUBLIC);
        assert!(problem(PublicKey::read(path, &short)).contains("not Ed25519"));
        let broken = "-----BEGIN PUBLIC KEY-----\n***\n-----END PUBLIC KEY-----";
        assert!(problem(PublicKey::read(path, broken)).contains("not Ed25519"));
    }

    #[test]
    fn a_private_key_does_not_show_itself() {
        let (private, text) = key(3);
        let body = text.lines().nth(1).unwrap();
        assert!(!format!("{private:?}").contains(body));
    }

    #[test]
    fn known_answer() {
        // RFC 8032, section 7.1, test 1: the public key of this seed.
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec,
            0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03,
            0x1c, 0xae, 0x7f, 0x60,
        ];
        let (private, _) = PrivateKey::from_seed(&seed).unwrap();
        assert_eq!(
            hex(&private.public().0),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
    }
}
