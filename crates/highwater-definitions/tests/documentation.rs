//! Documentation: the page on definitions lists every feature with its type, and no other.

use highwater_definitions::{cloud_flow, desktop_flow, solution_parts};
use serde::Serialize;
use serde_json::Value;

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/definitions.md"));

/// Names and types of the table below a heading.
fn listed(heading: &str) -> Vec<(&'static str, &'static str)> {
    let (_, section) = PAGE.split_once(&format!("### {heading}\n")).expect("the heading");
    let section = section.split("\n#").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let (name, rest) = row.split_once("` | ").expect("a name");
        (name, rest.split_once(" | ").expect("a type").0)
    })
    .collect()
}

fn fits(kind: &str, value: &Value) -> bool {
    let (kind, optional) = kind.strip_suffix(", null").map_or((kind, false), |kind| (kind, true));
    let told = match kind {
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "boolean or `\"both\"`" => value.is_boolean() || value == "both",
        "number" => value.is_number(),
        "string" => value.is_string(),
        "list of strings" => value.as_array().is_some_and(|it| it.iter().all(Value::is_string)),
        "object of integers" => value.as_object().is_some_and(|it| it.values().all(Value::is_u64)),
        other => panic!("unknown type {other}"),
    };
    told || (optional && value.is_null())
}

fn check(heading: &str, features: impl Serialize) {
    let written = serde_json::to_value(features).expect("features");
    let written = written.as_object().expect("an object");
    let listed = listed(heading);
    for (name, kind) in &listed {
        let value = written.get(*name).unwrap_or_else(|| panic!("{heading}: no feature {name}"));
        assert!(fits(kind, value), "{heading}: {name} is no {kind}: {value}");
    }
    assert_eq!(listed.len(), written.len(), "{heading}: a feature is missing on the page");
}

#[test]
fn every_feature_is_documented_with_its_type() {
    let flow = br#"{"triggers": {"T": {"type": "Request"}}, "actions": {"A": {"type": "OpenApiConnection",
        "inputs": {"host": {"apiId": "/x/shared_sql", "operationId": "PostItem_V2"}, "password": "Quiet42River"}}}}"#;
    check("Cloud flows", cloud_flow(flow).expect("a flow").features);
    check(
        "Cloud flows",
        cloud_flow(br#"{"triggers": {}, "actions": {}}"#).expect("a flow").features,
    );
    check(
        "Desktop flows",
        desktop_flow("File.Delete Files: x\nSET Password TO 'Quiet42River'").features,
    );
    for managed in ["", "<Managed>1</Managed>", "<Managed>2</Managed>"] {
        let manifest = format!(
            "<ImportExportXml><SolutionManifest><UniqueName>a</UniqueName>{managed}</SolutionManifest></ImportExportXml>"
        );
        let parts = [("solution.xml".to_owned(), manifest.into_bytes())];
        check("Solutions", solution_parts(&parts).expect("a solution").features);
    }
}
