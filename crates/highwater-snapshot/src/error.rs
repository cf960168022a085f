//! Errors: what can go wrong with a snapshot, in words that say what to do next.

use std::path::{Path, PathBuf};

/// A snapshot could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was being done, such as `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The refusal.
        source: std::io::Error,
    },
    /// A table could not be built or read.
    #[error("table {table}: {source}")]
    Table {
        /// The table's name.
        table: String,
        /// The engine's words.
        source: polars::error::PolarsError,
    },
    /// A file of the snapshot does not say what it should.
    #[error("{}: {problem}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// There is nothing to read.
    #[error("no snapshot at {}: give a snapshot folder, a packed bundle (.zip) or a store folder", .0.display())]
    Missing(PathBuf),
    /// A different snapshot of the same moment exists.
    #[error("a snapshot of this moment exists already at {} and differs: use --replace, or give another --taken-at", .0.display())]
    Exists(PathBuf),
    /// The derivation texts are wrong.
    #[error("{0}")]
    Derivation(String),
}

impl Error {
    /// Wraps a refusal of the file system.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Wraps an engine error.
    pub(crate) fn table(table: &str) -> impl FnOnce(polars::error::PolarsError) -> Self {
        let table = table.to_owned();
        move |source| Self::Table { table, source }
    }

    /// A file that does not say what it should.
    pub(crate) fn invalid(path: &Path, problem: impl Into<String>) -> Self {
        Self::Invalid { path: path.to_owned(), problem: problem.into() }
    }
}
