//! `collect`: reads a tenant into a new snapshot.
//!
//! A run writes what services say into a folder of its own, page by page, and the import turns that folder into a
//! snapshot. So a run that was killed goes on where it stopped, and what was read is read once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use bytes::Bytes;
use highwater_http::{Client, Failure, Next, Page, Read};
use highwater_snapshot::{Manifest, Pseudonyms, Time, without_credentials};
use highwater_sources::{Asks, Boundary, Earlier, Plan, Recording, Run, Summary};

use crate::args::{Collect, Global};
use crate::commands::earlier::{self, PEOPLE};
use crate::config::Config;
use crate::connect::{Connection, Purpose, connect};
use crate::exit::usage_error;
use crate::output;
use crate::progress::Shown;

/// Folder of the store in which unfinished runs keep their pages.
const RUNS: &str = ".collecting";

pub(crate) fn run(global: &Global, config: &Config, verb: &Collect) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("no runtime for the network")?;
    let home = runtime.block_on(collect(global, config, verb))?;
    output::write(&format!("{}\n", home.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Collects, and returns the folder of the new snapshot.
pub(crate) async fn collect(
    global: &Global,
    config: &Config,
    verb: &Collect,
) -> anyhow::Result<PathBuf> {
    once(global, config, verb, &format!("collect-{}", std::process::id())).await
}

/// The same; `mark` is part of the name of what is half written.
pub(super) async fn once(
    global: &Global,
    config: &Config,
    verb: &Collect,
    mark: &str,
) -> anyhow::Result<PathBuf> {
    known(&verb.only)?;
    known(&verb.skip)?;
    if let Some(path) = verb.with.iter().find(|path| !path.exists()) {
        return Err(usage_error(format!("{} does not exist: check --with", path.display())));
    }
    let store = config.folder(verb.store.as_deref())?;
    let people = config.people(&store)?;
    let shown = Arc::new(Shown::new(global));
    let connection = connect(&verb.access, config, purpose(verb, &shown)).await?;
    let runs = unfinished(&store, &connection.tenant);
    let (folder, moment) = place(&runs, verb)?;
    let mut plan = plan(&connection, config, verb, moment)?;
    let earlier = since(global, verb, (&folder, moment), &mut plan, &people)?;
    let recording = if verb.resume {
        Recording::resume(&folder, &plan, &connection.cloud.name)?
    } else {
        Recording::create(&folder, &plan, &connection.cloud.name)?
    };
    for (service, requests) in recording.spent() {
        connection.client.has_spent(service, *requests);
    }
    if let Some(description) = &connection.description {
        output::say(global, &format!("tenant {}, signed in with {description}", connection.tenant));
    }
    let asks: Arc<dyn Asks> = Arc::new(Asked(connection.client.clone()));
    let run = Run::new(asks, connection.cloud.clone(), plan, recording, boundary());
    let read = run.progress(shown.clone()).going_by(earlier).run().await;
    shown.end();
    let summary = read.with_context(|| {
        format!("what was read so far is kept in {}: go on with --resume", folder.display())
    })?;
    connection.client.finish_recording()?;
    let options = highwater_import::Options {
        as_kind: None,
        tenant: Some(connection.tenant.clone()),
        taken_at: Some(moment),
        config: config.evidence(),
        people,
        ..highwater_import::Options::default()
    };
    let files = [std::slice::from_ref(&folder), &verb.with].concat();
    let staging = highwater_snapshot::staging(&store, mark);
    let replace = verb.replace || verb.resume;
    let home = into_snapshot((&store, staging), &files, &options, &summary, replace)?;
    output::say(global, &super::collected::text(&summary, &home.1));
    if verb.keep_pages.is_none() && is_cut(&summary) {
        output::say(
            global,
            &format!(
                "the budget did not reach: another one goes on with --resume, from what is kept in {}",
                folder.display()
            ),
        );
    } else {
        keep_or_remove(&folder, verb.keep_pages.as_deref())?;
    }
    Ok(home.0)
}

/// What an earlier snapshot told, where this run may go by it; says which, or why by none.
fn since(
    global: &Global,
    verb: &Collect,
    (folder, moment): (&Path, Time),
    plan: &mut Plan,
    people: &Pseudonyms,
) -> anyhow::Result<Option<Earlier>> {
    let Some(path) = &verb.since else { return Ok(None) };
    let taped = verb.record.is_some() || verb.replay.is_some();
    let found = if taped {
        Err("a recording of the exchanges holds all of them".to_owned())
    } else {
        earlier::earlier((path, folder), moment, plan, people)?
    };
    match found {
        Ok(earlier) => {
            output::say(global, &format!("going by the snapshot {}", earlier.snapshot()));
            plan.earlier = Some(earlier.mark().to_owned());
            Ok(Some(earlier))
        }
        Err(why) => {
            output::say(
                global,
                &format!("everything is asked, {} is not gone by: {why}", path.display()),
            );
            Ok(None)
        }
    }
}

/// Where unfinished runs of a tenant keep their pages, a folder each, named by their moment.
pub(super) fn unfinished(store: &Path, tenant: &str) -> PathBuf {
    store.join(RUNS).join(tenant)
}

fn purpose(verb: &Collect, shown: &Arc<Shown>) -> Purpose {
    Purpose {
        budget: verb.budget,
        record: verb.record.clone(),
        resume: verb.resume,
        replay: verb.replay.clone(),
        observer: shown.clone(),
    }
}

/// Sources and families must be known: a mistyped one would silently read too much or too little.
fn known(wanted: &[String]) -> anyhow::Result<()> {
    let family = |id: &'static str| id.split('.').next().unwrap_or(id);
    let words: BTreeSet<&str> =
        highwater_sources::sources().flat_map(|source| [source.id, family(source.id)]).collect();
    match wanted.iter().find(|word| !words.contains(word.as_str())) {
        None => Ok(()),
        Some(word) => Err(usage_error(format!(
            "`{word}` is no source and no family of sources: see highwater sources"
        ))),
    }
}

/// The folder of the run, and the moment for which it stands.
fn place(runs: &Path, verb: &Collect) -> anyhow::Result<(PathBuf, Time)> {
    if verb.resume {
        let folder = newest(runs)?;
        let told = Recording::moment(&folder)?;
        let moment = Time::parse(&told).with_context(|| format!("the moment {told} of the run"))?;
        return Ok((folder, moment));
    }
    let moment = match verb.taken_at {
        Some(moment) => moment,
        None => now()?,
    };
    Ok((runs.join(moment.folder()), moment))
}

/// The newest run that did not end.
fn newest(runs: &Path) -> anyhow::Result<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(runs)
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    found.sort();
    found.pop().ok_or_else(|| {
        usage_error(format!("no unfinished run in {}: start one without --resume", runs.display()))
    })
}

/// Now, to the second.
pub(crate) fn now() -> anyhow::Result<Time> {
    let whole = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second())?;
    Time::parse(&whole.to_string()).with_context(|| format!("the clock says {whole}"))
}

/// Whether a budget cut the run.
fn is_cut(summary: &Summary) -> bool {
    summary.gaps.iter().any(|gap| gap.reason.contains("budget"))
}

/// What is planned of a budget: a fiftieth is kept for requests that have to be repeated.
const fn planned(budget: u64) -> u64 {
    budget - budget / 50
}

fn plan(
    connection: &Connection,
    config: &Config,
    verb: &Collect,
    moment: Time,
) -> anyhow::Result<Plan> {
    let words = |words: &[String]| words.iter().cloned().collect::<BTreeSet<String>>();
    let mut plan = Plan::new(&connection.tenant, connection.identity, moment.to_string());
    plan.only = words(&verb.only);
    plan.skip = words(&verb.skip);
    plan.environments = words(&verb.environments);
    plan.named = config.named();
    plan.first = config.first();
    plan.total = connection.budget.total.map(planned);
    let budgets = connection.budget.services.iter();
    plan.budget = budgets.map(|(service, budget)| (service.clone(), planned(*budget))).collect();
    plan.most = config.most()?;
    Ok(plan)
}

/// What stands between a service and the disk: credentials are dropped, and what is no JSON is not kept.
fn boundary() -> Boundary {
    Arc::new(|_, page: Bytes| without_credentials(&page).map(Bytes::from).unwrap_or_default())
}

/// Asks with the client.
pub(crate) struct Asked(pub(crate) Client);

#[async_trait]
impl Asks for Asked {
    async fn page(&self, read: &Read, from: Option<&Next>) -> Result<Page, Failure> {
        self.0.page(read, from).await
    }

    async fn pages(&self, reads: &[Read]) -> Vec<Result<Page, Failure>> {
        self.0.batch(reads).await
    }

    fn spent(&self, service: &str) -> u64 {
        self.0.spent(service)
    }

    fn meter(&self) -> serde_json::Value {
        serde_json::to_value(self.0.meter()).unwrap_or_default()
    }
}

/// Turns the pages, and what was exported otherwise, into a snapshot of the store.
fn into_snapshot(
    (store, staging): (&Path, PathBuf),
    files: &[PathBuf],
    options: &highwater_import::Options,
    summary: &Summary,
    replace: bool,
) -> anyhow::Result<(PathBuf, Manifest)> {
    let _cleanup = super::import::Cleanup(staging.clone());
    let mut imported = highwater_import::import(files, &staging, options)?;
    let calls =
        summary.sources.iter().map(|(id, counts)| ((*id).to_owned(), counts.pages + counts.kept));
    let mut told = serde_json::to_value(summary)?;
    told[PEOPLE] = serde_json::to_value(options.people.mark())?;
    imported.written.collected(told, &calls.collect())?;
    let home = highwater_snapshot::publish(store, &imported.written, replace)?;
    Ok((home, imported.written.manifest))
}

/// The pages have done their duty; they hold more than a snapshot keeps, so they go unless somebody asked for them.
fn keep_or_remove(folder: &Path, keep: Option<&Path>) -> anyhow::Result<()> {
    let done = match keep {
        None => std::fs::remove_dir_all(folder),
        Some(target) => std::fs::rename(folder, target),
    };
    done.with_context(|| format!("cannot clear away {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_source_is_an_error() {
        assert!(known(&["bap.environments".into(), "dv".into()]).is_ok());
        assert!(known(&["dataverse".into()]).unwrap_err().to_string().contains("dataverse"));
    }

    #[test]
    fn the_newest_unfinished_run_is_resumed() {
        let runs = tempfile::tempdir().unwrap();
        assert!(newest(runs.path()).unwrap_err().to_string().contains("--resume"));
        for name in ["2026-11-02T06-00-00Z", "2026-11-10T06-00-00Z"] {
            std::fs::create_dir(runs.path().join(name)).unwrap();
        }
        assert!(newest(runs.path()).unwrap().ends_with("2026-11-10T06-00-00Z"));
    }

    #[test]
    fn the_moment_of_a_run_is_whole_seconds() {
        assert!(!now().unwrap().to_string().contains('.'));
    }
}
