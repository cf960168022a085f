//! Errors of setting a client up: limits, host patterns and recordings that cannot be used.
//!
//! What goes wrong with a read is no error but a [`crate::Failure`], which is data.

use std::path::PathBuf;

/// Why a client cannot be made as it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The limits are not as the format of `config/limits.toml` wants them.
    #[error("limits: {reason}")]
    Limits {
        /// Service or line, and what is wrong with it.
        reason: String,
    },
    /// A host pattern that is none, or would let in more than one vendor's hosts.
    #[error(
        "host pattern `{pattern}`: {reason}; write a host name, with `*` for one label or `#` for digits"
    )]
    Pattern {
        /// The pattern as it was given.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A recording could not be read or written.
    #[error("recording {}: {reason}", path.display())]
    Recording {
        /// Its file.
        path: PathBuf,
        /// What happened, and what to do about it.
        reason: String,
    },
}
