//! Boundary: what never enters a snapshot, and what enters only as a pseudonym.
//!
//! Guarantees that raw records carry no secret value (signed links, keys, tokens, variable values,
//! definitions) and no name or address of a person unless plain names were asked for. Works by key
//! names and by the look of values; it would rather drop too much. Does not touch typed rows beyond
//! hashing personal ids: readings never ask for secrets.

use std::borrow::Cow;

use memchr::memchr_iter;
use sha2::{Digest, Sha256};

/// How people appear: as they are, or as keyed hashes.
#[derive(Clone)]
pub struct Pseudonyms {
    /// The two halves of the keyed hash, each with the key already taken in.
    keyed: Option<(Sha256, Sha256)>,
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.keyed.is_some() { "Pseudonyms(keyed)" } else { "Pseudonyms(plain)" })
    }
}

impl Pseudonyms {
    /// People are replaced by a hash keyed with `key`, which stays with the owner of the store.
    pub fn keyed(key: impl Into<Vec<u8>>) -> Self {
        let key = key.into();
        let half = |byte| Sha256::new().chain_update(pad(&key, byte));
        Self { keyed: Some((half(0x36), half(0x5c))) }
    }

    /// People appear as the services name them.
    pub const fn plain() -> Self {
        Self { keyed: None }
    }

    /// Whether people are replaced.
    pub const fn hides(&self) -> bool {
        self.keyed.is_some()
    }

    /// What tells the key apart from others without giving it away; none where people are not replaced.
    ///
    /// Records that were hidden with the same key go together, others do not.
    pub fn mark(&self) -> Option<String> {
        self.hides().then(|| self.hide(Cow::Borrowed("highwater: mark of the key")).into_owned())
    }

    /// The pseudonym of a personal id: `p-` and 32 hexadecimal digits, equal for equal ids. "Told and
    /// none" stays empty, and a pseudonym is its own: what was hidden once may be read again.
    pub(crate) fn hide<'v>(&self, id: Cow<'v, str>) -> Cow<'v, str> {
        let Some((inner, outer)) = &self.keyed else { return id };
        if id.is_empty() || is_pseudonym(&id) {
            return id;
        }
        let inner = inner.clone().chain_update(id.trim().to_lowercase());
        let digest = outer.clone().chain_update(inner.finalize()).finalize();
        Cow::Owned(format!("p-{}", hex(&digest[..16])))
    }
}

/// Whether a text is a pseudonym. No service makes ids of this form.
fn is_pseudonym(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 34 && text.strip_prefix("p-").is_some_and(|rest| rest.bytes().all(digit))
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// HMAC's key block: the key (hashed when longer than a block) against a pad byte.
fn pad(key: &[u8], byte: u8) -> [u8; 64] {
    let mut block = [byte; 64];
    let hashed = Sha256::digest(key);
    let key = if key.len() > 64 { hashed.as_slice() } else { key };
    for (slot, key) in block.iter_mut().zip(key) {
        *slot ^= key;
    }
    block
}

/// Text that stands where a value was dropped.
pub(crate) const DROPPED: &str = "(dropped)";

/// What the bytes of a text may be part of; most texts hold none of them, and need no closer look.
pub(crate) struct Marks(u8);

impl Marks {
    const ESCAPED: u8 = 1;
    const CREDENTIAL: u8 = 2;
    const ADDRESS: u8 = 4;

    pub(crate) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let Some(end) = bytes.last_chunk() else {
            return Self(
                bytes.iter().fold(0, |marks, byte| marks | Self::BYTES[usize::from(*byte)]),
            );
        };
        // What is left behind the last whole block is looked at together with what stands before it.
        let mut lanes = [0; BLOCK];
        bytes.as_chunks().0.iter().for_each(|block| add_marks(&mut lanes, block));
        add_marks(&mut lanes, end);
        Self(lanes.into_iter().fold(0, |marks, lane| marks | lane))
    }

    /// What each byte may be part of.
    const BYTES: [u8; 256] = {
        let mut marks = [0; 256];
        let mut control = 0;
        while control < b' ' as usize {
            marks[control] = Self::ESCAPED;
            control += 1;
        }
        marks[b'"' as usize] = Self::ESCAPED;
        marks[b'\\' as usize] = Self::ESCAPED;
        // Every credential has a `=`, a `B` (`-----BEGIN`, `Bearer`) or is a JSON web token.
        marks[b'=' as usize] = Self::CREDENTIAL;
        marks[b'B' as usize] = Self::CREDENTIAL;
        marks[b'@' as usize] = Self::ADDRESS;
        marks
    };

    /// Whether JSON writes the text otherwise than it is.
    pub(crate) const fn escaped(&self) -> bool {
        self.0 & Self::ESCAPED != 0
    }

    /// Whether it may be the address of a person.
    pub(crate) const fn address(&self) -> bool {
        self.0 & Self::ADDRESS != 0
    }

    /// Whether the text that was looked at is a credential.
    #[inline]
    pub(crate) fn secret(&self, text: &str) -> bool {
        (self.0 & Self::CREDENTIAL != 0 && is_credential(text)) || is_json_web_token(text)
    }
}

/// Bytes that are looked at together.
const BLOCK: usize = 16;

/// Adds what the bytes of a block may be part of, each in a lane of its own: compilers do that for all at once.
#[inline(always)]
fn add_marks(lanes: &mut [u8; BLOCK], block: &[u8; BLOCK]) {
    for (lane, byte) in lanes.iter_mut().zip(*block) {
        let mark = |is: bool, mark: u8| if is { mark } else { 0 };
        *lane |= mark((byte == b'"') | (byte == b'\\') | (byte < b' '), Marks::ESCAPED)
            | mark((byte == b'=') | (byte == b'B'), Marks::CREDENTIAL)
            | mark(byte == b'@', Marks::ADDRESS);
    }
}

/// Whether a text looks like a credential whatever its key says.
pub(crate) fn looks_secret(text: &str) -> bool {
    Marks::of(text).secret(text)
}

fn is_credential(text: &str) -> bool {
    /// What stands before the `=` of a credential.
    const NAMES: [&str; 8] = [
        "sig",
        "AccountKey",
        "SharedAccessKey",
        "SharedAccessSignature",
        "Password",
        "password",
        "Pwd",
        "client_secret",
    ];
    let bytes = text.as_bytes();
    memchr_iter(b'=', bytes)
        .any(|at| NAMES.iter().any(|name| bytes[..at].ends_with(name.as_bytes())))
        || (bytes.len() >= 9 && (text.contains("-----BEGIN") || text.contains("Bearer ey")))
}

/// Whether a text begins as a JSON web token does, the one credential that none of [`crate::TELLING`] tells.
#[inline]
pub(crate) fn begins_token(text: &str) -> bool {
    text.starts_with("eyJ")
}

#[inline]
fn is_json_web_token(text: &str) -> bool {
    begins_token(text) && text.len() > 40 && text.bytes().filter(|byte| *byte == b'.').count() == 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn credentials_are_known_by_what_stands_around_them() {
        for text in [
            "https://x.example/?sv=1&sig=abc",
            "Server=x;Password=y",
            "-----BEGIN PRIVATE KEY-----",
            "Authorization: Bearer eyJ",
        ] {
            assert!(looks_secret(text), "{text}");
        }
        for text in ["signature", "a=b", "design=flat", "Pwd", "--BEGIN", "Bearer of news", ""] {
            assert!(!looks_secret(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_first_look_misses_no_credential(
            before in "[ -~\n\u{e9}]{0,40}",
            middle in "(sig=|AccountKey=|Password=|-----BEGIN|Bearer ey|eyJ|[-=B@\"\\\\]|)",
            after in "[a-zA-Z0-9.=@\"-]{0,60}",
        ) {
            let text = format!("{before}{middle}{after}");
            prop_assert_eq!(looks_secret(&text), is_credential(&text) || is_json_web_token(&text));
            let written = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(Marks::of(&text).escaped(), written.len() != text.len() + 2);
            prop_assert_eq!(Marks::of(&text).address(), text.contains('@'));
            let telling = text.bytes().any(|byte| byte < b' ' || crate::TELLING.contains(&byte));
            prop_assert_eq!(Marks::of(&text).0 != 0, telling);
            let each = text.bytes().fold(0, |marks, byte| marks | Marks::BYTES[usize::from(byte)]);
            prop_assert_eq!(Marks::of(&text).0, each);
        }
    }

    #[test]
    fn the_keyed_hash_is_hmac_sha256() {
        let hidden = Pseudonyms::keyed(*b"key")
            .hide(Cow::Borrowed("the quick brown fox jumps over the lazy dog"));
        let again = Pseudonyms::keyed(*b"key")
            .hide(Cow::Borrowed(" The quick brown fox jumps over the lazy dog"));
        assert_eq!(hidden, again);
        assert_ne!(
            hidden,
            Pseudonyms::keyed(*b"other")
                .hide(Cow::Borrowed("the quick brown fox jumps over the lazy dog"))
        );
        assert_eq!(Pseudonyms::keyed(*b"key").hide(Cow::Borrowed("")), "");
    }

    #[test]
    fn a_key_is_told_apart_and_hides_once() {
        let (one, other) = (Pseudonyms::keyed(*b"key"), Pseudonyms::keyed(*b"other"));
        assert_ne!(one.mark(), other.mark());
        assert_eq!(
            (one.mark(), Pseudonyms::plain().mark()),
            (Pseudonyms::keyed(*b"key").mark(), None)
        );
        let hidden = one.hide(Cow::Borrowed("u1")).into_owned();
        assert_eq!(one.hide(Cow::Borrowed(&hidden)), hidden);
        assert_ne!(one.hide(Cow::Borrowed("p-1")), "p-1");
    }
}
