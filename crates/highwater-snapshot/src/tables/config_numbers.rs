//! `config_numbers`: one row per configured number. Made by the loader (`loader.rs`), never read.

use crate::table::{Column, Sample, Scope, Table};

/// Thresholds of the population, not of indicators.
pub(crate) static TABLE: Table = Table {
    name: "config_numbers",
    grain: "one row per configured number",
    about: "thresholds of the population, not of indicators",
    scope: Scope::Snapshot,
    key: &["name"],
    columns: &[Column::text("name").required(), Column::float("number")],
    readings: &[],
    complete: &[],
    sample: Sample::Made,
};
