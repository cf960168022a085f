//! Output: results on stdout, everything else on stderr.

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;

use crate::args::{Global, LogFormat};

/// Sends log lines to stderr, as much as was asked for.
pub(crate) fn start_logging(global: &Global) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "info",
        (false, 2) => "debug",
        (false, _) => "trace",
    };
    let filter = EnvFilter::try_from_env("HIGHWATER_LOG")
        .unwrap_or_else(|_| EnvFilter::new(format!("highwater={level},error")));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match global.log_format {
        LogFormat::Text => builder.without_time().with_target(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    // A second start, as in tests, keeps the first one's settings.
    drop(started);
}

/// Writes a result to stdout.
pub(crate) fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Says something on stderr unless told to be quiet.
pub(crate) fn say(global: &Global, text: &str) {
    if !global.quiet {
        // Progress that cannot be shown is not worth failing for.
        let _ = writeln!(io::stderr(), "{text}");
    }
}
