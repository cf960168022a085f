//! `plan`: the fewest steps that would prove a level; what if some of it were known.

use std::process::ExitCode;

use highwater_report::plan;
use highwater_score::{Assumptions, Polarity, Scorecard};

use super::dossier::Given;
use crate::args::{Global, Plan, TextOrJson};
use crate::config::Config;
use crate::exit::usage_error;
use crate::{evaluate, output};

pub(crate) fn run(global: &Global, config: &Config, verb: &Plan) -> anyhow::Result<ExitCode> {
    let given = Given::open(global, config, verb.result.as_deref(), &verb.evaluation)?;
    let rules = evaluate::rules(global)?;
    let scorecard = given.scorecard();
    let assumed = assumptions(scorecard, &verb.assume)?;
    let made = plan::plan(
        rules.rulebook.models(),
        scorecard,
        (&verb.model, verb.capability.as_deref()),
        verb.target,
        &assumed,
    )
    .map_err(usage_error)?;
    match verb.format {
        TextOrJson::Text => output::write(&plan::render_text(&made))?,
        TextOrJson::Json => output::write(&(serde_json::to_string_pretty(&made)? + "\n"))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// `ID=met` and the like as scores; a limitation that is overcome is not true at all.
fn assumptions(scorecard: &Scorecard, words: &[String]) -> anyhow::Result<Assumptions> {
    words.iter().map(|word| assumption(scorecard, word)).collect()
}

fn assumption(scorecard: &Scorecard, words: &str) -> anyhow::Result<(String, f64)> {
    let (id, state) = words.split_once('=').ok_or_else(|| {
        usage_error(format!(
            "--assume {words}: write an indicator and a state, such as AUT-SG-200-01=met"
        ))
    })?;
    let (id, state) = (id.trim(), state.trim());
    let indicator = scorecard
        .indicator(id)
        .ok_or_else(|| usage_error(format!("--assume {id}: no such indicator was judged")))?;
    let score = match (indicator.polarity, state) {
        (Polarity::Achievement, "met") | (Polarity::Limitation, "holds") => 1.0,
        (Polarity::Achievement, "not_met") | (Polarity::Limitation, "refuted") => 0.0,
        (Polarity::Achievement, _) => {
            return Err(usage_error(format!("--assume {id}={state}: it can be met or not_met")));
        }
        (Polarity::Limitation, _) => {
            return Err(usage_error(format!(
                "--assume {id}={state}: it is a limitation, which holds or is refuted"
            )));
        }
    };
    Ok((id.to_owned(), score))
}
