//! Run: the one runner. Parents before children, everything into a recording, every gap named.
//!
//! First the tenant and its environments, then every environment, then what many answers named. Judges nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use highwater_auth::Cloud;
use jiff::Timestamp;

use crate::ask::ask;
use crate::engine::{Engine, Parts};
use crate::found::{Environment, Object, Place};
use crate::journal::Line;
use crate::purse::Treasury;
use crate::source::{Scope, Source};
use crate::tree::{at, below, limited, orphans};
use crate::writer::Writer;
use crate::{
    Asks, Earlier, Error, Plan, Progress, Recording, Reused, Silent, Summary, fan_out, index,
    needs, reconcile,
};

/// What a page passes before it reaches the disk: source id and body in, body without secrets out.
pub type Boundary = Arc<dyn Fn(&str, Bytes) -> Bytes + Send + Sync>;

/// The source that lists all environments.
const ENVIRONMENTS: &str = "bap.environments";

/// A run that has not begun.
pub struct Run {
    asks: Arc<dyn Asks>,
    cloud: Cloud,
    plan: Plan,
    recording: Recording,
    boundary: Boundary,
    progress: Arc<dyn Progress>,
    earlier: Option<Earlier>,
}

impl Run {
    /// A run that reads what `plan` says and writes it into `recording`.
    pub fn new(
        asks: Arc<dyn Asks>,
        cloud: Cloud,
        plan: Plan,
        recording: Recording,
        boundary: Boundary,
    ) -> Self {
        Self { asks, cloud, plan, recording, boundary, progress: Arc::new(Silent), earlier: None }
    }

    /// The same, telling what happens.
    pub fn progress(mut self, progress: Arc<dyn Progress>) -> Self {
        self.progress = progress;
        self
    }

    /// The same, going by what an earlier run read: environments of which no change is told are not asked again.
    pub fn going_by(mut self, earlier: Option<Earlier>) -> Self {
        self.earlier = earlier;
        self
    }

    /// Reads everything and writes the index.
    ///
    /// A run that is stopped at any point leaves a recording that [`Recording::resume`] goes on with.
    ///
    /// # Errors
    /// When the recording cannot be written, or when the plan has no moment. What a service refuses is no error.
    pub async fn run(self) -> Result<Summary, Error> {
        let now: Timestamp =
            self.plan.now.parse().map_err(|_| Error::Moment { now: self.plan.now.clone() })?;
        let Recording { folder, header, state, journal, .. } = self.recording;
        let (writer, handle) = Writer::start(&folder, journal)?;
        let engine = Engine::new(Parts {
            asks: self.asks,
            cloud: self.cloud,
            now,
            boundary: self.boundary,
            progress: self.progress,
            folder: folder.clone(),
            state,
            writer,
            sources: needs::sources(&self.plan),
            plan: self.plan,
            earlier: self.earlier,
        });
        let read = everything(&engine).await;
        let summary = summary(&engine);
        let cleared = engine.earlier.as_ref().map_or(Ok(()), Earlier::clear);
        drop(engine); // the last writer: its thread ends
        match (handle.join(), read) {
            (Err(error), _) | (Ok(()), Err(error)) => return Err(error),
            (Ok(()), Ok(())) => {}
        }
        index::write(&folder, &header)?;
        cleared?;
        Ok(summary)
    }
}

/// Reads everything.
async fn everything(engine: &Engine) -> Result<(), Error> {
    needs::say(engine).await?;
    seed(engine);
    let environments = tenant(engine).await?;
    engine.set_environments(environments.len() as u64);
    fan_out::fan_out(engine, environments).await?;
    named(engine).await?;
    limited(engine).await?;
    engine.writer.keep(None, Line::End {}).await
}

/// Reads what is read once, and returns the environments.
async fn tenant(engine: &Engine) -> Result<Vec<Environment>, Error> {
    let sources: Vec<&'static Source> =
        engine.sources.iter().copied().filter(|source| source.scope == Scope::Tenant).collect();
    sources.iter().for_each(|source| engine.expect(source.id, 1));
    let purse = engine.paid(&sources).map(Treasury::whole);
    let shown = at(engine, &sources, Place { purse: purse.as_ref(), ..Place::default() }).await?;
    // The list of the administration service is whole; others stand in for it.
    let lists = |id: &&'static str| shown.environments.iter().any(|(by, _)| by == id);
    let by = shown
        .read
        .iter()
        .copied()
        .find(|id| *id == ENVIRONMENTS)
        .or_else(|| shown.read.iter().copied().find(lists));
    if by.is_none() {
        unlisted(engine).await?;
    }
    let wanted = |environment: &Environment| {
        let only = &engine.plan.environments;
        only.is_empty() || only.iter().any(|id| id.eq_ignore_ascii_case(&environment.id))
    };
    let changes = shown.changes;
    let mut known = BTreeSet::new();
    let mut environments: Vec<Environment> = shown
        .environments
        .into_iter()
        .filter(|(listed, environment)| Some(*listed) == by && wanted(environment))
        .map(|(_, environment)| environment)
        .filter(|environment| known.insert(environment.id.to_lowercase()))
        .collect();
    environments.sort_by_cached_key(|environment| environment.id.to_lowercase());
    for environment in &mut environments {
        environment.newest =
            environment.newest.max(changes.get(&environment.id.to_lowercase()).copied());
    }
    Ok(environments)
}

/// Writes down that nothing was asked of environments, because no list of them was read.
async fn unlisted(engine: &Engine) -> Result<(), Error> {
    let why = "the list of the environments was not read";
    for source in engine.sources.iter().copied() {
        if matches!(source.scope, Scope::Environment | Scope::Dataverse) {
            engine.not_asked(source, None, None, why).await?;
            for kind in source.names {
                orphans(engine, kind, source.id, None).await?;
            }
        }
    }
    Ok(())
}

/// Puts what configuration names with what answers name.
fn seed(engine: &Engine) {
    let mut ledger = engine.ledger();
    for (kind, ids) in &engine.plan.named {
        let scope = engine.sources.iter().find_map(|source| match source.scope {
            Scope::Each(each) if each == kind => Some(each),
            _ => None,
        });
        let Some(kind) = scope else { continue };
        for id in ids {
            ledger.named.insert(configured(kind, id));
        }
    }
}

/// An object that configuration names: `github.com/contoso` has the host `github.com` and the name `contoso`.
pub(crate) fn configured(kind: &'static str, id: &str) -> Object {
    let (host, name) = id.rsplit_once('/').unwrap_or(("", id));
    Object::new(kind, id).with("name", name).with("host", host)
}

/// Reads what many answers named, and what those answers named in turn.
async fn named(engine: &Engine) -> Result<(), Error> {
    let of =
        |source: &&'static Source| matches!(source.scope, Scope::Each(_) | Scope::Batch { .. });
    let sources: Vec<&'static Source> = engine.sources.iter().copied().filter(of).collect();
    let purse = engine.paid(&sources).map(Treasury::whole);
    let place = Place { purse: purse.as_ref(), ..Place::default() };
    loop {
        let objects: Vec<Object> = {
            let mut ledger = engine.ledger();
            let named = std::mem::take(&mut ledger.named);
            named
                .into_iter()
                .filter(|object| ledger.asked.insert((object.kind, object.id.to_lowercase())))
                .collect()
        };
        if objects.is_empty() {
            break;
        }
        below(engine, None, objects, place.purse).await?;
    }
    let batches = std::mem::take(&mut engine.ledger().batches);
    for source in engine.sources.iter().copied() {
        if let Scope::Batch { of, .. } = source.scope {
            let ids: Vec<String> = batches.get(of).into_iter().flatten().cloned().collect();
            engine.expect(source.id, 1);
            if ids.is_empty() {
                engine.not_asked(source, None, None, "no answer names any").await?;
            } else {
                ask(engine, source, place, &ids).await?;
            }
        }
    }
    Ok(())
}

fn summary(engine: &Engine) -> Summary {
    let ledger = engine.ledger();
    let differences = reconcile::differences(&ledger, &engine.plan);
    let (sources, environments) = (ledger.sources.clone(), ledger.environments);
    let taken_over = &ledger.reused;
    let reused = engine.earlier.as_ref().map(|earlier| Reused {
        from: earlier.snapshot.clone(),
        environments: taken_over.environments.len() as u64,
        places: taken_over.places,
        requests: taken_over.requests,
        oldest: taken_over.oldest.map(|oldest| oldest.to_string()).unwrap_or_default(),
    });
    drop(ledger);
    Summary {
        sources,
        services: engine.asks.meter(),
        gaps: engine.gaps(),
        differences,
        environments,
        plan: engine.plan.reading(),
        reused,
    }
}
