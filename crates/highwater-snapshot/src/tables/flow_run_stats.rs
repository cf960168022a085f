//! `flow_run_stats`: one row per flow whose runs were read.
//!
//! A row is folded from single runs ([`RUNS`], [`FOLD`]), which a snapshot does not keep: a tenant has millions.
//! `ppapi.flow_runs` and `flow.runs` (<https://learn.microsoft.com/power-automate/dataverse/cloud-flow-run-metadata>)
//! answer for one flow, the newest runs first. The record is the page itself, not the single run: only the page
//! tells that a flow had no run at all, and whether more runs follow. Records of single runs, as exports have
//! them, are read too, and count as a lower bound. `dv.flow_runs` are rows of the Dataverse table `flowrun`; the
//! reading is complete for the flows it names, and says nothing of flows without runs.
//!
//! The service keeps runs for 28 days, so 90-day figures are lower bounds. Links in a run are signed: never read.

use std::borrow::Cow;

use super::connections::after;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Activity; replaces one row per run.
pub(crate) static TABLE: Table = Table {
    name: "flow_run_stats",
    grain: "one row per flow whose runs were read",
    about: "activity; replaces one row per run",
    scope: Scope::Flow,
    key: &["environment_id", "flow_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("flow_id").required().business(),
        Column::int("window_days").required().about("how far the reading reaches: 28 by service retention, up to 90 when the store or an export adds older days"),
        Column::int("runs_30d").about("lower bound when more_runs is true"),
        Column::int("success_30d"),
        Column::int("failed_30d"),
        Column::int("success_90d").required().about("lower bound when window_days < 90"),
        Column::time("last_run_at").business(),
        Column::time("last_success_at").business(),
        Column::bool("more_runs").required().about("then the counts are lower bounds"),
    ],
    readings: &[],
    complete: &[&["ppapi.flow_runs"], &["flow.runs"]],
    sample: Sample::Seen,
};

/// Single runs on their way into [`TABLE`], and one row without a run for every page that was read.
pub(crate) static RUNS: Table = Table {
    name: "flow_runs",
    grain: "one row per run, and one per page",
    about: "what flow_run_stats is folded from; not kept",
    scope: Scope::Flow,
    key: &["environment_id", "flow_id", "run_id"],
    columns: &[
        Column::text("environment_id").required(),
        Column::text("flow_id").required().about("the flow id or, from an export, the resource id"),
        Column::text("run_id").required().about("'' for a page"),
        Column::text("status").about("succeeded, failed, timedout, cancelled, running, ..."),
        Column::time("started_at"),
        Column::bool("more_runs").about("told for a page only"),
    ],
    readings: &[
        Reading { source: "ppapi.flow_runs", read: page },
        Reading { source: "flow.runs", read: page },
        Reading { source: "dv.flow_runs", read: dataverse },
        Reading { source: "coe.flow_runs", read: dataverse },
        Reading { source: "dex.flow_usage", read: usage },
    ],
    complete: &[],
    sample: Sample::Seen,
};

/// [`RUNS`] as rows of [`TABLE`]. A flow of an export is named by its resource id and found by it.
pub(crate) const FOLD: &str = "
SELECT u.environment_id AS environment_id, u.flow_id AS flow_id, CAST(28 AS BIGINT) AS window_days,
CAST(COUNT(CASE WHEN u.started_at >= u.d30 THEN 1 END) AS BIGINT) AS runs_30d,
CAST(COUNT(CASE WHEN u.started_at >= u.d30 AND u.status = 'succeeded' THEN 1 END) AS BIGINT) AS success_30d,
CAST(COUNT(CASE WHEN u.started_at >= u.d30 AND u.status IN ('failed', 'timedout') THEN 1 END) AS BIGINT) AS failed_30d,
CAST(COUNT(CASE WHEN u.started_at >= u.d90 AND u.status = 'succeeded' THEN 1 END) AS BIGINT) AS success_90d,
CASE WHEN MAX(u.started_at) IS NOT NULL THEN MAX(u.started_at) WHEN MAX(u.more) = 0 THEN TIMESTAMP '1970-01-01 00:00:00' END AS last_run_at,
CASE WHEN COUNT(CASE WHEN u.status = 'succeeded' THEN u.started_at END) > 0
THEN MAX(CASE WHEN u.status = 'succeeded' THEN u.started_at END)
WHEN MAX(u.more) = 0 THEN TIMESTAMP '1970-01-01 00:00:00' END AS last_success_at,
CASE WHEN MAX(u.more) = 0 THEN FALSE ELSE TRUE END AS more_runs,
MIN(u.source_id) AS source_id, MIN(u.record_no) AS record_no, MAX(u.observed_at) AS observed_at
FROM (SELECT r.environment_id AS environment_id, COALESCE(f.flow_id, r.flow_id) AS flow_id, r.status AS status,
r.started_at AS started_at, r.source_id AS source_id, r.record_no AS record_no, r.observed_at AS observed_at,
CASE WHEN r.source_id = 'dv.flow_runs' THEN 0 WHEN r.run_id = '' AND r.more_runs = FALSE THEN 0 WHEN r.run_id = '' THEN 1 END AS more,
k.d30 AS d30, k.d90 AS d90
FROM flow_runs r LEFT JOIN (SELECT c.environment_id AS flow_environment, c.resource_id AS resource_id, MIN(c.flow_id) AS flow_id
FROM cloud_flows c WHERE c.resource_id IS NOT NULL GROUP BY c.environment_id, c.resource_id) f
ON r.environment_id = f.flow_environment AND r.flow_id = f.resource_id CROSS JOIN clock k) u
GROUP BY u.environment_id, u.flow_id
";

fn page(record: &Record<'_>, rows: &mut Rows) {
    let runs = record.at("value");
    if !runs.is_array() {
        run(record, record.json, rows);
        return;
    }
    runs.items().for_each(|told| run(record, told, rows));
    let more = ["nextLink", "@odata.nextLink"]
        .into_iter()
        .any(|link| record.json.key(link).filled().is_some());
    rows.push([
        cell("environment_id", environment(record, record.json)),
        cell("flow_id", record.parent()),
        cell("run_id", ""),
        cell("more_runs", more),
    ]);
}

fn run<'v>(record: &Record<'v>, told: Json<'v>, rows: &mut Rows) {
    let properties = told.at("properties");
    let fields = if properties.is_object() { properties } else { told };
    let flow = record
        .parent()
        .or_else(|| after(told.at("id"), "flows"))
        .or_else(|| told.at("workflowId").id());
    rows.push([
        cell("environment_id", environment(record, told)),
        cell("flow_id", flow),
        cell("run_id", told.at("name").id().or_else(|| told.at("flowRunId").id())),
        cell("status", fields.at("status").word()),
        cell("started_at", fields.at("startTime").time()),
    ]);
}

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("environment_id", record.environment("environmentId")),
        cell("flow_id", record.at("workflowid").id().or_else(|| record.at("_workflow_value").id())),
        cell("run_id", record.at("name").id().or_else(|| record.at("flowrunid").id())),
        cell("status", record.at("status").word()),
        cell("started_at", record.at("starttime").time()),
    ]);
}

/// Runs of one flow, day and end, as the Data Export counts them: a lower bound, because files may be missing.
fn usage(record: &Record<'_>, rows: &mut Rows) {
    let (flow, day) = (record.at("flow").id(), record.at("day").time());
    let status = record.at("status").word();
    let runs = record.at("runs").int().unwrap_or(0).clamp(0, MOST_RUNS);
    for number in 0..runs {
        let id = day.zip(status.as_deref()).map(|(day, status)| format!("{day} {status} {number}"));
        rows.push([
            cell("environment_id", record.environment("environmentId")),
            cell("flow_id", flow.clone()),
            cell("run_id", id),
            cell("status", status.clone()),
            cell("started_at", day),
        ]);
    }
}

/// More runs of one flow a day are not counted one by one.
const MOST_RUNS: i64 = 10_000;

fn environment<'v>(record: &Record<'v>, told: Json<'v>) -> Option<Cow<'v, str>> {
    record
        .place
        .environment
        .as_deref()
        .map(Cow::Borrowed)
        .or_else(|| after(told.at("id"), "environments"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::{rows, rows_at};

    fn place() -> Place {
        Place { environment: Some("e1".into()), parent: Some("f1".into()), ..Place::default() }
    }

    #[test]
    fn a_page_tells_its_runs_and_whether_more_follow() {
        let text = r#"{"value": [{"name": "R1", "properties": {"startTime": "2026-01-01T00:00:00Z", "status": "Succeeded",
            "trigger": {"outputsLink": {"uri": "https://canary"}}}}], "nextLink": "https://next"}"#;
        assert_eq!(
            rows_at(&RUNS, "flow.runs", &place(), text),
            [
                "environment_id=e1, flow_id=f1, run_id=r1, status=succeeded, started_at=2026-01-01T00:00:00Z",
                "environment_id=e1, flow_id=f1, run_id=, more_runs=true",
            ]
        );
        let empty = "environment_id=e1, flow_id=f1, run_id=, more_runs=false";
        assert_eq!(rows_at(&RUNS, "ppapi.flow_runs", &place(), r#"{"value": []}"#), [empty]);
    }

    #[test]
    fn single_runs_name_their_flow_themselves() {
        let text = r#"{"name": "R2", "id": "/providers/Microsoft.ProcessSimple/environments/Default-E1/flows/F2/runs/R2",
            "properties": {"status": 4, "startTime": null}}"#;
        assert_eq!(
            rows(&RUNS, "flow.runs", text),
            ["environment_id=default-e1, flow_id=f2, run_id=r2, status=4"]
        );
        let dataverse = r#"{"name": "R3", "workflowid": "F3", "status": "Failed", "starttime": "2026-01-01T00:00:00Z"}"#;
        assert_eq!(
            rows_at(&RUNS, "dv.flow_runs", &place(), dataverse),
            [
                "environment_id=e1, flow_id=f3, run_id=r3, status=failed, started_at=2026-01-01T00:00:00Z"
            ]
        );
        assert!(rows(&RUNS, "flow.runs", r#"{"name": "R4"}"#).is_empty());
    }
}
