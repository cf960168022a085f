//! `flow_definitions`: one row per flow whose definition was read.
//!
//! `clientdata` of Dataverse workflows, `definition` of the Power Platform API, the object of the flow service; what they
//! say is counted by `highwater-definitions`, and only the counts are kept
//! (<https://learn.microsoft.com/azure/logic-apps/logic-apps-workflow-definition-language>).
//! A solution package tells the same of the environment that it is said to come from; it wins over nobody.
//!
//! A definition that cannot be read gives no row: its features stay unknown. `run_after_failed_count` counts handlers
//! that do something, so an empty catch is none. `notify_on_failure` stays unknown where a failure only calls a child
//! flow, because the child was not asked.

use std::borrow::Cow;

use highwater_definitions::{CloudFlow, CloudFlowFeatures, ErrorHandling, cloud_flow};

use super::cloud_flows::{CLOUD, flow_id, is_workflow, workflow_id};
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Named, Record, Rows, cell};

/// Design quality, computed at reading: the definition itself stays in raw only when the operator asks.
pub(crate) static TABLE: Table = Table {
    name: "flow_definitions",
    grain: "one row per flow whose definition was read",
    about: "design quality, computed at reading: the definition itself stays in raw only when the operator asks",
    scope: Scope::Environment,
    key: &["environment_id", "flow_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("flow_id").required().business(),
        Column::text("trigger_type").required(),
        Column::text("trigger_kind").about("Button, Http, PowerApp, PowerAppV2, ..."),
        Column::text("trigger_auth").about("for Request/Http: open, tenant, user; newer flows default to tenant; absent on an old flow = open (UNVERIFIED)"),
        Column::int("action_count").required(),
        Column::int("scope_count").required(),
        Column::int("scope_catch_count").required().about("compare case-insensitively"),
        Column::int("run_after_failed_count").required().about("handlers of a failure or time-out that do something"),
        Column::int("terminate_count").required(),
        Column::int("child_flow_calls").required(),
        Column::bool("is_child").derived().about("called by another flow"),
        Column::int("remote_action_count").required(),
        Column::int("retry_policy_count").required(),
        Column::int("timeout_count").required().about("followers that run when an action with a time-out timed out"),
        Column::int("concurrency_count").required().about("loops and triggers set to run in parallel"),
        Column::int("parallel_branch_count").required(),
        Column::int("loop_count").required(),
        Column::int("secret_action_count").required(),
        Column::int("secret_output_secured_count").required().about("of the secret actions, with secured outputs: what keeps the value out of the run history"),
        Column::int("secure_io_count").required().about("of the secret actions, with secured inputs and outputs"),
        Column::int("secret_suspects").required().about("places that look like a literal secret; only their number is kept. Defaults of environment variables do not count: the variable does, once"),
        Column::int("insecure_url_count").required(),
        Column::int("http_url_count").required(),
        Column::bool("notify_on_failure").about("null where a failure only calls a child flow"),
        Column::int("ai_action_count").required().about("operation names UNVERIFIED"),
        Column::int("desktop_call_count").required(),
        Column::text("structure_hash").about("equal hash = same skeleton"),
        Column::int("reference_binding_count").required(),
        Column::int("embedded_binding_count").required(),
    ],
    readings: &[
        Reading { source: "dv.workflows", read: dataverse },
        Reading { source: "ppapi.cloud_flows", read: platform },
        Reading { source: "flow.definition", read: definition },
        Reading { source: "solution_package", read: package },
    ],
    complete: &[&["dv.workflows", "ppapi.cloud_flows"], &["dv.workflows", "flow.definition"], &["flow.definition"]],
    sample: Sample::Seen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    if is_workflow(record, CLOUD) {
        push(
            record.environment("environmentid"),
            workflow_id(record),
            dataverse_flow(record),
            rows,
        );
    }
}

fn platform(record: &Record<'_>, rows: &mut Rows) {
    push(
        record.environment("environmentId"),
        record.at("workflowId").id(),
        platform_flow(record),
        rows,
    );
}

fn definition(record: &Record<'_>, rows: &mut Rows) {
    push(
        record.environment("properties.environment.name"),
        flow_id(record),
        service_flow(record),
        rows,
    );
}

/// A flow of a solution package, in the words of a Dataverse row.
fn package(record: &Record<'_>, rows: &mut Rows) {
    if is_packed_workflow(record) {
        dataverse(record, rows);
    }
}

/// Whether a record of a solution package is a workflow, and not one of its components.
pub(crate) fn is_packed_workflow(record: &Record<'_>) -> bool {
    record.at("workflowid").is_told()
}

/// What the definition of a Dataverse workflow says; none where it was not told or cannot be read.
pub(crate) fn dataverse_flow<'r>(record: &'r Record<'_>) -> Option<&'r CloudFlow> {
    record.flow(|| cloud_flow(record.at("clientdata").filled()?.as_bytes()).ok())
}

/// What the definition of a flow of the Power Platform API says: a text inside the record.
pub(crate) fn platform_flow<'r>(record: &'r Record<'_>) -> Option<&'r CloudFlow> {
    record.flow(|| cloud_flow(record.at("definition").filled()?.as_bytes()).ok())
}

/// What the definition of a flow of the flow service says: the record itself.
pub(crate) fn service_flow<'r>(record: &'r Record<'_>) -> Option<&'r CloudFlow> {
    record.flow(|| {
        record.at("properties.definition").is_object().then_some(())?;
        cloud_flow(&serde_json::to_vec(record.json.value()?).ok()?).ok()
    })
}

fn push<'v>(
    environment: Option<Cow<'v, str>>,
    id: Option<Cow<'v, str>>,
    flow: Option<&'v CloudFlow>,
    rows: &mut Rows,
) {
    let Some(flow) = flow else { return };
    let features = &flow.features;
    let terminates = features.terminate_failed_count
        + features.terminate_cancelled_count
        + features.terminate_succeeded_count;
    rows.push([
        cell("environment_id", environment),
        cell("flow_id", id),
        cell("trigger_auth", trigger_auth(features.trigger_auth)),
        count("action_count", features.action_count),
        count("scope_count", features.scope_count),
        count("scope_catch_count", features.scope_catch_count),
        count("run_after_failed_count", handlers(features)),
        count("terminate_count", terminates),
        count("child_flow_calls", features.child_flow_call_count),
        count("remote_action_count", features.remote_call_count),
        count("retry_policy_count", features.retry_policy_count),
        count("timeout_count", features.timeout_handled_count),
        count("concurrency_count", features.concurrency_settings),
        count("parallel_branch_count", features.parallel_branch_count),
        count("loop_count", features.foreach_count + features.until_count),
        count("secret_action_count", features.secret_action_count),
        count("secret_output_secured_count", features.secret_output_secured_count),
        count("secure_io_count", features.secure_io_count),
        count("secret_suspects", features.secret_suspect_count - flow.variable_suspect_count),
        count("insecure_url_count", features.insecure_url_count),
        count("http_url_count", flow.http_url_count),
        cell("notify_on_failure", notifies(features)),
        count("ai_action_count", features.ai_action_count),
        count("desktop_call_count", features.desktop_flow_call_count),
        count("reference_binding_count", features.connection_reference_count),
        count("embedded_binding_count", features.connection_embedded_count),
        cell("trigger_kind", Some(features.trigger_kind.as_str()).filter(|kind| !kind.is_empty())),
        cell("trigger_type", features.trigger_type.as_str()),
        cell(
            "structure_hash",
            Some(features.structure_hash.as_str()).filter(|hash| !hash.is_empty()),
        ),
    ]);
}

/// A count as a cell.
pub(crate) fn count<'v>(name: &'static str, number: u64) -> Named<'v> {
    cell(name, i64::try_from(number).ok())
}

/// Handlers that do something; at least one where a status check handles what no handler does.
fn handlers(features: &CloudFlowFeatures) -> u64 {
    match features.error_handling {
        ErrorHandling::None => 0,
        ErrorHandling::Weak | ErrorHandling::Strong => {
            features.catch_handler_count.saturating_sub(features.swallowed_handler_count).max(1)
        }
    }
}

fn trigger_auth(auth: Option<&str>) -> Option<&'static str> {
    match auth? {
        "all" | "all_implicit" => Some("open"),
        "tenant" => Some("tenant"),
        "user" => Some("user"),
        _ => None,
    }
}

fn notifies(features: &CloudFlowFeatures) -> Option<bool> {
    match (features.notify_on_failure, features.child_call_on_failure) {
        (true, _) => Some(true),
        (false, true) => None,
        (false, false) => Some(false),
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

    const CLIENTDATA: &str = r#"{\"properties\": {\"definition\": {\"triggers\": {\"manual\": {\"type\": \"Request\", \"kind\": \"Http\"}},
        \"actions\": {\"Try\": {\"type\": \"Scope\", \"actions\": {\"Call\": {\"type\": \"Http\", \"inputs\": {\"uri\": \"http://contoso.example/a\"}}}},
        \"Catch\": {\"type\": \"Scope\", \"runAfter\": {\"Try\": [\"Failed\", \"TimedOut\"]},
        \"actions\": {\"Stop\": {\"type\": \"Terminate\", \"inputs\": {\"runStatus\": \"Failed\"}}}}}}}}"#;

    fn flow(clientdata: &str) -> Vec<String> {
        let record = format!(
            r#"{{"category": 5, "type": 1, "workflowid": "F1", "clientdata": {clientdata}}}"#
        )
        .replace("\n        ", " ");
        rows_at(&TABLE, "dv.workflows", &place(), &record)
    }

    #[test]
    fn counts_what_the_definition_says() {
        let row = flow(&format!("\"{CLIENTDATA}\""));
        let told = "environment_id=e1, flow_id=f1, trigger_type=request, trigger_kind=http, trigger_auth=open, action_count=4, scope_count=2, \
                    scope_catch_count=1, run_after_failed_count=1, terminate_count=1, child_flow_calls=0, remote_action_count=1";
        assert!(row[0].starts_with(told), "{row:?}");
        assert!(
            row[0].contains("insecure_url_count=1, http_url_count=1, notify_on_failure=false"),
            "{row:?}"
        );
    }

    #[test]
    fn a_definition_that_was_not_told_gives_no_row() {
        for untold in ["null", "\"\"", "\"{broken\"", "7", r#""{\"properties\": {}}""#] {
            assert!(flow(untold).is_empty(), "{untold}");
        }
    }

    #[test]
    fn the_value_of_a_variable_is_no_literal_of_every_flow_that_uses_it() {
        let flow = |parameter: &str| {
            let definition = format!(
                r#"{{"definition": {{"triggers": {{}}, "actions": {{}}, "parameters": {{"Api key": {{{parameter}
                    "type": "String", "defaultValue": "Vq7tLm2Zx9"}}}}}}}}"#
            );
            flow(&serde_json::to_string(&definition.replace('\n', " ")).unwrap())
        };
        assert!(flow("")[0].contains("secret_suspects=1"));
        let variable = r#""metadata": {"schemaName": "cts_ApiKey"},"#;
        assert!(flow(variable)[0].contains("secret_suspects=0"));
    }

    #[test]
    fn all_sources_say_the_same() {
        let text = CLIENTDATA.replace("\n        ", " ");
        let object = text.replace("\\\"", "\"");
        let service = format!(r#"{{"name": "F1", {}"#, &object[1..]);
        let place = place();
        let told = flow(&format!("\"{CLIENTDATA}\""));
        assert_eq!(rows_at(&TABLE, "flow.definition", &place, &service), told);
        let platform = format!(r#"{{"workflowId": "F1", "definition": "{text}"}}"#);
        assert_eq!(rows_at(&TABLE, "ppapi.cloud_flows", &place, &platform), told);
    }
}
