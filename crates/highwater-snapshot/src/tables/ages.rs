//! `ages`: one row per named moment. Made by the loader (`loader.rs`), never read.

use crate::table::{Column, Sample, Scope, Table};

/// Whole hours between a moment and the clock: SQL of facts has no date arithmetic.
pub(crate) static TABLE: Table = Table {
    name: "ages",
    grain: "one row per named moment",
    about: "whole hours between a moment and the clock: SQL of facts has no date arithmetic",
    scope: Scope::Snapshot,
    key: &["kind", "subject"],
    columns: &[
        Column::text("kind").required(),
        Column::text("subject").required().business(),
        Column::float("hours"),
    ],
    readings: &[],
    complete: &[],
    sample: Sample::Made,
};
