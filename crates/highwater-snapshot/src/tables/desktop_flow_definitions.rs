//! `desktop_flow_definitions`: one row per desktop flow whose script was readable.
//!
//! `definition` or `clientdata` of Dataverse workflows of category 6; what the script says is counted by
//! `highwater-definitions`, and only the counts are kept. A stub without script gives no row: its features stay unknown.
//!
//! Handlers count when they do something: a block that swallows its error handles nothing. Subflows count when they are
//! called. Which UI targets have a connector would need the UI element repository and stays unknown.

use highwater_definitions::{DesktopScript, desktop_flow, desktop_script};

use super::cloud_flows::{DESKTOP, is_workflow, workflow_id};
use super::flow_definitions::{count, is_packed_workflow};
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// RPA design quality.
pub(crate) static TABLE: Table = Table {
    name: "desktop_flow_definitions",
    grain: "one row per desktop flow whose script was readable",
    about: "RPA design quality",
    scope: Scope::Dataverse,
    key: &["environment_id", "desktop_flow_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("desktop_flow_id").required().business(),
        Column::int("action_count").required(),
        Column::int("subflow_count").required().about("subflows that are called"),
        Column::int("child_flow_calls").required().about("calls of other desktop flows"),
        Column::int("custom_action_count").required(),
        Column::int("on_error_count").required().about("handlers of single actions that do something, retry, or are followed by a look at the last error"),
        Column::int("on_block_error_count")
            .required()
            .about("handlers of blocks that do something"),
        Column::int("secret_like_inputs").required(),
        Column::int("sensitive_inputs").required(),
        Column::int("secret_suspects").required().about("count only"),
        Column::int("ui_api_targets").about("UNVERIFIED: needs the UI element repository"),
    ],
    readings: &[
        Reading { source: "dv.workflows", read: dataverse },
        Reading { source: "solution_package", read: package },
        Reading { source: "kit.desktop_definitions", read: dataverse },
        Reading { source: "coe.desktop_flows", read: dataverse },
    ],
    complete: &[&["dv.workflows"]],
    sample: Sample::Seen,
};

/// A flow of a solution package, in the words of a Dataverse row.
fn package(record: &Record<'_>, rows: &mut Rows) {
    if is_packed_workflow(record) {
        dataverse(record, rows);
    }
}

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    if !is_workflow(record, DESKTOP) {
        return;
    }
    let definition = record.at("definition").filled();
    let clientdata = record.at("clientdata").filled();
    let Ok(DesktopScript::Known(script)) =
        desktop_script(definition.as_deref(), clientdata.as_deref())
    else {
        return; // a stub, or a package that cannot be unpacked
    };
    let features = desktop_flow(&script).features;
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("desktop_flow_id", workflow_id(record)),
        count("action_count", features.action_count),
        count("subflow_count", features.called_subflow_count),
        count("child_flow_calls", features.child_desktop_call_count),
        count("custom_action_count", features.custom_action_count),
        count(
            "on_error_count",
            features.on_error_handled_count
                + features.on_error_retry_count
                + features.error_read_after_count,
        ),
        count("on_block_error_count", features.on_block_error_handled_count),
        count("secret_like_inputs", features.secret_like_input_count),
        count("sensitive_inputs", features.secret_like_input_sensitive_count),
        count("secret_suspects", features.secret_suspect_count),
    ]);
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
    fn counts_what_the_script_says() {
        let script = r"@INPUT Password : { 'Description': '', 'FriendlyName': 'Password', 'Type': 'String' }\nCALL Clean\nSET x TO 1\nFUNCTION Clean GLOBAL\nSET y TO 2\nEND FUNCTION\n";
        let record = format!(
            r#"{{"category": 6, "type": 1, "workflowid": "D1", "definition": "{script}", "clientdata": "{{}}"}}"#
        );
        assert_eq!(
            rows_at(&TABLE, "dv.workflows", &place(), &record),
            [
                "environment_id=e1, desktop_flow_id=d1, action_count=3, subflow_count=1, child_flow_calls=0, custom_action_count=0, \
              on_error_count=0, on_block_error_count=0, secret_like_inputs=1, sensitive_inputs=0, secret_suspects=0"
            ]
        );
    }

    #[test]
    fn a_stub_gives_no_row() {
        let stub = r#"{"category": 6, "workflowid": "d1", "definition": "", "clientdata": "{\"properties\": {\"definition\": {\"package\": \"\"}}}"}"#;
        assert!(rows_at(&TABLE, "dv.workflows", &place(), stub).is_empty());
        assert!(
            rows_at(&TABLE, "dv.workflows", &place(), r#"{"category": 6, "workflowid": "d1"}"#)
                .is_empty()
        );
        assert!(
            rows_at(
                &TABLE,
                "dv.workflows",
                &place(),
                r#"{"category": 5, "workflowid": "d1", "definition": "SET x TO 1"}"#
            )
            .is_empty()
        );
    }
}
