//! Exit codes and the one place where an error becomes words on stderr.

use std::io::Write;
use std::process::ExitCode;

/// Usage or configuration.
pub(crate) const USAGE: u8 = 2;
/// Signing in failed.
pub(crate) const SIGN_IN: u8 = 3;
/// Gaps leave a required answer open.
pub(crate) const OPEN: u8 = 4;
/// Below what was required.
pub(crate) const BELOW: u8 = 5;

/// An error that the person at the keyboard can mend: usage, configuration, input files.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// Marks an error as one of usage or configuration.
pub(crate) fn usage_error(problem: impl std::fmt::Display) -> anyhow::Error {
    anyhow::Error::new(Usage(problem.to_string()))
}

/// Signing in failed; the text says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct SignIn(String);

/// Marks an error of signing in: what is not configured is usage, everything else a failed sign-in.
pub(crate) fn sign_in_error(error: &highwater_auth::Error) -> anyhow::Error {
    match error {
        highwater_auth::Error::Configuration(problem) => usage_error(problem),
        error => anyhow::Error::new(SignIn(error.to_string())),
    }
}

/// What clap has to say: help and version on stdout, errors on stderr with exit 2.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let failed = error.print().is_err() || error.use_stderr();
    ExitCode::from(if failed { USAGE } else { 0 })
}

/// Says what went wrong, on one line and its causes below.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    }) {
        // The reader of our output went away, as `head` does: not our failure.
        return ExitCode::SUCCESS;
    }
    let mut said = Vec::new();
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !said.contains(&cause) && !text.contains(&cause) {
            text.push_str(&format!("  because: {cause}\n"));
        }
        said.push(cause);
    }
    // Nothing more can be done when stderr is gone as well.
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(code(error))
}

/// The exit code of an error.
pub(crate) fn code(error: &anyhow::Error) -> u8 {
    let foreseen = error.chain().any(|cause| {
        cause.is::<Usage>()
            || cause.is::<crate::sign::Error>()
            || cause.is::<highwater_snapshot::Error>()
            || cause.is::<highwater_score::Error>()
            || cause.is::<highwater_facts::Error>()
            || cause.is::<highwater_import::Error>()
            || cause.is::<highwater_definitions::DefinitionError>()
            || cause.is::<highwater_sources::Error>()
            || cause.is::<highwater_http::Error>()
            || cause.is::<highwater_simulator::Error>()
            || cause.is::<highwater_runs::Error>()
    });
    let signing_in = error.chain().any(|cause| cause.is::<SignIn>());
    match (signing_in, foreseen) {
        (true, _) => SIGN_IN,
        (false, true) => USAGE,
        (false, false) => 1,
    }
}
