//! `definitions`: reads flow definitions, scripts and solution packages without a snapshot.

use std::process::ExitCode;

use crate::args::{Definitions, DefinitionsForm};
use crate::output;

pub(crate) fn run(verb: &Definitions) -> anyhow::Result<ExitCode> {
    let analysis = highwater_definitions::analyse(&verb.paths);
    let mut text = Vec::new();
    match verb.format {
        DefinitionsForm::Text => highwater_definitions::write_table(&analysis, &mut text)?,
        DefinitionsForm::Json => highwater_definitions::write_json(&analysis, &mut text)?,
        DefinitionsForm::Sarif => {
            highwater_definitions::write_sarif(&analysis, env!("CARGO_PKG_VERSION"), &mut text)?
        }
    }
    output::write(&String::from_utf8(text)?)?;
    Ok(ExitCode::SUCCESS)
}
