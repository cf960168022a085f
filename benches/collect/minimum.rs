//! Minimum: how few requests would have brought the same lists, from the recording.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// Requests that the recording in a folder needs at least.
pub(crate) fn of(folder: &Path) -> u64 {
    let mut chains: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    walk(folder, folder, &mut chains);
    let index: Value =
        serde_json::from_slice(&std::fs::read(folder.join("highwater-index.json")).unwrap())
            .unwrap();
    let refused = index["exchanges"].as_array().unwrap().iter().filter(|told| {
        told.get("file").is_none() && told["status"].as_u64().is_some_and(|status| status != 204)
    });
    let least = |(chain, (pages, records)): (&String, &(u64, u64))| {
        // What a service sends unasked is as large as it gets; only these take a wish.
        let largest = match chain.trim_start_matches(".leads/").split('.').next() {
            Some("dv") => 5000,
            Some("graph") => 999,
            _ => return *pages,
        };
        records.div_ceil(largest).max(1)
    };
    chains.iter().map(least).sum::<u64>() + refused.count() as u64
}

/// Pages and records of every chain below a folder.
fn walk(root: &Path, folder: &Path, chains: &mut BTreeMap<String, (u64, u64)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(root, &path, chains);
            continue;
        }
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let Some((chain, _)) = name.strip_suffix(".json").and_then(|name| name.rsplit_once('~'))
        else {
            continue;
        };
        let body: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let list = ["value", "collection", "data"]
            .iter()
            .find_map(|key| body[*key].as_array())
            .or(body.as_array());
        let told = chains.entry(chain.to_owned()).or_default();
        told.0 += 1;
        told.1 += list.map_or(1, Vec::len) as u64;
    }
}
