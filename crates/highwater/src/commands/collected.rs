//! Collected: what a run read, what it cost and what is missing, in words.

use std::fmt::Write as _;

use highwater_report::text::plain;
use highwater_snapshot::{Manifest, Status};
use highwater_sources::{Reused, Summary};
use serde_json::Value;

/// Gaps that are named one by one; the others are counted.
const NAMED: usize = 12;

/// The summary of a run, for people.
pub(crate) fn text(summary: &Summary, manifest: &Manifest) -> String {
    let mut out =
        String::from("service            calls  requests  waits    waited   429s        bytes\n");
    let services = summary.services.get("services").and_then(Value::as_object);
    for (name, meter) in services.into_iter().flatten() {
        let count = |key: &str| meter.get(key).and_then(Value::as_u64).unwrap_or(0);
        let _ = writeln!(
            out,
            "{name:<16} {:>7} {:>9} {:>6} {:>8.1}s {:>6} {:>12}",
            count("calls"),
            count("attempts"),
            count("waits"),
            thousandths(count("waited_ms")),
            count("throttled"),
            count("bytes"),
        );
    }
    let kept: u64 = summary.sources.values().map(|counts| counts.kept).sum();
    if kept > 0 {
        let _ = writeln!(out, "kept from before the run went on: {kept} pages, not asked again");
    }
    if let Some(line) = summary.reused.as_ref().and_then(reused) {
        let _ = writeln!(out, "{line}");
    }
    let gaps = &summary.gaps;
    if !gaps.is_empty() {
        let _ = writeln!(out, "not read, and why:");
    }
    for gap in gaps.iter().take(NAMED) {
        let places =
            if gap.places == 1 { "1 place".to_owned() } else { format!("{} places", gap.places) };
        let _ = writeln!(out, "  {} ({places}): {}", gap.source, plain(&gap.reason));
    }
    if gaps.len() > NAMED {
        let _ = writeln!(out, "  and {} more: see the report or manifest.json", gaps.len() - NAMED);
    }
    for difference in &summary.differences {
        let _ = writeln!(out, "  counts differ: {}", plain(difference));
    }
    let full =
        |status: Status| manifest.tables.values().filter(|table| table.status == status).count();
    let rows: u64 = manifest.tables.values().map(|table| table.rows).sum();
    let _ = write!(
        out,
        "{} environments, {rows} rows; {} tables full, {} in part, {} not read",
        summary.environments,
        full(Status::Full),
        full(Status::Partial) + full(Status::Truncated),
        full(Status::None) + full(Status::Denied) + full(Status::Failed),
    );
    out
}

/// What was taken over from an earlier snapshot.
fn reused(reused: &Reused) -> Option<String> {
    let Reused { from, environments, places, requests, oldest } = reused;
    (*places > 0).then(|| {
        format!(
            "reused from the snapshot {from}: {places} readings of {environments} environments without a change, the \
             oldest of {oldest}; about {requests} requests saved"
        )
    })
}

/// Milliseconds as seconds.
fn thousandths(ms: u64) -> f64 {
    std::time::Duration::from_millis(ms).as_secs_f64()
}
