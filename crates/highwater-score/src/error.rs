//! What can be wrong with a rulebook, with statements or with the scope.
//!
//! Scoring itself cannot fail: missing evidence is data, not an error.

use std::fmt;
use std::path::PathBuf;

/// Why a rulebook, an attestation file or a scope was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder of a rulebook could not be read.
    #[error("cannot read {}: {source}; check the path and its permissions", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The rulebook breaks a rule of its format.
    #[error("rulebook not usable:\n{}", lines(.0))]
    Rulebook(Vec<Problem>),
    /// The statements are not usable; nothing may be scored with them.
    #[error("attestations not usable:\n{}", lines(.0))]
    Attestations(Vec<Problem>),
    /// The configured scope names what does not exist, or gives no reason.
    #[error("scope: {subject} {problem}")]
    Scope {
        /// The capability or model concerned.
        subject: String,
        /// What is wrong and what to do.
        problem: String,
    },
}

/// One mistake in a file, with the place and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file as the caller named it.
    pub file: String,
    /// Line, counted from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// What is wrong and what to do, a lower-case fragment.
    pub reason: String,
}

impl Problem {
    pub(crate) fn new(file: &str, line: usize, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, reason: reason.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.reason),
            line => write!(f, "{}:{line}: {}", self.file, self.reason),
        }
    }
}

/// The line, counted from 1, in which the byte at `offset` stands.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("  {problem}")).collect::<Vec<_>>().join("\n")
}
