//! `config_lists`: one row per configured value. Made by the loader (`loader.rs`), never read.

use crate::table::{Column, Sample, Scope, Table};

/// What only the organisation knows.
pub(crate) static TABLE: Table = Table {
    name: "config_lists",
    grain: "one row per configured value",
    about: "what only the organisation knows",
    scope: Scope::Snapshot,
    key: &["kind", "value"],
    columns: &[Column::text("kind").required(), Column::text("value").required().business()],
    readings: &[],
    complete: &[],
    sample: Sample::Made,
};
