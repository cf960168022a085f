//! Tenants: the bundled reference tenants are read file by file, as their index says.

use std::collections::BTreeMap;
use std::path::Path;

use highwater_import::{Options, Outcome};
use highwater_snapshot::Status;

fn inventories() -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/tenants");
    let entries =
        std::fs::read_dir(&folder).expect("the reference tenants are part of the repository");
    let inventories = entries.flatten().map(|entry| entry.path().join("inventory"));
    let mut inventories: Vec<_> =
        inventories.filter(|path| path.join("highwater-index.json").is_file()).collect();
    inventories.sort();
    inventories
}

#[test]
fn every_file_is_read_and_every_answer_is_full() {
    for inventory in inventories() {
        let target = tempfile::tempdir().unwrap();
        let options = Options::default();
        let imported = highwater_import::import(
            std::slice::from_ref(&inventory),
            &target.path().join("snapshot"),
            &options,
        )
        .unwrap();
        for file in &imported.report.files {
            let fine = matches!(
                file.outcome,
                Outcome::Read
                    | Outcome::NoTable
                    | Outcome::Recorded(_)
                    | Outcome::SameAs(_)
                    | Outcome::Index
            );
            assert!(fine, "{} {}: {}", inventory.display(), file.path, file.outcome);
        }
        let dropped: BTreeMap<&str, u64> = imported
            .report
            .files
            .iter()
            .flat_map(|file| &file.parts)
            .fold(BTreeMap::new(), |mut all, part| {
                *all.entry(part.kind.as_str()).or_default() += part.dropped.values().sum::<u64>();
                all
            });
        let (records, rows) = imported.report.totals();
        println!(
            "{}: {} files, {records} records, {rows} rows",
            inventory.display(),
            imported.report.files.len()
        );
        println!(
            "    without rows: {:?}",
            dropped.iter().filter(|(_, count)| **count > 0).collect::<Vec<_>>()
        );
        let text = std::fs::read_to_string(inventory.join("highwater-index.json")).unwrap();
        let index: serde_json::Value = serde_json::from_str(&text).unwrap();
        let answered = |source: &str| {
            let of = index["exchanges"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|exchange| exchange["source"] == source);
            // What has a reason and no status was not asked at all.
            of.map(|exchange| match exchange["status"].as_u64() {
                Some(status) => status,
                None if exchange.get("reason").is_some() => 0,
                None => 200,
            })
            .all(|status| status == 200)
        };
        for claim in &imported.report.claims {
            // One tenant has holes on purpose: a page chain of it breaks off.
            let hole = claim.status == Status::Truncated
                && inventory.to_string_lossy().contains("capable");
            if answered(&claim.source) && !hole {
                assert_eq!(claim.status, Status::Full, "{}: {claim:?}", inventory.display());
            }
        }
    }
}
