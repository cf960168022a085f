//! `report`: renders a result into files, one a format. Never collects.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use highwater_report::dossier::Dossier;
use highwater_report::history::{self, History};
use highwater_report::{csv, html, junit, markdown, oscal, sarif, xlsx};

use super::dossier::{Given, compare};
use crate::args::{Evaluation, Global, Report, ReportForm};
use crate::config::Config;
use crate::exit::usage_error;
use crate::{evaluate, output, place};

pub(crate) fn run(global: &Global, config: &Config, verb: &Report) -> anyhow::Result<ExitCode> {
    let result = verb.result.clone().unwrap_or_else(|| config.store(None));
    let result = place::local(config, &result, place::Wanted::All)?;
    let given = Given::open(global, config, Some(&result), &verb.evaluation)?;
    // Earlier results are judged as of their own time.
    let then = Evaluation { as_of: None, ..verb.evaluation.clone() };
    let mut before = earlier(&result, &given)?;
    let since = verb.since.clone().or_else(|| before.last().cloned());
    let since = since.map(|path| Given::open(global, config, Some(&path), &then)).transpose()?;
    let change = since.as_ref().map(|since| compare(since, &given)).transpose()?;
    let mut dossier = given.dossier(change)?;
    before.drain(..before.len().saturating_sub(verb.trend.saturating_sub(1)));
    if verb.trend > 0 && !before.is_empty() {
        let known = since.filter(|_| verb.since.is_none());
        dossier.history = Some(trend(global, config, (&before, &then), known, &given)?);
    }
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

/// Earlier snapshots of the same tenant, the oldest first; where a store was given, and a snapshot of it is
/// reported.
fn earlier(store: &Path, given: &Given) -> anyhow::Result<Vec<PathBuf>> {
    if !store.is_dir() || store.join("manifest.json").is_file() {
        return Ok(Vec::new());
    }
    let scorecard = given.scorecard();
    let tenant = super::history::snapshots(store)?.remove(&scorecard.tenant.id);
    let this = format!("snapshot={}", scorecard.snapshot.id);
    let mut before: Vec<PathBuf> = tenant.into_iter().flatten().collect();
    before.retain(|path| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name < this.as_str())
    });
    Ok(before)
}

/// The levels of earlier snapshots, and of this one last. `known` is the last of the earlier ones, where it
/// was scored already.
fn trend(
    global: &Global,
    config: &Config,
    (before, then): (&[PathBuf], &Evaluation),
    known: Option<Given>,
    given: &Given,
) -> anyhow::Result<History> {
    let unknown = before.len() - usize::from(known.is_some());
    let mut scorecards = Vec::new();
    for path in before.iter().take(unknown) {
        scorecards.push(evaluate::score(global, config, Some(path), then, None)?.scorecard);
    }
    scorecards.extend(known.map(|known| known.scorecard().clone()));
    scorecards.push(given.scorecard().clone());
    Ok(history::history(&given.scorecard().tenant.id, &scorecards))
}

/// The files of one format, each with its name.
pub(super) fn render(
    form: ReportForm,
    dossier: &Dossier,
) -> anyhow::Result<Vec<(&'static str, Vec<u8>)>> {
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
