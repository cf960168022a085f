//! `log_analytics_workspaces`: one row per workspace.
//!
//! A row is a Log Analytics workspace: <https://learn.microsoft.com/azure/templates/microsoft.operationalinsights/workspaces>.
//! Records are Azure Resource Manager objects, alike from Resource Graph, from the API and from `az ... -o json`. An object without its properties does not tell the retention and is rejected.
//! Tables with a retention of their own are not looked at.

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Where telemetry lands.
pub(crate) static TABLE: Table = Table {
    name: "log_analytics_workspaces",
    grain: "one row per workspace",
    about: "where telemetry lands",
    scope: Scope::Subscription,
    key: &["workspace_id"],
    columns: &[
        Column::text("workspace_id").required().business().about("segments may be lower case"),
        Column::int("retention_days").required(),
    ],
    readings: &[Reading { source: "arg.resources", read: resource }],
    complete: &[&["arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if arm::is(record, "microsoft.operationalinsights/workspaces") {
        rows.push([
            cell("workspace_id", arm::id(record.at("id"))),
            cell("retention_days", arm::properties(record.json).at("retentionInDays").int()),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn the_retention_decides_membership() {
        let full = r#"{"id": "/Subscriptions/S/W", "type": "Microsoft.OperationalInsights/workspaces", "properties": {"retentionInDays": 30}}"#;
        assert_eq!(
            rows(&TABLE, "arg.resources", full),
            ["workspace_id=/subscriptions/s/w, retention_days=30"]
        );
        assert!(rows(&TABLE, "arg.resources", &full.replace("30", "[]")).is_empty());
    }
}
