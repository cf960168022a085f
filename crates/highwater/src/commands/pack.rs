//! `verify` and `pack`: a snapshot is what it says, and one file to hand over.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::args::{Global, OneSnapshot, Pack};
use crate::config::Config;
use crate::{evaluate, output};

pub(crate) fn verify(config: &Config, verb: &OneSnapshot) -> anyhow::Result<ExitCode> {
    let snapshot = evaluate::open_snapshot(config, verb.snapshot.as_deref())?;
    let wrong = snapshot.verify()?;
    if wrong.is_empty() {
        let manifest = snapshot.manifest();
        let files = manifest.files.len();
        output::write(&format!(
            "tenant {} {}: {files} files as the manifest says ({})\n",
            manifest.tenant.id,
            manifest.taken_at,
            snapshot.digest()
        ))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::write(&format!("{}\n", wrong.join("\n")))?;
    anyhow::bail!(
        "{} files are not what the manifest says: take the snapshot again, or fetch it again from where it came",
        wrong.len()
    )
}

pub(crate) fn pack(global: &Global, config: &Config, verb: &Pack) -> anyhow::Result<ExitCode> {
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
    snapshot.pack(&out)?;
    output::say(global, &format!("packed {} files", manifest.files.len() + 1));
    output::write(&format!("{}\n", out.display()))?;
    Ok(ExitCode::SUCCESS)
}
