//! Run: facts asked of evidence.
//!
//! Subjects are counted where they are found; rows leave the engine only for `subjects.rs` and [`query`].
//! What the coverage says is missing of a fact's population becomes unknown subjects (`interval.rs`):
//!
//! - the population is the tables that the fact names, and the list of environments for every fact that
//!   reads it: an environment that was not listed hides any number of subjects, unless environments are
//!   the subjects;
//! - a population table of which nothing was read makes the fact absent, as does a list that was not told;
//! - an asset whose owner was not told hides its maker: facts over makers miss a subject for each row of
//!   `ownerless`, unless they read that view themselves.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, Scope, ScopedJoinHandle};

use polars::prelude::*;

use crate::check::is_made;
use crate::coverage::Reading;
use crate::gaps;
use crate::interval::{Counted, Missing, ends, value};
use crate::session::{Frames, OWNERLESS, Session, collect};
use crate::text::{parse, relations};
use crate::{Answer, Error, Evidence, Fact, FactBook, Kind, View, WhenOpen};

/// Answers to all facts of the book, by id.
///
/// # Errors
/// [`Error::Query`] when the engine fails, [`Error::Inverted`] for a measure with crossed ends.
pub fn answer_all(book: &FactBook, evidence: &Evidence) -> Result<BTreeMap<String, Answer>, Error> {
    answers(&Session::open(book, evidence)?)
}

/// The answers to some facts, by id.
///
/// # Errors
/// As [`answer_all`], and [`Error::UnknownFact`].
pub fn answer_some(
    book: &FactBook,
    evidence: &Evidence,
    ids: &[&str],
) -> Result<BTreeMap<String, Answer>, Error> {
    answers(&Session::open_for(book, evidence, ids)?)
}

/// The answers to everything that was made ready, by id.
///
/// # Errors
/// As [`answer_all`].
pub fn answers(session: &Session) -> Result<BTreeMap<String, Answer>, Error> {
    let answers = on_two_threads(&session.facts(), |fact| ask(session, fact))?;
    Ok(answers.into_iter().map(|answer| (answer.id.clone(), answer)).collect())
}

/// Does the same with every fact, on two threads; in no order.
pub(crate) fn on_two_threads<T: Send>(
    facts: &[&Fact],
    ask: impl Fn(&Fact) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(fact) = facts.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push(ask(fact));
        }
        done
    };
    let (mine, theirs) = std::thread::scope(|scope| {
        let threads = [roomy(scope, work), roomy(scope, work)];
        threads.map(|thread| thread.and_then(join))
    })
    .into();
    mine?.into_iter().chain(theirs?).collect()
}

/// Room for the engine's planner, which walks deep plans recursively.
const STACK: usize = 32 << 20;

/// Starts a thread with room for the engine's planner.
fn roomy<'s, T: Send + 's>(
    scope: &'s Scope<'s, '_>,
    work: impl FnOnce() -> T + Send + 's,
) -> Result<ScopedJoinHandle<'s, T>, Error> {
    Builder::new()
        .stack_size(STACK)
        .spawn_scoped(scope, work)
        .map_err(|error| stopped(&error.to_string()))
}

fn join<T>(thread: ScopedJoinHandle<'_, T>) -> Result<T, Error> {
    thread.join().map_err(|_| stopped("it panicked"))
}

/// Runs work of the engine on a thread of its own, with room for the planner.
pub(crate) fn with_room<T: Send>(
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> Result<T, Error> {
    std::thread::scope(|scope| roomy(scope, work).and_then(join)?)
}

fn stopped(why: &str) -> Error {
    Error::Query {
        name: "facts".to_owned(),
        message: format!("a thread of the engine stopped: {why}"),
    }
}

/// One SELECT over evidence tables and views.
///
/// # Errors
/// [`Error::NotAQuery`] for anything but one SELECT, [`Error::UnknownTable`] for a name that is neither
/// table nor view, [`Error::Query`] when the engine fails.
pub fn query(book: &FactBook, evidence: &Evidence, sql: &str) -> Result<DataFrame, Error> {
    let parsed = parse(sql).map_err(|broken| Error::NotAQuery { what: broken.what })?;
    let names: Vec<String> = relations(&parsed).into_iter().collect();
    with_room(|| query_of(book, evidence, sql, &names))
}

fn query_of(
    book: &FactBook,
    evidence: &Evidence,
    sql: &str,
    names: &[String],
) -> Result<DataFrame, Error> {
    let reads = |view: &&View| names.contains(&view.id);
    let views =
        book.views().iter().filter(reads).flat_map(|view| view.views.iter().chain([&view.id]));
    let frames = Frames::open(book, evidence, &views.map(String::as_str).collect(), &|_| false)?;
    if let Some(name) = names.iter().find(|name| frames.get(name).is_none()) {
        let tables = highwater_snapshot::TABLES.iter().map(|table| table.name);
        let views = book.views().iter().map(|view| view.id.as_str());
        let hint = crate::error::hint(name, tables.chain(views));
        return Err(Error::UnknownTable { name: name.clone(), hint });
    }
    collect("sql", frames.plan("sql", sql, names, &[])?)
}

/// View of the makers.
const MAKERS: &str = "makers";
/// The list of environments.
const ENVIRONMENTS: &str = "environments";

fn ask(session: &Session, fact: &Fact) -> Result<Answer, Error> {
    let readings = readings(session, fact);
    let lists: Vec<&String> =
        fact.lists.iter().filter(|list| !session.coverage.is_declared(list)).collect();
    let mut gaps = gaps::sentences(&readings);
    gaps.extend(lists.iter().map(|list| gaps::undeclared(list)));
    gaps.sort();
    let missing = missing(fact, &readings, session.ownerless).filter(|_| lists.is_empty());
    let mut answer = Answer {
        id: fact.id.clone(),
        kind: fact.kind,
        value: None,
        empty: false,
        trues: 0,
        falses: 0,
        unknowns: 0,
        open: missing.is_none_or(|missing| missing.open),
        completeness: gaps::completeness(&readings),
        tables: readings.keys().map(|name| (*name).to_owned()).collect(),
        gaps,
    };
    let Some(missing) = missing else { return Ok(answer) };
    let counted = count(session, fact)?;
    (answer.value, answer.empty) = value(fact.kind, fact.when_open, counted, missing);
    if fact.kind == Kind::Measure && answer.value.is_none() {
        answer.empty = !missing.any() && is_empty(session, fact)?;
    }
    (answer.trues, answer.falses) = (counted.trues, counted.falses);
    answer.unknowns =
        counted.unknowns + if fact.when_open == WhenOpen::Adds { missing.known } else { 0 };
    Ok(answer)
}

/// How far every table behind the fact was read.
fn readings<'f>(session: &Session, fact: &'f Fact) -> BTreeMap<&'f str, Reading> {
    let names =
        fact.tables.iter().chain(&fact.seen).chain(&fact.population).filter(|name| !is_made(name));
    names
        .filter_map(|name| Some((name.as_str(), highwater_snapshot::table(name)?)))
        .map(|(name, table)| (name, session.coverage.reading(table, fact.scope, &fact.lists)))
        .collect()
}

/// What is missing of the population; `None` when nothing of it was read.
fn missing(fact: &Fact, readings: &BTreeMap<&str, Reading>, ownerless: u64) -> Option<Missing> {
    let mut missing = Missing::default();
    for name in &fact.population {
        let reading = readings.get(name.as_str())?;
        if reading.is_absent() {
            return None;
        }
        missing.known += reading.missing * fact.subjects_per_row;
        missing.open = missing.open || reading.open;
    }
    let hidden = readings
        .get(ENVIRONMENTS)
        .filter(|_| !fact.population.iter().any(|name| name == ENVIRONMENTS));
    if let Some(environments) = hidden {
        if environments.is_absent() {
            return None;
        }
        missing.open = missing.open || !environments.is_full();
    }
    let reads = |view: &str| fact.views.iter().any(|name| name == view);
    if reads(MAKERS) && !reads(OWNERLESS) {
        missing.known += ownerless;
    }
    Some(missing)
}

pub(crate) fn plan(session: &Session, fact: &Fact) -> Result<LazyFrame, Error> {
    session.frames.plan(&fact.id, &fact.sql, &fact.tables, &fact.views)
}

/// Runs a fact and counts its answers inside the engine.
pub(crate) fn count(session: &Session, fact: &Fact) -> Result<Counted, Error> {
    let failed = |error| Error::query(&fact.id, &error);
    let plan = plan(session, fact)?;
    if fact.kind == Kind::Measure {
        let found = collect(
            &fact.id,
            plan.select([col("lo"), col("hi")].map(|end| end.cast(DataType::Float64))),
        )?;
        let end = |name: &str| {
            found.column(name).and_then(|column| Ok(column.f64()?.get(0))).map_err(failed)
        };
        let (lo, hi) = ends(&fact.id, end("lo")?, end("hi")?)?;
        return Ok(Counted { lo, hi, ..Counted::default() });
    }
    let hit = col("hit").cast(DataType::Boolean);
    let number = |expr: Expr, name: &str| expr.cast(DataType::UInt64).alias(name);
    let found = collect(
        &fact.id,
        plan.select([
            number(hit.clone().sum(), "yes"),
            number(hit.clone().null_count(), "unknown"),
            number(hit.len(), "all"),
        ]),
    )?;
    let get = |name: &str| {
        found.column(name).and_then(|column| Ok(column.u64()?.get(0).unwrap_or(0))).map_err(failed)
    };
    let (trues, unknowns, all) = (get("yes")?, get("unknown")?, get("all")?);
    Ok(Counted {
        trues,
        unknowns,
        falses: all.saturating_sub(trues + unknowns),
        lo: None,
        hi: None,
    })
}

/// Whether the population of a measure, all of it read, has no row in scope.
fn is_empty(session: &Session, fact: &Fact) -> Result<bool, Error> {
    for name in &fact.population {
        if session.frames.rows_in_scope(name)? > 0 {
            return Ok(false);
        }
    }
    Ok(!fact.population.is_empty())
}
