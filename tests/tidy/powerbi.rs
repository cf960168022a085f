//! The Power BI starter says of every column what the product says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use highwater_report::Dossier;

use crate::root;

/// Columns that the starter makes itself.
const KEYS: [&str; 4] = ["snapshot_key", "environment_key", "flow_key", "policy_key"];

fn definition() -> PathBuf {
    root().join("deploy/powerbi/Highwater.SemanticModel/definition")
}

/// Columns of a table file with their types, in order.
fn columns(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("\tcolumn ") {
            found.push((name.to_owned(), String::new()));
        } else if let Some(kind) = line.strip_prefix("\t\tdataType: ") {
            found.last_mut().unwrap().1 = kind.to_owned();
        } else if let Some(source) = line.strip_prefix("\t\tsourceColumn: ") {
            assert_eq!(found.last().unwrap().0, source, "a column keeps its name");
        }
    }
    found
}

/// Every table of the model with its columns, by name.
fn tables() -> BTreeMap<String, Vec<(String, String)>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(definition().join("tables")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.contains(&format!("\ntable {name}\n")),
            "{name}: the file is named after its table"
        );
        assert!(text.contains(&format!("\tpartition {name} = m\n")), "{name}: no partition");
        for (column, _) in columns(&text) {
            let expanded = text.contains(&format!("\"{column}\"")) || column == "snapshot_key";
            assert!(expanded, "{name}.{column} is read by nothing");
        }
        found.insert(name, columns(&text));
    }
    found
}

const fn kind(column: highwater_snapshot::Type) -> &'static str {
    match column {
        highwater_snapshot::Type::Text => "string",
        highwater_snapshot::Type::Bool => "boolean",
        highwater_snapshot::Type::Int => "int64",
        highwater_snapshot::Type::Float => "double",
        highwater_snapshot::Type::Time => "dateTime",
        // A model has no lists: a table with one is not in the starter.
        highwater_snapshot::Type::List => "",
    }
}

/// Header lines of the CSV report, by table.
fn headers() -> BTreeMap<String, Vec<String>> {
    let path = root().join("fixtures/tenants/defined/scorecard.json");
    let scorecard = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let files = highwater_report::csv::render(&Dossier::of(scorecard));
    let head =
        |text: &str| text.lines().next().unwrap().split(',').map(ToOwned::to_owned).collect();
    files.iter().map(|(name, text)| (name.replace(".csv", ""), head(text))).collect()
}

#[test]
fn every_column_of_the_starter_is_one_of_the_product() {
    let headers = headers();
    for (name, columns) in tables() {
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        if name == "snapshots" {
            assert_eq!(names, ["snapshot_key", "tenant", "snapshot", "taken_at"]);
            continue;
        }
        if let Some(header) = headers.get(&name) {
            assert_eq!(names, *header, "{name}: another header than the report writes");
            continue;
        }
        let table = highwater_snapshot::table(&name).unwrap();
        let own: Vec<(String, String)> =
            columns.iter().filter(|(name, _)| !KEYS.contains(&name.as_str())).cloned().collect();
        let wanted: Vec<(String, String)> = table
            .columns
            .iter()
            .map(|column| (column.name.to_owned(), kind(column.kind).to_owned()))
            .collect();
        assert_eq!(own, wanted, "{name}: other columns than the table has");
    }
}

#[test]
fn every_table_is_listed_and_every_relationship_joins_columns() {
    let tables = tables();
    let model = fs::read_to_string(definition().join("model.tmdl")).unwrap();
    let listed: BTreeSet<&str> =
        model.lines().filter_map(|line| line.strip_prefix("ref table ")).collect();
    assert_eq!(listed, tables.keys().map(String::as_str).collect());
    let text = fs::read_to_string(definition().join("relationships.tmdl")).unwrap();
    let ends: Vec<(&str, &str)> = text
        .lines()
        .filter_map(|line| {
            line.trim().strip_prefix("fromColumn: ").or(line.trim().strip_prefix("toColumn: "))
        })
        .map(|end| end.split_once('.').unwrap())
        .collect();
    assert!(ends.len() >= 16 && ends.len().is_multiple_of(2));
    for (table, column) in ends {
        assert!(tables[table].iter().any(|(name, _)| name == column), "{table}.{column}");
    }
}

#[test]
fn the_readme_names_every_table() {
    let text = fs::read_to_string(root().join("deploy/powerbi/README.md")).unwrap();
    for table in tables().keys() {
        assert!(text.contains(&format!("`{table}`")), "{table}");
    }
}
