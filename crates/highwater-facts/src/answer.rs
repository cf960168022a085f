//! What is known of one fact: an interval, never a guess.

use serde::{Deserialize, Serialize};

/// How the rows of a fact's question become a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Part of the subjects for which the answer is yes, in `[0, 1]`.
    Share,
    /// Number of subjects for which the answer is yes.
    Count,
    /// One subject, yes (1) or no (0).
    Flag,
    /// A number read directly, such as days or hours; the fact file names its unit.
    Measure,
}

/// A closed range of values that the evidence allows. `hi` is `f64::INFINITY` where nothing bounds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The least value that is still possible.
    pub lo: f64,
    /// The greatest value that is still possible.
    pub hi: f64,
}

impl Interval {
    /// A range that holds exactly one value.
    pub const fn exactly(value: f64) -> Self {
        Self { lo: value, hi: value }
    }

    /// Whether every value of `other` is a value of this range.
    pub fn contains(&self, other: &Self) -> bool {
        self.lo <= other.lo && other.hi <= self.hi
    }
}

/// The answer to one fact over one snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Fact id such as `dlp.env_covered_share`.
    pub id: String,
    /// How `value` is to be read.
    pub kind: Kind,
    /// The range that the evidence allows; `None` when nothing at all was observed, or when `empty`.
    pub value: Option<Interval>,
    /// A share or measure whose population is known to have no subjects at all.
    pub empty: bool,
    /// Subjects for which the answer is yes.
    pub trues: u64,
    /// Subjects for which the answer is no.
    pub falses: u64,
    /// Subjects whose answer was not told, those that coverage says are missing included.
    pub unknowns: u64,
    /// Whether subjects may be missing whose number is not known.
    pub open: bool,
    /// Rows read over rows expected of the tables behind the fact, in `[0, 1]`.
    pub completeness: f64,
    /// Evidence tables that the question reads (loader tables left out), sorted.
    pub tables: Vec<String>,
    /// What could not be read of those tables, one sentence each, sorted.
    pub gaps: Vec<String>,
}
