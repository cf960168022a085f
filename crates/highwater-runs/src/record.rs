//! Record: what one run did and how it ended, kept beside the snapshots.
//!
//! Guarantees that a record appears whole or not at all, and that it holds no secret and no name of a person: ids,
//! counts, levels and what was said. A record that still says `running` belongs to a run that is under way, or to one
//! that was killed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Error;

/// Records that are kept of each tenant, the newest.
pub const KEPT: usize = 400;

/// In place of a moment at which something ends that nobody told.
pub const NOT_TOLD: &str = "not told";

/// How a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Under way, or killed.
    #[default]
    Running,
    /// Done, and everything that was required holds.
    Ok,
    /// Done; gaps leave a required answer open.
    Open,
    /// Done; below what was required.
    Below,
    /// It ended without a result.
    Failed,
    /// It was killed and not continued.
    Interrupted,
}

impl Outcome {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ok => "ok",
            Self::Open => "open",
            Self::Below => "below",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// `tenant=<id>/runs/<moment>.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// Version of this shape, 1.
    pub format: u32,
    /// The moment of its start, as in names of snapshots.
    pub run: String,
    /// Tenant id.
    pub tenant: String,
    /// Version of the program.
    pub version: String,
    /// When it began, RFC 3339.
    pub started: String,
    /// How often it was continued after it had been killed.
    pub continued: u32,
    /// When it ended.
    pub ended: Option<String>,
    /// How it stands.
    pub outcome: Outcome,
    /// Exit code, when it ended.
    pub code: Option<u8>,
    /// The step that it is in, or was in when it failed.
    pub step: String,
    /// Milliseconds that each step took, waits included.
    pub took_ms: BTreeMap<String, u64>,
    /// What went wrong, in one line without secrets.
    pub error: Option<String>,
    /// The snapshot that it made.
    pub snapshot: Option<String>,
    /// The good snapshot that it was compared with.
    pub before: Option<String>,
    /// Proven level by model.
    pub levels: BTreeMap<String, u16>,
    /// Sources that were not read in full.
    pub gaps: usize,
    /// What reading cost.
    pub cost: Cost,
    /// What was not asked, because what an earlier snapshot told of it stands.
    pub reused: Option<Reused>,
    /// Whether anything moved since the snapshot before; none for the first.
    pub changed: Option<bool>,
    /// What moved, the top lines.
    pub headlines: Vec<String>,
    /// Snapshots that retention took away.
    pub removed: Vec<String>,
    /// Messages by the name of their table: `sent`, `nothing to say`, or why not.
    pub messages: BTreeMap<String, String>,
    /// Moments at which something ends: statements and credentials, by what they are (RFC 3339, a date, or [`NOT_TOLD`]).
    pub expires: BTreeMap<String, String>,
}

/// What reading a tenant cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cost {
    /// Requests that were sent.
    pub requests: u64,
    /// Waits for a rate or because a service said so.
    pub waits: u64,
    /// Their sum in milliseconds.
    pub waited_ms: u64,
    /// Answers that said "too many".
    pub throttled: u64,
    /// Bytes that were read.
    pub bytes: u64,
}

/// What was taken over from an earlier snapshot instead of being asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reused {
    /// The snapshot.
    pub from: String,
    /// Environments of which something was taken over.
    pub environments: u64,
    /// Sources in environments.
    pub places: u64,
    /// Requests that were not made.
    pub requests: u64,
    /// When the oldest of it was read, RFC 3339.
    pub oldest: String,
}

/// The folder of a tenant's records.
pub fn folder(store: &Path, tenant: &str) -> PathBuf {
    store.join(format!("tenant={tenant}")).join("runs")
}

/// Writes a record under its name; returns its bytes.
///
/// # Errors
/// When the store cannot be written.
pub fn write(store: &Path, record: &Record) -> Result<Vec<u8>, Error> {
    let folder = folder(store, &record.tenant);
    std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    let mut bytes = serde_json::to_vec_pretty(record).unwrap_or_default();
    bytes.push(b'\n');
    let path = folder.join(format!("{}.json", record.run));
    let part = folder.join(format!(".{}.part", record.run));
    std::fs::write(&part, &bytes).map_err(Error::io("write", &part))?;
    std::fs::rename(&part, &path).map_err(Error::io("write", &path))?;
    Ok(bytes)
}

/// The newest records of a tenant, the newest first. What is no record is passed over.
///
/// # Errors
/// When the store cannot be listed.
pub fn newest(store: &Path, tenant: &str, most: usize) -> Result<Vec<Record>, Error> {
    let names = names(&folder(store, tenant))?;
    let read = |path: &PathBuf| serde_json::from_slice(&std::fs::read(path).ok()?).ok();
    Ok(names.iter().rev().filter_map(read).take(most).collect())
}

/// Takes away all but the newest records; returns the names that went.
///
/// # Errors
/// When the store cannot be listed or written.
pub fn trim(store: &Path, tenant: &str, keep: usize) -> Result<Vec<String>, Error> {
    let mut names = names(&folder(store, tenant))?;
    names.truncate(names.len().saturating_sub(keep));
    for path in &names {
        std::fs::remove_file(path).map_err(Error::io("remove", path))?;
    }
    let name = |path: &PathBuf| Some(path.file_name()?.to_str()?.to_owned());
    Ok(names.iter().filter_map(name).collect())
}

/// Files of records, the oldest first.
fn names(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list", folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::io("list", folder))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(run: &str) -> Record {
        Record { format: 1, run: run.to_owned(), tenant: "t".to_owned(), ..Record::default() }
    }

    #[test]
    fn records_are_read_newest_first_and_trimmed_from_the_oldest() {
        let store = tempfile::tempdir().unwrap();
        for run in ["2026-11-02T06-00-00Z", "2026-11-01T06-00-00Z", "2026-11-03T06-00-00Z"] {
            write(store.path(), &record(run)).unwrap();
        }
        std::fs::write(folder(store.path(), "t").join("2026-11-04T06-00-00Z.json"), "{").unwrap();
        let found = newest(store.path(), "t", 2).unwrap();
        assert_eq!(found[0], record("2026-11-03T06-00-00Z"));
        assert_eq!(found[1].run, "2026-11-02T06-00-00Z");
        let gone = trim(store.path(), "t", 2).unwrap();
        assert_eq!(gone, ["2026-11-01T06-00-00Z.json", "2026-11-02T06-00-00Z.json"]);
        assert!(newest(store.path(), "nobody", 9).unwrap().is_empty());
    }

    #[test]
    fn a_record_of_a_later_version_is_read_for_what_it_has() {
        let text = r#"{"format": 1, "run": "r", "outcome": "ok", "weather": "fine"}"#;
        let record: Record = serde_json::from_str(text).unwrap();
        assert_eq!((record.outcome, record.gaps), (Outcome::Ok, 0));
    }
}
