//! Errors that stop an import as a whole; what concerns one file stands in the report.

use std::path::{Path, PathBuf};

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path could not be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No file was found.
    #[error("no file found under {}: name a folder of exported JSON, or files", paths.join(", "))]
    Nothing {
        /// The paths given.
        paths: Vec<String>,
    },
    /// The index is not valid.
    #[error("{path}: {problem}")]
    Index {
        /// The index file.
        path: PathBuf,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// The index says one thing, the content another.
    #[error(
        "{file}: the index says {stated}, the content is {found}: correct highwater-index.json"
    )]
    Contradiction {
        /// The file in question.
        file: String,
        /// What the index says.
        stated: String,
        /// What the content is.
        found: String,
    },
    /// `--as` names no source.
    #[error("`{given}` is no source id; the source ids are {known}")]
    Kind {
        /// What was given.
        given: String,
        /// The source ids.
        known: String,
    },
    /// Files that may be several things.
    #[error(
        "{}: say which with --as SOURCE@SCOPE (for that file alone), or in highwater-index.json",
        files.iter().map(|(file, kinds)| format!("{file} may be {}", kinds.join(" or "))).collect::<Vec<_>>().join("; ")
    )]
    Ambiguous {
        /// Files with the source ids that their content fits.
        files: Vec<(String, Vec<String>)>,
    },
    /// Files of several tenants.
    #[error(
        "the files are of several tenants ({tenants}): import them apart, or say with --tenant which one this is"
    )]
    Tenants {
        /// The tenant ids found.
        tenants: String,
    },
    /// The snapshot could not be written.
    #[error(transparent)]
    Snapshot(#[from] highwater_snapshot::Error),
}

impl Error {
    /// For `map_err`: wraps an input or output error with its path.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    /// An index that is not valid.
    pub(crate) fn index(path: &Path, problem: impl Into<String>) -> Self {
        Self::Index { path: path.to_owned(), problem: problem.into() }
    }
}
