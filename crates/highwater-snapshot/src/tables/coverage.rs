//! `coverage`: one row per table and scope that was due. Made by the loader (`loader.rs`), never read.

use crate::table::{Column, Sample, Scope, Table};

/// What was read, what was not.
pub(crate) static TABLE: Table = Table {
    name: "coverage",
    grain: "one row per table and scope that was due",
    about: "what was read, what was not",
    scope: Scope::Snapshot,
    key: &["table_name", "scope_kind", "scope_id"],
    columns: &[
        Column::text("table_name").required(),
        Column::text("scope_kind").required().about("tenant, environment, subscription, vault, group, flow, host, organisation"),
        Column::text("scope_id").required().business(),
        Column::text("status").required().about("full, partial, truncated, denied, failed, none, as in the snapshot contract; not reached for lack of budget = none with reason budget"),
        Column::int("rows"),
        Column::int("expected").about("null = not told"),
        Column::text("reason").about("HTTP status, budget, stale, not selected, absent"),
    ],
    readings: &[],
    complete: &[],
    sample: Sample::Made,
};
