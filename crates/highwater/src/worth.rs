//! Worth: what an import decides, and which one export more would decide most.
//!
//! Worked out from the rulebook: an open indicator counts for an export when every table behind the facts
//! that keep it open would then be read to its end. What the tables would hold nobody knows before, so the
//! number is what the export *could* decide, never a promise. The exports themselves are data
//! (`config/exports.toml`).

use std::collections::BTreeSet;

use highwater_facts::FactBook;
use highwater_score::{Need, Scorecard, State};
use highwater_snapshot::{Manifest, Status, TABLES, Table};
use serde::{Deserialize, Serialize};

/// What can be exported.
const EXPORTS: &str = include_str!("../../../config/exports.toml");

/// What the indicators of all models came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Decided {
    /// Known from evidence, one way or the other.
    pub(crate) decided: usize,
    /// The evidence allows both.
    pub(crate) open: usize,
    /// There is nothing that it could be about.
    pub(crate) not_applicable: usize,
}

/// An export that was not imported yet, and what it could add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Worth {
    pub(crate) name: String,
    pub(crate) how: String,
    /// Open indicators that it could decide by itself.
    pub(crate) indicators: usize,
    /// Tables that it would complete.
    pub(crate) tables: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    export: Vec<Export>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    name: String,
    how: String,
    sources: BTreeSet<String>,
}

/// How many indicators a scorecard decides.
pub(crate) fn decided(scorecard: &Scorecard) -> Decided {
    let mut sum = Decided::default();
    for indicator in scorecard.indicators() {
        match indicator.state {
            State::Unknown => sum.open += 1,
            State::NotApplicable => sum.not_applicable += 1,
            _ => sum.decided += 1,
        }
    }
    sum
}

/// The export that could decide most of what is open; none where no export would complete a table.
pub(crate) fn next(
    scorecard: &Scorecard,
    book: &FactBook,
    manifest: &Manifest,
) -> anyhow::Result<Option<Worth>> {
    let file: File = toml::from_str(EXPORTS)?;
    let worth = file.export.into_iter().map(|export| weigh(export, scorecard, book, manifest));
    let useful = worth.filter(|worth| !worth.tables.is_empty());
    // Of equals the one that stands first, because `max_by_key` takes the last.
    let all: Vec<Worth> = useful.collect();
    Ok(all.into_iter().rev().max_by_key(|worth| (worth.indicators, worth.tables.len())))
}

fn weigh(export: Export, scorecard: &Scorecard, book: &FactBook, manifest: &Manifest) -> Worth {
    let tables = completed(&export.sources, manifest);
    let told = |fact: &str| {
        let tables_of = |fact| book.fact(fact).map(|fact| fact.tables.as_slice());
        tables_of(fact).is_some_and(|needed| {
            needed.iter().all(|table| is_full(manifest, table) || tables.contains(table.as_str()))
        })
    };
    let decides = |need: &Need| match need {
        Need::Collect { facts, .. } => !facts.is_empty() && facts.iter().all(|fact| told(fact)),
        _ => false,
    };
    let open = scorecard.indicators().filter(|indicator| indicator.state == State::Unknown);
    let indicators = open.filter(|indicator| indicator.needs.iter().any(decides)).count();
    Worth {
        name: export.name,
        how: export.how,
        indicators,
        tables: tables.into_iter().map(ToOwned::to_owned).collect(),
    }
}

/// Tables that would be read to their end with these sources beside what was read.
fn completed(sources: &BTreeSet<String>, manifest: &Manifest) -> BTreeSet<&'static str> {
    let read = |source: &str| {
        sources.contains(source)
            || manifest.sources.get(source).is_some_and(|it| it.status == Status::Full)
    };
    let completes = |table: &Table| {
        table.complete.iter().any(|alternative| {
            alternative.iter().all(|source| read(source))
                && alternative.iter().any(|source| sources.contains(*source))
        })
    };
    let open = TABLES.iter().filter(|table| !is_full(manifest, table.name));
    open.filter(|table| completes(table)).map(|table| table.name).collect()
}

/// Tables that are made of others are always there.
fn is_full(manifest: &Manifest, table: &str) -> bool {
    manifest.tables.get(table).is_none_or(|entry| entry.status == Status::Full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_export_is_of_sources_that_tables_read() -> anyhow::Result<()> {
        let file: File = toml::from_str(EXPORTS)?;
        let known: BTreeSet<&str> = highwater_import::sources().collect();
        for export in file.export {
            for source in &export.sources {
                assert!(known.contains(source.as_str()), "{}: {source}", export.name);
            }
            let feeds = |table: &&Table| {
                table
                    .complete
                    .iter()
                    .flat_map(|it| it.iter())
                    .any(|it| export.sources.contains(*it))
            };
            assert!(TABLES.iter().copied().any(|table| feeds(&table)), "{}", export.name);
        }
        Ok(())
    }

    #[test]
    fn an_export_of_what_was_read_is_worth_nothing() -> anyhow::Result<()> {
        let manifest: Manifest = serde_json::from_value(serde_json::json!({
            "format": 1, "tool": {"name": "highwater", "version": "0"}, "tenant": {"id": "t"}, "cloud": "import",
            "identity": "files", "taken_at": "2026-11-22T06:00:00Z", "people": "plain", "sources": {},
            "tables": {"licence_skus": {"rows": 1, "status": "full"}, "dlp_policies": {"rows": 0, "status": "none"}},
            "files": {},
        }))?;
        let with = |source: &str| completed(&BTreeSet::from([source.to_owned()]), &manifest);
        assert!(with("graph.skus").is_empty());
        assert_eq!(with("gov.dlp_list"), BTreeSet::from(["dlp_policies"]));
        Ok(())
    }
}
