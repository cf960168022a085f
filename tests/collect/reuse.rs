//! Reuse: a snapshot for which hardly anything was asked of Dataverse holds the rows of one for which everything was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use highwater_snapshot::{Snapshot, TABLES, Table};
use serde_json::Value;

use crate::cloud::{Cloud, code, err, out};
use crate::runs::{store, tables};

const FIRST: &str = "2026-11-01T06:00:00Z";
const SECOND: &str = "2026-11-03T06:00:00Z";

/// All rows of a snapshot, without when and as which record they were read.
fn rows(snapshot: &Path) -> BTreeMap<&'static str, String> {
    let snapshot = Snapshot::open(snapshot).unwrap();
    let table = |table: &'static Table| {
        let mut frame = snapshot.table(table).unwrap().collect().unwrap();
        let mut of_reading = vec!["observed_at", "record_no"];
        if table.name == "coverage" {
            of_reading.push("reason"); // says since when it was not asked
        }
        for column in of_reading {
            frame = frame.drop(column).unwrap_or(frame);
        }
        let rows = (0..frame.height()).map(|row| format!("{:?}\n", frame.get(row)));
        (table.name, rows.collect())
    };
    TABLES.iter().copied().map(table).collect()
}

/// A store of a tenant that hides people.
fn hidden(cloud: &Cloud) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path());
    let own = fs::read_to_string(cloud.own("highwater.toml")).unwrap();
    let own = own.replace("people = \"plain\"", "people = \"pseudonyms\"");
    fs::write(folder.path().join("highwater.toml"), own).unwrap();
    folder
}

/// Collects, and returns the snapshot and what was said.
fn collect(cloud: &Cloud, folder: &Path, moment: &str, more: &[&str]) -> (PathBuf, String) {
    let output = cloud.at(folder, moment, more).output().unwrap();
    assert_eq!(code(&output), 0, "{}", err(&output));
    (folder.join(out(&output).trim()), err(&output))
}

/// Requests to Dataverse, and readings that were taken over.
fn cost(snapshot: &Path) -> (u64, u64) {
    let manifest = fs::read_to_string(snapshot.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["people"], "pseudonyms");
    let told = &manifest["collection"];
    let sent = told["services"]["services"]["dataverse"]["attempts"].as_u64().unwrap();
    (sent, told["reused"]["places"].as_u64().unwrap_or_default())
}

/// Collects a tenant twice, the second time going by the first; all rows are those of a full reading.
/// Returns what that cost.
fn says_the_same(profile: &str) -> String {
    let cloud = Cloud::start(profile, "");
    let (folder, other) = (hidden(&cloud), hidden(&cloud));
    let (first, _) = collect(&cloud, folder.path(), FIRST, &[]);
    let since = ["--since", first.to_str().unwrap()];
    let (second, said) = collect(&cloud, folder.path(), SECOND, &since);
    let (full, _) = collect(&cloud, other.path(), SECOND, &[]);
    let known = rows(&full);
    for (table, found) in rows(&second) {
        assert!(found == known[table], "{profile}: {table}\n{found}\nis not\n{}", known[table]);
    }
    let ((all, none), (few, reused)) = (cost(&full), cost(&second));
    assert!(none == 0 && few * 2 < all, "{all} and {few}: {said}");

    // What was taken over may be taken over again, and keeps its age.
    let since = ["--since", second.to_str().unwrap()];
    let (third, said) = collect(&cloud, folder.path(), "2026-11-05T06:00:00Z", &since);
    assert_eq!(cost(&third), (few, reused), "{said}");
    assert!(said.contains(&format!("the oldest of {FIRST}")), "{said}");
    format!(
        "{profile}: {all} requests to Dataverse in full, {few} with {reused} readings taken over"
    )
}

#[test]
fn what_an_application_did_not_ask_again_says_the_same() {
    println!("{}", says_the_same("capable"));
}

#[test]
fn what_a_person_did_not_ask_again_says_the_same() {
    println!("{}", says_the_same("repeatable"));
}

#[test]
fn a_run_that_is_killed_while_it_goes_by_a_snapshot_ends_in_the_same_tables() {
    let cloud = Cloud::with("repeatable", |settings| settings.latency = Duration::from_millis(3));
    let (folder, other) = (hidden(&cloud), hidden(&cloud));
    let (first, _) = collect(&cloud, folder.path(), FIRST, &[]);
    let since = first.to_str().unwrap();
    let (whole, _) = collect(&cloud, folder.path(), SECOND, &["--since", since]);
    let pages = other.path().join("store/.collecting");
    let begun = || {
        let tenants = fs::read_dir(&pages).into_iter().flatten().map(|it| it.unwrap().path());
        let runs = tenants.flat_map(|it| fs::read_dir(it).unwrap()).map(|it| it.unwrap().path());
        runs.into_iter().any(|run| run.join(".journal").is_file())
    };
    for pause in [300, 80, 160, 320, 640] {
        let resumes = begun();
        let more: &[&str] =
            if resumes { &["--since", since, "--resume"] } else { &["--since", since] };
        let mut run = cloud.at(other.path(), SECOND, more);
        let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while !resumes && !begun() && run.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(pause));
        run.kill().unwrap();
        run.wait().unwrap();
    }
    let id = whole.file_name().unwrap();
    let mut found = other.path().join(whole.strip_prefix(folder.path()).unwrap());
    if begun() {
        // By another plan nobody goes on: everything would have to be asked.
        let output = cloud.at(other.path(), SECOND, &["--resume"]).output().unwrap();
        assert_eq!(code(&output), 2, "{}", err(&output));
        let said;
        (found, said) = collect(&cloud, other.path(), SECOND, &["--since", since, "--resume"]);
        assert!(said.contains("reused from the snapshot"), "{said}");
    }
    assert_eq!(found.file_name().unwrap(), id);
    assert_eq!(tables(&found), tables(&whole));
}
