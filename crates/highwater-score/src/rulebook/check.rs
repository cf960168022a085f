//! What a usable rulebook obeys, beyond being readable.
//!
//! Each check names file, line and what to do. Nothing is repaired here.

use std::collections::{BTreeMap, BTreeSet};

use super::Lines;
use crate::error::Problem;
use crate::model::{Assessability, Capability, Indicator, Model, Polarity, Role};
use crate::rule::Rule;

/// Collects every mistake in the chosen models.
pub(super) fn check(models: &[Model], lines: &Lines, problems: &mut Vec<Problem>) {
    let mut known: BTreeMap<&str, &Indicator> = BTreeMap::new();
    for model in models {
        let file = lines.file(model);
        problems.extend(frame(model).into_iter().map(|reason| Problem::new(file, 0, reason)));
        for (capability, indicator) in
            model.capabilities.iter().flat_map(|c| c.indicators.iter().map(move |i| (c, i)))
        {
            let mut reasons = identity(model, capability, indicator);
            reasons.extend(judgement(model, indicator));
            reasons.extend(words(indicator));
            if known.insert(&indicator.id, indicator).is_some() {
                reasons.push("the id is used in another model too".to_owned());
            }
            report(lines, model, indicator, reasons, problems);
        }
    }
    for model in models {
        for indicator in model.indicators() {
            report(lines, model, indicator, references(indicator, &known), problems);
        }
    }
}

fn report(
    lines: &Lines,
    model: &Model,
    indicator: &Indicator,
    reasons: Vec<String>,
    problems: &mut Vec<Problem>,
) {
    let (file, line) = lines.of(model, &indicator.id);
    problems.extend(
        reasons
            .into_iter()
            .map(|reason| Problem::new(file, line, format!("{}: {reason}", indicator.id))),
    );
}

fn frame(model: &Model) -> Vec<String> {
    let mut reasons = Vec::new();
    let scale = model.scale();
    if model.format != 1 {
        reasons.push("`format` must be 1".to_owned());
    }
    if scale.len() < 2 || !scale.is_sorted_by(|a, b| a < b) {
        reasons.push("a model needs two or more `[[level]]`, lowest number first".to_owned());
    }
    let thresholds = model.thresholds;
    if [thresholds.gate, thresholds.core, thresholds.mean, thresholds.cap]
        .iter()
        .any(|t| !(0.0..=1.0).contains(t))
    {
        reasons.push("every threshold must lie between 0 and 1".to_owned());
    }
    let ratings = [0.0, model.ratings.not, model.ratings.partly, model.ratings.largely, 1.0];
    if !ratings.is_sorted_by(|a, b| a < b) {
        reasons.push(
            "`ratings` must rise from `not` over `partly` to `largely`, between 0 and 1".to_owned(),
        );
    }
    for (what, of) in [("id", ids as fn(&Capability) -> &str), ("code", codes)] {
        let mut seen = BTreeSet::new();
        let twice = model
            .capabilities
            .iter()
            .map(of)
            .filter(|text| !seen.insert(*text))
            .collect::<Vec<_>>();
        reasons.extend(
            twice.into_iter().map(|text| format!("two capabilities have the {what} `{text}`")),
        );
    }
    let wanted: BTreeSet<String> = scale.iter().map(u16::to_string).collect();
    for capability in &model.capabilities {
        if !capability.goals.keys().eq(wanted.iter()) {
            reasons.push(format!("`{}` needs one goal a level of the scale", capability.id));
        }
    }
    reasons
}

fn ids(capability: &Capability) -> &str {
    &capability.id
}

fn codes(capability: &Capability) -> &str {
    &capability.code
}

fn identity(model: &Model, capability: &Capability, indicator: &Indicator) -> Vec<String> {
    let mut reasons = Vec::new();
    let start = format!("{}-{}-{}-", model.code, capability.code, indicator.level);
    let number = indicator
        .id
        .strip_prefix(&start)
        .map(|rest| rest.trim_end_matches(|c: char| c.is_ascii_lowercase()));
    if !number
        .is_some_and(|digits| digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit()))
    {
        reasons.push(format!("the id must be `{start}` and two digits, with a letter for a part"));
    }
    if !model.scale().contains(&indicator.level) {
        reasons.push(format!("level {} is not on the scale of the model", indicator.level));
    }
    reasons
}

fn judgement(model: &Model, indicator: &Indicator) -> Vec<String> {
    let mut reasons = role(model, indicator);
    let asks = indicator.rule.asks_for_statement();
    let roll_up = !indicator.is_rated();
    match indicator.assessability {
        _ if roll_up => {}
        Assessability::Direct if asks => {
            reasons.push("a direct rule cannot ask for a statement; call it `hybrid`".to_owned());
        }
        Assessability::Direct if indicator.strength.is_some() => {
            reasons.push("a direct indicator has no `strength`".to_owned());
        }
        Assessability::Hybrid if !asks => {
            reasons.push("a hybrid rule needs `attested`; call it `direct`".to_owned());
        }
        Assessability::Hybrid | Assessability::Proxy if indicator.strength.is_none() => {
            reasons.push("add `strength`: how much the telemetry hints".to_owned());
        }
        Assessability::Attested
            if indicator.strength.is_none() && indicator.rule != Rule::Attested =>
        {
            reasons.push(
                "a hint needs `strength`; without a hint the rule is `{ attested = true }`"
                    .to_owned(),
            );
        }
        _ => {}
    }
    if indicator.strength.is_some_and(|strength| !(strength > 0.0 && strength <= 1.0)) {
        reasons.push("`strength` must lie between 0 and 1".to_owned());
    }
    if indicator.refuted_by.as_ref().is_some_and(Rule::asks_for_statement) {
        reasons.push("`refuted_by` reads evidence only, no statement".to_owned());
    }
    if indicator.statement_days == 0 {
        reasons.push("`statement_days` must be 1 or more".to_owned());
    }
    reasons
}

fn role(model: &Model, indicator: &Indicator) -> Vec<String> {
    let mut reasons = Vec::new();
    let limitation = indicator.polarity == Polarity::Limitation;
    if limitation != (indicator.role == Role::Cap) {
        reasons.push("a limitation has the role `cap`, and nothing else has".to_owned());
    }
    match indicator.blocks_from {
        Some(level)
            if limitation && (level <= indicator.level || !model.scale().contains(&level)) =>
        {
            reasons.push("`blocks_from` must be a level above its own".to_owned());
        }
        None if limitation => {
            reasons
                .push("add `blocks_from`: the level from which the limitation blocks".to_owned());
        }
        Some(_) if !limitation => reasons.push("`blocks_from` belongs to a limitation".to_owned()),
        _ => {}
    }
    if indicator.is_rated() == (indicator.weight == 0) {
        reasons.push("`weight` is 0 for a roll-up and at least 1 for everything else".to_owned());
    }
    if !indicator.is_rated()
        && (indicator.rule.indicators().is_empty() || indicator.rule.asks_for_statement())
    {
        reasons.push("a roll-up reads other indicators, and no statement".to_owned());
    }
    reasons
}

fn words(indicator: &Indicator) -> Vec<String> {
    [
        ("title", &indicator.title),
        ("why", &indicator.why),
        ("risk", &indicator.risk),
        ("remediation", &indicator.remediation),
        ("owner", &indicator.owner),
    ]
    .into_iter()
    .filter(|(_, text)| text.trim().is_empty())
    .map(|(key, _)| format!("`{key}` must not be empty"))
    .collect()
}

fn references(indicator: &Indicator, known: &BTreeMap<&str, &Indicator>) -> Vec<String> {
    let mut reasons = Vec::new();
    for id in indicator.needs() {
        if !known.contains_key(id) {
            reasons
                .push(format!("names {id}, which no model in use has; correct the id or drop it"));
        }
    }
    for id in &indicator.implied_by {
        let limitation =
            known.get(id.as_str()).is_some_and(|other| other.polarity == Polarity::Limitation);
        if known.get(id.as_str()).is_some_and(|other| !other.is_rated()) {
            reasons.push(format!("`implied_by` {id}: a roll-up is shown and changes nothing; name its parts or drop it"));
        }
        if limitation || indicator.polarity == Polarity::Limitation {
            reasons.push(format!("`implied_by` {id}: only achievements imply achievements"));
        }
    }
    if reaches(indicator, &indicator.id, known, &mut BTreeSet::new()) {
        reasons.push(
            "depends on itself through `implied_by` or `indicator`; break the circle".to_owned(),
        );
    }
    reasons
}

fn reaches<'a>(
    from: &'a Indicator,
    target: &str,
    known: &BTreeMap<&'a str, &'a Indicator>,
    seen: &mut BTreeSet<&'a str>,
) -> bool {
    from.needs().into_iter().any(|id| {
        id == target
            || seen.insert(id)
                && known.get(id).is_some_and(|next| reaches(next, target, known, seen))
    })
}
