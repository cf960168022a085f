//! Runs the built program on a reference tenant, and reads scorecards as far as the tests look.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A tenant's folder, or a file beside the tenants.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/tenants").join(name)
}

/// Where the known scorecard of a tenant is.
pub(crate) fn golden(name: &str) -> PathBuf {
    path(name).join("scorecard.json")
}

/// Imports an inventory with the tenant's configuration; gives the snapshot's path.
pub(crate) fn import(name: &str, inventory: &Path, folder: &Path) -> PathBuf {
    let store = folder.join("store");
    let output =
        highwater(name, folder, &["import", text(inventory), "--store", text(&store), "--quiet"]);
    PathBuf::from(output.lines().last().unwrap_or_default().trim())
}

/// The scorecard of a snapshot with the tenant's configuration and statements.
pub(crate) fn score(name: &str, snapshot: &Path) -> String {
    let statements = path(name).join("attestations.toml");
    let mut args = vec!["score", text(snapshot), "--format", "json", "--quiet"];
    if statements.is_file() {
        args.extend(["--attest", text(&statements)]);
    }
    highwater(name, snapshot, &args)
}

/// Copies a folder with everything below it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What a scorecard says of levels and indicators.
pub(crate) struct Card(Value);

/// What a scorecard says of one indicator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Indicator {
    pub(crate) state: String,
    pub(crate) interval: (f64, f64),
}

impl Card {
    pub(crate) fn parse(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap())
    }

    /// Telemetry, proven, estimate and possible of every model (by its id) and capability (`model/capability`).
    pub(crate) fn levels(&self) -> BTreeMap<String, [i64; 4]> {
        let mut levels = BTreeMap::new();
        for model in list(&self.0["models"]) {
            levels.insert(word(&model["id"]), level(model));
            for capability in list(&model["capabilities"]) {
                levels.insert(
                    format!("{}/{}", word(&model["id"]), word(&capability["id"])),
                    level(capability),
                );
            }
        }
        levels
    }

    /// The same by title, as the notes write it: capabilities by code, models by name.
    pub(crate) fn capabilities(&self) -> Vec<(String, [i64; 4])> {
        let mut told = Vec::new();
        for model in list(&self.0["models"]) {
            told.push((format!("**{}**", word(&model["id"])), level(model)));
            told.extend(
                list(&model["capabilities"]).iter().map(|one| (word(&one["title"]), level(one))),
            );
        }
        told
    }

    pub(crate) fn indicators(&self) -> BTreeMap<String, Indicator> {
        let capabilities =
            list(&self.0["models"]).iter().flat_map(|model| list(&model["capabilities"]));
        let indicators = capabilities.flat_map(|capability| list(&capability["indicators"]));
        indicators
            .map(|one| {
                let end = |at: usize| one["interval"][at].as_f64().unwrap();
                (
                    word(&one["id"]),
                    Indicator { state: word(&one["state"]), interval: (end(0), end(1)) },
                )
            })
            .collect()
    }
}

fn highwater(name: &str, folder: &Path, args: &[&str]) -> String {
    let config = path(name).join("highwater.toml");
    let output = Command::new(env!("CARGO_BIN_EXE_highwater"))
        .args(args)
        .args(["--config", text(&config)])
        .current_dir(folder)
        .env_remove("HIGHWATER_CONFIG")
        .env_remove("HIGHWATER_STORE")
        .env_remove("HIGHWATER_TENANT")
        .env_remove("HIGHWATER_RULEBOOK")
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn level(value: &Value) -> [i64; 4] {
    ["telemetry", "proven", "estimate", "possible"]
        .map(|kind| value["level"][kind].as_i64().unwrap())
}
