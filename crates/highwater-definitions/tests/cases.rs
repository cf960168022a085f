//! Cases: tricky definitions with the features they must give. Our own stand in `cases.json` beside this file; the
//! reference cases are read from the research folder beside the checkout when it is there.
//!
//! `{"format": 1, "cases": [{id, kind, why, input, expected}]}`; `expected` names only the features a case is about.

#![expect(
    clippy::print_stdout,
    reason = "what was read, and what was skipped, is part of the result"
)]

use std::path::{Path, PathBuf};

use highwater_definitions::{
    DesktopScript, Solution, cloud_flow, cloud_flows, desktop_flow, desktop_script, solution_parts,
};
use serde_json::{Value, json};

fn check(file: &Path, least: usize) {
    let text = std::fs::read_to_string(file).expect("a well-formed case");
    let document: Value = serde_json::from_str(&text).expect("a well-formed case");
    assert_eq!(document["format"], 1);
    let cases = document["cases"].as_array().expect("a well-formed case");
    let wrong: Vec<String> = cases.iter().flat_map(differences).collect();
    println!("{}: {} cases, {} differences", file.display(), cases.len(), wrong.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(cases.len() >= least, "only {} cases", cases.len());
}

fn differences(case: &Value) -> Vec<String> {
    let actual = actual(case["kind"].as_str().expect("a well-formed case"), &case["input"]);
    let expected = case["expected"].as_object().expect("a well-formed case");
    assert!(!expected.is_empty(), "{} expects nothing", case["id"]);
    let wrong = expected.iter().filter(|(name, value)| actual.get(*name) != Some(value));
    wrong
        .map(|(name, value)| {
            format!("{} {name}: expected {value}, got {:?}", case["id"], actual.get(name))
        })
        .collect()
}

fn actual(kind: &str, input: &Value) -> Value {
    let bytes = |input: &Value| serde_json::to_vec(input).expect("a well-formed case");
    let text = || input.as_str().expect("a well-formed case");
    match kind {
        "wdl" => json!(cloud_flow(&bytes(input)).expect("a well-formed case").features),
        "wdl-many" => {
            json!({"flows": cloud_flows(&bytes(input)).expect("a well-formed case").len()})
        }
        "pair" => {
            let hash = |at: usize| {
                cloud_flow(&bytes(&input[at])).expect("a well-formed case").features.structure_hash
            };
            json!({"same_structure": hash(0) == hash(1)})
        }
        "robin-pair" => {
            let hash = |at: usize| {
                desktop_flow(input[at].as_str().expect("a well-formed case"))
                    .features
                    .structure_hash
            };
            json!({"same_structure": hash(0) == hash(1)})
        }
        "robin" => json!(desktop_flow(text()).features),
        "desktop-definition" => {
            script(desktop_script(Some(text()), None).expect("a well-formed case"))
        }
        "desktop-clientdata" => {
            script(desktop_script(None, Some(&input.to_string())).expect("a well-formed case"))
        }
        "solution" => json!(solution(input).features),
        other => panic!("unknown kind {other}"),
    }
}

fn script(script: DesktopScript) -> Value {
    match script {
        DesktopScript::Known(script) => json!(desktop_flow(&script).features),
        DesktopScript::Unknown => json!({"script": null}),
    }
}

fn solution(parts: &Value) -> Solution {
    let parts = parts.as_object().expect("a well-formed case").iter();
    let parts: Vec<(String, Vec<u8>)> = parts
        .map(|(name, text)| {
            (name.clone(), text.as_str().expect("a well-formed case").as_bytes().to_vec())
        })
        .collect();
    solution_parts(&parts).expect("a well-formed case")
}

#[test]
fn our_cases_hold() {
    check(&PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases.json")), 61);
}

#[test]
fn reference_cases_hold() {
    let file = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/reference/definitions-cases.json"
    ));
    if file.is_file() {
        check(&file, 61);
    } else {
        println!("skipped: no reference cases at {}", file.display());
    }
}
