//! The built binary against the simulated cloud, over HTTPS by its built-in hosts: sign in, collect, score.
//!
//! Every profile ends in the golden scorecard of its tenant. Faults end in the documented exit code with what they hit
//! marked as not read and everything else as it was. A run that is killed goes on and ends in the same tables.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod cloud;
mod faults;
mod followed;
mod reuse;
mod runs;
mod sealed;

use std::fs;

use cloud::{Cloud, code, err, out, root};
use serde_json::Value;

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

/// Where the scorecard of a collected tenant differs from that of its recording, a line each.
fn differences(known: &str, found: &str) -> String {
    let rows = |text: &str| rows(&serde_json::from_str(text).unwrap());
    let pairs = rows(known).into_iter().zip(rows(found)).filter(|(known, found)| known != found);
    pairs.map(|(known, found)| format!("recorded  {known}\ncollected {found}\n")).collect()
}

/// Asked although nothing was recorded, and answered as the vendor would: tables of a solution that is not installed, and
/// numbers of rows, which follow from the rows that were recorded.
const FOLLOWS: [&str; 2] = ["/api/data/v9.2/deployment", "RetrieveTotalRecordCount"];

/// Collects a reference tenant and compares its scorecard with the golden one. The recordings hold every answer that a
/// run asks for, so that nothing in the scorecard comes from a simulated tenant that answers "none of it".
fn ends_in_its_scorecard(profile: &str) {
    let cloud = Cloud::start(profile, "");
    let folder = tempfile::tempdir().unwrap();
    let output = cloud.collect(folder.path(), &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let snapshot = out(&output).lines().last().unwrap().to_owned();
    assert_eq!(cloud.unknown(), Vec::<String>::new(), "the vendor would not know this");
    assert_eq!(cloud.violations(), Vec::<String>::new(), "these are no reads");
    let mut unrecorded = cloud.unrecorded();
    unrecorded.retain(|line| !FOLLOWS.iter().any(|known| line.contains(known)));
    assert_eq!(unrecorded, Vec::<String>::new(), "the recording holds no answer to this");
    let golden = root().join("fixtures/tenants").join(profile).join("scorecard.json");
    let found =
        differences(&fs::read_to_string(golden).unwrap(), &cloud.score(folder.path(), &snapshot));
    assert_eq!(found, "", "the collected tenant is another than the recorded one");
}

#[test]
fn rudimentary_is_collected_as_it_was_recorded() {
    ends_in_its_scorecard("rudimentary");
}

#[test]
fn repeatable_is_collected_as_it_was_recorded() {
    ends_in_its_scorecard("repeatable");
}

#[test]
fn defined_is_collected_as_it_was_recorded() {
    ends_in_its_scorecard("defined");
}

#[test]
fn capable_is_collected_as_it_was_recorded() {
    ends_in_its_scorecard("capable");
}

#[test]
fn denied_is_collected_as_it_was_recorded() {
    ends_in_its_scorecard("denied");
}
