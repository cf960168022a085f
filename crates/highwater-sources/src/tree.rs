//! Tree: a place with its sources, and below it the places that their answers name.
//!
//! Guarantees parents before children, and that where a parent was not read its children are gaps with that reason.
//! Only the ids of one list at a time are kept.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::Error;
use crate::ask::{Outcome, ask};
use crate::choice::{Group, groups};
use crate::engine::Engine;
use crate::found::{Environment, Found, Object, Place};
use crate::purse::Purse;
use crate::source::{Scope, Source};
use crate::together;

/// Sources of one place that are asked at once.
const SOURCES_AT_ONCE: usize = 16;

/// Objects of one list that are asked at once.
const OBJECTS_AT_ONCE: usize = 32;

/// Requests that hardly any object costs.
const AMPLE: u64 = 4;

/// What the sources of a place showed together.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// Environments and who listed them.
    pub(crate) environments: Vec<(&'static str, Environment)>,
    pub(crate) counts: BTreeMap<String, u64>,
    pub(crate) marks: BTreeSet<&'static str>,
    /// Sources that were refused, with the status.
    pub(crate) refused: BTreeMap<&'static str, u16>,
    /// Keys for later sources of the environment.
    pub(crate) keys: Vec<Object>,
    /// Sources that were read to their end.
    pub(crate) read: BTreeSet<&'static str>,
    /// What they hold, each as one number.
    pub(crate) prints: BTreeMap<&'static str, u128>,
    /// The newest change that was told of the environment, and of others.
    pub(crate) newest: Option<Timestamp>,
    pub(crate) changes: BTreeMap<String, Timestamp>,
}

/// Asks groups of sources of one place, those without wishes first, and then all that they name.
pub(crate) async fn at(
    engine: &Engine,
    sources: &[&'static Source],
    place: Place<'_>,
) -> Result<Shown, Error> {
    let environment = place.environment.map(|environment| environment.id.as_str());
    let groups = groups(sources, engine.plan.identity);
    let answered: Vec<Shown> = stream::iter(groups)
        .map(|group| one_of(engine, group, place, environment))
        .buffered(place.at_once(SOURCES_AT_ONCE))
        .try_collect()
        .await?;
    let mut shown = Shown::default();
    for other in answered {
        shown.environments.extend(other.environments);
        shown.counts.extend(other.counts);
        shown.marks.extend(other.marks);
        shown.keys.extend(other.keys);
        shown.refused.extend(other.refused);
        shown.read.extend(other.read);
        shown.prints.extend(other.prints);
        shown.newest = shown.newest.max(other.newest);
        for (environment, at) in other.changes {
            let newest = shown.changes.entry(environment).or_insert(at);
            *newest = at.max(*newest);
        }
    }
    Ok(shown)
}

/// Asks the sources of a group until one answers, and then what it named.
async fn one_of(
    engine: &Engine,
    group: Group,
    place: Place<'_>,
    environment: Option<&str>,
) -> Result<Shown, Error> {
    let mut shown = Shown::default();
    let mut lost: BTreeMap<&'static str, &'static str> = BTreeMap::new();
    for source in group {
        let (outcome, found) = ask(engine, source, place, &[]).await?;
        let children = take(engine, source, outcome, found, place, &mut shown);
        below(engine, environment, children, place.purse).await?;
        match outcome {
            Outcome::Read => {
                shown.read.insert(source.id);
                lost.clear();
                break;
            }
            Outcome::Never => {}
            Outcome::Refused | Outcome::Missing => {
                for kind in source.names {
                    lost.entry(kind).or_insert(source.id);
                }
            }
        }
        if outcome == Outcome::Missing {
            break; // the service lets in and did not manage it: another list would not be the same
        }
    }
    for (kind, list) in lost {
        orphans(engine, kind, list, environment).await?;
    }
    Ok(shown)
}

/// Puts what a source named where it belongs, and returns the children.
fn take(
    engine: &Engine,
    source: &'static Source,
    outcome: Outcome,
    found: Found,
    place: Place<'_>,
    shown: &mut Shown,
) -> Vec<Object> {
    let mut ledger = engine.ledger();
    for (what, records) in found.tally {
        *ledger.tally.entry((what, source.id)).or_default() += records;
    }
    let counted = source
        .table
        .zip(place.environment)
        .and_then(|(table, environment)| environment.count(table));
    if outcome == Outcome::Read
        && counted.is_some_and(|counted| counted > found.rows)
        && !source.filtered
    {
        *ledger.short.entry(source.table.unwrap_or_default().to_owned()).or_default() += 1;
    }
    for object in found.named {
        let batch = engine
            .sources
            .iter()
            .any(|source| matches!(source.scope, Scope::Batch { of, .. } if of == object.kind));
        if batch {
            ledger.batches.entry(object.kind).or_default().insert(object.id.to_lowercase());
        }
        if engine.sources.iter().any(|source| source.scope == Scope::Each(object.kind)) {
            ledger.named.insert(object);
        }
    }
    drop(ledger);
    shown
        .environments
        .extend(found.environments.into_iter().map(|environment| (source.id, environment)));
    shown.counts.extend(found.counts);
    shown.prints.insert(source.id, found.print);
    shown.newest = shown.newest.max(found.newest);
    shown.changes.extend(found.changes);
    shown.marks.extend(found.marks);
    shown.keys.extend(found.keys);
    if outcome == Outcome::Refused {
        shown.refused.extend(found.refused.map(|status| (source.id, status)));
    }
    found.children
}

/// Asks objects of one list, each with all that is below it.
pub(crate) fn below<'a>(
    engine: &'a Engine,
    environment: Option<&'a str>,
    objects: Vec<Object>,
    purse: Option<&'a Purse>,
) -> BoxFuture<'a, Result<(), Error>> {
    async move {
        let nowhere = Place { purse, ..Place::default() };
        let mut known = BTreeSet::new();
        let objects = objects.into_iter().map(|mut object| {
            if object.environment.is_none() {
                object.environment = environment.map(ToOwned::to_owned);
            }
            object
        });
        let wanted: Vec<Object> = objects
            .filter(|object| known.insert((object.kind, object.id.to_lowercase())))
            .collect();
        drop(known);
        let wanted = set_aside(engine, wanted);
        for source in &engine.sources {
            if let Scope::Each(kind) = source.scope {
                let places = wanted.iter().filter(|object| object.kind == kind).count() as u64;
                if places > 0 {
                    engine.expect(source.id, places);
                }
            }
        }
        // What is paid for one by one is asked one by one.
        let (together, wanted) =
            if purse.is_none() { together::apart(engine, wanted) } else { (Vec::new(), wanted) };
        together::ask(engine, together).await?;
        stream::iter(wanted)
            .map(Ok)
            .try_for_each_concurrent(nowhere.at_once(OBJECTS_AT_ONCE), |object| async move {
                of_object(engine, &object, nowhere).await
            })
            .await
    }
    .boxed()
}

/// Sets objects aside of which only so many are asked: the most important ones are chosen when all are known.
fn set_aside(engine: &Engine, objects: Vec<Object>) -> Vec<Object> {
    let mut now = Vec::with_capacity(objects.len());
    let mut ledger = engine.ledger();
    for object in objects {
        let Some(most) = engine.most(object.kind) else {
            now.push(object);
            continue;
        };
        let (kept, more) = ledger.limited.entry(object.kind).or_default();
        kept.insert(object);
        if kept.len() as u64 > most {
            kept.pop_last();
            *more += 1;
        }
    }
    now
}

/// Asks the most important objects of each kind that was set aside, and says how many were not asked.
pub(crate) async fn limited(engine: &Engine) -> Result<(), Error> {
    let limited = std::mem::take(&mut engine.ledger().limited);
    for (kind, (objects, more)) in limited {
        let all = objects.len() as u64 + more;
        for source in of_kind(engine, kind) {
            engine.expect(source.id, objects.len() as u64);
            if more > 0 {
                let is_limit = engine.plan.most.contains_key(kind);
                let word = if is_limit { "limit" } else { "budget" };
                let why = format!("{word}, {more} of {all} {}", plural(kind));
                engine.not_asked(source, None, None, &why).await?;
            }
        }
        each(engine, of_kind(engine, kind), objects).await?;
    }
    Ok(())
}

/// Asks objects of one kind, each paid for by itself where they are bounded.
async fn each(
    engine: &Engine,
    sources: Vec<&'static Source>,
    objects: BTreeSet<Object>,
) -> Result<(), Error> {
    if let Some(treasury) = engine.paid(&sources) {
        let read = |object: Object, purse: Purse| async move {
            let place = Place { purse: Some(&purse), ..Place::default() };
            of_object(engine, &object, place).await
        };
        return treasury.spend(AMPLE, objects.into_iter().collect(), read).await;
    }
    stream::iter(objects)
        .map(Ok)
        .try_for_each_concurrent(OBJECTS_AT_ONCE, |object| async move {
            of_object(engine, &object, Place::default()).await
        })
        .await
}

/// The sources that ask objects of a kind.
fn of_kind(engine: &Engine, kind: &str) -> Vec<&'static Source> {
    let of = |source: &&'static Source| matches!(source.scope, Scope::Each(of) if of == kind);
    engine.sources.iter().copied().filter(of).collect()
}

/// The plural of a kind, for reasons.
fn plural(kind: &str) -> String {
    let words = kind.replace('_', " ");
    words.strip_suffix('y').map_or_else(|| format!("{words}s"), |stem| format!("{stem}ies"))
}

/// Asks one object with all that is below it.
pub(crate) async fn of_object(
    engine: &Engine,
    object: &Object,
    place: Place<'_>,
) -> Result<(), Error> {
    let sources = of_kind(engine, object.kind);
    if sources.is_empty() {
        return Ok(());
    }
    let place = Place { object: Some(object), ..place };
    let environment = object.environment.as_deref();
    for group in groups(&sources, engine.plan.identity) {
        one_of(engine, group, place, environment).await?;
    }
    Ok(())
}

/// Writes down that sources of a kind, and those below them, were not asked because nobody named their objects, and
/// which source would have: whoever lets that one be read has mended all of them.
pub(crate) fn orphans<'a>(
    engine: &'a Engine,
    kind: &'static str,
    list: &'static str,
    environment: Option<&'a str>,
) -> BoxFuture<'a, Result<(), Error>> {
    async move {
        for source in of_kind(engine, kind) {
            let why = format!("the list of its {} was not read ({list})", plural(kind));
            engine.not_asked(source, environment, None, &why).await?;
            for below in source.names {
                orphans(engine, below, list, environment).await?;
            }
        }
        Ok(())
    }
    .boxed()
}
