//! `import`: exported inventory becomes a snapshot; ends with what every file gave and what is covered.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use highwater_import::{DateOrder, FileReport, Imported, Outcome, Report};
use highwater_report::counted;
use highwater_report::text::plain;
use highwater_snapshot::{Manifest, Snapshot, Status, Time, Written};
use serde_json::json;

use crate::args::DayPlace;
use crate::args::{Global, TextOrJson};
use crate::config::Config;
use crate::testimony::{self, Trust};
use crate::worth::{self, Decided, Worth};
use crate::{evaluate, output};

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
        date_order: verb.date_order.map(|order| match order {
            DayPlace::Dmy => DateOrder::DayFirst,
            DayPlace::Mdy => DateOrder::MonthFirst,
        }),
        ..highwater_import::Options::default()
    };
    let staging = highwater_snapshot::staging(&store, &format!("import-{}", std::process::id()));
    let _cleanup = Cleanup(staging.clone());
    let imported = highwater_import::import(&verb.paths, &staging, &options)?;
    let files = imported.report.ambiguous();
    if !files.is_empty() {
        return Err(highwater_import::Error::Ambiguous { files }.into());
    }
    let home = highwater_snapshot::publish(&store, &imported.written, verb.replace)?;
    let ending = || ending(global, config, &home, &imported.written.manifest);
    match verb.format {
        TextOrJson::Json => {
            let told = as_json(&imported, &ending()?, &home);
            output::write(&(serde_json::to_string_pretty(&told)? + "\n"))?;
        }
        TextOrJson::Text => {
            if !global.quiet {
                output::say(global, &as_text(&imported, &ending()?, global.verbose > 0));
            }
            output::write(&format!("{}\n", home.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What the imported evidence decides, and which export would decide most of the rest.
struct Ending {
    decided: Decided,
    next: Option<Worth>,
}

fn ending(
    global: &Global,
    config: &Config,
    home: &Path,
    manifest: &Manifest,
) -> anyhow::Result<Ending> {
    let case = evaluate::case(global, Snapshot::open(home)?, None)?;
    let testimony = testimony::read(None, &case.rules.rulebook, &Trust::default())?;
    let scored = evaluate::judge(case, &config.scope, (None, None), testimony)?;
    let next = worth::next(&scored.scorecard, &scored.case.rules.book, manifest)?;
    Ok(Ending { decided: worth::decided(&scored.scorecard), next })
}

/// Removes a folder that was left behind when an import failed.
pub(crate) struct Cleanup(pub(crate) PathBuf);

impl Drop for Cleanup {
    fn drop(&mut self) {
        // What is gone already is what was wanted.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Up to so many files each one stands in the summary, whatever it gave.
const FEW: usize = 40;

fn as_text(imported: &Imported, ending: &Ending, all: bool) -> String {
    let mut out = String::new();
    let report = &imported.report;
    files(&mut out, report, all || report.files.len() <= FEW);
    for (reason, records) in dropped(report) {
        let _ = writeln!(out, "  {} gave no row: {}", many(records, "record"), plain(&reason));
    }
    for warning in &report.warnings {
        let _ = writeln!(out, "  warning: {}", plain(warning));
    }
    ages(&mut out, report);
    coverage(&mut out, &imported.written.manifest);
    conflicts(&mut out, &imported.written);
    indicators(&mut out, ending);
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

/// What every file gave; without `all` only those that gave nothing or need a word.
fn files(out: &mut String, report: &Report, all: bool) {
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
            let scope = format!(" {}", plain(&part.scope));
            let _ = writeln!(
                out,
                "    {}{}: {}, {}{}",
                part.kind,
                scope.trim_end(),
                many(part.records, "record"),
                many(part.rows, "row"),
                plain(&unused)
            );
        }
        for note in &file.notes {
            let _ = writeln!(out, "    note: {}", plain(note));
        }
    }
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

/// Where files differ in age by more than a day, the oldest and the newest.
fn ages(out: &mut String, report: &Report) {
    let moment = |file: &FileReport| file.told_at.or(file.written);
    let read = report.files.iter().filter(|file| file.outcome == Outcome::Read);
    let aged: Vec<(Time, &FileReport)> =
        read.filter_map(|file| Some((moment(file)?, file))).collect();
    let oldest = aged.iter().min_by_key(|(at, _)| *at);
    let newest = aged.iter().max_by_key(|(at, _)| *at);
    let (Some((from, old)), Some((to, new))) = (oldest, newest) else { return };
    if to.0 - from.0 <= Time::DAY {
        return;
    }
    let _ = writeln!(
        out,
        "ages differ by {}: {} is of {}{}, {} of {}{}",
        counted(usize::try_from(from.days_until(*to)).unwrap_or(0), "day"),
        plain(&old.path),
        day(*from),
        of_file(old),
        plain(&new.path),
        day(*to),
        of_file(new)
    );
}

fn day(at: Time) -> String {
    at.to_string().split('T').next().unwrap_or_default().to_owned()
}

const fn of_file(file: &FileReport) -> &'static str {
    if file.told_at.is_some() { "" } else { " (file time)" }
}

/// Tables of which sources told different values, with the order of trust.
fn conflicts(out: &mut String, written: &Written) {
    for (name, differing) in &written.conflicts {
        let readings = highwater_snapshot::table(name).map_or(&[][..], |table| table.readings);
        let sources: Vec<&str> = readings
            .iter()
            .map(|reading| reading.source)
            .filter(|source| written.manifest.sources.contains_key(*source))
            .collect();
        let _ = writeln!(
            out,
            "{} of {name} differ between sources: {}",
            many(*differing, "value"),
            sources.join(" before ")
        );
    }
}

/// How many indicators the evidence decides, and which export would decide most of the others.
fn indicators(out: &mut String, ending: &Ending) {
    let Decided { decided, open, not_applicable } = ending.decided;
    let all = decided + open + not_applicable;
    let _ = writeln!(
        out,
        "{decided} of {all} indicators decided, {open} open, {not_applicable} without subject"
    );
    if let Some(next) = &ending.next {
        let _ = writeln!(
            out,
            "most would be added by: {} ({}); it would complete {} and could decide up to {} of the open indicators",
            next.name,
            next.how,
            counted(next.tables.len(), "table"),
            next.indicators
        );
    }
}

fn names(tables: &[String]) -> String {
    let names: Vec<&str> =
        tables.iter().map(|table| table.split(' ').next().unwrap_or(table)).collect();
    names.join(", ")
}

fn as_json(imported: &Imported, ending: &Ending, home: &Path) -> serde_json::Value {
    let (report, manifest) = (&imported.report, &imported.written.manifest);
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
            json!({ "path": file.path, "bytes": file.bytes, "written": file.written, "told_at": file.told_at, "outcome": file.outcome.to_string(), "parts": parts, "notes": file.notes })
        })
        .collect();
    json!({ "snapshot": home.display().to_string(), "files": files, "warnings": report.warnings, "tables": manifest.tables,
        "conflicts": imported.written.conflicts, "indicators": ending.decided, "next_export": ending.next })
}
