//! Derive: columns that follow from other tables, as portable SQL in `config/derived/`.
//!
//! Guarantees that a value told by a record stays: a derivation fills only what was not told. NULL stays
//! unknown. Config texts compute nothing beyond their own column.

use polars::prelude::*;
use polars::sql::SQLContext;
use serde::Deserialize;

use crate::frames::{self, Batches, Frames};
use crate::{Error, Table};

/// The shipped derivations, in the order in which they run.
const TEXTS: &[(&str, &str)] = &[
    ("config/derived/dataverse.toml", include_str!("../../../config/derived/dataverse.toml")),
    (
        "config/derived/power_platform.toml",
        include_str!("../../../config/derived/power_platform.toml"),
    ),
    ("config/derived/azure_graph.toml", include_str!("../../../config/derived/azure_graph.toml")),
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    column: Vec<Derivation>,
}

/// One derived column: a question that yields the table's key and the column.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Derivation {
    table: String,
    column: String,
    #[expect(dead_code, reason = "read by people and by the generated docs")]
    about: String,
    sql: String,
}

/// Bytes of stack in which the engine has room for any of the shipped questions, whoever asks for them.
const ROOM: usize = 16 << 20;

/// Fills every derived column of the tables that have rows.
pub(crate) fn derive(frames: &mut Frames) -> Result<(), Error> {
    std::thread::scope(|scope| {
        let asking = std::thread::Builder::new().stack_size(ROOM);
        let asking = asking
            .spawn_scoped(scope, || fill_all(frames))
            .map_err(|error| Error::Derivation(format!("no thread could be started: {error}")))?;
        asking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn fill_all(frames: &mut Frames) -> Result<(), Error> {
    for (file, text) in TEXTS {
        let parsed: File =
            toml::from_str(text).map_err(|error| Error::Derivation(format!("{file}: {error}")))?;
        for derivation in &parsed.column {
            let table = crate::table(&derivation.table)
                .filter(|table| table.column(&derivation.column).is_some())
                .ok_or_else(|| {
                    Error::Derivation(format!(
                        "{file}: no column {}.{}",
                        derivation.table, derivation.column
                    ))
                })?;
            if frames.height(table.name) == 0 {
                continue;
            }
            let made = fill(table, derivation, frames);
            let filled = made.and_then(|made| match made {
                Some(column) => frames.set(table.name, column),
                None => Ok(()),
            });
            filled.map_err(|error| {
                Error::Derivation(format!(
                    "{file}: {}.{}: {error}",
                    derivation.table, derivation.column
                ))
            })?;
        }
    }
    Ok(())
}

/// The filled column, or nothing where it stays as it is.
fn fill(
    table: &'static Table,
    derivation: &Derivation,
    frames: &Frames,
) -> PolarsResult<Option<Column>> {
    let (sql, name) = (derivation.sql.as_str(), derivation.column.as_str());
    let mut columns = frames::named(table, sql);
    if !columns.contains(&name) {
        columns.push(name);
    }
    let mut context = frames.context(sql, table.name)?;
    let (mut filled, mut is_made) = (None::<Column>, false);
    for target in targets(table, sql, frames, &columns)? {
        let target = target?;
        context.register(table.name, target.clone().lazy());
        let made = answer(table, derivation, &target, &mut context)?;
        let unknown = target.column(name)?.null_count();
        let part = match made.height() {
            0 => target,
            _ => join(table, name, target, made)?,
        };
        let part = part.column(name)?.clone();
        is_made |= part.null_count() < unknown;
        match &mut filled {
            Some(filled) => {
                filled.append(&part)?;
            }
            None => filled = Some(part),
        }
    }
    Ok(filled.filter(|_| is_made))
}

/// The rows that a question is asked of at a time: one that compares rows of its table needs all of them.
fn targets<'f>(
    table: &'static Table,
    sql: &str,
    frames: &'f Frames,
    columns: &'f [&'f str],
) -> PolarsResult<Batches<'f>> {
    if frames::times_asked(table.name, sql) == 1 {
        return Ok(frames.batches(table.name, columns));
    }
    Ok(Box::new(frames.columns(table.name, columns)?.map(Ok).into_iter()))
}

/// Name of the derived column until it is joined.
const MADE: &str = "__made";

/// The keys of a table, and what the question says of each.
fn answer(
    table: &Table,
    derivation: &Derivation,
    target: &DataFrame,
    context: &mut SQLContext,
) -> PolarsResult<DataFrame> {
    let column = derivation.column.as_str();
    let kind = target.column(column)?.dtype().clone();
    let mut selected: Vec<Expr> = table.key.iter().map(|key| col(*key)).collect();
    selected.push(col(column).cast(kind).alias(MADE));
    collected(context.execute(&derivation.sql)?.select(selected))
}

/// Fills what a column does not tell with what was made.
fn join(
    table: &Table,
    column: &str,
    mut target: DataFrame,
    made: DataFrame,
) -> PolarsResult<DataFrame> {
    let joined = if same_rows(table, &target, &made)? {
        target.with_column(made.column(MADE)?.clone())?;
        target.lazy()
    } else {
        let keys: Vec<Expr> = table.key.iter().map(|key| col(*key)).collect();
        let once = by_name(table.key.iter().copied(), true, false);
        let made = made.lazy().unique(Some(once), UniqueKeepStrategy::First);
        let args =
            JoinArgs { maintain_order: MaintainOrderJoin::Left, ..JoinArgs::new(JoinType::Left) };
        target.lazy().join(made, keys.clone(), keys, args)
    };
    let told = coalesce(&[col(column), col(MADE)]).alias(column);
    collected(joined.with_columns([told]).drop(by_name([MADE], true, false)))
}

fn collected(frame: LazyFrame) -> PolarsResult<DataFrame> {
    frame.collect_with_engine(Engine::InMemory).map(|result| result.unwrap_single())
}

/// Whether two frames have the same keys in the same order; those of a table stand once in it.
fn same_rows(table: &Table, one: &DataFrame, other: &DataFrame) -> PolarsResult<bool> {
    if one.height() != other.height() {
        return Ok(false);
    }
    for key in table.key {
        let (one, other) = (one.column(key)?, other.column(key)?);
        if !one.as_materialized_series().equals(other.as_materialized_series()) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::spill::Spill;
    use crate::testing::push_any;
    use crate::{Pseudonyms, Rows};

    #[test]
    fn what_is_made_row_by_row_and_what_is_joined_are_one() {
        let table = crate::table("cloud_flows").unwrap();
        let target = df!(
            "environment_id" => ["a", "a", "b"],
            "flow_id" => ["1", "2", "1"],
            "owner_type" => [None, Some("team"), None],
        )
        .unwrap();
        let made = df!(
            "environment_id" => ["a", "a", "b"],
            "flow_id" => ["1", "2", "1"],
            MADE => [Some("user"), Some("user"), None],
        )
        .unwrap();
        assert!(same_rows(table, &target, &made).unwrap());
        let fast = join(table, "owner_type", target.clone(), made.clone()).unwrap();
        for other in [made.reverse(), made.vstack(&made).unwrap()] {
            assert!(!same_rows(table, &target, &other).unwrap());
            assert_eq!(join(table, "owner_type", target.clone(), other).unwrap(), fast);
        }
        let owners: Vec<Option<&str>> =
            fast.column("owner_type").unwrap().str().unwrap().iter().collect();
        assert_eq!(owners, [Some("user"), Some("team"), None]);
    }

    /// Rows of any content of a table, in steps of so many rows.
    fn any_table(table: &'static Table, step: usize, folder: &Path, frames: &mut Frames) {
        let mut rows = Rows::new(table, Arc::new(Pseudonyms::plain()));
        let seed: u64 = table.name.bytes().map(u64::from).sum();
        for row in 1..=40 {
            let dice = (seed * 1000 + row).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            push_any(&mut rows, 0, i64::try_from(row).unwrap(), dice, 8);
        }
        let merge = |frame| crate::merge::merge(table, frame);
        Spill::new(folder, step).merge(rows, frames, merge).unwrap();
    }

    #[test]
    fn a_question_that_reads_its_table_once_looks_at_one_row_at_a_time() {
        let (folder, mut asked) = (tempfile::tempdir().unwrap(), 0);
        let mut frames = Frames::new();
        let put = |table, step, frames: &mut Frames| any_table(table, step, folder.path(), frames);
        crate::TABLES.iter().for_each(|table| put(table, usize::MAX, &mut frames));
        for (file, text) in TEXTS {
            let parsed: File = toml::from_str(text).unwrap();
            for derivation in parsed.column {
                let table = crate::table(&derivation.table).unwrap();
                let wanted = fill(table, &derivation, &frames).unwrap();
                put(table, 2, &mut frames);
                let found = fill(table, &derivation, &frames).unwrap();
                put(table, usize::MAX, &mut frames);
                asked += usize::from(wanted.is_some());
                assert_eq!(found, wanted, "{file}: {}.{}", derivation.table, derivation.column);
            }
        }
        assert!(asked > 30, "only {asked} questions said anything");
    }

    #[test]
    fn every_derivation_names_a_derived_column_and_runs_over_empty_tables() {
        let mut frames: Frames =
            crate::TABLES.iter().map(|table| (table.name, crate::merge::empty(table))).collect();
        derive(&mut frames).unwrap();
        for (file, text) in TEXTS {
            let parsed: File = toml::from_str(text).unwrap();
            for derivation in parsed.column {
                let table = crate::table(&derivation.table).unwrap();
                let column = table.column(&derivation.column).unwrap();
                assert_eq!(
                    column.made,
                    crate::Made::Derived,
                    "{file}: {}.{}",
                    derivation.table,
                    derivation.column
                );
                fill(table, &derivation, &frames).unwrap_or_else(|error| {
                    panic!("{}.{}: {error}", derivation.table, derivation.column)
                });
            }
        }
    }
}
