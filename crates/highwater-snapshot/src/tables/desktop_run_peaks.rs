//! `desktop_run_peaks`: one row per day.
//!
//! Made by the loader from `desktop_flow_runs`: a sweep over starts and ends, in which a session without an end runs to
//! the clock. No reading, because no single session knows its neighbours.

use crate::table::{Column, Sample, Scope, Table};

/// Most sessions at once, computed when sessions are normalised.
pub(crate) static TABLE: Table = Table {
    name: "desktop_run_peaks",
    grain: "one row per day",
    about: "most sessions at once, computed when sessions are normalised",
    scope: Scope::Tenant,
    key: &["day"],
    columns: &[Column::time("day").required(), Column::int("peak")],
    readings: &[],
    complete: &[&["dv.sessions"]],
    sample: Sample::Made,
};
