//! Steps: collect, score, compare, report, tidy up; each leaves something behind that a later start finds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use highwater_report::diff::{self, Diff};
use highwater_report::history;
use highwater_runs::lease::Lease;
use highwater_runs::remote::Remote;
use highwater_runs::retention::Policy;
use highwater_runs::{Cost, record, retention};
use highwater_score::Scorecard;
use highwater_snapshot::{Held, Manifest, held};
use serde_json::Value;

use super::{GOES_ON, Under, age};
use crate::args::{Collect, Evaluation};
use crate::commands::dossier::{self, Given};
use crate::commands::{collect, earlier, report, score};
use crate::evaluate::{self, Scored};
use crate::place::{self, is_good, reports};
use crate::{exit, output};

/// Snapshots of a trend.
const TREND: usize = 12;
/// What the mirror of a store keeps: enough to compare with.
const MIRROR: Policy = Policy { keep: Some(2), keep_days: None };
/// Seconds after which files of an upload that did not end are swept away; no upload takes so long.
const SWEPT: i64 = 6 * 3_600;
/// Statements whose end is written down, the next to end.
const LISTED: usize = 20;

/// How names of what is half written begin, of a tenant's runs.
pub(super) fn mark(tenant: &str) -> String {
    format!("run-{tenant}-")
}

/// Everything in its order; returns the exit code.
pub(super) async fn all(run: &mut Under<'_>) -> anyhow::Result<u8> {
    let made = snapshot(run).await?;
    let (scored, code) = judged(run, &made)?;
    results(run, &made, scored).await?;
    let begun = run.step("retain")?;
    run.record.removed = match &run.place.remote {
        None => retained(run, run.job.policy)?,
        Some(remote) => {
            retained(run, MIRROR)?;
            retained_remotely(run, remote).await?
        }
    };
    run.took(begun);
    Ok(code)
}

/// A snapshot that is whole, and where it belongs.
async fn snapshot(run: &mut Under<'_>) -> anyhow::Result<Held> {
    let begun = run.step("prepare")?;
    place::share_key(run.place, run.config).await?;
    let ours = run.record.snapshot.clone().unwrap_or_else(|| run.record.run.clone());
    place::freshen(run.place, &run.job.tenant, Some(&ours), TREND).await?;
    run.took(begun);

    let begun = run.step("collect")?;
    let made = collected(run).await?;
    run.record.snapshot = Some(made.id.clone());
    run.took(begun);

    let begun = run.step("verify")?;
    if !is_good(&made) {
        anyhow::bail!(
            "the new snapshot {} is not what its manifest says: is the disk full or failing?",
            made.folder.display()
        );
    }
    highwater_snapshot::sync(&made.folder)?;
    run.took(begun);

    if let Some(remote) = &run.place.remote {
        let begun = run.step("publish")?;
        let lease = run.lease;
        let still = || lease.map_or(Ok(()), Lease::check);
        remote.publish(&run.job.tenant, &made.id, &made.folder, still).await?;
        run.took(begun);
    }
    Ok(made)
}

/// The scorecard, and the exit code that what is required makes of it.
fn judged(run: &mut Under<'_>, made: &Held) -> anyhow::Result<(Scored, u8)> {
    let begun = run.step("score")?;
    let scored =
        evaluate::score(run.global, run.config, Some(&made.folder), &run.job.evaluation, None)?;
    tell_record(run, &scored);
    let (code, said) = score::judge(&scored.scorecard, &run.job.requirements)?;
    said.iter().for_each(|line| output::say(run.global, line));
    run.took(begun);
    Ok((scored, code))
}

/// The comparison and the report.
async fn results(run: &mut Under<'_>, made: &Held, scored: Scored) -> anyhow::Result<()> {
    let given = Given::Scored(Box::new(scored));
    let begun = run.step("compare")?;
    let change = compared(run, made, &given)?;
    if let Some(change) = &change {
        run.record.changed = Some(change.is_news());
        run.record.headlines = diff::headlines(change, highwater_runs::message::LINES);
    }
    run.took(begun);

    let begun = run.step("report")?;
    let files = reported(run, made, &given, change)?;
    if let Some(remote) = &run.place.remote {
        for (name, bytes) in files {
            let name = format!("tenant={}/reports/{}/{name}", run.job.tenant, made.id);
            remote.put(&name, bytes.into()).await?;
        }
    }
    run.took(begun);
    Ok(())
}

/// The snapshot of this run: the one it made before it was killed, or a new one.
async fn collected(run: &mut Under<'_>) -> anyhow::Result<Held> {
    let (place, job) = (run.place, run.job);
    let find = |id: &str| -> anyhow::Result<Option<Held>> {
        let found = held(&place.folder, Some(&job.tenant))?;
        Ok(found.into_iter().find(|held| held.id == id && is_good(held)))
    };
    // A killed run may have published without having written it down; and the same moment again is the same run.
    let known = run.record.snapshot.clone().unwrap_or_else(|| run.record.run.clone());
    if !job.collect.replace
        && let Some(made) = find(&known)?
    {
        return Ok(made);
    }
    let folder = fetched(run).await?;
    let id = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let id = id.trim_start_matches("snapshot=").to_owned();
    find(&id)?.with_context(|| {
        format!(
            "the snapshot {} is not of tenant {}, or is damaged: check --tenant and the disk",
            folder.display(),
            job.tenant
        )
    })
}

/// Collects; goes on with what an interrupted run read, where that is still of today.
async fn fetched(run: &Under<'_>) -> anyhow::Result<PathBuf> {
    let mut verb = run.job.collect.clone();
    let mark = format!("{}{}", mark(&run.job.tenant), std::process::id());
    verb.store = Some(run.place.folder.clone());
    let pages = collect::unfinished(&run.place.folder, &run.job.tenant);
    let unfinished = goes_on(run, &pages)?;
    verb.resume = unfinished.is_some();
    let anew = since(run, &verb, None)?;
    verb.since = if verb.resume { since(run, &verb, unfinished)? } else { anew.clone() };
    if verb.resume {
        match collect::once(run.global, run.config, &verb, &mark).await {
            Err(error) if is_other_run(&error) => {
                output::say(run.global, &format!("starting anew: {error:#}"));
                clear(&pages)?;
            }
            done => return done,
        }
    }
    verb.resume = false;
    verb.since = anew;
    verb.taken_at = Some(run.job.now);
    collect::once(run.global, run.config, &verb, &mark).await
}

/// The snapshot that the run goes by: the one that was named, or the last good one before `moment`, or before this run.
fn since(
    run: &Under<'_>,
    verb: &Collect,
    moment: Option<String>,
) -> anyhow::Result<Option<PathBuf>> {
    if run.job.full || verb.since.is_some() {
        return Ok(verb.since.clone());
    }
    let ours = run.record.snapshot.as_ref().unwrap_or(&run.record.run);
    let before = moment.as_ref().unwrap_or(ours);
    Ok(run.place.last_good(&run.job.tenant, Some(before))?.map(|held| held.folder))
}

/// The moment of the pages to go on with, as their folder has it. Those of another day are cleared away.
fn goes_on(run: &Under<'_>, pages: &Path) -> anyhow::Result<Option<String>> {
    let Ok(entries) = std::fs::read_dir(pages) else { return Ok(None) };
    let mut newest: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    newest.sort();
    let of_today = newest.last().and_then(|folder| {
        let moment = highwater_sources::Recording::moment(folder).ok()?;
        let is_of_today = age(&moment, run.job.now).is_some_and(|age| (0..=GOES_ON).contains(&age));
        is_of_today.then(|| folder.file_name()?.to_str().map(str::to_owned)).flatten()
    });
    if of_today.is_none() && !newest.is_empty() {
        clear(pages)?;
    }
    Ok(of_today)
}

/// Whether pages are of a run that was asked for something else, or are damaged.
fn is_other_run(error: &anyhow::Error) -> bool {
    use highwater_sources::Error;
    error.chain().any(|cause| {
        matches!(
            cause.downcast_ref::<Error>(),
            Some(Error::OtherRun { .. } | Error::Damaged { .. } | Error::NoJournal { .. })
        )
    })
}

fn clear(folder: &Path) -> anyhow::Result<()> {
    std::fs::remove_dir_all(folder)
        .with_context(|| format!("cannot clear away {}", folder.display()))
}

/// Writes down what the scorecard and the manifest say.
fn tell_record(run: &mut Under<'_>, scored: &Scored) {
    let (card, manifest) = (&scored.scorecard, scored.case.snapshot.manifest());
    let record = &mut run.record;
    record.levels =
        card.models.iter().map(|model| (model.id.clone(), model.level.proven)).collect();
    record.gaps = card.gaps.len();
    record.cost = cost(manifest);
    record.reused = earlier::reused(manifest);
    let mut live: Vec<(&str, String)> = card
        .attestations
        .iter()
        .filter(|it| it.status == "live")
        .map(|it| (it.expires.as_str(), it.indicators.join(", ")))
        .collect();
    live.sort();
    let live = live.into_iter().take(LISTED);
    record
        .expires
        .extend(live.map(|(expires, what)| (format!("statement on {what}"), expires.to_owned())));
}

/// What reading cost, as the collector counted it.
fn cost(manifest: &Manifest) -> Cost {
    let services = manifest.collection.as_ref().and_then(|it| it.pointer("/services/services"));
    let mut cost = Cost::default();
    for (_, meter) in services.and_then(Value::as_object).into_iter().flatten() {
        let count = |key: &str| meter.get(key).and_then(Value::as_u64).unwrap_or(0);
        cost.requests += count("attempts");
        cost.waits += count("waits");
        cost.waited_ms += count("waited_ms");
        cost.throttled += count("throttled");
        cost.bytes += count("bytes");
    }
    cost
}

/// What changed since the last good snapshot, against the scorecard that was issued for it.
fn compared(run: &mut Under<'_>, made: &Held, given: &Given) -> anyhow::Result<Option<Diff>> {
    let Some(before) = run.place.last_good(&run.job.tenant, Some(&made.id))? else {
        return Ok(None);
    };
    let issued = run.place.reports(&run.job.tenant, &before.id).join("scorecard.json");
    let old = match dossier::read(&issued) {
        Ok(card) => {
            let case = evaluate::open(run.global, run.config, Some(&before.folder), None)?;
            Given::Issued(Box::new(case), Box::new(card))
        }
        Err(_) => {
            let then = Evaluation { as_of: None, ..run.job.evaluation.clone() };
            Given::open(run.global, run.config, Some(&before.folder), &then)?
        }
    };
    run.record.before = Some(before.id);
    Ok(Some(dossier::compare(&old, given)?))
}

/// Writes the report into the store, and a copy where one is wanted.
fn reported(
    run: &Under<'_>,
    made: &Held,
    given: &Given,
    change: Option<Diff>,
) -> anyhow::Result<BTreeMap<&'static str, Vec<u8>>> {
    let mut files: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    if let Some(change) = &change {
        files.insert("diff.json", serde_json::to_vec_pretty(change)?);
        files.insert("diff.txt", diff::render_text(change).into_bytes());
    }
    let mut dossier = given.dossier(change)?;
    let mut cards = issued(run, made)?;
    if !cards.is_empty() {
        cards.push(given.scorecard().clone());
        dossier.history = Some(history::history(&run.job.tenant, &cards));
    }
    for form in &run.job.forms {
        files.extend(report::render(*form, &dossier)?);
    }
    let mut folders = vec![run.place.reports(&run.job.tenant, &made.id)];
    folders.extend(run.job.out.clone());
    for folder in folders {
        write_all(&folder, &files)?;
    }
    Ok(files)
}

/// The scorecards that were issued for earlier snapshots, the oldest first.
fn issued(run: &Under<'_>, made: &Held) -> anyhow::Result<Vec<Scorecard>> {
    let mut earlier = held(&run.place.folder, Some(&run.job.tenant))?;
    earlier.retain(|held| held.id < made.id);
    earlier.drain(..earlier.len().saturating_sub(TREND - 1));
    let path = |held: &Held| run.place.reports(&held.tenant, &held.id).join("scorecard.json");
    Ok(earlier.iter().filter_map(|held| dossier::read(&path(held)).ok()).collect())
}

/// Writes files, each under a temporary name first.
fn write_all(folder: &Path, files: &BTreeMap<&str, Vec<u8>>) -> anyhow::Result<()> {
    let wrong = |error| {
        exit::usage_error(format!("cannot write the report into {}: {error}", folder.display()))
    };
    std::fs::create_dir_all(folder).map_err(wrong)?;
    for (name, bytes) in files {
        let part = folder.join(format!(".{name}.part"));
        std::fs::write(&part, bytes).map_err(wrong)?;
        std::fs::rename(&part, folder.join(name)).map_err(wrong)?;
    }
    Ok(())
}

/// Takes away what no rule keeps, with its reports; returns the snapshots that went.
fn retained(run: &Under<'_>, policy: Policy) -> anyhow::Result<Vec<String>> {
    let (store, tenant) = (&run.place.folder, &run.job.tenant);
    let found = held(store, Some(tenant))?;
    let moments: Vec<i64> = found.iter().map(|held| held.moment().0).collect();
    let going =
        retention::removable(policy, &moments, run.job.now.0, |index| is_good(&found[index]));
    let mut removed = Vec::new();
    for index in going {
        highwater_snapshot::remove(store, &found[index])?;
        removed.push(found[index].id.clone());
    }
    let left: Vec<&String> =
        found.iter().map(|held| &held.id).filter(|id| !removed.contains(id)).collect();
    let folder = reports(store, tenant);
    for entry in std::fs::read_dir(&folder).into_iter().flatten() {
        let path = entry?.path();
        let id = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if !left.contains(&&id) {
            clear(&path)?;
        }
    }
    record::trim(store, tenant, record::KEPT)?;
    Ok(removed)
}

/// The same on object storage, where the newest snapshot is the one that was checked and published a moment ago; also
/// what writers that were killed left there.
async fn retained_remotely(run: &Under<'_>, remote: &Remote) -> anyhow::Result<Vec<String>> {
    let tenant = &run.job.tenant;
    let ids = remote.snapshots(tenant).await?;
    let moments: Vec<i64> = ids.iter().map(|id| highwater_snapshot::moment(id).0).collect();
    let newest = run.record.snapshot.as_ref();
    let going = retention::removable(run.job.policy, &moments, run.job.now.0, |index| {
        Some(&ids[index]) == newest
    });
    let mut removed = Vec::new();
    for index in going {
        run.lease.map_or(Ok(()), Lease::check)?;
        remote.remove(tenant, &ids[index]).await?;
        remote.delete_all(&format!("tenant={tenant}/reports/{}", ids[index])).await?;
        removed.push(ids[index].clone());
    }
    let before = jiff::Timestamp::now().as_second() - SWEPT;
    for id in remote.sweep(tenant, before).await? {
        tracing::info!(snapshot = id, "what was left of an upload is swept away");
    }
    let records = format!("tenant={tenant}/runs");
    let names = remote.names(&records).await?;
    for name in &names[..names.len().saturating_sub(record::KEPT)] {
        remote.delete(&format!("{records}/{name}")).await?;
    }
    Ok(removed)
}
