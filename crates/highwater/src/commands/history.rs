//! `history`: the levels of every snapshot of a store, each judged as of its own time by today's rules.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use highwater_report::history;
use highwater_score::Scorecard;

use crate::args::{Evaluation, Global, History, TextOrJson};
use crate::config::Config;
use crate::exit::usage_error;
use crate::{evaluate, output};

pub(crate) fn run(global: &Global, config: &Config, verb: &History) -> anyhow::Result<ExitCode> {
    let store = config.store(verb.store.as_deref());
    let mut tenants = snapshots(&store)?;
    if let Some(tenant) = &verb.tenant {
        tenants.retain(|known, _| known == tenant);
    }
    if tenants.is_empty() {
        return Err(usage_error(format!(
            "no snapshot at {}: make one with `highwater import`",
            store.display()
        )));
    }
    let mut text = String::new();
    let mut all = Vec::new();
    for (tenant, folders) in tenants {
        let evaluation = Evaluation { attest: verb.attest.clone(), ..Evaluation::default() };
        let score = |folder: &PathBuf| -> anyhow::Result<Scorecard> {
            Ok(evaluate::score(global, config, Some(folder), &evaluation, None)?.scorecard)
        };
        let scorecards = folders.iter().map(score).collect::<anyhow::Result<Vec<_>>>()?;
        let found = history::history(&tenant, &scorecards);
        text.push_str(&history::render_text(&found, verb.limit));
        all.push(found);
    }
    match verb.format {
        TextOrJson::Text => output::write(&text)?,
        TextOrJson::Json => output::write(&(serde_json::to_string_pretty(&all)? + "\n"))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Snapshot folders by tenant, the oldest first.
pub(super) fn snapshots(store: &Path) -> anyhow::Result<BTreeMap<String, Vec<PathBuf>>> {
    let mut found = BTreeMap::new();
    for (name, folder) in folders(store, "tenant=")? {
        let snapshots: Vec<PathBuf> = folders(&folder, "snapshot=")?
            .into_values()
            .filter(|snapshot| snapshot.join("manifest.json").is_file())
            .collect();
        if !snapshots.is_empty() {
            found.insert(name, snapshots);
        }
    }
    Ok(found)
}

/// Folders whose name begins like this, by what follows.
fn folders(parent: &Path, prefix: &str) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let entries = std::fs::read_dir(parent).map_err(|error| {
        usage_error(format!("cannot read the store {}: {error}", parent.display()))
    })?;
    let mut found = BTreeMap::new();
    for entry in entries {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_prefix(prefix));
        if let Some(name) = name.filter(|_| path.is_dir()) {
            found.insert(name.to_owned(), path.clone());
        }
    }
    Ok(found)
}
