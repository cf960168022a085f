//! `history`: the levels of every snapshot of a store, each judged as of its own time by today's rules.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use highwater_report::history;
use highwater_score::Scorecard;

use crate::args::{Evaluation, Global, History, TextOrJson};
use crate::config::Config;
use crate::exit::usage_error;
use crate::{evaluate, output, place};

pub(crate) fn run(global: &Global, config: &Config, verb: &History) -> anyhow::Result<ExitCode> {
    let store = config.store(verb.store.as_deref());
    let store = place::local(config, &store, place::Wanted::All)?;
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
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for held in highwater_snapshot::held(store, None)? {
        found.entry(held.tenant).or_default().push(held.folder);
    }
    Ok(found)
}
