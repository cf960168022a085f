//! Dossier: everything that a report shows, gathered before the first byte is written.
//!
//! A scorecard is enough. What only a snapshot can tell (the subjects behind a fact, what each source
//! gave) and what only an earlier scorecard can tell (what changed) is optional, and a report says where
//! it is missing. Holds data only: nothing here reads files or asks questions.

use std::collections::BTreeMap;

use highwater_score::{Model, Scorecard};

use crate::diff::Diff;
use crate::history::History;

/// What a report is made from.
#[derive(Clone, Debug)]
pub struct Dossier {
    /// The result to show.
    pub scorecard: Scorecard,
    /// Subjects by fact id; `None` when only a scorecard was given.
    pub subjects: Option<BTreeMap<String, Subjects>>,
    /// What each source gave, sorted by id; empty when only a scorecard was given.
    pub readings: Vec<Reading>,
    /// What was taken over from an earlier snapshot, if anything.
    pub taken_over: Option<TakenOver>,
    /// Which answer of a fact counts against an indicator, by indicator and fact.
    pub against: BTreeMap<String, BTreeMap<String, Hit>>,
    /// What changed since an earlier scorecard, if one was given.
    pub change: Option<Diff>,
    /// The models by which it was scored; what a step moves is not said without them.
    pub models: Vec<Model>,
    /// The levels of the tenant's snapshots so far, this one last; if a store was given.
    pub history: Option<History>,
}

impl Dossier {
    /// A dossier with nothing beside the scorecard.
    pub fn of(scorecard: Scorecard) -> Self {
        Self {
            scorecard,
            subjects: None,
            readings: Vec::new(),
            taken_over: None,
            against: BTreeMap::new(),
            change: None,
            models: Vec::new(),
            history: None,
        }
    }
}

/// What was not read anew, because nothing told of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenOver {
    /// Environments of which something was taken over.
    pub environments: u64,
    /// When the oldest of it was read, RFC 3339.
    pub oldest: String,
}

/// The answer to a fact's question for one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hit {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Not told.
    Unknown,
}

/// The subjects of one fact, by answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subjects {
    /// Subjects for which the answer is yes.
    pub yes: Group,
    /// Subjects for which the answer is no.
    pub no: Group,
    /// Subjects that were not told.
    pub unknown: Group,
}

impl Subjects {
    /// The subjects with one answer.
    pub fn group(&self, hit: Hit) -> &Group {
        match hit {
            Hit::Yes => &self.yes,
            Hit::No => &self.no,
            Hit::Unknown => &self.unknown,
        }
    }
}

/// Subjects with the same answer: how many there are, and the first of them by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// All of them.
    pub count: u64,
    /// Those that were listed, sorted by id.
    pub rows: Vec<Subject>,
}

/// One subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Id, unique within the fact.
    pub id: String,
    /// Name for people; the id where none was told.
    pub label: String,
    /// Records that it stands on, such as `bap.environments record 3`.
    pub records: Vec<String>,
}

/// What one source gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Source id.
    pub source: String,
    /// `full`, `partial`, `truncated`, `denied`, `failed` or `none`.
    pub status: String,
    /// Requests sent; 0 for an import.
    pub calls: u64,
    /// Pages or files read.
    pub pages: u64,
    /// Records read.
    pub records: u64,
    /// Records that the service said there are.
    pub expected: Option<u64>,
    /// What is missing and why.
    pub gap: Option<String>,
}
