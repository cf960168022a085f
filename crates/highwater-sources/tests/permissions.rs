//! Pages and scripts by which somebody lets Highwater read: they say what the declarations say.
//!
//! What stands behind a grant (tables, facts, indicators) is read as text from the table files and from `config`, so that
//! this crate needs no engine. `HIGHWATER_BLESS=1` writes the files anew.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use highwater_sources::permissions::{self, Evidence};
use highwater_sources::{need, needs};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Files below a folder with an extension, in the order of their names.
fn files(below: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|told| told == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Words of a text: letters, digits, underscores and points.
fn words(text: &str) -> BTreeSet<&str> {
    let part = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '.');
    text.split(part).filter(|word| !word.is_empty()).collect()
}

/// Tables by source, from the table files.
fn tables() -> BTreeMap<String, BTreeSet<String>> {
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in files(&root().join("crates/highwater-snapshot/src/tables"), "rs") {
        let text = fs::read_to_string(path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for block in text.split(": Table = Table {").skip(1) {
            let block = block.split("\n};").next().unwrap();
            let name = block.split("name: \"").nth(1).unwrap().split('"').next().unwrap();
            for source in block.split('"').skip(1).step_by(2).filter(|word| need(word).is_some()) {
                tables.entry(source.to_owned()).or_default().insert(name.to_owned());
            }
        }
    }
    // Rows that are counted into others and not kept stand in no list of tables.
    let listed = fs::read_to_string(root().join("docs/tables.md")).unwrap();
    for names in tables.values_mut() {
        names.retain(|name| listed.contains(&format!("| {name} |")));
    }
    tables
}

fn toml(path: &Path) -> toml::Table {
    fs::read_to_string(path).unwrap().parse().unwrap()
}

fn entries(table: &toml::Table, key: &str) -> Vec<toml::Table> {
    let list = table.get(key).and_then(toml::Value::as_array).into_iter().flatten();
    list.filter_map(toml::Value::as_table).cloned().collect()
}

fn text<'a>(entry: &'a toml::Table, key: &str) -> &'a str {
    entry.get(key).and_then(toml::Value::as_str).unwrap_or_default()
}

/// Facts by the table that they look at: directly, through a view, or by a column that is derived from it.
fn facts(tables: &BTreeSet<String>) -> BTreeMap<String, BTreeSet<String>> {
    let folder = root().join("config/facts");
    // Views build on each other in the order of the file: a fact's text is its own and that of its views.
    let views: Vec<(String, String)> = entries(&toml(&folder.join("views.toml")), "view")
        .iter()
        .map(|view| (text(view, "id").to_owned(), text(view, "sql").to_owned()))
        .collect();
    let derived = derived();
    let mut facts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in files(&folder, "toml") {
        for fact in entries(&toml(&path), "fact") {
            let mut sql: String = fact.values().filter_map(toml::Value::as_str).collect();
            for (view, text) in views.iter().rev() {
                if words(&sql).contains(view.as_str()) {
                    sql.push('\n');
                    sql.push_str(text);
                }
            }
            for table in seen(&sql, tables, &derived) {
                facts.entry(table).or_default().insert(text(&fact, "id").to_owned());
            }
        }
    }
    facts
}

/// Derived columns: table, column, and the text that makes it.
fn derived() -> Vec<(String, String, String)> {
    let columns = files(&root().join("config/derived"), "toml")
        .into_iter()
        .flat_map(|path| entries(&toml(&path), "column"));
    columns
        .map(|column| {
            let told = |key| text(&column, key).to_owned();
            (told("table"), told("column"), told("sql"))
        })
        .collect()
}

/// The tables that a text names, and those behind the derived columns of these tables that it names.
fn seen(
    sql: &str,
    tables: &BTreeSet<String>,
    derived: &[(String, String, String)],
) -> BTreeSet<String> {
    let named = words(sql);
    let mut found: BTreeSet<String> = named
        .iter()
        .filter(|word| tables.contains(**word))
        .map(|word| (*word).to_owned())
        .collect();
    let direct = found.clone();
    for (table, column, behind) in derived {
        let used = || named.iter().any(|word| word.rsplit('.').next() == Some(column.as_str()));
        if direct.contains(table) && used() {
            let behind = words(behind);
            found.extend(tables.iter().filter(|name| behind.contains(name.as_str())).cloned());
        }
    }
    found
}

/// Indicators by the fact that their rules name.
fn indicators() -> BTreeMap<String, BTreeSet<String>> {
    let mut indicators: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in files(&root().join("config/models"), "toml") {
        for indicator in entries(&toml(&path), "indicator") {
            let rule = indicator.get("rule").map(ToString::to_string).unwrap_or_default();
            for fact in words(&rule).into_iter().filter(|word| word.contains('.')) {
                let id = text(&indicator, "id").to_owned();
                indicators.entry(fact.to_owned()).or_default().insert(id);
            }
        }
    }
    indicators
}

fn evidence() -> Evidence {
    let tables = tables();
    let names: BTreeSet<String> = tables.values().flatten().cloned().collect();
    Evidence { facts: facts(&names), indicators: indicators(), tables }
}

#[test]
fn generated_files_are_fresh() {
    let root = root();
    for (name, wanted) in permissions::files(&evidence()) {
        let path = root.join(name);
        if std::env::var_os("HIGHWATER_BLESS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &wanted).unwrap();
            #[cfg(unix)]
            if name.ends_with(".sh") {
                use std::os::unix::fs::PermissionsExt;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == wanted,
            "{name} is stale: run the tests once with HIGHWATER_BLESS=1 and read the difference"
        );
    }
}

#[test]
fn the_evidence_behind_a_grant_is_found() {
    let evidence = evidence();
    assert!(evidence.tables["graph.groups"].contains("group_licences"));
    assert!(evidence.facts["conditional_access_policies"].contains("ca.policy_count"));
    assert!(evidence.facts["git_connections"].contains("alm.source_control_share"));
    assert!(evidence.indicators["ca.policy_count"].contains("AUT-SG-100-01"));
    // `la.freshness` and `arg.nsg_rules` are described and fill no table.
    let idle: Vec<&str> = needs()
        .map(|need| need.source)
        .filter(|source| !evidence.tables.contains_key(*source))
        .collect();
    for source in ["graph.users", "arg.resources", "ado.pipelines", "dv.workflows"] {
        assert!(!idle.contains(&source), "{source} fills no table: {idle:?}");
    }
}

#[test]
fn scripts_are_whole_and_change_nothing_unasked() {
    for (name, script) in permissions::files(&Evidence::default()) {
        assert!(!script.contains("@PERMISSIONS@") && !script.contains("@FURTHER@"), "{name}");
        assert!(!script.contains("@PRIVILEGES@"), "{name}");
        let writes = ["--method post", "--method put", "role assignment create"];
        if name.ends_with(".sh") {
            for (number, line) in script.lines().enumerate() {
                let indent = line.len() - line.trim_start().len();
                let writes = writes.iter().any(|word| line.contains(word));
                assert!(!writes || indent >= 2, "{name}:{}: {line}", number + 1);
            }
            assert!(script.contains("set -euo pipefail") && script.contains("--apply"), "{name}");
            bash(name, &script);
        }
        if name.ends_with(".ps1") {
            assert!(script.contains("[switch] $Apply"), "{name}");
        }
    }
}

/// Whether bash can read a script; told where there is no bash.
#[expect(clippy::print_stdout, reason = "what is skipped is said")]
fn bash(name: &str, script: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script.sh");
    fs::write(&path, script).unwrap();
    match Command::new("bash").arg("-n").arg(&path).output() {
        Ok(output) => {
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Err(_) => println!("skipped: no bash to read {name}"),
    }
}
