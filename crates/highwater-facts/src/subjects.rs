//! Subjects: which ones stand behind the counts of a fact.
//!
//! Guarantees an order that depends on ids alone, and bounds what leaves the engine. Does not say whether a
//! subject is good or bad, nor from which record it was read.

use std::collections::{BTreeMap, BinaryHeap};

use polars::prelude::*;

use crate::run::{count, on_two_threads, plan, with_room};
use crate::session::{Session, collect};
use crate::{Error, Evidence, Fact, FactBook, Kind};

/// The answer to one question for one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hit {
    /// The subject counts.
    Yes,
    /// It does not.
    No,
    /// It was not told.
    Unknown,
}

/// One subject of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Id, unique within the fact.
    pub subject: String,
    /// Name for people; the id where none was told.
    pub label: String,
    /// Whether it counts.
    pub hit: Hit,
}

/// Subjects of a fact, sorted by id, with how many there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subjects {
    /// Fact id.
    pub fact: String,
    /// Those that were asked for, up to the limit.
    pub rows: Vec<Subject>,
    /// All that count.
    pub yes: u64,
    /// All that do not.
    pub no: u64,
    /// All that were not told.
    pub unknown: u64,
}

/// Up to `limit` subjects of one fact, sorted by id: those of one answer, or of all. A measure has none.
///
/// # Errors
/// [`Error::UnknownFact`] and [`Error::Query`].
pub fn subjects(
    book: &FactBook,
    evidence: &Evidence,
    id: &str,
    hit: Option<Hit>,
    limit: usize,
) -> Result<Subjects, Error> {
    let fact = book.expect_fact(id)?;
    let mut found = Subjects { fact: fact.id.clone(), rows: Vec::new(), yes: 0, no: 0, unknown: 0 };
    if fact.kind == Kind::Measure {
        return Ok(found);
    }
    let session = Session::open_for(book, evidence, &[id])?;
    with_room(|| {
        let counted = count(&session, fact)?;
        (found.yes, found.no, found.unknown) = (counted.trues, counted.falses, counted.unknowns);
        found.rows = rows(&session, fact, hit, limit)?;
        Ok(found)
    })
}

/// Up to `limit` subjects of each answer of each of the facts, sorted by id; measures have none. Every fact is
/// asked once, and what is not among the first is passed by in the engine's columns.
///
/// # Errors
/// As [`subjects`].
pub fn subjects_each(
    session: &Session,
    ids: &[&str],
    limit: usize,
) -> Result<BTreeMap<String, Vec<Subject>>, Error> {
    let found = on_two_threads(&session.expect(ids)?, |fact| {
        let rows = match fact.kind {
            Kind::Measure => Vec::new(),
            _ => first(&asked(session, fact)?, limit)
                .map_err(|error| Error::query(&fact.id, &error))?,
        };
        Ok((fact.id.clone(), rows))
    })?;
    Ok(found.into_iter().collect())
}

/// Every subject of a fact as the engine holds it: `subject`, `label` and `hit`, in no order.
pub(crate) fn asked(session: &Session, fact: &Fact) -> Result<DataFrame, Error> {
    let text = |name: &str| col(name).cast(DataType::String);
    let columns = [text("subject"), text("label"), col("hit").cast(DataType::Boolean)];
    collect(&fact.id, plan(session, fact)?.select(columns))
}

/// One row of an answer: id, label where one was told, and the answer.
pub(crate) type Row<'a> = (&'a str, Option<&'a str>, Hit);

/// The rows of what was asked.
pub(crate) fn each(found: &DataFrame) -> PolarsResult<impl Iterator<Item = Row<'_>>> {
    let (subjects, labels) = (found.column("subject")?.str()?, found.column("label")?.str()?);
    let hits = found.column("hit")?.bool()?;
    let hit =
        |hit: Option<bool>| hit.map_or(Hit::Unknown, |hit| if hit { Hit::Yes } else { Hit::No });
    Ok(subjects
        .iter()
        .zip(labels.iter())
        .zip(hits.iter())
        .map(move |((subject, label), told)| (subject.unwrap_or_default(), label, hit(told))))
}

/// The first `limit` of each answer by id.
fn first(found: &DataFrame, limit: usize) -> PolarsResult<Vec<Subject>> {
    let mut least: BTreeMap<Hit, BinaryHeap<(&str, Option<&str>)>> = BTreeMap::new();
    for (subject, label, hit) in each(found)? {
        let heap = least.entry(hit).or_default();
        if heap.len() < limit {
            heap.push((subject, label));
        } else if let Some(mut last) = heap.peek_mut().filter(|last| subject < last.0) {
            *last = (subject, label);
        }
    }
    let rows =
        least.into_iter().flat_map(|(hit, heap)| heap.into_iter().map(move |row| (row, hit)));
    let mut rows: Vec<Subject> =
        rows.map(|((subject, label), hit)| told(subject, label, hit)).collect();
    rows.sort_by(|a, b| a.subject.cmp(&b.subject));
    Ok(rows)
}

fn told(subject: &str, label: Option<&str>, hit: Hit) -> Subject {
    Subject { subject: subject.to_owned(), label: label.unwrap_or(subject).to_owned(), hit }
}

fn rows(
    session: &Session,
    fact: &Fact,
    hit: Option<Hit>,
    limit: usize,
) -> Result<Vec<Subject>, Error> {
    let wanted = match hit {
        None => lit(true),
        Some(Hit::Yes) => col("hit").eq(lit(true)),
        Some(Hit::No) => col("hit").eq(lit(false)),
        Some(Hit::Unknown) => col("hit").is_null(),
    };
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    let rows = plan(session, fact)?
        .with_columns([col("subject").cast(DataType::String), col("label").cast(DataType::String)])
        .filter(wanted)
        .sort(["subject"], SortMultipleOptions::default())
        .limit(limit);
    let found = collect(&fact.id, rows.with_columns([col("hit").cast(DataType::Boolean)]))?;
    let rows = each(&found).map_err(|error| Error::query(&fact.id, &error))?;
    Ok(rows.map(|(subject, label, hit)| told(subject, label, hit)).collect())
}
