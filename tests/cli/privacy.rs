//! What a snapshot says of people: whoever has one without its key cannot tell who they are.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{code, err, highwater, out, tenant};

/// Ids that a query gives, one a line.
fn ids(folder: &Path, store: &str, query: &str) -> BTreeSet<String> {
    let output = highwater(folder, &["sql", store, query, "--format", "csv"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    out(&output).lines().skip(1).map(ToOwned::to_owned).collect()
}

/// Raw records of a snapshot, by file.
fn raw(snapshot: &Path) -> Vec<(String, String)> {
    let files = fs::read_dir(snapshot.join("raw")).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            let bytes = zstd::decode_all(fs::File::open(&path).unwrap()).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, String::from_utf8(bytes).unwrap())
        })
        .collect()
}

#[test]
fn no_id_of_a_person_reaches_a_snapshot_and_pseudonyms_are_those_of_the_tables() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("plain.toml"), "[privacy]\npeople = \"plain\"\n").unwrap();
    fs::write(folder.path().join("hidden.toml"), "").unwrap();
    let query = "SELECT principal_id FROM principals WHERE kind = 'user'";
    for name in ["rudimentary", "repeatable", "defined", "capable"] {
        let mut snapshots = Vec::new();
        for manner in ["plain", "hidden"] {
            let store = format!("{name}-{manner}");
            let inventory = tenant(name).join("inventory");
            let config = format!("{manner}.toml");
            let words =
                ["import", inventory.to_str().unwrap(), "--config", &config, "--store", &store];
            let output = highwater(folder.path(), &words);
            assert_eq!(code(&output), 0, "{}", err(&output));
            snapshots.push(folder.path().join(out(&output).lines().last().unwrap()));
        }
        let people = ids(folder.path(), &format!("{name}-plain"), query);
        let hidden = ids(folder.path(), &format!("{name}-hidden"), query);
        assert!(people.len() == hidden.len() && people.is_disjoint(&hidden), "{name}");
        let shown: BTreeSet<String> = raw(&snapshots[0])
            .iter()
            .flat_map(|(_, text)| people.iter().filter(|id| text.contains(id.as_str())))
            .cloned()
            .collect();
        assert_eq!(shown, people, "{name}: where people are plain, records show them");
        let records = raw(&snapshots[1]);
        for (file, text) in &records {
            for id in &people {
                assert!(!text.contains(id.as_str()), "{name}: {file} shows {id}");
            }
        }
        for pseudonym in &hidden {
            let found = records.iter().any(|(_, text)| text.contains(pseudonym.as_str()));
            assert!(found, "{name}: no record of {pseudonym}");
        }
    }
}
