//! Secrets: precision and recall of the suspicion, measured on the labelled literals of `secrets.txt`. Each literal is
//! put where its line says, in a flow or script of its own.

use std::collections::BTreeMap;

use highwater_definitions::{cloud_flow, desktop_flow};
use serde_json::{Value, json};

const LEAST: f64 = 0.95;

struct Sample<'a> {
    secret: bool,
    kind: &'a str,
    place: &'a str,
    name: &'a str,
    text: String,
}

fn samples(file: &str) -> Vec<Sample<'_>> {
    let lines = file.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(sample).collect()
}

fn sample(line: &str) -> Sample<'_> {
    let parts: Vec<&str> = line.splitn(5, " | ").collect();
    let [sign, kind, place, name, text] = parts.as_slice() else {
        panic!("five parts expected: {line}")
    };
    Sample { secret: *sign == "+", kind, place, name, text: text.replace("\\n", "\n") }
}

fn is_suspect(sample: &Sample<'_>) -> bool {
    if sample.place == "robin" {
        return desktop_flow(&sample.text).features.secret_suspect_count > 0;
    }
    let document = document(sample).to_string();
    cloud_flow(document.as_bytes()).expect("a flow").features.secret_suspect_count > 0
}

fn document(sample: &Sample<'_>) -> Value {
    let (name, text) = (sample.name, sample.text.as_str());
    let action = match sample.place {
        "auth" => json!({"type": "Http", "inputs": {"authentication": {name: text}}}),
        "input" => json!({"type": "OpenApiConnection", "inputs": {"parameters": {name: text}}}),
        "header" => json!({"type": "Http", "inputs": {"headers": {name: text}}}),
        "uri" => json!({"type": "Http", "inputs": {"uri": text}}),
        "body" => json!({"type": "Http", "inputs": {"body": text}}),
        "variable" => {
            json!({"type": "InitializeVariable", "inputs": {"variables": [{"name": name, "type": "string", "value": text}]}})
        }
        "compose" => json!({"type": "Compose", "inputs": text}),
        "description" => json!({"type": "Wait", "description": text}),
        "parameter" => json!({"type": "Wait"}),
        other => panic!("unknown place {other}"),
    };
    let action_name = if sample.place == "compose" { name } else { "Action" };
    let mut document = json!({"triggers": {}, "actions": {action_name: action}});
    if sample.place == "parameter" {
        let full = format!("{name} (con_Fixture)");
        document["parameters"] = json!({full: {"type": "String", "defaultValue": text, "metadata": {"schemaName": "con_Fixture"}}});
    }
    document
}

#[test]
fn suspicion_is_precise_and_complete() {
    let samples = samples(include_str!("secrets.txt"));
    let (mut found, mut missed, mut wrong, mut passed) = (0.0, 0.0, 0.0, 0);
    let mut kinds: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for sample in &samples {
        let suspect = is_suspect(sample);
        let error = match (sample.secret, suspect) {
            (true, false) => "missed",
            (false, true) => "wrong",
            _ => "",
        };
        if !error.is_empty() {
            println!(
                "{error}: {} | {} | {} | {}",
                sample.kind, sample.place, sample.name, sample.text
            );
        }
        match (sample.secret, suspect) {
            (true, true) => found += 1.0,
            (true, false) => missed += 1.0,
            (false, true) => wrong += 1.0,
            (false, false) => passed += 1,
        }
        if sample.secret {
            let kind = kinds.entry(sample.kind).or_default();
            kind.0 += 1;
            kind.1 += u32::from(suspect);
        }
    }
    let (precision, recall) = (found / (found + wrong), found / (found + missed));
    println!(
        "{} secrets in {} kinds, {} look-alikes",
        found + missed,
        kinds.len(),
        wrong + f64::from(passed)
    );
    println!("precision {precision:.3}, recall {recall:.3}; found by kind (all, found): {kinds:?}");
    assert!(found + missed >= 60.0 && kinds.len() >= 12 && wrong + f64::from(passed) >= 200.0);
    assert!(precision >= LEAST && recall >= LEAST, "precision {precision:.3}, recall {recall:.3}");
}

#[test]
fn findings_never_carry_the_literal() {
    for sample in samples(include_str!("secrets.txt"))
        .iter()
        .filter(|sample| sample.secret && sample.place != "robin")
    {
        let flow = cloud_flow(document(sample).to_string().as_bytes()).unwrap();
        let written = serde_json::to_string(&flow).unwrap();
        assert!(!written.contains(&sample.text), "{} leaks", sample.kind);
    }
}
