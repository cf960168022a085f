//! Grants: what an identity needs in order to read each source, least privilege first.
//!
//! One table for all sources, in words and as rights that can be counted. The words become `config/grants.toml`, which
//! reports quote; the rights become `docs/permissions.md` and the scripts of `deploy/permissions`. Grants nothing, and
//! knows no right to write: where a vendor has no smaller right than one that may also write, that is said.

mod azure;
mod dataverse;
mod graph;
mod platform;
mod right;
mod source_control;

pub use right::{Plane, Right};

/// What a source needs.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// Source.
    pub source: &'static str,
    /// In words, as reports quote it.
    pub words: &'static str,
    /// For an application: alternatives, the smallest first; each is a list of rights that are needed together. Empty
    /// where applications are not let in, or nobody knows.
    pub application: Ways,
    /// For a person who signs in, likewise.
    pub delegated: Ways,
}

/// Alternatives of rights that are needed together.
pub type Ways = &'static [&'static [Right]];

/// What all sources need, in the order of the families.
pub fn needs() -> impl Iterator<Item = &'static Need> {
    let families: [&'static [Need]; 5] =
        [platform::NEEDS, dataverse::NEEDS, graph::NEEDS, azure::NEEDS, source_control::NEEDS];
    families.into_iter().flatten()
}

/// What a source needs; none where the id is not known.
pub fn need(source: &str) -> Option<&'static Need> {
    needs().find(|need| need.source == source)
}

/// The same for an application and for a person.
const fn both(source: &'static str, words: &'static str, ways: Ways) -> Need {
    Need { source, words, application: ways, delegated: ways }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_source_has_one_need() {
        let mut seen = BTreeSet::new();
        for need in needs() {
            assert!(seen.insert(need.source), "{} stands twice", need.source);
            let ways = need.application.iter().chain(need.delegated);
            assert!(ways.clone().count() > 0, "{} serves nobody", need.source);
            assert!(ways.clone().all(|way| !way.is_empty()), "{} has an empty way", need.source);
            assert!(!need.words.is_empty());
        }
        for source in crate::sources() {
            assert!(seen.contains(source.id), "{} needs nothing?", source.id);
        }
    }

    #[test]
    fn declarations_and_table_agree_about_who_is_let_in() {
        for source in crate::sources() {
            let Some(need) = need(source.id) else { continue };
            assert_eq!(
                source.grant.delegated.is_some(),
                !need.delegated.is_empty(),
                "{} for people",
                source.id
            );
            // The table may know less: what is only tried is not promised.
            assert!(
                source.grant.application.is_some() || need.application.is_empty(),
                "{} for applications",
                source.id
            );
        }
    }

    #[test]
    fn no_right_writes() {
        for need in needs() {
            for right in need.application.iter().chain(need.delegated).copied().flatten() {
                let name = right.name.to_lowercase();
                for word in [
                    "write",
                    "manage.",
                    "prvcreate",
                    "prvdelete",
                    "full_access",
                    "contributor",
                    "owner",
                ] {
                    assert!(!name.contains(word), "{}: {}", need.source, right.name);
                }
            }
        }
    }
}
