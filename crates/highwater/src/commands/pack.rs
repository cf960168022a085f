//! `pack`: one file to hand over, with as much of the result as was asked for.

use std::path::PathBuf;
use std::process::ExitCode;

use highwater_report::counted;

use super::bundle;
use crate::args::{Global, Pack};
use crate::config::Config;
use crate::{evaluate, output};

pub(crate) fn run(global: &Global, config: &Config, verb: &Pack) -> anyhow::Result<ExitCode> {
    let snapshot = evaluate::open_snapshot(config, verb.snapshot.as_deref())?;
    let wrong = snapshot.verify()?;
    if !wrong.is_empty() {
        anyhow::bail!("the snapshot is damaged and was not packed: {}", wrong.join("; "));
    }
    let manifest = snapshot.manifest();
    let named = || {
        PathBuf::from(format!(
            "highwater-{}-{}.zip",
            manifest.tenant.id,
            manifest.taken_at.folder()
        ))
    };
    let out = verb.out.clone().unwrap_or_else(named);
    // Scoring takes the snapshot; opening it again costs nothing.
    let scored = evaluate::open_snapshot(config, verb.snapshot.as_deref())?;
    let files = bundle::enclose(global, config, scored, verb)?;
    snapshot.pack(&out, &files)?;
    output::say(
        global,
        &format!("packed {}", counted(manifest.files.len() + 1 + files.len(), "file")),
    );
    output::write(&format!("{}\n", out.display()))?;
    Ok(ExitCode::SUCCESS)
}
