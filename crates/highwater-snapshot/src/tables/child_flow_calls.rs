//! `child_flow_calls`: one row per calling flow and called flow.
//!
//! From the same definitions as `flow_definitions`: actions of type `Workflow` name the Dataverse id of the flow they
//! call. Targets chosen at run time are not listed.

use highwater_definitions::CloudFlow;

use super::cloud_flows::{CLOUD, flow_id, is_workflow, workflow_id};
use super::flow_definitions::{dataverse_flow, is_packed_workflow, platform_flow, service_flow};
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

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
    readings: &[
        Reading { source: "dv.workflows", read: dataverse },
        Reading { source: "ppapi.cloud_flows", read: platform },
        Reading { source: "flow.definition", read: definition },
        Reading { source: "solution_package", read: package },
    ],
    complete: &[&["dv.workflows"], &["flow.definition"]],
    sample: Sample::Seen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    if is_workflow(record, CLOUD) {
        let (environment, caller) = (record.environment("environmentid"), workflow_id(record));
        push(environment.as_deref(), caller.as_deref(), dataverse_flow(record), rows);
    }
}

/// A flow of a solution package, in the words of a Dataverse row.
fn package(record: &Record<'_>, rows: &mut Rows) {
    if is_packed_workflow(record) {
        dataverse(record, rows);
    }
}

fn platform(record: &Record<'_>, rows: &mut Rows) {
    let (environment, caller) = (record.environment("environmentId"), record.at("workflowId").id());
    push(environment.as_deref(), caller.as_deref(), platform_flow(record), rows);
}

fn definition(record: &Record<'_>, rows: &mut Rows) {
    let (environment, caller) =
        (record.environment("properties.environment.name"), flow_id(record));
    push(environment.as_deref(), caller.as_deref(), service_flow(record), rows);
}

fn push(
    environment: Option<&str>,
    caller: Option<&str>,
    flow: Option<&CloudFlow>,
    rows: &mut Rows,
) {
    for callee in flow.into_iter().flat_map(|flow| &flow.child_flows) {
        rows.push([
            cell("caller_id", caller),
            cell("callee_id", callee.as_str()),
            cell("environment_id", environment),
        ]);
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
    fn every_called_flow_is_a_row() {
        let clientdata = r#"{\"properties\": {\"definition\": {\"triggers\": {}, \"actions\": {\"A\": {\"type\": \"Workflow\",
            \"inputs\": {\"host\": {\"workflowReferenceName\": \"00000000-0000-0000-0000-0000000000C1\"}}}, \"B\": {\"type\": \"workflow\",
            \"inputs\": {\"host\": {\"workflowReferenceName\": \"00000000-0000-0000-0000-0000000000c1\"}}}}}}}"#;
        let record = format!(
            r#"{{"category": 5, "workflowid": "F1", "clientdata": "{}"}}"#,
            clientdata.replace("\n            ", " ")
        );
        assert_eq!(
            rows_at(&TABLE, "dv.workflows", &place(), &record),
            ["caller_id=f1, callee_id=00000000-0000-0000-0000-0000000000c1, environment_id=e1"]
        );
        assert!(
            rows_at(
                &TABLE,
                "dv.workflows",
                &place(),
                r#"{"category": 5, "workflowid": "f1", "clientdata": null}"#
            )
            .is_empty()
        );
    }
}
