//! Merge: many readings of the same thing become one row.
//!
//! Guarantees one row a key, sorted by key, whatever the order or repetition of the records: the most
//! trusted source wins a cell, then the newest observation, then the content itself decides; other rows
//! fill only what the winner did not tell. Also replaces Dataverse user ids by directory ids.

use std::cmp::Ordering;

use polars::prelude::*;

use crate::rows::RANK;
use crate::table::{Made, Type};
use crate::{Error, Table};

/// One row a key, sorted by key. The rank column is gone afterwards.
pub(crate) fn merge(table: &'static Table, frame: DataFrame) -> Result<DataFrame, Error> {
    counted(table, frame, false).map(|(merged, _)| merged).map_err(Error::table(table.name))
}

/// As [`merge`], and how many cells several sources told differently: of each key and source the first told
/// value counts.
pub(crate) fn merge_and_count(
    table: &'static Table,
    frame: DataFrame,
) -> Result<(DataFrame, u64), Error> {
    counted(table, frame, true).map_err(Error::table(table.name))
}

fn counted(
    table: &'static Table,
    mut frame: DataFrame,
    count: bool,
) -> PolarsResult<(DataFrame, u64)> {
    let mut order = order(table.key, &frame)?;
    if order.contains(&Ordering::Greater) {
        frame = sort(table.key, &frame)?;
        order = self::order(table.key, &frame)?;
    }
    if !order.contains(&Ordering::Equal) {
        return Ok((frame.drop(RANK)?, 0));
    }
    // A key that stands once is told by one source alone: the others are looked at apart.
    let is_equal = |at: usize| order.get(at) == Some(&Ordering::Equal);
    let repeated =
        (0..frame.height()).map(|at| is_equal(at) || at.checked_sub(1).is_some_and(is_equal));
    let repeated = BooleanChunked::from_iter_values("repeated".into(), repeated);
    let several = frame.filter(&repeated)?;
    let once = frame.filter(&!repeated)?.drop(RANK)?;
    drop(frame);
    let conflicts = if count { conflicts(table, &several)? } else { 0 };
    let one_each = first_told(table, several)?;
    let merged = once.vstack(&one_each)?.sort(keys(table), SortMultipleOptions::default())?;
    Ok((merged, conflicts))
}

/// The rows in the order of their keys.
pub(crate) fn sorted(key: &[&str], frame: DataFrame) -> PolarsResult<DataFrame> {
    let is_sorted = !order(key, &frame)?.contains(&Ordering::Greater);
    if is_sorted { Ok(frame) } else { sort(key, &frame) }
}

fn sort(key: &[&str], frame: &DataFrame) -> PolarsResult<DataFrame> {
    let by = key.iter().copied();
    frame.sort(by, SortMultipleOptions::default().with_maintain_order(false))
}

/// How the key of every row stands to that of the next; keys that are not told come first.
fn order(key: &[&str], frame: &DataFrame) -> PolarsResult<Vec<Ordering>> {
    let mut order = vec![Ordering::Equal; frame.height().saturating_sub(1)];
    for key in key {
        let column = frame.column(key)?;
        if column.dtype() == &DataType::String {
            refine(&mut order, column.str()?.iter());
        } else {
            refine(&mut order, column.cast(&DataType::Int64)?.i64()?.iter());
        }
    }
    Ok(order)
}

/// Lets values decide where nothing decided before.
fn refine<T: Ord + Copy>(order: &mut [Ordering], mut values: impl Iterator<Item = T>) {
    let Some(mut value) = values.next() else { return };
    for (slot, next) in order.iter_mut().zip(values) {
        if *slot == Ordering::Equal {
            *slot = value.cmp(&next);
        }
        value = next;
    }
}

/// How many cells several sources told differently.
fn conflicts(table: &'static Table, frame: &DataFrame) -> PolarsResult<u64> {
    let mut sources = frame.column("source_id")?.str()?.iter();
    let first = sources.next();
    if sources.all(|source| Some(source) == first) {
        return Ok(0);
    }
    let columns: Vec<&str> = table
        .columns
        .iter()
        .filter(|column| column.kind != Type::List && !table.key.contains(&column.name))
        .map(|column| column.name)
        .collect();
    let told = |by: &[&str]| by.iter().map(|key| col(*key)).collect::<Vec<Expr>>();
    let of_source: Vec<&str> = [table.key, &["source_id"]].concat();
    let first = |column: &&str| col(*column).drop_nulls().min().alias(*column);
    let differs = |column: &&str| col(*column).drop_nulls().n_unique().gt(lit(1)).alias(*column);
    let count = |column: &&str| col(*column).cast(DataType::UInt64).sum().alias(*column);
    let counted = frame
        .clone()
        .lazy()
        .group_by(told(&of_source))
        .agg(columns.iter().map(first).collect::<Vec<_>>())
        .group_by(told(table.key))
        .agg(columns.iter().map(differs).collect::<Vec<_>>())
        .select(columns.iter().map(count).collect::<Vec<_>>())
        .collect()?;
    let sum = counted.columns().iter().filter_map(|column| column.u64().ok()?.get(0));
    Ok(sum.sum())
}

/// The table of the users of Dataverse.
pub(crate) const USERS: &str = "dataverse_users";

/// What [`resolve_users`] has to know of them.
pub(crate) const USER_COLUMNS: &[&str] =
    &["environment_id", "user_id", "principal_id", "is_application"];

/// Replaces Dataverse user ids by directory ids, and says which of those users are applications.
pub(crate) fn resolve_users(
    table: &'static Table,
    frame: DataFrame,
    users: &DataFrame,
) -> Result<DataFrame, Error> {
    let columns: Vec<&'static str> = table
        .columns
        .iter()
        .filter(|column| column.made == Made::DataverseUser)
        .map(|column| column.name)
        .collect();
    if columns.is_empty() || !from_dataverse(&frame).map_err(Error::table(table.name))? {
        return Ok(frame);
    }
    columns
        .into_iter()
        .try_fold(frame, |frame, column| resolve_column(table, frame, column, users))
        .map_err(Error::table(table.name))
}

/// Whether any row was told by Dataverse.
fn from_dataverse(frame: &DataFrame) -> PolarsResult<bool> {
    let sources = frame.column("source_id")?.str()?;
    // Rows of a source stand together.
    let mut last = "";
    Ok(sources.iter().flatten().any(|source| {
        let is_new = source != last;
        last = source;
        is_new && source.starts_with("dv.")
    }))
}

fn resolve_column(
    table: &'static Table,
    frame: DataFrame,
    column: &str,
    users: &DataFrame,
) -> PolarsResult<DataFrame> {
    let environment = if table.column("environment_id").is_some() {
        "environment_id"
    } else {
        "host_environment_id"
    };
    let by_environment = table.column(environment).is_some();
    let mut users = users.clone().lazy().select([
        col("environment_id").alias("__environment"),
        col("user_id").alias("__user"),
        col("principal_id").alias("__principal"),
        col("is_application").alias("__application"),
    ]);
    let (left, right) = if by_environment {
        (vec![col(environment), col(column)], vec![col("__environment"), col("__user")])
    } else {
        users = users.unique(Some(by_name(["__user"], true, false)), UniqueKeepStrategy::First);
        (vec![col(column)], vec![col("__user")])
    };
    let from_dataverse = col("source_id").str().starts_with(lit("dv."));
    let resolved = when(from_dataverse.clone().and(col(column).neq(lit(""))))
        .then(col("__principal"))
        .otherwise(col(column))
        .alias(column);
    let mut outputs = vec![resolved];
    for told in table
        .columns
        .iter()
        .filter(|other| other.made == Made::ApplicationOf(leak_free(column, table)))
    {
        outputs.push(
            coalesce(&[
                col(told.name),
                when(from_dataverse.clone()).then(col("__application")).otherwise(lit(NULL)),
            ])
            .cast(DataType::Boolean)
            .alias(told.name),
        );
    }
    frame
        .lazy()
        .join(
            users,
            left,
            right,
            JoinArgs { maintain_order: MaintainOrderJoin::Left, ..JoinArgs::new(JoinType::Left) },
        )
        .with_columns(outputs)
        .drop(by_name(["__environment", "__user", "__principal", "__application"], false, false))
        .collect()
}

/// The table's own name of a column, which lives as long as the table.
fn leak_free(column: &str, table: &'static Table) -> &'static str {
    table.column(column).map_or("", |column| column.name)
}

/// An empty frame of the table's shape, row columns included.
pub(crate) fn empty(table: &'static Table) -> DataFrame {
    let columns = table
        .columns
        .iter()
        .map(|column| (column.name, data_type(column.kind)))
        .chain([
            ("source_id", DataType::String),
            ("record_no", DataType::Int64),
            ("observed_at", data_type(Type::Time)),
        ])
        .map(|(name, kind)| Column::new_empty(name.into(), &kind))
        .collect();
    DataFrame::new(0, columns).unwrap_or_default()
}

/// The engine's type of a column type.
pub(crate) fn data_type(kind: Type) -> DataType {
    match kind {
        Type::Text => DataType::String,
        Type::Bool => DataType::Boolean,
        Type::Int => DataType::Int64,
        Type::Float => DataType::Float64,
        Type::Time => DataType::Datetime(TimeUnit::Microseconds, None),
        Type::List => DataType::List(Box::new(DataType::String)),
    }
}

fn keys(table: &Table) -> Vec<&'static str> {
    table.key.to_vec()
}

/// For every key the first told value of each column, in the order of trust, age and content.
fn first_told(table: &'static Table, frame: DataFrame) -> PolarsResult<DataFrame> {
    let names: Vec<PlSmallStr> =
        frame.get_column_names().into_iter().filter(|name| *name != RANK).cloned().collect();
    let mut order: Vec<Expr> = table.key.iter().map(|key| col(*key)).collect();
    let mut descending = vec![false; order.len()];
    order.push(col(RANK));
    descending.push(false);
    for newest in ["observed_at", "modified_at"] {
        if names.iter().any(|name| name == newest) {
            order.push(col(newest));
            descending.push(true);
        }
    }
    for column in table
        .columns
        .iter()
        .filter(|column| column.kind != Type::List && !table.key.contains(&column.name))
    {
        order.push(col(column.name));
        descending.push(false);
    }
    order.push(col("source_id"));
    order.push(col("record_no"));
    descending.extend([false, false]);
    let options = SortMultipleOptions::default()
        .with_order_descending_multi(descending)
        .with_nulls_last(true);
    let rest: Vec<Expr> = names
        .iter()
        .filter(|name| !table.key.contains(&name.as_str()))
        .map(|name| col(name.clone()).drop_nulls().first().alias(name.clone()))
        .collect();
    let grouped = frame
        .lazy()
        .sort_by_exprs(order, options)
        .group_by_stable(table.key.iter().map(|key| col(*key)).collect::<Vec<_>>())
        .agg(rest)
        .collect()?;
    grouped.select(names)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_that_are_sorted_or_stand_once_are_merged_like_all_others(
            flows in proptest::collection::vec(
                (0_u8..3, 0_u8..5, 0_u32..3, proptest::option::of(0_u8..2), proptest::option::of(0_u8..2)),
                0..12,
            ),
            sorted in any::<bool>(),
        ) {
            let mut flows = flows;
            if sorted {
                flows.sort();
            }
            let table = crate::table("cloud_flows").unwrap();
            let frame = crate::testing::flows(&flows, 0);
            let wanted = first_told(table, frame.clone()).unwrap();
            let wanted = wanted.sort(keys(table), SortMultipleOptions::default()).unwrap();
            let differing = conflicts(table, &frame).unwrap();
            let (merged, counted) = merge_and_count(table, frame.clone()).unwrap();
            prop_assert!(merged.equals_missing(&wanted), "{merged} is not {wanted}");
            prop_assert_eq!(counted, differing);
            prop_assert!(merge(table, frame).unwrap().equals_missing(&wanted));
        }
    }
}
