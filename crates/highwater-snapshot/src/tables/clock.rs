//! `clock`: one row. Made by the loader (`loader.rs`), never read.

use crate::table::{Column, Sample, Scope, Table};

/// The only clock facts know.
pub(crate) static TABLE: Table = Table {
    name: "clock",
    grain: "one row",
    about: "the only clock facts know",
    scope: Scope::Snapshot,
    key: &["as_of"],
    columns: &[
        Column::time("as_of").required(),
        Column::time("h24").required(),
        Column::time("d7").required(),
        Column::time("d30").required(),
        Column::time("d60").required(),
        Column::time("d90").required(),
        Column::time("d180").required(),
        Column::time("d365").required(),
    ],
    readings: &[],
    complete: &[],
    sample: Sample::Made,
};
