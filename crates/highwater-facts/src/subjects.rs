//! Subjects: which ones stand behind the counts of a fact.
//!
//! Guarantees an order that depends on ids alone, and bounds what leaves the engine. Does not say whether a
//! subject is good or bad, nor from which record it was read.

use std::collections::BTreeMap;

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
    with_room(|| subjects_of(book, evidence, fact, hit, limit))
}

fn subjects_of(
    book: &FactBook,
    evidence: &Evidence,
    fact: &Fact,
    hit: Option<Hit>,
    limit: usize,
) -> Result<Subjects, Error> {
    let mut found = Subjects { fact: fact.id.clone(), rows: Vec::new(), yes: 0, no: 0, unknown: 0 };
    if fact.kind == Kind::Measure {
        return Ok(found);
    }
    let session = Session::open(book, evidence, &[fact])?;
    let counted = count(&session, fact)?;
    (found.yes, found.no, found.unknown) = (counted.trues, counted.falses, counted.unknowns);
    found.rows = rows(&session, fact, hit, limit)?;
    Ok(found)
}

/// Up to `limit` subjects of each answer of each of the facts, sorted by id; facts without subjects have
/// none. What the facts share is made once.
///
/// # Errors
/// As [`subjects`].
pub fn subjects_each(
    book: &FactBook,
    evidence: &Evidence,
    ids: &[&str],
    limit: usize,
) -> Result<BTreeMap<String, Vec<Subject>>, Error> {
    let facts = ids.iter().map(|id| book.expect_fact(id)).collect::<Result<Vec<_>, _>>()?;
    let session = with_room(|| Session::open(book, evidence, &facts))?;
    let found = on_two_threads(&facts, |fact| {
        let rows = match fact.kind {
            Kind::Measure => Vec::new(),
            // Few enough to be looked through here.
            _ if evidence.is_small() => first(rows(&session, fact, None, usize::MAX)?, limit),
            _ => {
                let hits = [Hit::Yes, Hit::No, Hit::Unknown].into_iter();
                hits.map(|hit| rows(&session, fact, Some(hit), limit))
                    .collect::<Result<Vec<_>, _>>()?
                    .concat()
            }
        };
        Ok((fact.id.clone(), rows))
    })?;
    Ok(found.into_iter().collect())
}

/// The first `limit` of each answer.
fn first(mut rows: Vec<Subject>, limit: usize) -> Vec<Subject> {
    let mut met: BTreeMap<Hit, usize> = BTreeMap::new();
    rows.retain(|row| {
        let met = met.entry(row.hit).or_default();
        *met += 1;
        *met <= limit
    });
    rows
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
    rows_of(&collect(&fact.id, rows)?).map_err(|error| Error::query(&fact.id, &error))
}

fn rows_of(found: &DataFrame) -> PolarsResult<Vec<Subject>> {
    let (subjects, labels) = (found.column("subject")?.str()?, found.column("label")?.str()?);
    let hits = found.column("hit")?.cast(&DataType::Boolean)?;
    let rows = subjects.iter().zip(labels.iter()).zip(hits.bool()?.iter());
    Ok(rows
        .map(|((subject, label), hit)| {
            let subject = subject.unwrap_or_default().to_owned();
            let hit = hit.map_or(Hit::Unknown, |hit| if hit { Hit::Yes } else { Hit::No });
            Subject { label: label.unwrap_or(&subject).to_owned(), subject, hit }
        })
        .collect())
}
