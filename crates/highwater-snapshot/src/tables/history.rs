//! `history`: one row per fact of an earlier snapshot of the same tenant. Made by the loader (`loader.rs`), never read.

use crate::table::{Column, Sample, Scope, Table};

/// Trends.
pub(crate) static TABLE: Table = Table {
    name: "history",
    grain: "one row per fact of an earlier snapshot of the same tenant",
    about: "trends",
    scope: Scope::Snapshot,
    key: &["fact_id", "age_days"],
    columns: &[
        Column::text("fact_id").required(),
        Column::int("age_days").required(),
        Column::float("lo"),
        Column::float("hi"),
    ],
    readings: &[],
    complete: &[],
    sample: Sample::Made,
};
