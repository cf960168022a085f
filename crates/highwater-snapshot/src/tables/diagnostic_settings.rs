//! `diagnostic_settings`: one row per resource and setting.
//!
//! A row is a diagnostic setting of a resource: <https://learn.microsoft.com/azure/templates/microsoft.insights/diagnosticsettings>.
//! Resource Graph does not hold them: they are read resource by resource (`arm.diagnostic_settings`, the resource
//! being the parent of the request), or imported. Settings of a whole subscription have the subscription as
//! their resource. Traps: `workspaceId` is `''` where logs go elsewhere; categories come alone or as groups.

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Logs leave the resource.
pub(crate) static TABLE: Table = Table {
    name: "diagnostic_settings",
    grain: "one row per resource and setting",
    about: "logs leave the resource",
    scope: Scope::Resource,
    key: &["resource_id", "setting_name"],
    columns: &[
        Column::text("resource_id").required().business().about("lower-case"),
        Column::text("setting_name").required().business(),
        Column::text("workspace_id").business(),
        Column::int("enabled_logs"),
        Column::bool("audit_logs"),
    ],
    readings: &[
        Reading { source: "arm.diagnostic_settings", read: setting },
        Reading { source: "arg.resources", read: resource },
    ],
    complete: &[&["arm.diagnostic_settings"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if arm::is(record, "microsoft.insights/diagnosticsettings") {
        setting(record, rows);
    }
}

fn setting(record: &Record<'_>, rows: &mut Rows) {
    let (setting, full) = (arm::properties(record.json), arm::is_full(record.json));
    let logs = setting.at("logs");
    let enabled = || logs.items().filter(|log| log.at("enabled").flag() == Some(true));
    let told = logs.is_array() || (full && !logs.is_told());
    rows.push([
        cell("resource_id", arm::extended(record)),
        cell("setting_name", record.at("name").id()),
        cell("workspace_id", arm::id_or_none(setting.at("workspaceId"), full)),
        cell("enabled_logs", told.then(|| i64::try_from(enabled().count()).ok()).flatten()),
        cell("audit_logs", told.then(|| enabled().any(is_audit))),
    ]);
}

fn is_audit(log: Json<'_>) -> bool {
    log.at("category").word().is_some_and(|category| category == "auditevent")
        || log
            .at("categoryGroup")
            .word()
            .is_some_and(|group| group == "audit" || group == "alllogs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn settings_of_resources_and_subscriptions() {
        let setting = r#"{"id": "/subscriptions/s/resourcegroups/r/providers/microsoft.keyvault/vaults/V/providers/microsoft.insights/diagnosticSettings/D",
            "name": "D", "type": "Microsoft.Insights/diagnosticSettings", "properties": {"workspaceId": "/W", "logs": [
                {"category": "AuditEvent", "enabled": true}, {"category": "AzurePolicyEvaluationDetails", "enabled": false}]}}"#;
        let row = "resource_id=/subscriptions/s/resourcegroups/r/providers/microsoft.keyvault/vaults/v, setting_name=d";
        assert_eq!(
            rows(&TABLE, "arm.diagnostic_settings", setting),
            [format!("{row}, workspace_id=/w, enabled_logs=1, audit_logs=true")]
        );
        assert_eq!(rows(&TABLE, "arg.resources", setting).len(), 1);
        let whole = r#"{"id": "subscriptions/s/providers/AzureResourceManager/diagnosticSettings/d4", "type": null, "name": "d4",
            "properties": {"workspaceId": "", "logs": [{"categoryGroup": "allLogs", "enabled": "no"}]}}"#;
        assert_eq!(
            rows(&TABLE, "arm.diagnostic_settings", whole),
            [
                "resource_id=/subscriptions/s, setting_name=d4, workspace_id=, enabled_logs=0, audit_logs=false"
            ]
        );
    }

    #[test]
    fn a_setting_without_properties_tells_nothing_more() {
        let bare = r#"{"id": "/v/providers/microsoft.insights/diagnosticSettings/d", "name": "d"}"#;
        assert_eq!(
            rows(&TABLE, "arm.diagnostic_settings", bare),
            ["resource_id=/v, setting_name=d"]
        );
    }
}
