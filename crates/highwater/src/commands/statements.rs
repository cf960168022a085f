//! `attest init` and `attest status`: what is worth stating now, and what expires when.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use highwater_report::text::plain;
use highwater_report::{counted, form};
use highwater_score::{AttestationScore, Scorecard};
use highwater_snapshot::Time;
use jiff::civil::Date;
use jiff::{Timestamp, Unit};

use super::dossier::Given;
use crate::args::{Evaluation, FormForm, Global};
use crate::config::Config;
use crate::exit::usage_error;
use crate::output;

/// Writes the form to a file, or to stdout.
pub(super) fn init(
    global: &Global,
    result: Option<&Path>,
    evaluation: &Evaluation,
    (limit, out, format): (usize, Option<&Path>, Option<FormForm>),
) -> anyhow::Result<ExitCode> {
    let given = Given::open(global, &Config::load(global)?, result, evaluation)?;
    let ending = out.and_then(Path::extension).and_then(|ending| ending.to_str());
    let format = format.unwrap_or(match ending {
        Some("xlsx") => FormForm::Xlsx,
        Some("csv") => FormForm::Csv,
        _ => FormForm::Toml,
    });
    let scorecard = given.scorecard();
    let bytes = match format {
        FormForm::Toml => form::render(scorecard, limit).into_bytes(),
        FormForm::Csv => form::sheet::csv(scorecard, limit).into_bytes(),
        FormForm::Xlsx => form::sheet::workbook(scorecard, limit)?,
    };
    match out {
        None if format == FormForm::Xlsx => {
            return Err(usage_error("a workbook is no text: name a file with --out"));
        }
        None => output::write(&String::from_utf8_lossy(&bytes))?,
        Some(path) if path.exists() => {
            return Err(usage_error(format!(
                "{} is there already, and statements are not written over: name another file",
                path.display()
            )));
        }
        Some(path) => {
            std::fs::write(path, bytes).map_err(|error| {
                usage_error(format!("cannot write {}: {error}", path.display()))
            })?;
            output::write(&format!("{}\n", path.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Says of every statement until when it counts, and which ones the evidence speaks against.
pub(super) fn status(
    global: &Global,
    result: Option<&Path>,
    evaluation: &Evaluation,
) -> anyhow::Result<ExitCode> {
    let mut evaluation = evaluation.clone();
    // Expiry is about today, whatever day the evidence is of.
    evaluation.as_of = evaluation.as_of.or_else(|| Some(Time(Timestamp::now().as_microsecond())));
    let given = Given::open(global, &Config::load(global)?, result, &evaluation)?;
    output::write(&standing(given.scorecard())?)?;
    Ok(ExitCode::SUCCESS)
}

fn standing(scorecard: &Scorecard) -> anyhow::Result<String> {
    let today: Date = scorecard
        .evaluated_at
        .get(..10)
        .and_then(|day| day.parse().ok())
        .context("the time of evaluation is no moment")?;
    let mut statements: Vec<&AttestationScore> = scorecard.attestations.iter().collect();
    statements.sort_by_key(|it| {
        (it.status != "expired", it.status != "live", &it.expires, &it.indicators)
    });
    let mut out = format!("{} on {today}\n", counted(statements.len(), "statement"));
    for it in statements {
        let _ = writeln!(
            out,
            "  {:<10}  {}  {}  {} by {}",
            it.status.replace('_', " "),
            it.expires,
            left(it, today),
            it.answer,
            plain(&it.by)
        );
        let _ = writeln!(out, "              {}", it.indicators.join(", "));
    }
    if !scorecard.contradictions.is_empty() {
        out.push_str("\nspoken against by evidence, which counts\n");
    }
    for it in &scorecard.contradictions {
        let _ = writeln!(out, "  {}  {}", it.indicator, plain(&it.reason));
    }
    Ok(out)
}

/// Days until a statement stops counting.
fn left(it: &AttestationScore, today: Date) -> String {
    let days = it
        .expires
        .parse::<Date>()
        .ok()
        .and_then(|expires| today.until((Unit::Day, expires)).ok())
        .map(|span| span.get_days());
    match (it.status.as_str(), days) {
        ("live", Some(days)) if days <= 60 => format!("{} left, ask again", in_days(days)),
        ("live", Some(days)) => format!("{} left", in_days(days)),
        ("expired", Some(days)) => format!("{} ago, ask again", in_days(-days)),
        _ => "does not count".to_owned(),
    }
}

fn in_days(days: i32) -> String {
    counted(usize::try_from(days).unwrap_or(0), "day")
}
