//! `status`: the last runs of a store, how old its results are, and what expires.
//!
//! Reads records alone: no snapshot is opened and nothing is asked.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use highwater_report::counted;
use highwater_report::text::plain;
use highwater_runs::record::NOT_TOLD;
use highwater_runs::{Outcome, Record, record};
use highwater_snapshot::{Time, held, moment};
use serde::Serialize;

use crate::args::{Access, Status, TextOrJson};
use crate::config::Config;
use crate::exit::{sign_in_error, usage_error};
use crate::output;
use crate::place::{self, Place};

/// Records that are looked at, though fewer may be shown.
const LOOKED_AT: usize = 20;

/// Days before the end of a statement or a credential at which it is shown.
const SOON: i64 = 60;

/// How a tenant stands.
#[derive(Debug, Serialize)]
struct Standing {
    /// Version of this shape, 1.
    format: u32,
    tenant: String,
    /// The newest snapshot.
    snapshot: Option<String>,
    /// Its age in seconds.
    age_seconds: Option<i64>,
    /// How many there are.
    snapshots: usize,
    /// Runs in a row that failed, the newest first.
    failing: usize,
    /// What ends within two months or has ended, the next first.
    expiring: Vec<Expiring>,
    /// Credentials of which nobody told when they end.
    open_ended: Vec<String>,
    /// The newest first.
    runs: Vec<Record>,
}

/// Something that ends.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Expiring {
    days: i64,
    on: String,
    what: String,
}

pub(crate) fn run(config: &Config, verb: &Status) -> anyhow::Result<ExitCode> {
    let place = Place::open(config, verb.store.as_deref(), &Access::of_environment()?)?;
    let now = match verb.as_of {
        Some(moment) => moment,
        None => super::collect::now()?,
    };
    let runtime = tokio::runtime::Runtime::new().context("no runtime for the network")?;
    let standings = runtime.block_on(standings(&place, verb, now))?;
    if standings.is_empty() {
        return Err(usage_error(format!(
            "nothing at {}: `highwater run` begins a store",
            config.store(verb.store.as_deref()).display()
        )));
    }
    match verb.format {
        TextOrJson::Json => output::write(&(serde_json::to_string_pretty(&standings)? + "\n"))?,
        TextOrJson::Text => {
            output::write(&standings.iter().map(text).collect::<Vec<_>>().join("\n"))?
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// How every tenant that is wanted stands.
async fn standings(place: &Place, verb: &Status, now: Time) -> anyhow::Result<Vec<Standing>> {
    let mut tenants = match &place.remote {
        Some(remote) => {
            remote.sign_in().await.map_err(|error| sign_in_error(&error))?;
            remote.tenants().await?
        }
        None => tenants(&place.folder)?,
    };
    if let Some(wanted) = &verb.tenant {
        tenants.retain(|tenant| tenant.eq_ignore_ascii_case(wanted));
    }
    let mut found = Vec::new();
    for tenant in tenants {
        let ids = match &place.remote {
            Some(remote) => {
                place::records(place, &tenant, verb.limit.max(LOOKED_AT)).await?;
                remote.snapshots(&tenant).await?
            }
            None => held(&place.folder, Some(&tenant))?.into_iter().map(|held| held.id).collect(),
        };
        found.push(standing(&place.folder, &tenant, &ids, (verb.limit, now))?);
    }
    Ok(found)
}

/// Tenants of a folder, with snapshots or without.
fn tenants(store: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(store).into_iter().flatten() {
        let name = entry?.file_name();
        found.extend(name.to_str().and_then(|it| it.strip_prefix("tenant=")).map(str::to_owned));
    }
    found.sort();
    Ok(found)
}

fn standing(
    store: &Path,
    tenant: &str,
    ids: &[String],
    (most, now): (usize, Time),
) -> anyhow::Result<Standing> {
    let mut runs = record::newest(store, tenant, record::KEPT)?;
    // Of runs that never came to an end, only the newest may still be under way.
    for run in runs.iter_mut().skip(1).filter(|run| run.outcome == Outcome::Running) {
        run.outcome = Outcome::Interrupted;
    }
    let newest = ids.last();
    let ended = || runs.iter().filter(|run| run.ended.is_some());
    let failing = ended().take_while(|run| run.outcome == Outcome::Failed).count();
    // A run that failed knows its credential and no statements.
    let mut ends: BTreeMap<&String, &String> = BTreeMap::new();
    ends.extend(
        ended().find(|run| run.outcome != Outcome::Failed).into_iter().flat_map(|run| &run.expires),
    );
    ends.extend(ended().next().into_iter().flat_map(|run| &run.expires));
    let open_ended =
        ends.iter().filter(|(_, on)| **on == NOT_TOLD).map(|(what, _)| (*what).clone());
    let open_ended = open_ended.collect();
    let mut expiring: Vec<Expiring> = ends
        .into_iter()
        .filter_map(|(what, on)| {
            let days = now.days_until(Time::parse(on)?);
            (days <= SOON).then(|| Expiring { days, on: on.clone(), what: what.clone() })
        })
        .collect();
    expiring.sort();
    Ok(Standing {
        format: 1,
        tenant: tenant.to_owned(),
        snapshot: newest.cloned(),
        age_seconds: newest.map(|id| (now.0 - moment(id).0) / 1_000_000),
        snapshots: ids.len(),
        failing,
        expiring,
        open_ended,
        runs: runs.into_iter().take(most).collect(),
    })
}

fn text(standing: &Standing) -> String {
    let mut out = format!("tenant {}\n", plain(&standing.tenant));
    match (&standing.snapshot, standing.age_seconds) {
        (Some(id), Some(age)) => {
            let _ = writeln!(out, "  newest snapshot {id}, {}", ago(age));
        }
        _ => out.push_str("  no snapshot yet\n"),
    }
    if let Some(reused) = standing.runs.first().and_then(|run| run.reused.as_ref()) {
        let _ = writeln!(
            out,
            "  in it {} are as an earlier run read them, because nothing changed; the oldest reading is of {}",
            counted(usize::try_from(reused.environments).unwrap_or(usize::MAX), "environment"),
            plain(&reused.oldest)
        );
    }
    if standing.failing > 0 {
        let _ = writeln!(out, "  the last runs failed, in a row: {}", standing.failing);
    }
    for it in &standing.expiring {
        let when = match it.days {
            ..0 => format!("ended on {}", it.on),
            days => format!("ends on {}, in {days} days", it.on),
        };
        let _ = writeln!(out, "  {} {when}", plain(&it.what));
    }
    for what in &standing.open_ended {
        let _ = writeln!(
            out,
            "  {} ends on a day that is not told: say it in highwater.toml, [run] secret_expires",
            plain(what)
        );
    }
    let _ = writeln!(out, "  {:<22} {:<12} {:>4}  {:<26} what", "run", "outcome", "gaps", "levels");
    for run in &standing.runs {
        let levels: Vec<String> =
            run.levels.iter().map(|(model, level)| format!("{model} {level}")).collect();
        let _ = writeln!(
            out,
            "  {:<22} {:<12} {:>4}  {:<26} {}",
            run.run,
            run.outcome.word(),
            run.gaps,
            levels.join(", "),
            plain(&what(run))
        );
    }
    out
}

/// The one thing worth knowing of a run.
fn what(run: &Record) -> String {
    match (&run.error, run.changed, run.headlines.first()) {
        (Some(error), ..) => format!("{}: {error}", run.step),
        (None, Some(true), Some(line)) => line.clone(),
        (None, Some(_), _) => "nothing moved".to_owned(),
        (None, None, _) if run.ended.is_some() => "the first".to_owned(),
        (None, None, _) => run.step.clone(),
    }
}

/// An age in words.
fn ago(seconds: i64) -> String {
    match seconds {
        ..7_200 => format!("{} minutes old", seconds / 60),
        7_200..172_800 => format!("{} hours old", seconds / 3_600),
        _ => format!("{} days old", seconds / 86_400),
    }
}
