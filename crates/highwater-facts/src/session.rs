//! Session: one book over one evidence, ready to run queries.
//!
//! Every query runs in a context of its own, because the engine keeps the aliases of earlier queries, on
//! the in-memory engine, with the tables and views that it reads and no others. What all facts need of the
//! environments, the coverage and the ownerless assets is read once.

use std::collections::BTreeMap;

use highwater_snapshot::TABLES;
use polars::prelude::*;
use polars::sql::SQLContext;

use crate::coverage::{Coverage, Environment};
use crate::{Error, Evidence, FactBook};

/// Tables and views as frames, and what is known of their coverage.
pub(crate) struct Session {
    pub(crate) coverage: Coverage,
    frames: BTreeMap<String, LazyFrame>,
}

impl Session {
    /// Prepares all views of the book over the evidence.
    pub(crate) fn open(book: &FactBook, evidence: &Evidence) -> Result<Self, Error> {
        let mut frames = BTreeMap::new();
        for table in TABLES {
            frames.insert(table.name.to_owned(), evidence.table(table.name)?);
        }
        for view in book.views() {
            let frame = plan(&view.id, &view.sql, &frames, &view.tables, &view.views)?;
            frames.insert(view.id.clone(), frame);
        }
        let environments = environments(&frames)?;
        let read = |name: &str| collect(name, frames[name].clone());
        let coverage = Coverage::new(&read("coverage")?, &read("config_lists")?, environments)?;
        Ok(Self { coverage, frames })
    }

    /// The plan of a query that reads these tables and views.
    pub(crate) fn plan(
        &self,
        name: &str,
        sql: &str,
        tables: &[String],
        views: &[String],
    ) -> Result<LazyFrame, Error> {
        plan(name, sql, &self.frames, tables, views)
    }

    /// One table or view.
    pub(crate) fn frame(&self, name: &str) -> Option<LazyFrame> {
        self.frames.get(name).cloned()
    }

    /// Rows of a table or view; 0 where there is none of that name.
    pub(crate) fn rows(&self, name: &str) -> Result<u64, Error> {
        let Some(frame) = self.frame(name) else { return Ok(0) };
        let counted = collect(name, frame.select([len().cast(DataType::UInt64).alias("rows")]))?;
        let rows = counted.column("rows").and_then(|column| column.u64().cloned());
        Ok(rows.map_err(|error| Error::query(name, &error))?.get(0).unwrap_or(0))
    }

    /// Rows of a table that belong to environments in scope; all rows of other tables.
    pub(crate) fn rows_in_scope(&self, name: &str) -> Result<u64, Error> {
        let Some(mut frame) = self.frame(name) else { return Ok(0) };
        let schema = frame.collect_schema().map_err(|error| Error::frame(name, &error))?;
        let Some(scope) = self.frame(SCOPE).filter(|_| schema.contains("environment_id")) else {
            return self.rows(name);
        };
        let ids = scope.select([col("environment_id")]);
        let join = frame.join(ids, [col("environment_id")], [col("environment_id")], JoinType::Semi.into());
        let counted = collect(name, join.select([len().cast(DataType::UInt64).alias("rows")]))?;
        let rows = counted.column("rows").and_then(|column| column.u64().cloned());
        Ok(rows.map_err(|error| Error::query(name, &error))?.get(0).unwrap_or(0))
    }
}

/// View of the environments in scope.
const SCOPE: &str = "env_scope";

/// Runs a plan on the in-memory engine.
pub(crate) fn collect(name: &str, frame: LazyFrame) -> Result<DataFrame, Error> {
    frame.collect().map_err(|error| Error::query(name, &error))
}

fn plan(
    name: &str,
    sql: &str,
    frames: &BTreeMap<String, LazyFrame>,
    tables: &[String],
    views: &[String],
) -> Result<LazyFrame, Error> {
    let mut context = SQLContext::new();
    for relation in tables.iter().chain(views) {
        if let Some(frame) = frames.get(relation) {
            context.register(relation, frame.clone());
        }
    }
    context.execute(sql).map_err(|error| Error::query(name, &error))
}

/// All environments of the list, with what the view of those in scope says of them.
fn environments(frames: &BTreeMap<String, LazyFrame>) -> Result<BTreeMap<String, Environment>, Error> {
    let failed = |error| Error::query(SCOPE, &error);
    let mut known = BTreeMap::new();
    let has_scope = frames.contains_key(SCOPE);
    let listed = collect("environments", frames["environments"].clone().select([col("environment_id")]))?;
    for id in listed.column("environment_id").and_then(|ids| ids.str().cloned()).map_err(failed)?.iter().flatten() {
        known.insert(id.to_owned(), Environment { in_scope: !has_scope, ..Environment::default() });
    }
    if !has_scope {
        return Ok(known);
    }
    let columns = ["environment_id", "is_production", "has_dataverse"].map(col);
    let scope = collect(SCOPE, frames[SCOPE].clone().select(columns))?;
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
