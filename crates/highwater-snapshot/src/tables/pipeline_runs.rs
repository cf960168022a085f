//! `pipeline_runs`: one row per stage run of the last 180 days.
//!
//! Dataverse table `deploymentstagerun` of the host environment. No recorded payload was at hand; numbers as documented
//! for `stagerunstatus` and `operation`. A run that has not started carries the time of its creation. Error texts and
//! deployment notes are not kept.

use super::machines::label;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Use of native ALM.
pub(crate) static TABLE: Table = Table {
    name: "pipeline_runs",
    grain: "one row per stage run of the last 180 days",
    about: "use of native ALM",
    scope: Scope::PipelinesHost,
    key: &["run_id"],
    columns: &[
        Column::text("run_id").required().business(),
        Column::text("pipeline_id").required().business(),
        Column::text("host_environment_id").business(),
        Column::text("stage_id").required().business(),
        Column::text("status")
            .required()
            .about("notstarted 200000000, started 1, succeeded 2, failed 3, pending 4"),
        Column::text("operation").required().about("none, validate, deploy"),
        Column::text("solution_name").business().about("lower-case unique name"),
        Column::text("validation_state"),
        Column::time("started_at").required().business(),
        Column::time("ended_at").business(),
        Column::text("requested_by").personal().dataverse_user(),
        Column::bool("requested_by_app").application_of("requested_by"),
    ],
    readings: &[Reading { source: "dv.pipeline_runs", read: dataverse }],
    complete: &[&["dv.pipeline_runs"]],
    sample: Sample::Unseen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    let pipeline = ["_deploymentpipelineid_value", "deploymentstageid._deploymentpipelineid_value"]
        .map(|path| record.at(path).id());
    let stage = ["_deploymentstageid_value", "deploymentstageid.deploymentstageid"]
        .map(|path| record.at(path).id());
    rows.push([
        cell("run_id", record.at("deploymentstagerunid").id()),
        cell("pipeline_id", pipeline.into_iter().flatten().next()),
        cell("host_environment_id", record.environment("environmentid")),
        cell("stage_id", stage.into_iter().flatten().next()),
        cell("status", record.at("stagerunstatus").int().and_then(status)),
        cell("operation", record.at("operation").int().and_then(operation)),
        cell("solution_name", record.at("artifactname").id()),
        cell("validation_state", label(record, "validationstatus")),
        cell("started_at", record.at("starttime").time().or_else(|| record.at("createdon").time())),
        cell("ended_at", record.at("endtime").time()),
        cell("requested_by", record.at("_createdby_value").id()),
    ]);
}

fn status(number: i64) -> Option<&'static str> {
    match number {
        200_000_000 => Some("notstarted"),
        200_000_001 => Some("started"),
        200_000_002 => Some("succeeded"),
        200_000_003 => Some("failed"),
        200_000_004 => Some("pending"),
        _ => None,
    }
}

fn operation(number: i64) -> Option<&'static str> {
    match number {
        200_000_200 => Some("none"),
        200_000_201 => Some("validate"),
        200_000_202 => Some("deploy"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::rows_at;

    fn place() -> Place {
        Place { environment: Some("e1".into()), ..Place::default() }
    }

    #[test]
    fn reads_a_deployment() {
        let run = r#"{"deploymentstagerunid": "R1", "_deploymentpipelineid_value": "P1", "_deploymentstageid_value": "S1",
            "stagerunstatus": 200000002, "operation": 200000202, "artifactname": "Contoso_Core", "starttime": "2026-11-01T10:00:00Z",
            "endtime": "2026-11-01T10:09:00Z", "_createdby_value": "U1", "errormessage": ""}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.pipeline_runs", &place(), run),
            [
                "run_id=r1, pipeline_id=p1, host_environment_id=e1, stage_id=s1, status=succeeded, operation=deploy, solution_name=contoso_core, \
              started_at=2026-11-01T10:00:00Z, ended_at=2026-11-01T10:09:00Z, requested_by=u1"
            ]
        );
    }

    #[test]
    fn an_unknown_status_is_rejected_and_a_waiting_run_is_not() {
        let waiting = r#"{"deploymentstagerunid": "r1", "deploymentstageid": {"deploymentstageid": "S1", "_deploymentpipelineid_value": "P1"},
            "stagerunstatus": 200000000, "operation": 200000200, "createdon": "2026-11-01T09:00:00Z", "starttime": null}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.pipeline_runs", &place(), waiting),
            [
                "run_id=r1, pipeline_id=p1, host_environment_id=e1, stage_id=s1, status=notstarted, operation=none, started_at=2026-11-01T09:00:00Z"
            ]
        );
        let unknown = waiting.replace("200000000", "5");
        assert!(rows_at(&TABLE, "dv.pipeline_runs", &place(), &unknown).is_empty());
    }
}
