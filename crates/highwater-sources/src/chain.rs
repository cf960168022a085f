//! Chain: one request at one place with all its pages, and where they lie.
//!
//! Guarantees that names depend on the source and the place alone, never on the order of arrival, and that two places
//! never share a name, on file systems that ignore case too.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One request at one place.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Chain {
    /// Source id.
    pub(crate) source: String,
    /// Environment that was asked, lower case; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) environment: String,
    /// Object that was asked, lower case; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) parent: String,
    /// Number of the request within its source.
    #[serde(default)]
    pub(crate) request: usize,
    /// Key within the request; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) key: String,
}

impl Chain {
    /// Path of a page below the folder of the recording, written with `/`.
    ///
    /// Pages that are no evidence lie in a hidden folder, which an import does not enter.
    pub(crate) fn file(&self, page: u32, evidence: bool) -> String {
        let mut folder = self.source.clone();
        if !self.environment.is_empty() {
            folder = format!("{folder}/{}", slug(&self.environment));
        }
        let mut name = String::new();
        for step in [&self.parent, &self.key] {
            if !step.is_empty() {
                name = format!("{name}{}~", slug(step));
            }
        }
        let hidden = if evidence { "" } else { ".leads/" };
        format!("{hidden}{folder}/{name}{}~{page:05}.json", self.request)
    }

    /// A short name that no other chain has.
    pub(crate) fn digest(&self) -> u128 {
        let mut hash = Sha256::new();
        for text in [&self.source, &self.environment, &self.parent, &self.key] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        hash.update((self.request as u64).to_le_bytes());
        first_half(&hash.finalize())
    }
}

/// The first 128 bits of a digest.
pub(crate) fn first_half(digest: &[u8]) -> u128 {
    digest.iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
}

/// A text as a step of a path: as it is where that is safe, else shortened with a piece of its digest.
fn slug(text: &str) -> String {
    let safe =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    let starts = text.bytes().next().is_some_and(|byte| byte != b'.' && byte != b'-');
    if text.len() <= 80 && starts && text.bytes().all(safe) && !is_reserved(text) {
        return text.to_owned();
    }
    let tail = text.rsplit('/').next().unwrap_or_default();
    let kept: String = tail
        .bytes()
        .filter(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        .take(40)
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect();
    let digest = first_half(&Sha256::digest(text));
    format!("{kept}_{:016x}", digest >> 64)
}

/// Names that Windows keeps for devices, and names that end in a dot.
fn is_reserved(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or_default();
    let device = ["con", "prn", "aux", "nul"].contains(&stem)
        || (stem.len() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")));
    device || text.ends_with('.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chain(environment: &str, parent: &str, key: &str) -> Chain {
        Chain {
            source: "flow.runs".into(),
            environment: environment.into(),
            parent: parent.into(),
            request: 0,
            key: key.into(),
        }
    }

    #[test]
    fn names_tell_source_and_place() {
        assert_eq!(chain("e1", "f1", "").file(1, true), "flow.runs/e1/f1~0~00001.json");
        assert_eq!(chain("", "", "emea").file(12, true), "flow.runs/emea~0~00012.json");
        assert_eq!(chain("", "", "").file(1, false), ".leads/flow.runs/0~00001.json");
        let vault = chain("", "/subscriptions/s/vaults/kv1", "").file(1, true);
        assert!(vault.starts_with("flow.runs/kv1_") && !vault.contains("subscriptions"), "{vault}");
        for odd in ["..", "con", "com1.x", "-rf", "a b", "x."] {
            let file = chain(odd, "", "").file(1, true);
            assert!(!file.contains(&format!("/{odd}/")), "{file}");
        }
    }

    proptest! {
        #[test]
        fn two_places_never_share_a_file(
            a in "[a-z0-9~/. -]{0,12}", b in "[a-z0-9~/. -]{0,12}", c in "[a-z0-9~/. -]{0,12}",
            x in "[a-z0-9~/. -]{0,12}", y in "[a-z0-9~/. -]{0,12}", z in "[a-z0-9~/. -]{0,12}",
        ) {
            // Of a source, all requests have a parent or none has, and all have a key or none has.
            prop_assume!(b.is_empty() == y.is_empty() && c.is_empty() == z.is_empty());
            prop_assume!(a.is_empty() == x.is_empty());
            let (one, two) = (chain(&a, &b, &c), chain(&x, &y, &z));
            prop_assert_eq!(one == two, one.file(1, true) == two.file(1, true));
            prop_assert_eq!(one == two, one.digest() == two.digest());
        }

        #[test]
        fn names_are_plain(text in "\\PC{1,60}") {
            let file = chain(&text.to_lowercase(), "", "").file(1, true);
            prop_assert_eq!(file.split('/').count(), 3);
            prop_assert!(file.split('/').all(|step| !step.is_empty() && !step.starts_with('.')), "{}", file);
            prop_assert!(file.is_ascii() && !file.contains(['\\', ':']), "{}", file);
        }
    }
}
