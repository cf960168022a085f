//! Runs: killed and resumed, recorded and replayed, diagnosed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::cloud::{Cloud, code, err, highwater, out, root};

/// Digests of the tables of a snapshot.
pub(crate) fn tables(snapshot: &Path) -> BTreeMap<String, String> {
    let manifest = fs::read_to_string(snapshot.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let files = manifest["files"].as_object().unwrap().iter();
    files
        .filter(|(name, _)| name.starts_with("tables/"))
        .map(|(name, file)| (name.clone(), file["sha256"].as_str().unwrap().to_owned()))
        .collect()
}

/// The store of a folder with the same key for pseudonyms as every other.
pub(crate) fn store(folder: &Path) {
    fs::create_dir_all(folder.join("store")).unwrap();
    fs::write(folder.join("store/pseudonym.key"), format!("{}\n", "0123456789abcdef".repeat(4)))
        .unwrap();
}

/// `HIGHWATER_KILLS` says how often; more take longer and say more.
#[test]
fn a_run_that_is_killed_goes_on_and_ends_in_the_same_tables() {
    let kills: u64 =
        std::env::var("HIGHWATER_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(8);
    let cloud = Cloud::with("defined", |settings| settings.latency = Duration::from_millis(3));
    let whole = tempfile::tempdir().unwrap();
    store(whole.path());
    let output = cloud.collect(whole.path(), &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let known = tables(&whole.path().join(out(&output).trim()));
    let (mut killed, mut seed) = (0, 17_u64);
    while killed < kills {
        let folder = tempfile::tempdir().unwrap();
        store(folder.path());
        loop {
            let begun = folder.path().join("store/.collecting").is_dir();
            let more: &[&str] = if begun { &["--resume"] } else { &[] };
            let mut run = cloud
                .command(folder.path(), more)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            std::thread::sleep(Duration::from_millis(50 + (seed >> 33) % 900));
            if run.try_wait().unwrap().is_some() || killed >= kills {
                run.wait().unwrap();
                break;
            }
            run.kill().unwrap();
            run.wait().unwrap();
            killed += 1;
        }
        let output = cloud.collect(folder.path(), &["--resume"]);
        let snapshot = match code(&output) {
            0 => folder.path().join(out(&output).trim()),
            // It had ended before it could be killed.
            _ => newest(&folder.path().join("store")),
        };
        assert_eq!(tables(&snapshot), known, "{}", err(&output));
    }
}

fn newest(store: &Path) -> std::path::PathBuf {
    let only = |path: &Path, start: &str| {
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        let mut found: Vec<_> = entries
            .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(start))
            .collect();
        found.pop().unwrap()
    };
    only(&only(store, "tenant="), "snapshot=")
}

/// Tables of a run that asks nobody but a recording.
fn replayed(cloud: &Cloud, har: &Path) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path());
    let output = cloud.collect(folder.path(), &["--replay", har.to_str().unwrap()]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    tables(&folder.path().join(out(&output).trim()))
}

#[test]
fn a_recording_replays_without_anybody_to_ask() {
    for canaries in [false, true] {
        let cloud = Cloud::with("defined", |settings| settings.canaries = canaries);
        let folder = tempfile::tempdir().unwrap();
        store(folder.path());
        let output = cloud.collect(folder.path(), &["--record", "run.har"]);
        assert_eq!(code(&output), 0, "{}", err(&output));
        let known = tables(&folder.path().join(out(&output).trim()));
        let path = folder.path().join("run.har");
        let har = fs::read_to_string(&path).unwrap();
        assert!(!har.contains("Bearer ey") && !har.contains("simulated-"), "a token in it");
        assert_eq!(replayed(&cloud, &path), known, "with canaries: {canaries}");
    }
}

#[test]
fn a_recording_goes_on_with_the_run_that_was_killed() {
    let cloud = Cloud::with("defined", |settings| settings.latency = Duration::from_millis(20));
    let folder = tempfile::tempdir().unwrap();
    store(folder.path());
    let har = folder.path().join("run.har");
    let mut run = cloud
        .command(folder.path(), &["--record", "run.har"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let entries = || fs::read_to_string(&har).map_or(0, |text| text.lines().count());
    while entries() < 40 && run.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    let before = entries();
    let output = cloud.collect(folder.path(), &["--resume", "--record", "run.har"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(entries() > before, "nothing was added");
    let known = tables(&folder.path().join(out(&output).trim()));
    assert_eq!(replayed(&cloud, &har), known);
}

#[test]
fn doctor_names_the_grants_that_are_missing() {
    let faults = "forbidden on graph:*/conditionalAccess/*; forbidden on dataverse:*/roles; forbidden on arm";
    let cloud = Cloud::start("defined", faults);
    let folder = tempfile::tempdir().unwrap();
    let output = cloud.verb(folder.path(), "doctor", &[]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", err(&output));
    let said = out(&output);
    for wanted in
        ["Policy.Read.All", "prvReadRole", "missing: Reader", "would unlock", "grant-azure.sh"]
    {
        assert!(said.contains(wanted), "{wanted} is not in\n{said}");
    }
    assert!(said.matches("\nmissing: ").count() >= 3, "{said}");
}

#[test]
fn who_cannot_sign_in_is_told_so_with_code_3() {
    let cloud = Cloud::with("defined", |settings| settings.client_secret = Some("another".into()));
    let folder = tempfile::tempdir().unwrap();
    let output = cloud.collect(folder.path(), &[]);
    assert_eq!(code(&output), 3, "{}", err(&output));
    assert!(err(&output).contains("AADSTS7000215"), "{}", err(&output));
    assert!(!err(&output).contains("simulated "), "a secret in an error");
}

#[test]
fn the_demo_does_everything_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let output = highwater(folder.path()).args(["demo", "--out", "demo"]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", err(&output));
    let page = folder.path().join("demo/report.html");
    assert!(page.is_file() && out(&output).trim_end().ends_with("report.html"), "{}", out(&output));
    assert!(out(&output).contains("automation maturity model: 300 proven"), "{}", out(&output));
    assert!(root().join("README.md").is_file());
}
