//! The law of whole imports: less evidence is never better news, and never worse news, only less.
//!
//! Files of an inventory are taken away in two ways: the files alone, so that the index still names them, or the files
//! with everything that the index says of them. Either way nothing may become more proven or less possible, and no
//! interval of an indicator may leave the one it had. All files are dealt into a few hands, and one hand at a time is
//! taken away; `HIGHWATER_LAW=all` takes every file away by itself.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::run::{Card, copy, import, path, score};

/// Into how many hands the files are dealt.
const HANDS: usize = 5;
const INDEX: &str = "highwater-index.json";
const ROUNDING: f64 = 1e-9;

/// Tries the law on the files of a tenant's inventory.
pub(crate) fn holds(name: &str) {
    let work = tempfile::tempdir().unwrap();
    let inventory = work.path().join("inventory");
    copy(&path(name).join("inventory"), &inventory);
    let whole = card(name, &inventory, work.path());
    for (number, hand) in hands(files(&inventory)).iter().enumerate() {
        let forgotten = number % 2 == 1;
        let less = without(name, &inventory, hand, forgotten, work.path());
        let listed: Vec<String> = hand.iter().map(|file| file.display().to_string()).collect();
        let how = if forgotten { " and index entries" } else { "" };
        compare(
            &whole,
            &less,
            &format!("{name} without {} files{how}: {}", hand.len(), listed.join(" ")),
        );
    }
}

fn hands(files: Vec<PathBuf>) -> Vec<Vec<PathBuf>> {
    let hands = match std::env::var("HIGHWATER_LAW") {
        Ok(word) if word == "all" => files.len(),
        _ => HANDS,
    };
    let mut dealt = vec![Vec::new(); hands];
    for (number, file) in files.into_iter().enumerate() {
        dealt[number % hands].push(file);
    }
    dealt
}

fn card(name: &str, inventory: &Path, folder: &Path) -> Card {
    let _ = std::fs::remove_dir_all(folder.join("store"));
    Card::parse(&score(name, &import(name, inventory, folder)))
}

/// The scorecard without some files, which are put back afterwards.
fn without(
    name: &str,
    inventory: &Path,
    files: &[PathBuf],
    forgotten: bool,
    folder: &Path,
) -> Card {
    let index = inventory.join(INDEX);
    let listed = std::fs::read_to_string(&index).unwrap();
    let kept: Vec<(PathBuf, Vec<u8>)> = files
        .iter()
        .map(|file| inventory.join(file))
        .map(|at| (at.clone(), std::fs::read(at).unwrap()))
        .collect();
    for (at, _) in &kept {
        std::fs::remove_file(at).unwrap();
    }
    if forgotten {
        std::fs::write(&index, unlisted(&listed, files)).unwrap();
    }
    let card = card(name, inventory, folder);
    for (at, bytes) in kept {
        std::fs::write(at, bytes).unwrap();
    }
    std::fs::write(&index, listed).unwrap();
    card
}

/// The index without what it says of files. Pages of a list stay listed: nothing else tells that there were more.
fn unlisted(index: &str, files: &[PathBuf]) -> String {
    let mut index: Value = serde_json::from_str(index).unwrap();
    let names: Vec<String> =
        files.iter().map(|file| file.to_str().unwrap().replace('\\', "/")).collect();
    if let Some(exchanges) = index["exchanges"].as_array_mut() {
        exchanges.retain(|exchange| {
            let file = exchange["file"].as_str().unwrap_or_default();
            file.contains("-page-") || !names.iter().any(|name| name == file)
        });
    }
    index.to_string()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let entry = entry.unwrap().path();
            if entry.is_dir() {
                folders.push(entry);
            } else if !entry.ends_with(INDEX) {
                found.push(entry.strip_prefix(folder).unwrap().to_path_buf());
            }
        }
    }
    found.sort();
    found
}

fn compare(whole: &Card, less: &Card, what: &str) {
    let mut broken = Vec::new();
    let levels = less.levels();
    for (of, [telemetry, proven, _, possible]) in whole.levels() {
        let [less_telemetry, less_proven, _, less_possible] = levels[&of];
        if less_telemetry > telemetry || less_proven > proven {
            broken
                .push(format!("{of} is proven to be {less_proven} (telemetry {less_telemetry}), it was {proven} ({telemetry})"));
        }
        if less_possible < possible {
            broken.push(format!("{of} is at most {less_possible}, it was {possible}"));
        }
    }
    let indicators = less.indicators();
    for (id, known) in whole.indicators() {
        let found = &indicators[&id];
        if found.state == "not_applicable" && known.state != "not_applicable" {
            broken.push(format!("{id} does not apply any more, it was {}", known.state));
        }
        // An indicator that does not apply lies in no interval.
        if found.state == "not_applicable" || known.state == "not_applicable" {
            continue;
        }
        let inside = found.interval.0 <= known.interval.0 + ROUNDING
            && found.interval.1 >= known.interval.1 - ROUNDING;
        if !inside || (known.state == "unknown" && found.state != "unknown") {
            broken.push(format!(
                "{id} is {} in {:?}, it was {} in {:?}",
                found.state, found.interval, known.state, known.interval
            ));
        }
    }
    assert!(broken.is_empty(), "{what}\n{}", broken.join("\n"));
}
