//! `score`: infers levels. Pure: no network, and no clock but `--as-of`.

use std::process::ExitCode;

use highwater_report::text::{self, Style};
use highwater_score::{Levels, Scorecard};

use crate::args::{Global, Score, TextOrJson};
use crate::config::Config;
use crate::exit::{BELOW, OPEN, usage_error};
use crate::{color, evaluate, output};

/// A least level that was asked for.
pub(super) struct Requirement {
    name: String,
    level: u16,
}

pub(crate) fn run(global: &Global, config: &Config, verb: &Score) -> anyhow::Result<ExitCode> {
    let requirements =
        verb.require.iter().map(|text| requirement(text)).collect::<anyhow::Result<Vec<_>>>()?;
    let scored = evaluate::score(
        global,
        config,
        verb.snapshot.as_deref(),
        &verb.evaluation,
        verb.model.as_deref(),
    )?;
    let scorecard = &scored.scorecard;
    let (code, said) = judge(scorecard, &requirements)?;
    match verb.format {
        TextOrJson::Json => output::write(&scorecard.to_json()?)?,
        TextOrJson::Text => output::write(&text::render(
            scorecard,
            Style { color: color::wanted(), width: color::width() },
        ))?,
    }
    said.iter().for_each(|line| output::say(global, line));
    Ok(ExitCode::from(code))
}

/// `automation=300` or `automation.secure-govern=300`.
pub(super) fn requirement(text: &str) -> anyhow::Result<Requirement> {
    let parts = text
        .split_once('=')
        .and_then(|(name, level)| Some((name.trim(), level.trim().parse::<u16>().ok()?)));
    match parts {
        Some((name, level)) if (100..=500).contains(&level) && level.is_multiple_of(100) => {
            Ok(Requirement { name: name.to_owned(), level })
        }
        _ => Err(usage_error(format!(
            "--require {text}: write a model or model.capability and a level, such as automation=300"
        ))),
    }
}

fn level_of(scorecard: &Scorecard, name: &str) -> anyhow::Result<Levels> {
    let mut known = Vec::new();
    for model in &scorecard.models {
        if model.id == name {
            return Ok(model.level);
        }
        known.push(model.id.clone());
        for capability in &model.capabilities {
            let id = format!("{}.{}", model.id, capability.id);
            if id == name {
                return Ok(capability.level);
            }
            known.push(id);
        }
    }
    Err(usage_error(format!("--require {name}: what was scored is {}", known.join(", "))))
}

/// 0 when everything required is proven, 4 when gaps leave it open, 5 when it is out of reach; and what is not proven,
/// a line each.
pub(super) fn judge(
    scorecard: &Scorecard,
    requirements: &[Requirement],
) -> anyhow::Result<(u8, Vec<String>)> {
    let (mut code, mut said) = (0, Vec::new());
    for required in requirements {
        let level = level_of(scorecard, &required.name)?;
        if level.proven >= required.level {
            continue;
        }
        let below = level.possible < required.level;
        let word = if below {
            "is below what is required"
        } else {
            "is open: the evidence does not decide it"
        };
        said.push(format!(
            "{} {}: {} {word}",
            required.name,
            required.level,
            text::in_words(level)
        ));
        code = if below || code == BELOW { BELOW } else { OPEN };
    }
    Ok((code, said))
}
