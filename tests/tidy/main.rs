//! The repository's own rules, as tests.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod deploy;
#[cfg(target_os = "linux")]
mod image;
mod operators;
mod powerbi;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn files(below: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![below.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !["target", ".git", "node_modules", "__pycache__", "corpus", "artifacts"]
                    .contains(&name.as_str())
                {
                    open.push(path);
                }
            } else if wanted(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

#[test]
fn every_source_file_says_what_it_is() {
    let silent: Vec<PathBuf> = files(&root().join("crates"), &is_rust)
        .into_iter()
        .filter(|path| !fs::read_to_string(path).unwrap().trim_start().starts_with("//!"))
        .collect();
    assert!(silent.is_empty(), "without a //! heading: {silent:#?}");
}

#[test]
fn there_is_no_mod_rs() {
    let found = files(&root().join("crates"), &|path| path.ends_with("mod.rs"));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_merge_was_left_half_done() {
    let is_text = |path: &Path| {
        let kinds = ["rs", "md", "toml", "json", "sql", "sh", "yaml", "yml", "py", "css", "js"];
        path.extension().is_some_and(|kind| kinds.iter().any(|text| kind == *text))
    };
    let left: Vec<PathBuf> = files(&root(), &is_text)
        .into_iter()
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap_or_default();
            text.lines().any(|line| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> "))
        })
        .collect();
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn every_table_file_is_registered() {
    let folder = root().join("crates/highwater-snapshot/src/tables");
    let on_disk: BTreeSet<String> = files(&folder, &is_rust)
        .iter()
        .filter(|path| path.parent() == Some(folder.as_path()))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('_'))
        .collect();
    let registered: BTreeSet<String> =
        highwater_snapshot::TABLES.iter().map(|table| table.name.to_owned()).collect();
    let lost: Vec<&String> = registered.difference(&on_disk).collect();
    assert!(lost.is_empty(), "registered without a file: {lost:?}");
    assert_eq!(registered.len(), 104);
}

#[test]
fn every_table_is_sound() {
    for table in highwater_snapshot::TABLES {
        for key in table.key {
            assert!(
                table.columns.iter().any(|column| column.name == *key),
                "{}: key {key} is no column",
                table.name
            );
        }
        let names: BTreeSet<&str> = table.columns.iter().map(|column| column.name).collect();
        assert_eq!(names.len(), table.columns.len(), "{}: a column twice", table.name);
        if table.scope == highwater_snapshot::Scope::Snapshot {
            continue;
        }
        // Counted from events or swept from sessions; no record is a row of theirs.
        let counted = ["audit_events", "desktop_run_peaks", "flow_run_stats"].contains(&table.name);
        assert!(counted || !table.readings.is_empty(), "{}: nothing reads it", table.name);
        let read: BTreeSet<&str> = table.readings.iter().map(|reading| reading.source).collect();
        assert_eq!(read.len(), table.readings.len(), "{}: a source twice", table.name);
    }
}

/// The crates that a crate may use, ours only. What is not listed here is not an arrow of the architecture.
const ARROWS: &[(&str, &[&str])] = &[
    ("highwater-definitions", &[]),
    ("highwater-snapshot", &["highwater-definitions"]),
    ("highwater-import", &["highwater-definitions", "highwater-snapshot"]),
    ("highwater-facts", &["highwater-snapshot"]),
    ("highwater-score", &["highwater-facts"]),
    ("highwater-report", &["highwater-score"]),
    ("highwater-auth", &[]),
    ("highwater-http", &["highwater-auth"]),
    ("highwater-sources", &["highwater-auth", "highwater-http"]),
    ("highwater-simulator", &[]),
    ("highwater-runs", &["highwater-auth"]),
];

/// The half that may use a network.
const COLLECTS: &[&str] = &[
    "highwater-auth",
    "highwater-http",
    "highwater-sources",
    "highwater-simulator",
    "highwater-runs",
];

/// Crates of the collecting half: the evaluating half must never need them.
const COLLECTING: &[&str] = &["azure_identity", "azure_core", "oauth2"];

#[test]
fn the_arrows_of_the_architecture_hold() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--no-deps"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut seen = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap().to_owned();
        let uses: BTreeSet<String> = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
            .collect();
        seen.insert(name, uses);
    }
    for (name, allowed) in ARROWS {
        let Some(uses) = seen.get(*name) else { continue };
        for used in uses {
            if used.starts_with("highwater") {
                assert!(allowed.contains(&used.as_str()), "{name} must not use {used}");
            }
            let networks = COLLECTING.contains(&used.as_str()) || used == "reqwest";
            assert!(!networks || COLLECTS.contains(name), "{name} must not use {used}");
        }
    }
    let polars: Vec<&String> =
        seen.iter().filter(|(_, uses)| uses.contains("polars")).map(|(name, _)| name).collect();
    assert_eq!(
        polars,
        ["highwater", "highwater-facts", "highwater-snapshot"],
        "polars stays behind few crates"
    );
}

#[test]
fn nothing_of_the_published_models_is_copied() {
    let shared = root().join("../shared/reference/indicators.json");
    let Ok(text) = fs::read_to_string(&shared) else {
        println!(
            "skipped: nothing_of_the_published_models_is_copied, because ../shared is not beside the checkout"
        );
        return;
    };
    let catalogue: serde_json::Value = serde_json::from_str(&text).unwrap();
    let ours = files(&root(), &|path| {
        ["toml", "md", "rs", "json"]
            .iter()
            .any(|kind| path.extension().is_some_and(|extension| extension == *kind))
    });
    let texts: Vec<(PathBuf, String)> = ours
        .into_iter()
        .filter_map(|path| Some((path.clone(), fs::read_to_string(path).ok()?)))
        .collect();
    for indicator in catalogue["indicators"].as_array().unwrap() {
        let seed = indicator["seed_text"].as_str().unwrap().trim();
        if seed.split_whitespace().count() < 6 {
            continue;
        }
        for (path, text) in &texts {
            assert!(
                !text.contains(seed),
                "{} holds the published wording of {}",
                path.display(),
                indicator["id"]
            );
        }
    }
}

#[test]
fn fixtures_name_nobody() {
    let looks_real = |text: &str| -> Option<String> {
        text.split(|c: char| c.is_whitespace() || "\"'<>,;()".contains(c))
            .filter(|word| {
                word.contains('@')
                    && word.contains('.')
                    && !word.starts_with('@')
                    && !word.contains('/')
            })
            .find(|word| {
                !["contoso", "fabrikam", "example", "odata", "microsoft.graph", "northwind"]
                    .iter()
                    .any(|ours| word.to_lowercase().contains(ours))
            })
            .map(ToOwned::to_owned)
    };
    for path in files(&root().join("fixtures"), &|path| {
        path.extension().is_some_and(|extension| extension == "json" || extension == "toml")
    }) {
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(looks_real(&text), None, "{}", path.display());
    }
}

#[test]
fn generated_pages_are_fresh() {
    let binary = env!("CARGO_BIN_EXE_highwater");
    for (page, verb, heading) in [
        ("docs/tables.md", "tables", "# Evidence tables"),
        ("docs/indicators.md", "indicators", "# Indicators"),
    ] {
        let output = Command::new(binary)
            .args([verb, "--format", "markdown"])
            .current_dir(root())
            .output()
            .unwrap();
        let wanted = format!(
            "{heading}\n\nGenerated by `highwater {verb} --format markdown`.\n\n{}",
            String::from_utf8_lossy(&output.stdout)
        );
        let path = root().join(page);
        if std::env::var_os("HIGHWATER_BLESS").is_some() {
            fs::write(&path, &wanted).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == wanted,
            "{page} is stale: run the tests once with HIGHWATER_BLESS=1 and read the difference"
        );
    }
}

#[test]
fn the_scorecard_schema_is_fresh() {
    let path = root().join("docs/scorecard.schema.json");
    let wanted = highwater_score::schema().unwrap();
    if std::env::var_os("HIGHWATER_BLESS").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == wanted,
        "docs/scorecard.schema.json is stale: HIGHWATER_BLESS=1"
    );
}

#[test]
fn steps_are_about_what_there_is_and_every_gate_of_telemetry_has_one() {
    let read = |path: &str| -> toml::Table {
        fs::read_to_string(root().join(path)).unwrap().parse().unwrap()
    };
    let (steps, grants) = (read("config/steps.toml"), read("config/grants.toml"));
    let grants = grants["grant"].as_table().unwrap();
    let book = highwater_facts::FactBook::embedded().unwrap();
    let mut told = BTreeSet::new();
    for step in steps["step"].as_array().unwrap() {
        let listed = |key: &str| step.get(key).and_then(toml::Value::as_array).cloned();
        for fact in listed("facts").unwrap_or_default() {
            let fact = fact.as_str().unwrap().to_owned();
            assert!(book.fact(&fact).is_some(), "{fact} is no fact");
            told.insert(fact);
        }
        for source in listed("sources").unwrap_or_default() {
            let source = source.as_str().unwrap();
            let known = grants.keys().any(|known| match source.strip_suffix('*') {
                Some(start) => known.starts_with(start),
                None => known == source,
            });
            assert!(known, "{source} is no source");
        }
    }
    let rulebook = highwater_score::Rulebook::shipped(&Default::default()).unwrap();
    for indicator in rulebook.indicators() {
        let gate = indicator.role == highwater_score::Role::Gate;
        let direct = indicator.assessability == highwater_score::Assessability::Direct;
        let helped = indicator.facts().iter().any(|fact| told.contains(*fact));
        assert!(!(gate && direct) || helped, "no step of {} says how", indicator.id);
    }
}
