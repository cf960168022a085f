//! SARIF 2.1.0: a rule and a result an indicator, for tools that gather findings.
//!
//! SARIF can say what other formats cannot: `open` for unknown and `notApplicable`, so that only what the
//! evidence decides against is a `fail`. Subjects are logical locations; there are no files to point at.

use std::collections::BTreeSet;

use highwater_score::{IndicatorScore, Polarity, Role, State};
use serde_json::{Value, json};

use crate::diff::Diff;
use crate::dossier::Dossier;
use crate::findings::{Placed, findings, placed};
use crate::words::{self, name, sentence};

/// Subjects of one result that are named; the rest is counted in its message.
const SUBJECTS: usize = 100;

/// The log.
///
/// # Errors
/// When a number is not finite, which no scorecard holds.
pub fn render(dossier: &Dossier) -> Result<String, serde_json::Error> {
    let scorecard = &dossier.scorecard;
    let placed = placed(scorecard);
    let rules: Vec<Value> = placed.iter().map(rule).collect();
    let results: Vec<Value> =
        placed.iter().enumerate().map(|(at, it)| result(dossier, it, at)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": scorecard.tool.name,
                "version": scorecard.tool.version,
                "semanticVersion": scorecard.tool.version,
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
            "automationDetails": { "id": format!("{}/{}", name(&scorecard.tenant.id), name(&scorecard.snapshot.id)) },
            "invocations": [{
                "executionSuccessful": true,
                "endTimeUtc": scorecard.evaluated_at,
                "toolExecutionNotifications": gaps(dossier),
            }],
            "columnKind": "unicodeCodePoints",
            "properties": { "levels": levels(dossier), "rulebook": scorecard.rulebook.sha256 },
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&log).map(|text| text + "\n")
}

fn rule(it: &Placed<'_>) -> Value {
    let Placed { model, capability, indicator } = it;
    let mut rule = json!({
        "id": indicator.id,
        "shortDescription": { "text": text(&indicator.title) },
        "fullDescription": { "text": text(&format!("{}. Rule: {}", indicator.title, indicator.rule)) },
        "help": { "text": text(&format!("{} Usually done by: {}.", indicator.remediation, indicator.owner)) },
        "defaultConfiguration": { "level": severity(indicator) },
        "properties": {
            "tags": [model.id, capability.id, format!("level-{}", indicator.level)],
            "polarity": indicator.polarity,
            "role": indicator.role,
            "weight": indicator.weight,
        },
    });
    if indicator.link.starts_with("https://") {
        rule["helpUri"] = json!(indicator.link);
    }
    rule
}

/// A gate that is not met, or a limitation that holds, keeps a level away by itself.
fn severity(indicator: &IndicatorScore) -> &'static str {
    match indicator.role {
        Role::Gate | Role::Cap => "error",
        Role::Core => "warning",
        Role::Supporting | Role::RollUp => "note",
    }
}

fn result(dossier: &Dossier, it: &Placed<'_>, at: usize) -> Value {
    let indicator = it.indicator;
    let kind = match indicator.state {
        State::Met | State::Refuted => "pass",
        State::Partly | State::NotMet | State::Holds => "fail",
        State::Unknown => "open",
        State::NotApplicable => "notApplicable",
    };
    let mut result = json!({
        "ruleId": indicator.id,
        "ruleIndex": at,
        "kind": kind,
        "level": if kind == "fail" { severity(indicator) } else { "none" },
        "message": { "text": message(dossier, indicator) },
        "partialFingerprints": { "indicator/v1": indicator.id },
        "properties": {
            "state": indicator.state,
            "interval": indicator.interval,
            "estimate": indicator.estimate,
            "source": indicator.source,
            "confidence": indicator.confidence,
            "inTheWay": it.blocks(),
        },
    });
    let locations = locations(dossier, indicator);
    if !locations.is_empty() {
        result["locations"] = json!([{ "logicalLocations": locations }]);
    }
    if let Some(change) = &dossier.change {
        result["baselineState"] = json!(baseline(change, indicator));
    }
    result
}

fn message(dossier: &Dossier, indicator: &IndicatorScore) -> String {
    let what = match indicator.polarity {
        Polarity::Achievement => "",
        Polarity::Limitation => "limitation: ",
    };
    let mut message = format!(
        "{what}{}: {} ({}).",
        indicator.title.trim_end_matches('.'),
        words::state(indicator.state),
        words::score(indicator)
    );
    for reason in indicator.reasons.iter().take(5) {
        message.push_str(&format!(" {}.", sentence(reason).trim_end_matches('.')));
    }
    for finding in findings(dossier, indicator) {
        message.push_str(&format!(" {} against by {}.", finding.count, finding.fact));
    }
    if indicator.state == State::Unknown {
        message.push_str(&format!(" {}", crate::csv::settling(&indicator.needs)));
    }
    text(message.trim_end())
}

/// The subjects that count against it.
fn locations(dossier: &Dossier, indicator: &IndicatorScore) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let findings = findings(dossier, indicator);
    let subjects = findings.iter().flat_map(|finding| finding.subjects);
    subjects
        .filter(|subject| seen.insert(&subject.id))
        .take(SUBJECTS)
        .map(|subject| {
            json!({ "name": name(&subject.label), "fullyQualifiedName": name(&subject.id), "kind": "resource" })
        })
        .collect()
}

/// How it stands against the earlier scorecard.
fn baseline(change: &Diff, indicator: &IndicatorScore) -> &'static str {
    match change.indicators.iter().find(|it| it.id == indicator.id) {
        None => "unchanged",
        Some(it) if it.old.is_none() => "new",
        Some(_) => "updated",
    }
}

fn gaps(dossier: &Dossier) -> Vec<Value> {
    let gaps = dossier.scorecard.gaps.iter().map(|gap| {
        let grant =
            gap.grant.as_ref().map_or_else(String::new, |grant| format!(" Grant: {grant}."));
        json!({
            "level": if gap.unlocks.is_empty() { "note" } else { "warning" },
            "message": { "text": text(&format!(
                "{} was not read in full ({}): {}.{grant} Open indicators that read it: {}.",
                gap.source, gap.status, gap.reason, gap.unlocks.len()
            )) },
            "descriptor": { "id": name(&gap.source) },
        })
    });
    gaps.collect()
}

fn levels(dossier: &Dossier) -> Value {
    let models = dossier.scorecard.models.iter();
    models
        .map(|model| (model.id.clone(), json!(model.level)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// A message is never empty.
fn text(text: &str) -> String {
    let shown = words::clean(text, 4_000);
    if shown.trim().is_empty() { "not told".to_owned() } else { shown }
}
