//! OSCAL assessment results: observations of everything, findings of what is decided.
//!
//! OSCAL knows *satisfied* and *not satisfied* only. So an unknown indicator is an observation without a
//! finding: anything else would turn not knowing into a verdict. Identifiers are made from the content,
//! so that the same scorecard gives the same bytes.

use highwater_score::{Source, State};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::csv::word;
use crate::dossier::Dossier;
use crate::findings::{Placed, findings, placed};
use crate::markdown::escape;
use crate::words::{self, name};

/// Version of the schema that the document follows.
const VERSION: &str = "1.1.3";
/// Name space of our properties.
const SPACE: &str = "urn:highwater";
/// Subjects of one observation that are named; the rest is counted.
const SUBJECTS: usize = 50;

/// The document.
///
/// # Errors
/// When a number is not finite, which no scorecard holds.
pub fn render(dossier: &Dossier) -> Result<String, serde_json::Error> {
    let scorecard = &dossier.scorecard;
    let placed = placed(scorecard);
    let seed = format!(
        "{}{}{}",
        scorecard.snapshot.sha256, scorecard.rulebook.sha256, scorecard.evaluated_at
    );
    let plan = uuid(&seed, "plan");
    let observations: Vec<Value> =
        placed.iter().map(|it| observation(dossier, &seed, it)).collect();
    let found: Vec<Value> = placed.iter().filter_map(|it| finding(&seed, it)).collect();
    let tenant = scorecard.tenant.name.as_deref().unwrap_or(&scorecard.tenant.id);
    let mut result = json!({
        "uuid": uuid(&seed, "result"),
        "title": format!("Power Platform maturity of {}", escape(tenant)),
        "description": "Every indicator as it was observed; a finding for each that is decided. What is unknown has no finding.",
        "start": scorecard.snapshot.taken_at,
        "end": scorecard.evaluated_at,
        "props": levels(dossier),
        "reviewed-controls": { "control-selections": [{
            "include-controls": placed.iter().map(|it| json!({ "control-id": it.indicator.id })).collect::<Vec<_>>(),
        }] },
        "observations": observations,
    });
    if !found.is_empty() {
        result["findings"] = json!(found);
    }
    let document = json!({ "assessment-results": {
        "uuid": uuid(&seed, "document"),
        "metadata": {
            "title": format!("Power Platform maturity of {}", escape(tenant)),
            "last-modified": scorecard.evaluated_at,
            "version": name(&scorecard.snapshot.id),
            "oscal-version": VERSION,
        },
        "import-ap": { "href": format!("#{plan}") },
        "results": [result],
        "back-matter": { "resources": [{
            "uuid": plan,
            "title": "Rules of the assessment",
            "description": format!("The rules with the digest {}.", name(&scorecard.rulebook.sha256)),
        }] },
    } });
    serde_json::to_string_pretty(&document).map(|text| text + "\n")
}

fn levels(dossier: &Dossier) -> Vec<Value> {
    let mut found = Vec::new();
    for model in &dossier.scorecard.models {
        for (reading, level) in [
            ("telemetry", model.level.telemetry),
            ("proven", model.level.proven),
            ("estimate", model.level.estimate),
            ("possible", model.level.possible),
        ] {
            found.push(property(&format!("level-{}-{reading}", model.id), &level.to_string()));
        }
    }
    found
}

fn property(key: &str, value: &str) -> Value {
    let value = name(value).trim().to_owned();
    let value = if value.is_empty() { "none".to_owned() } else { value };
    json!({ "name": key, "ns": SPACE, "value": value })
}

fn observation(dossier: &Dossier, seed: &str, it: &Placed<'_>) -> Value {
    let indicator = it.indicator;
    let method = match indicator.source {
        Source::Telemetry | Source::Proxy | Source::Implied => "TEST",
        Source::Attested | Source::Substituted => "INTERVIEW",
        Source::None => "UNKNOWN",
    };
    let reasons: Vec<String> = indicator.reasons.iter().map(|reason| escape(reason)).collect();
    let said = format!("{}: {}.", words::state(indicator.state), words::score(indicator));
    let description = std::iter::once(said).chain(reasons).collect::<Vec<_>>().join("\n\n");
    let mut observation = json!({
        "uuid": uuid(seed, &format!("observation {}", indicator.id)),
        "title": format!("{} {}", indicator.id, escape(&indicator.title)),
        "description": description,
        "props": [
            property("state", &word(&indicator.state)),
            property("least", &indicator.interval[0].to_string()),
            property("greatest", &indicator.interval[1].to_string()),
            property("source", &word(&indicator.source)),
            property("confidence", &indicator.confidence.to_string()),
        ],
        "methods": [method],
        "collected": dossier.scorecard.snapshot.taken_at,
    });
    let subjects: Vec<Value> = findings(dossier, indicator)
        .iter()
        .flat_map(|finding| finding.subjects)
        .take(SUBJECTS)
        .map(|subject| {
            json!({
                "subject-uuid": uuid("subject", &subject.id),
                "type": "resource",
                "title": escape(&subject.label),
                "props": [property("id", &subject.id)],
            })
        })
        .collect();
    if !subjects.is_empty() {
        observation["subjects"] = json!(subjects);
    }
    observation
}

/// A finding where the indicator is decided.
fn finding(seed: &str, it: &Placed<'_>) -> Option<Value> {
    let indicator = it.indicator;
    let (state, reason) = match indicator.state {
        State::Met | State::Refuted => ("satisfied", "pass"),
        State::NotMet | State::Partly | State::Holds => ("not-satisfied", "fail"),
        State::Unknown | State::NotApplicable => return None,
    };
    let observation = uuid(seed, &format!("observation {}", indicator.id));
    Some(json!({
        "uuid": uuid(seed, &format!("finding {}", indicator.id)),
        "title": format!("{} {}", indicator.id, escape(&indicator.title)),
        "description": format!("{} To improve it: {}", words::state(indicator.state), escape(&indicator.remediation)),
        "target": {
            "type": "objective-id",
            "target-id": indicator.id,
            "status": { "state": state, "reason": reason },
        },
        "related-observations": [{ "observation-uuid": observation }],
    }))
}

/// An identifier made from the content, in the shape of a name-based UUID (from SHA-256).
fn uuid(seed: &str, what: &str) -> String {
    let mut bytes: Vec<u8> =
        Sha256::digest(format!("{seed}\n{what}").as_bytes()).iter().copied().take(16).collect();
    bytes[6] = (bytes[6] & 0x0f) | 0x50;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_the_shape_of_a_uuid() {
        let one = uuid("a", "b");
        assert_eq!((one.len(), &one[14..15], one.matches('-').count()), (36, "5", 4));
        assert!("89ab".contains(&one[19..20]), "{one}");
        assert_ne!(one, uuid("a", "c"));
    }
}
