//! Session: one book over one evidence, ready to be asked.
//!
//! Guarantees that what several facts read is made once, however often and for whatever they are asked.
//! Every query runs in a context of its own, because the engine keeps the aliases of earlier queries, on
//! the in-memory engine, with the tables and views that it reads and no others. What all facts need of the
//! environments, the coverage and the ownerless assets is read once.

use std::collections::{BTreeMap, BTreeSet};

use highwater_snapshot::TABLES;
use polars::prelude::*;
use polars::sql::SQLContext;

use crate::coverage::{Coverage, Environment};
use crate::run::with_room;
use crate::{Error, Evidence, Fact, FactBook, View};

/// Tables and views as frames, each view a plan over those before it.
pub(crate) struct Frames(BTreeMap<String, LazyFrame>);

/// Facts over one evidence, ready to be asked: what they share is made and kept for as long as this lives.
pub struct Session {
    pub(crate) frames: Frames,
    pub(crate) coverage: Coverage,
    /// Assets whose owner was not told.
    pub(crate) ownerless: u64,
    facts: BTreeMap<String, Fact>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("facts", &self.facts.len()).finish()
    }
}

impl Session {
    /// Makes everything ready to be asked.
    ///
    /// # Errors
    /// [`Error::Query`] when the engine fails.
    pub fn open(book: &FactBook, evidence: &Evidence) -> Result<Self, Error> {
        with_room(|| Self::of(book, evidence, &book.facts().collect::<Vec<_>>()))
    }

    /// Makes some facts ready to be asked.
    ///
    /// # Errors
    /// As [`Session::open`], and [`Error::UnknownFact`].
    pub fn open_for(book: &FactBook, evidence: &Evidence, ids: &[&str]) -> Result<Self, Error> {
        let facts = ids.iter().map(|id| book.expect_fact(id)).collect::<Result<Vec<_>, _>>()?;
        with_room(|| Self::of(book, evidence, &facts))
    }

    /// Whether a fact was made ready.
    pub fn asks(&self, id: &str) -> bool {
        self.facts.contains_key(id)
    }

    /// Every fact that can be asked, by id.
    pub(crate) fn facts(&self) -> Vec<&Fact> {
        self.facts.values().collect()
    }

    /// Facts that can be asked.
    pub(crate) fn expect(&self, ids: &[&str]) -> Result<Vec<&Fact>, Error> {
        let find = |id: &&str| {
            self.facts.get(*id).ok_or_else(|| Error::UnknownFact {
                id: (*id).to_owned(),
                hint: crate::error::hint(id, self.facts.keys().map(String::as_str)),
            })
        };
        ids.iter().map(find).collect()
    }

    /// Prepares what the facts read, and reads the coverage.
    fn of(book: &FactBook, evidence: &Evidence, facts: &[&Fact]) -> Result<Self, Error> {
        let mut views: BTreeSet<&str> =
            facts.iter().flat_map(|fact| &fact.views).map(String::as_str).collect();
        let always = [SCOPE, OWNERLESS].into_iter().filter_map(|id| book.view(id));
        for view in always {
            views.insert(&view.id);
            views.extend(view.views.iter().map(String::as_str));
        }
        let reads = |fact: &Fact, view: &View| fact.views.contains(&view.id);
        // Of little evidence every shared view is kept: planning it anew costs more than its rows.
        let kept = |view: &View| {
            (view.kept || evidence.is_small())
                && facts.iter().filter(|fact| reads(fact, view)).nth(1).is_some()
        };
        let frames = Frames::open(book, evidence, &views, &kept)?;
        let environments = environments(&frames)?;
        let read = |name: &str| collect(name, frames.expect(name)?);
        let coverage = Coverage::new(&read("coverage")?, &read("config_lists")?, environments)?;
        let ownerless = frames.rows(OWNERLESS)?;
        let facts = facts.iter().map(|fact| (fact.id.clone(), (*fact).clone())).collect();
        Ok(Self { frames, coverage, ownerless, facts })
    }
}

impl Frames {
    /// All tables, and the views of those names; a view's own views must be among them. The rows of kept
    /// views are made now, those of others whenever they are read.
    pub(crate) fn open(
        book: &FactBook,
        evidence: &Evidence,
        views: &BTreeSet<&str>,
        kept: &dyn Fn(&View) -> bool,
    ) -> Result<Self, Error> {
        let mut frames = Self(BTreeMap::new());
        for table in TABLES {
            frames.0.insert(table.name.to_owned(), evidence.table(table.name)?);
        }
        for view in book.views().iter().filter(|view| views.contains(view.id.as_str())) {
            let mut frame = frames.plan(&view.id, &view.sql, &view.tables, &view.views)?;
            if kept(view) {
                frame = collect(&view.id, frame)?.lazy();
            }
            frames.0.insert(view.id.clone(), frame);
        }
        Ok(frames)
    }

    /// The plan of a query that reads these tables and views.
    pub(crate) fn plan(
        &self,
        name: &str,
        sql: &str,
        tables: &[String],
        views: &[String],
    ) -> Result<LazyFrame, Error> {
        let mut context = SQLContext::new();
        for relation in tables.iter().chain(views) {
            if let Some(frame) = self.get(relation) {
                context.register(relation, frame);
            }
        }
        context.execute(sql).map_err(|error| Error::query(name, &error))
    }

    /// One table or view.
    pub(crate) fn get(&self, name: &str) -> Option<LazyFrame> {
        self.0.get(name).cloned()
    }

    fn expect(&self, name: &str) -> Result<LazyFrame, Error> {
        self.get(name)
            .ok_or_else(|| Error::UnknownTable { name: name.to_owned(), hint: String::new() })
    }

    /// Rows of a table or view; 0 where there is none of that name.
    pub(crate) fn rows(&self, name: &str) -> Result<u64, Error> {
        let Some(frame) = self.get(name) else { return Ok(0) };
        let counted = collect(name, frame.select([len().cast(DataType::UInt64).alias("rows")]))?;
        let rows = counted.column("rows").and_then(|column| column.u64().cloned());
        Ok(rows.map_err(|error| Error::query(name, &error))?.get(0).unwrap_or(0))
    }

    /// Rows of a table that belong to environments in scope; all rows of other tables.
    pub(crate) fn rows_in_scope(&self, name: &str) -> Result<u64, Error> {
        let Some(mut frame) = self.get(name) else { return Ok(0) };
        let schema = frame.collect_schema().map_err(|error| Error::frame(name, &error))?;
        let Some(scope) = self.get(SCOPE).filter(|_| schema.contains("environment_id")) else {
            return self.rows(name);
        };
        let ids = scope.select([col("environment_id")]);
        let join = frame.join(
            ids,
            [col("environment_id")],
            [col("environment_id")],
            JoinType::Semi.into(),
        );
        let counted = collect(name, join.select([len().cast(DataType::UInt64).alias("rows")]))?;
        let rows = counted.column("rows").and_then(|column| column.u64().cloned());
        Ok(rows.map_err(|error| Error::query(name, &error))?.get(0).unwrap_or(0))
    }
}

/// View of the environments in scope.
const SCOPE: &str = "env_scope";
/// View of the assets whose owner was not told.
pub(crate) const OWNERLESS: &str = "ownerless";

/// Runs a plan on the in-memory engine. Elimination of common expressions stays off: in 0.55.2 it panics
/// where an aggregate is used twice over no rows.
pub(crate) fn collect(name: &str, frame: LazyFrame) -> Result<DataFrame, Error> {
    let mut optimizations = frame.get_current_optimizations();
    optimizations.remove(OptFlags::COMM_SUBEXPR_ELIM);
    frame.with_optimizations(optimizations).collect().map_err(|error| Error::query(name, &error))
}

/// All environments of the list, with what the view of those in scope says of them.
fn environments(frames: &Frames) -> Result<BTreeMap<String, Environment>, Error> {
    let failed = |error| Error::query(SCOPE, &error);
    let mut known = BTreeMap::new();
    let view = frames.get(SCOPE);
    let listed =
        collect("environments", frames.expect("environments")?.select([col("environment_id")]))?;
    let ids = listed.column("environment_id").and_then(|ids| ids.str()).map_err(failed)?;
    for id in ids.iter().flatten() {
        known.insert(
            id.to_owned(),
            Environment { in_scope: view.is_none(), ..Environment::default() },
        );
    }
    let Some(view) = view else { return Ok(known) };
    let scope =
        collect(SCOPE, view.select(["environment_id", "is_production", "has_dataverse"].map(col)))?;
    let ids = scope.column("environment_id").and_then(|ids| ids.str()).map_err(failed)?;
    let flag = |name: &str| scope.column(name).and_then(|flags| flags.bool()).map_err(failed);
    let (production, dataverse) = (flag("is_production")?, flag("has_dataverse")?);
    for (index, id) in ids.iter().enumerate() {
        if let Some(id) = id {
            let (production, dataverse) = (production.get(index), dataverse.get(index));
            known.insert(id.to_owned(), Environment { in_scope: true, production, dataverse });
        }
    }
    Ok(known)
}
