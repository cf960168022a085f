//! `import`: exported inventory becomes a snapshot; ends with what every file gave and what is covered.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use highwater_import::{Outcome, Report};
use highwater_report::counted;
use highwater_report::text::plain;
use highwater_snapshot::{Manifest, Status};
use serde_json::json;

use crate::args::{Global, TextOrJson};
use crate::config::Config;
use crate::output;

pub(crate) fn run(
    global: &Global,
    config: &Config,
    verb: crate::args::Import,
) -> anyhow::Result<ExitCode> {
    let store = config.folder(verb.store.as_deref())?;
    let options = highwater_import::Options {
        as_kind: verb.kind,
        tenant: verb.tenant.or_else(|| config.tenant.clone()),
        taken_at: verb.taken_at,
        config: config.evidence(),
        people: config.people(&store)?,
    };
    let staging = highwater_snapshot::staging(&store, &format!("import-{}", std::process::id()));
    let _cleanup = Cleanup(staging.clone());
    let imported = highwater_import::import(&verb.paths, &staging, &options)?;
    let home = highwater_snapshot::publish(&store, &imported.written, verb.replace)?;
    let manifest = &imported.written.manifest;
    match verb.format {
        TextOrJson::Json => output::write(
            &(serde_json::to_string_pretty(&as_json(&imported.report, manifest, &home))? + "\n"),
        )?,
        TextOrJson::Text => {
            output::say(global, &as_text(&imported.report, manifest, global.verbose > 0));
            output::write(&format!("{}\n", home.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Removes a folder that was left behind when an import failed.
pub(crate) struct Cleanup(pub(crate) PathBuf);

impl Drop for Cleanup {
    fn drop(&mut self) {
        // What is gone already is what was wanted.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn as_text(report: &Report, manifest: &Manifest, all: bool) -> String {
    let mut out = String::new();
    for file in &report.files {
        let quiet = matches!(file.outcome, Outcome::Read | Outcome::Index | Outcome::SameAs(_))
            && file.notes.is_empty();
        if quiet && !all {
            continue;
        }
        let _ = writeln!(out, "  {}: {}", plain(&file.path), plain(&file.outcome.to_string()));
        for part in &file.parts {
            let unused =
                part.unused.as_deref().map_or_else(String::new, |reason| format!("; {reason}"));
            let _ = writeln!(
                out,
                "    {} {}: {} records, {} rows{}",
                part.kind,
                plain(&part.scope),
                part.records,
                part.rows,
                plain(&unused)
            );
        }
        for note in &file.notes {
            let _ = writeln!(out, "    note: {}", plain(note));
        }
    }
    for (reason, records) in dropped(report) {
        let _ = writeln!(out, "  {records} records gave no row: {}", plain(&reason));
    }
    for warning in &report.warnings {
        let _ = writeln!(out, "  warning: {}", plain(warning));
    }
    coverage(&mut out, manifest);
    let (records, rows) = report.totals();
    let unread = report.unread().count();
    let _ = write!(
        out,
        "{}, {}, {}; {} not read",
        counted(report.files.len(), "file"),
        many(records, "record"),
        many(rows, "row"),
        counted(unread, "file")
    );
    out
}

fn many(count: u64, noun: &str) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), noun)
}

/// Records that gave no row, by reason, over all files.
fn dropped(report: &Report) -> std::collections::BTreeMap<String, u64> {
    let mut sum = std::collections::BTreeMap::new();
    for part in
        report.files.iter().flat_map(|file| &file.parts).filter(|part| part.unused.is_none())
    {
        for (reason, records) in &part.dropped {
            *sum.entry(format!("{}: {reason}", part.kind)).or_default() += records;
        }
    }
    sum
}

/// Which tables are full, partial or missing.
fn coverage(out: &mut String, manifest: &Manifest) {
    let by = |wanted: &[Status]| -> Vec<String> {
        let tables = manifest.tables.iter().filter(|(_, entry)| wanted.contains(&entry.status));
        tables.map(|(name, entry)| format!("{name} {}", entry.rows)).collect()
    };
    let groups: [(&str, &[Status]); 3] = [
        ("full", &[Status::Full]),
        ("in part", &[Status::Partial, Status::Truncated]),
        ("missing", &[Status::None, Status::Denied, Status::Failed]),
    ];
    for (word, statuses) in groups {
        let tables = by(statuses);
        let _ = writeln!(
            out,
            "{} tables {word}: {}",
            tables.len(),
            if word == "missing" { names(&tables) } else { tables.join(", ") }
        );
    }
}

fn names(tables: &[String]) -> String {
    let names: Vec<&str> =
        tables.iter().map(|table| table.split(' ').next().unwrap_or(table)).collect();
    names.join(", ")
}

fn as_json(report: &Report, manifest: &Manifest, home: &Path) -> serde_json::Value {
    let files: Vec<serde_json::Value> = report
        .files
        .iter()
        .map(|file| {
            let parts: Vec<serde_json::Value> = file
                .parts
                .iter()
                .map(|part| {
                    json!({ "kind": part.kind, "wrapper": part.wrapper, "scope": part.scope, "records": part.records,
                        "rows": part.rows, "dropped": part.dropped, "unused": part.unused })
                })
                .collect();
            json!({ "path": file.path, "bytes": file.bytes, "outcome": file.outcome.to_string(), "parts": parts, "notes": file.notes })
        })
        .collect();
    json!({ "snapshot": home.display().to_string(), "files": files, "warnings": report.warnings, "tables": manifest.tables })
}
