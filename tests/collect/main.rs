//! The built binary against the simulated cloud, over HTTPS by its built-in hosts: sign in, collect, score.
//!
//! Every profile ends in the golden scorecard of its tenant. Faults end in the documented exit code with what they hit
//! marked as not read and everything else as it was. A run that is killed goes on and ends in the same tables.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod cloud;

use std::fs;

use cloud::{Cloud, code, err, out, root};
use serde_json::Value;

/// Models and facts of a scorecard: what is judged, without the digests of the files that were read.
fn judged(text: &str) -> Value {
    let card: Value = serde_json::from_str(text).unwrap();
    serde_json::json!({ "models": card["models"], "facts": card["facts"] })
}

/// Where two scorecards differ, one line each.
fn differences(known: &Value, found: &Value) -> Vec<String> {
    let mut said = Vec::new();
    for (known, found) in rows(known).iter().zip(rows(found)) {
        if *known != found {
            said.push(format!("known {known}\nfound {found}"));
        }
    }
    said
}

/// Facts, indicators and levels, a line each.
fn rows(card: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for fact in card["facts"].as_array().unwrap() {
        lines.push(format!(
            "{} {} for {} against {} unknown {}",
            fact["id"], fact["value"], fact["for"], fact["against"], fact["unknown"]
        ));
    }
    for model in card["models"].as_array().unwrap() {
        for capability in model["capabilities"].as_array().unwrap() {
            lines.push(format!("{} {}", capability["id"], capability["level"]));
            for indicator in capability["indicators"].as_array().unwrap() {
                lines.push(format!(
                    "{} {} {}",
                    indicator["id"], indicator["state"], indicator["interval"]
                ));
            }
        }
    }
    lines
}

fn ends_in_its_golden_scorecard(profile: &str) {
    let cloud = Cloud::start(profile, "");
    let folder = tempfile::tempdir().unwrap();
    let output = cloud.collect(folder.path(), &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let snapshot = out(&output).lines().last().unwrap().to_owned();
    let found = cloud.score(folder.path(), &snapshot);
    let known =
        fs::read_to_string(root().join("fixtures/tenants").join(profile).join("scorecard.json"))
            .unwrap();
    let differences = differences(&judged(&known), &judged(&found));
    assert!(
        differences.is_empty(),
        "{profile}: {} lines differ\n{}\nnot recorded: {:#?}",
        differences.len(),
        differences.join("\n"),
        cloud.unrecorded()
    );
    assert!(cloud.unknown().is_empty(), "unknown to the vendor: {:#?}", cloud.unknown());
    assert!(cloud.violations().is_empty(), "no reads: {:#?}", cloud.violations());
}

#[test]
fn rudimentary_is_collected_as_it_was_recorded() {
    ends_in_its_golden_scorecard("rudimentary");
}

#[test]
fn repeatable_is_collected_as_it_was_recorded() {
    ends_in_its_golden_scorecard("repeatable");
}

#[test]
fn defined_is_collected_as_it_was_recorded() {
    ends_in_its_golden_scorecard("defined");
}

#[test]
fn capable_is_collected_as_it_was_recorded() {
    ends_in_its_golden_scorecard("capable");
}

#[test]
fn denied_is_collected_as_it_was_recorded() {
    ends_in_its_golden_scorecard("denied");
}
