//! `report`: renders a result into files, one a format. Never collects.

use std::collections::BTreeSet;
use std::process::ExitCode;

use highwater_report::dossier::Dossier;
use highwater_report::{csv, html, junit, markdown, oscal, sarif, xlsx};

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
            let then = Evaluation {
                attest: verb.evaluation.attest.clone(),
                as_of: None,
                ..verb.evaluation.clone()
            };
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
        for (name, bytes) in render(form, &dossier)? {
            let path = verb.out.join(name);
            std::fs::write(&path, bytes).map_err(|error| {
                usage_error(format!("cannot write {}: {error}", path.display()))
            })?;
            said.push_str(&format!("{}\n", path.display()));
        }
    }
    output::write(&said)?;
    Ok(ExitCode::SUCCESS)
}

/// The files of one format, each with its name.
fn render(form: ReportForm, dossier: &Dossier) -> anyhow::Result<Vec<(&'static str, Vec<u8>)>> {
    let one = |name, text: String| vec![(name, text.into_bytes())];
    Ok(match form {
        ReportForm::Html => one("report.html", html::render(dossier)),
        ReportForm::Csv => {
            csv::render(dossier).into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
        }
        ReportForm::Xlsx => vec![("report.xlsx", xlsx::render(dossier)?)],
        ReportForm::Oscal => one("report.oscal.json", oscal::render(dossier)?),
        ReportForm::Md => one("report.md", markdown::render(dossier)),
        ReportForm::Sarif => one("report.sarif", sarif::render(dossier)?),
        ReportForm::Junit => one("report.junit.xml", junit::render(dossier)),
        ReportForm::Json => one("scorecard.json", dossier.scorecard.to_json()?),
    })
}
