//! What can stop a run. What a service refuses is no error but a gap in the recording.

use std::path::PathBuf;

/// Why a run cannot begin, go on or end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The disk does not take or give what it should.
    #[error("{}: {source}: free space or choose another folder, then go on with --resume", path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The folder holds a recording already.
    #[error("{} holds a recording: go on with --resume or choose another folder", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// There is nothing to go on with.
    #[error("{} holds no journal: there is nothing to resume, start without --resume", path.display())]
    NoJournal {
        /// The folder.
        path: PathBuf,
    },
    /// The journal is of another run.
    #[error("the journal in {} is of another {what} ({theirs}, not {ours}): resume with the same, or start anew in another folder", path.display())]
    OtherRun {
        /// The folder.
        path: PathBuf,
        /// What differs: tenant, identity, cloud, plan.
        what: &'static str,
        /// What the journal says.
        theirs: String,
        /// What this run says.
        ours: String,
    },
    /// A line in the middle of the journal cannot be read.
    #[error("line {line} of the journal in {} is damaged ({reason}): start anew in another folder", path.display())]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// Number of the line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The moment of the plan is no moment.
    #[error("`{now}` is not a moment in RFC 3339")]
    Moment {
        /// What was given.
        now: String,
    },
    /// The cloud lacks a service, or its address is none.
    #[error(
        "cloud {cloud} has no usable address for {service}: see [cloud.{cloud}.services.{service}] in highwater.toml"
    )]
    Cloud {
        /// The cloud.
        cloud: String,
        /// The service.
        service: String,
    },
    /// The writer ended before the run did.
    #[error("the recording cannot be written any more: {reason}")]
    Writer {
        /// What happened.
        reason: String,
    },
}

impl Error {
    /// An error about a path.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
