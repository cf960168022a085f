//! `diff`: what changed between two results, and why.

use std::process::ExitCode;

use highwater_report::diff;

use super::dossier::{Given, both, compare};
use crate::args::{Diff, Evaluation, Global, TextOrJson};
use crate::config::Config;
use crate::output;

pub(crate) fn run(global: &Global, config: &Config, verb: &Diff) -> anyhow::Result<ExitCode> {
    let evaluation = Evaluation { attest: verb.attest.clone(), ..Evaluation::default() };
    let open = |path| Given::recall(global, config, path, &evaluation);
    let (old, new) = both(|| open(&verb.old), || open(&verb.new))?;
    let change = compare(&old, &new)?;
    match verb.format {
        TextOrJson::Text => output::write(&diff::render_text(&change))?,
        TextOrJson::Json => output::write(&(serde_json::to_string_pretty(&change)? + "\n"))?,
    }
    Ok(ExitCode::SUCCESS)
}
