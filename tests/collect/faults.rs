//! Faults: what a service does wrong ends in the documented exit code, leaves everything else as it was, and is marked.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::cloud::{Cloud, code, err, out};
use crate::runs::{store, tables};

/// Status of every table of a snapshot.
fn statuses(snapshot: &Path) -> BTreeMap<String, String> {
    let manifest = fs::read_to_string(snapshot.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let tables = manifest["tables"].as_object().unwrap().iter();
    tables
        .map(|(name, table)| (name.clone(), table["status"].as_str().unwrap().to_owned()))
        .collect()
}

struct Run {
    cloud: Cloud,
    said: String,
    tables: BTreeMap<String, String>,
    statuses: BTreeMap<String, String>,
    _folder: tempfile::TempDir,
}

fn run(faults: &str) -> Run {
    let cloud = Cloud::start("defined", faults);
    let folder = tempfile::tempdir().unwrap();
    store(folder.path());
    let output = cloud.collect(folder.path(), &[]);
    assert_eq!(code(&output), 0, "{faults}\n{}", err(&output));
    assert!(!err(&output).contains("panicked"), "{}", err(&output));
    let snapshot = folder.path().join(out(&output).trim());
    let (tables, statuses) = (tables(&snapshot), statuses(&snapshot));
    Run { cloud, said: err(&output), tables, statuses, _folder: folder }
}

/// What passes is repeated until it has passed: the tables are those of a quiet day.
#[test]
fn what_passes_leaves_no_trace() {
    let quiet = run("");
    for faults in [
        "throttle 1 on graph times 3; throttle 1 on dataverse times 3",
        "unavailable on powerapps times 4",
        "reset on dataverse:*/workflows times 3; truncate on graph times 3",
        "html on ppapi times 3",
        "expired on powerapps times 1",
        "unknown-fields on powerapps; unknown-fields on graph",
        "redirect on powerapps times 4",
    ] {
        let begun = std::time::Instant::now();
        let found = run(faults);
        println!("{:>5.1} s  {faults}", begun.elapsed().as_secs_f64());
        assert_eq!(found.statuses, quiet.statuses, "{faults}\n{}", found.said);
        let same = |name: &&String| found.tables[*name] == quiet.tables[*name];
        let differ: Vec<&String> = quiet.tables.keys().filter(|name| !same(name)).collect();
        let harmless =
            |name: &&String| name.contains("unknown") || faults.contains("unknown-fields");
        let differ: Vec<&String> = differ.into_iter().filter(|name| !harmless(name)).collect();
        assert!(differ.is_empty(), "{faults}: {differ:?}");
    }
}

/// What stays broken is a gap of its own tables; others are as on a quiet day.
#[test]
fn what_stays_broken_is_marked_and_nothing_else() {
    let quiet = run("");
    for (faults, hit) in [
        ("forbidden on graph:*/conditionalAccess/*", "conditional_access_policies"),
        ("html on graph:*/subscribedSkus", "licence_skus"),
        ("content-type on graph:*/subscribedSkus", "licence_skus"),
        ("gzip-bomb 300 on graph:*/subscribedSkus", "licence_skus"),
        ("foreign-redirect on graph:*/subscribedSkus", "licence_skus"),
        ("loop on powerapps:*/apps", "apps"),
        ("foreign-link on powerapps:*/apps", "apps"),
    ] {
        let found = run(faults);
        assert_ne!(found.statuses[hit], "full", "{faults}\n{}", found.said);
        for unaffected in ["environments", "dlp_policies", "tenant_settings", "machines"] {
            assert_eq!(
                found.statuses[unaffected], quiet.statuses[unaffected],
                "{faults}: {unaffected}"
            );
            let file = format!("tables/{unaffected}.parquet");
            assert_eq!(found.tables[&file], quiet.tables[&file], "{faults}: {unaffected}");
        }
        let foreign = found.cloud.foreign();
        assert!(foreign.is_empty(), "{faults}: a foreign host was asked: {foreign:?}");
    }
}

/// Secrets that services hand out reach neither snapshot nor recording nor log.
#[test]
fn planted_secrets_reach_nothing() {
    let cloud = Cloud::with("defined", |settings| settings.canaries = true);
    let folder = tempfile::tempdir().unwrap();
    let output = cloud.collect(folder.path(), &["--record", "run.har", "-vvv"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let mut texts = vec![("log".to_owned(), err(&output).into_bytes())];
    texts.push(("run.har".to_owned(), fs::read(folder.path().join("run.har")).unwrap()));
    walk(&folder.path().join("store"), &mut texts);
    let canaries = cloud.canaries();
    assert!(!canaries.is_empty());
    for (name, bytes) in &texts {
        for canary in &canaries {
            let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
            assert!(!found, "{canary} is in {name}");
        }
    }
}

/// Every file below a folder, unpacked where it is packed.
fn walk(folder: &Path, texts: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, texts);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let packed = path.extension().is_some_and(|extension| extension == "zst");
        let bytes = if packed { zstd::decode_all(bytes.as_slice()).unwrap() } else { bytes };
        texts.push((path.display().to_string(), bytes));
    }
}
