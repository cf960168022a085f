//! A run from its first request to its index, against a small tenant.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod tenant;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use highwater_sources::{Boundary, Identity, Plan, Recording, Run, Summary};
use serde_json::Value;
use tenant::{NOW, TENANT, Tenant, cloud};

fn plan(identity: Identity) -> Plan {
    let mut plan = Plan::new(TENANT, identity, NOW);
    plan.thorough_up_to = 0;
    plan
}

fn boundary() -> Boundary {
    Arc::new(|_, body| body)
}

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Reads a tenant into a folder.
fn collect(tenant: &Arc<Tenant>, plan: &Plan, folder: &Path) -> Summary {
    let recording = Recording::create(folder, plan, "public").unwrap();
    let run = Run::new(tenant.clone(), cloud(), plan.clone(), recording, boundary());
    block(run.run()).unwrap()
}

fn index(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("highwater-index.json")).unwrap()).unwrap()
}

/// Exchanges of one source.
fn exchanges(folder: &Path, source: &str) -> Vec<Value> {
    let index = index(folder);
    index["exchanges"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|exchange| exchange["source"] == source)
        .cloned()
        .collect()
}

/// Everything but the journal: names and contents.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !path.ends_with(".journal") {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_small_tenant_is_read_as_an_application() {
    let folder = tempfile::tempdir().unwrap();
    let tenant = Arc::new(Tenant::new());
    let summary = collect(&tenant, &plan(Identity::Application), folder.path());
    assert_eq!(summary.environments, 4);
    for exchange in index(folder.path())["exchanges"].as_array().unwrap() {
        println!("{exchange}");
    }
    println!("{}", serde_json::to_string_pretty(&summary).unwrap());
}
