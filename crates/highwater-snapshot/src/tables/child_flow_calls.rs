//! `child_flow_calls`: one row per calling flow and called flow.

use crate::table::{Column, Reading, Sample, Scope, Table};

/// Reuse.
pub(crate) static TABLE: Table = Table {
    name: "child_flow_calls",
    grain: "one row per calling flow and called flow",
    about: "reuse",
    scope: Scope::Environment,
    key: &["caller_id", "callee_id"],
    columns: &[
        Column::text("caller_id").required().business(),
        Column::text("callee_id").required().business(),
        Column::text("environment_id").business(),
    ],
    readings: &[],
    complete: &[],
    sample: Sample::Seen,
};
