//! Errors: what can go wrong around a run, in words that say what to do next.

use std::path::{Path, PathBuf};

/// Something around a run could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address of a store cannot be meant.
    #[error("the store `{address}`: {problem}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong and what to do.
        problem: String,
    },
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
    /// The object store refused or did not answer.
    #[error("{action} {place} in the object store: {reason}")]
    Remote {
        /// What was being done, such as `write`.
        action: &'static str,
        /// The object.
        place: String,
        /// What the service said, without secrets.
        reason: String,
    },
    /// Somebody else writes the same snapshot.
    #[error(
        "{place} is there already and differs: another run writes, or wrote, this snapshot; the next run takes a new one"
    )]
    Conflict {
        /// The object.
        place: String,
    },
    /// The lease ended or was taken while the run went on.
    #[error(
        "the lease {place} is lost: another run may have begun, so this one stops before it publishes anything"
    )]
    LeaseLost {
        /// The object.
        place: String,
    },
    /// What was fetched is not what its manifest says.
    #[error(
        "{place} is not what its manifest says: run `highwater verify`, and restore the store from its versions"
    )]
    Damaged {
        /// The object.
        place: String,
    },
    /// A message cannot be sent as it is configured.
    #[error("[notify.{name}]: {problem}")]
    Notify {
        /// Name of the table.
        name: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// Telemetry cannot be exported as it is configured.
    #[error("[observe]: {0}")]
    Observe(String),
}

impl Error {
    /// Wraps a refusal of the file system.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
