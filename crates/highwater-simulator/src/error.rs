//! Error: what can keep a simulated cloud from starting.

use std::path::PathBuf;

/// Why the simulated cloud cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address that was asked for.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(String),
    /// A recording cannot be read.
    #[error("{}: cannot read the recording: {reason}", path.display())]
    Recording {
        /// The file, or the file inside the archive.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A profile that there is none of.
    #[error(
        "there is no profile {0:?}; there are rudimentary, repeatable, defined, capable and denied, or give a folder"
    )]
    Profile(String),
    /// A list of faults that cannot be read.
    #[error("fault {spec:?}: {reason}; see docs/simulator.md")]
    Fault {
        /// The part that was not understood.
        spec: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A quota that cannot be read.
    #[error("quota {0:?} cannot be read: write SERVICE=REQUESTS/TIME, as in graph=100/10s")]
    Quota(String),
}
