//! `report`: renders a result into files, one a format. Never collects.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use highwater_report::dossier::Dossier;
use highwater_report::html;

use super::dossier::{Given, compare};
use crate::args::{Evaluation, Global, Report, ReportForm};
use crate::config::Config;
use crate::exit::usage_error;
use crate::output;

pub(crate) fn run(global: &Global, config: &Config, verb: &Report) -> anyhow::Result<ExitCode> {
    let given = Given::open(global, config, verb.result.as_deref(), &verb.evaluation)?;
    let change = match &verb.since {
        None => None,
        Some(path) => {
            // The earlier result is judged as of its own time.
            let then = Evaluation { attest: verb.evaluation.attest.clone(), as_of: None };
            let earlier = Given::open(global, config, Some(path), &then)?;
            Some(compare(&earlier, &given)?)
        }
    };
    let dossier = given.dossier(change)?;
    std::fs::create_dir_all(&verb.out)
        .map_err(|error| usage_error(format!("cannot create {}: {error}", verb.out.display())))?;
    let forms: BTreeSet<ReportForm> = verb.format.iter().copied().collect();
    let mut said = String::new();
    for form in forms {
        let path = write(form, &dossier, &verb.out)?;
        said.push_str(&format!("{path}\n"));
    }
    output::write(&said)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes one format and says where.
fn write(form: ReportForm, dossier: &Dossier, folder: &Path) -> anyhow::Result<String> {
    let (name, bytes) = match form {
        ReportForm::Html => ("report.html", html::render(dossier).into_bytes()),
    };
    let path = folder.join(name);
    std::fs::write(&path, bytes)
        .map_err(|error| usage_error(format!("cannot write {}: {error}", path.display())))?;
    Ok(path.display().to_string())
}
