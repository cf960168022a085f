//! `sentinel_workspaces`: one row per onboarded workspace.
//!
//! A row is a workspace with Microsoft Sentinel, told by its onboarding state, by a data connector, by the
//! `SecurityInsights` solution or by a data collection rule of the Power Platform connectors:
//! <https://learn.microsoft.com/azure/templates/microsoft.securityinsights/dataconnectors>.
//! `arm.sentinel` reads onboarding states, connectors and analytics rules of a workspace (the parent of the
//! request). Each Power Platform connector sets one `connects_*` cell; `pp_connectors` counts them.
//! Traps: templates write PascalCase keys, and the kind `PurviewAudit` names its product in `SourceType`. No
//! recorded answer with such a connector was at hand.

use std::borrow::Cow;

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// SIEM.
pub(crate) static TABLE: Table = Table {
    name: "sentinel_workspaces",
    grain: "one row per onboarded workspace",
    about: "SIEM",
    scope: Scope::Subscription,
    key: &["workspace_id"],
    columns: &[
        Column::text("workspace_id").required().business(),
        Column::int("pp_connectors")
            .derived()
            .about("keys case-insensitive; also data collection rules PP-*"),
        Column::bool("connects_automate").about("true or not told"),
        Column::bool("connects_dataverse").about("true or not told"),
        Column::bool("connects_admin").about("true or not told"),
        Column::time("last_event_at").about("null without Log Analytics Reader"),
    ],
    readings: &[
        Reading { source: "arm.sentinel", read: sentinel },
        Reading { source: "arg.resources", read: resource },
    ],
    complete: &[&["arm.sentinel"]],
    sample: Sample::Seen,
};

fn sentinel(record: &Record<'_>, rows: &mut Rows) {
    let kinds = [
        "microsoft.securityinsights/onboardingstates",
        "microsoft.securityinsights/dataconnectors",
    ];
    if kinds.iter().any(|kind| arm::is(record, kind)) {
        push(arm::extended(record), product(record).filter(|_| is_enabled(record)), rows);
    }
}

fn resource(record: &Record<'_>, rows: &mut Rows) {
    let body = arm::properties(record.json);
    if arm::is(record, "microsoft.operationsmanagement/solutions") {
        if record.at("name").word().is_some_and(|name| name.starts_with("securityinsights")) {
            push(arm::id(body.at("workspaceResourceId")), None, rows);
        }
    } else if arm::is(record, "microsoft.insights/datacollectionrules") {
        let streams = body.at("dataFlows").items().flat_map(|flow| flow.at("streams").items());
        for product in streams.filter_map(Json::word).filter_map(|stream| product_of(&stream)) {
            for destination in body.at("destinations.logAnalytics").items() {
                push(arm::id(destination.at("workspaceResourceId")), Some(product), rows);
            }
        }
    } else {
        sentinel(record, rows);
    }
}

fn push(workspace: Option<Cow<'_, str>>, product: Option<&'static str>, rows: &mut Rows) {
    let connects = |column| cell(column, (product == Some(column)).then_some(true));
    rows.push([
        cell("workspace_id", workspace),
        connects("connects_automate"),
        connects("connects_dataverse"),
        connects("connects_admin"),
    ]);
}

/// The column of the product that a connector brings in.
fn product(record: &Record<'_>) -> Option<&'static str> {
    let body = arm::properties(record.json);
    match record.at("kind").word()?.as_ref() {
        "dynamics365" => Some("connects_dataverse"),
        "purviewaudit" => match body.at("SourceType").word()?.as_ref() {
            "microsoftflow" => Some("connects_automate"),
            "crm" => Some("connects_dataverse"),
            source => source.contains("powerplatform").then_some("connects_admin"),
        },
        _ => None,
    }
}

fn product_of(stream: &str) -> Option<&'static str> {
    match stream {
        "microsoft-powerautomateactivity" => Some("connects_automate"),
        "microsoft-dataverseactivity" => Some("connects_dataverse"),
        "microsoft-powerplatformadminactivity" => Some("connects_admin"),
        _ => None,
    }
}

/// Whether a connector brings in at least one kind of data.
fn is_enabled(record: &Record<'_>) -> bool {
    let kinds = arm::properties(record.json).at("dataTypes");
    kinds.entries().any(|(_, kind)| kind.at("state").word().as_deref() == Some("enabled"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    const WORKSPACE: &str =
        "/subscriptions/s/resourceGroups/r/providers/Microsoft.OperationalInsights/workspaces/w";

    fn sentinel(rest: &str) -> Vec<String> {
        let id = |text: &str| text.replace("WORKSPACE", WORKSPACE);
        let cut = |row: String| row.replace(&WORKSPACE.to_lowercase(), "w");
        rows(&TABLE, "arg.resources", &id(rest)).into_iter().map(cut).collect()
    }

    #[test]
    fn connectors_set_their_product() {
        let connector = r#"{"id": "WORKSPACE/providers/Microsoft.SecurityInsights/dataConnectors/c", "type": "Microsoft.SecurityInsights/dataConnectors",
            "kind": "PurviewAudit", "properties": {"SourceType": "MicrosoftFlow", "DataTypes": {"Logs": {"state": "Enabled"}}}}"#;
        assert_eq!(sentinel(connector), ["workspace_id=w, connects_automate=true"]);
        assert_eq!(sentinel(&connector.replace("Enabled", "Disabled")), ["workspace_id=w"]);
        assert_eq!(
            sentinel(&connector.replace("MicrosoftFlow", "CRM")),
            ["workspace_id=w, connects_dataverse=true"]
        );
        let legacy = connector.replace("PurviewAudit", "Dynamics365").replace("MicrosoftFlow", "");
        assert_eq!(sentinel(&legacy), ["workspace_id=w, connects_dataverse=true"]);
    }

    #[test]
    fn onboarding_solutions_and_collection_rules() {
        let state = r#"{"id": "WORKSPACE/providers/Microsoft.SecurityInsights/onboardingStates/default", "type": "Microsoft.SecurityInsights/onboardingStates"}"#;
        assert_eq!(sentinel(state), ["workspace_id=w"]);
        let rule = r#"{"id": "/r", "type": "microsoft.insights/datacollectionrules", "properties": {"dataFlows": [{"streams": ["Microsoft-PowerPlatformAdminActivity"]}],
            "destinations": {"logAnalytics": [{"workspaceResourceId": "WORKSPACE"}]}}}"#;
        assert_eq!(sentinel(rule), ["workspace_id=w, connects_admin=true"]);
        assert!(sentinel(&rule.replace("Admin", "Other")).is_empty());
        let analytics = state.replace("onboardingStates", "alertRules");
        assert!(sentinel(&analytics).is_empty());
    }
}
