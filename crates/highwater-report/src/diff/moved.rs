//! Moved: subjects of a fact whose answer is another one than before, as a comparison tells them.
//!
//! Holds what was found by whoever has both snapshots; compares nothing itself.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::dossier::Hit;

/// Subjects that are named of each group; the rest is counted.
pub const NAMED: usize = 10;

/// Subjects of a fact whose answer changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// By way, such as `no → yes` or `yes → gone`.
    pub groups: BTreeMap<String, MovedGroup>,
}

/// Subjects that moved the same way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MovedGroup {
    /// How many there are.
    pub count: u64,
    /// The first of them by id.
    pub first: Vec<MovedSubject>,
}

/// One subject that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedSubject {
    /// Id.
    pub id: String,
    /// Name for people.
    pub label: String,
}

/// A way to move in words, such as `no → yes`: the answer before and now, none where the subject was not there.
pub fn way(before: Option<Hit>, after: Option<Hit>) -> String {
    format!("{} \u{2192} {}", word(before, "new"), word(after, "gone"))
}

const fn word(hit: Option<Hit>, none: &'static str) -> &'static str {
    match hit {
        Some(Hit::Yes) => "yes",
        Some(Hit::No) => "no",
        Some(Hit::Unknown) => "not told",
        None => none,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_has_its_words() {
        assert_eq!(way(Some(Hit::No), Some(Hit::Yes)), "no \u{2192} yes");
        assert_eq!(way(None, Some(Hit::Unknown)), "new \u{2192} not told");
        assert_eq!(way(Some(Hit::Unknown), None), "not told \u{2192} gone");
    }
}
