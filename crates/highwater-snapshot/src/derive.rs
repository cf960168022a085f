//! Derive: columns that follow from other tables, as portable SQL in `config/derived/`.
//!
//! Guarantees that a value told by a record stays: a derivation fills only what was not told. NULL stays
//! unknown. Config texts compute nothing beyond their own column.

use polars::prelude::*;
use polars::sql::SQLContext;
use serde::Deserialize;

use crate::loader::Frames;
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

/// Fills every derived column of the tables that have rows.
pub(crate) fn derive(frames: &mut Frames) -> Result<(), Error> {
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
            let known = frames.get(table.name).map_or(0, DataFrame::height);
            if known == 0 {
                continue;
            }
            let filled = fill(table, derivation, frames).map_err(|error| {
                Error::Derivation(format!(
                    "{file}: {}.{}: {error}",
                    derivation.table, derivation.column
                ))
            })?;
            frames.insert(table.name, filled);
        }
    }
    Ok(())
}

fn fill(
    table: &'static Table,
    derivation: &Derivation,
    frames: &Frames,
) -> PolarsResult<DataFrame> {
    let mut context = SQLContext::new();
    for (name, frame) in frames {
        if derivation.sql.contains(name) {
            context.register(name, frame.clone().lazy());
        }
    }
    let target = frames.get(table.name).cloned().unwrap_or_default();
    let (column, made) = (derivation.column.as_str(), "__made");
    let kind = target.column(column)?.dtype().clone();
    let keys: Vec<Expr> = table.key.iter().map(|key| col(*key)).collect();
    let mut selected = keys.clone();
    selected.push(col(column).cast(kind).alias(made));
    let derived = context
        .execute(&derivation.sql)?
        .select(selected)
        .unique(Some(by_name(table.key.iter().copied(), true, false)), UniqueKeepStrategy::First);
    let args =
        JoinArgs { maintain_order: MaintainOrderJoin::Left, ..JoinArgs::new(JoinType::Left) };
    target
        .lazy()
        .join(derived, keys.clone(), keys, args)
        .with_columns([coalesce(&[col(column), col(made)]).alias(column)])
        .drop(by_name([made], true, false))
        .collect_with_engine(Engine::InMemory)
        .map(|result| result.unwrap_single())
}

#[cfg(test)]
mod tests {
    use super::*;

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
