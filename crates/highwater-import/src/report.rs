//! Report: what every imported file gave, and why something was not read.
//!
//! Guarantees one entry a file, in the order of their names. Carries numbers and reasons only, never
//! content. Does not print: the command does.

use std::collections::BTreeMap;

use highwater_snapshot::{Claim, Time};

/// What an import read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// One entry a file, sorted by path.
    pub files: Vec<FileReport>,
    /// What was said of every source and scope.
    pub claims: Vec<Claim>,
    /// What concerns no single file, such as the tenant that could not be told.
    pub warnings: Vec<String>,
}

/// What one file gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// The path, relative to the folder that was given.
    pub path: String,
    /// Size on disk.
    pub bytes: u64,
    /// When it was written, as its file system says; shown, and never evidence.
    pub written: Option<Time>,
    /// When its content says that it was read.
    pub told_at: Option<Time>,
    /// What became of the file as a whole.
    pub outcome: Outcome,
    /// What was found in it; a file may hold several kinds of records.
    pub parts: Vec<Part>,
    /// Anything a person should know, such as an encoding that was assumed.
    pub notes: Vec<String>,
}

/// What became of a file as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// At least one part was read into the snapshot.
    Read,
    /// Recognised, but no table needs it; the parts say what it is.
    NoTable,
    /// Same text as an earlier file, which is named: read once.
    SameAs(String),
    /// Not recognised, for the reason given.
    NotRecognised(String),
    /// Could be several things; the candidates and what to do.
    Ambiguous {
        /// Source ids that the content fits.
        candidates: Vec<String>,
        /// What to do.
        remedy: String,
    },
    /// Could not be read, for the reason given.
    Failed(String),
    /// A recorded refusal or error instead of an answer; says which.
    Recorded(String),
    /// Says what others are: `highwater-index.json`.
    Index,
}

/// One kind of records in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Source id, or what it is called when no table needs it.
    pub kind: String,
    /// How the records were wrapped: `array`, `value`, `inventory`, `powershell` …
    pub wrapper: String,
    /// Environment, policy, group … that the records are of; empty for the whole tenant.
    pub scope: String,
    /// Records found.
    pub records: u64,
    /// Rows that tables took from them.
    pub rows: u64,
    /// Records that gave no row, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// Why no table takes it; none where tables do.
    pub unused: Option<String>,
}

impl Part {
    /// Nothing yet of a kind, under a wrapper, in a scope.
    pub(crate) fn of(kind: &str, wrapper: &str, scope: &str) -> Self {
        Self { kind: kind.into(), wrapper: wrapper.into(), scope: scope.into(), ..Self::default() }
    }

    /// Adds what another part of the same kind and scope gave.
    pub(crate) fn add(&mut self, other: Self) {
        self.unused = self.unused.take().filter(|_| other.unused.is_some());
        self.records += other.records;
        self.rows += other.rows;
        for (reason, count) in other.dropped {
            *self.dropped.entry(reason).or_default() += count;
        }
    }
}

impl Report {
    /// Files that gave nothing: not recognised, ambiguous or failed.
    pub fn unread(&self) -> impl Iterator<Item = &FileReport> {
        self.files.iter().filter(|file| {
            matches!(
                file.outcome,
                Outcome::NotRecognised(_) | Outcome::Ambiguous { .. } | Outcome::Failed(_)
            )
        })
    }

    /// Files that may be several things, with their candidates.
    pub fn ambiguous(&self) -> Vec<(String, Vec<String>)> {
        let candidates = |file: &FileReport| match &file.outcome {
            Outcome::Ambiguous { candidates, .. } => Some((file.path.clone(), candidates.clone())),
            _ => None,
        };
        self.files.iter().filter_map(candidates).collect()
    }

    /// Records read and rows given, over all files.
    pub fn totals(&self) -> (u64, u64) {
        let parts = || self.files.iter().flat_map(|file| &file.parts);
        (parts().map(|part| part.records).sum(), parts().map(|part| part.rows).sum())
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read => f.write_str("read"),
            Self::NoTable => f.write_str("no table needs it"),
            Self::SameAs(path) => write!(f, "same as {path}"),
            Self::NotRecognised(reason) => write!(f, "not recognised: {reason}"),
            Self::Ambiguous { candidates, remedy } => {
                write!(f, "ambiguous: may be {}; {remedy}", candidates.join(" or "))
            }
            Self::Failed(reason) => write!(f, "failed: {reason}"),
            Self::Recorded(what) => f.write_str(what),
            Self::Index => f.write_str("index"),
        }
    }
}
