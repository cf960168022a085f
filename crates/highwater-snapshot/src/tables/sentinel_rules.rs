//! `sentinel_rules`: one row per analytics rule.
//!
//! A row is an analytics rule of Microsoft Sentinel: <https://learn.microsoft.com/azure/templates/microsoft.securityinsights/alertrules>,
//! read by `arm.sentinel` from a workspace, the parent of the request. The id is the whole one: names such as
//! `BuiltInFusion` are the same in every workspace. The query is looked at and not kept: a rule is about Power
//! Platform when its query names one of the platform's tables. Kinds without a query are not about it.

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Detection.
pub(crate) static TABLE: Table = Table {
    name: "sentinel_rules",
    grain: "one row per analytics rule",
    about: "detection",
    scope: Scope::Subscription,
    key: &["rule_id"],
    columns: &[
        Column::text("rule_id").required().business(),
        Column::text("workspace_id").business(),
        Column::text("kind").about("scheduled, fusion, ml, ..."),
        Column::bool("enabled"),
        Column::bool("is_power_platform"),
    ],
    readings: &[
        Reading { source: "arm.sentinel", read: rule },
        Reading { source: "arg.resources", read: rule },
    ],
    complete: &[&["arm.sentinel"]],
    sample: Sample::Seen,
};

fn rule(record: &Record<'_>, rows: &mut Rows) {
    if !arm::is(record, "microsoft.securityinsights/alertrules") {
        return;
    }
    let body = arm::properties(record.json);
    rows.push([
        cell("rule_id", arm::id(record.at("id")).or_else(|| record.at("name").id())),
        cell("workspace_id", arm::extended(record)),
        cell("kind", record.at("kind").word()),
        cell("enabled", body.at("enabled").flag()),
        cell("is_power_platform", is_power_platform(record)),
    ]);
}

/// Tables that the Power Platform connectors fill.
const TABLES: &[&str] = &[
    "powerautomateactivity",
    "dataverseactivity",
    "powerplatformadminactivity",
    "powerappsactivity",
    "powerplatformconnectoractivity",
    "powerplatformdlpactivity",
];

fn is_power_platform(record: &Record<'_>) -> Option<bool> {
    let query = arm::properties(record.json).at("query");
    match query.word() {
        Some(query) => Some(TABLES.iter().any(|table| query.contains(table))),
        None => (arm::is_full(record.json) && !query.is_told()).then_some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn rules_over_the_tables_of_the_platform() {
        let rule = |body: &str| {
            let text = format!(
                r#"{{"id": "/W/providers/Microsoft.SecurityInsights/alertRules/R", "type": "Microsoft.SecurityInsights/alertRules", "kind": "Scheduled", "properties": {body}}}"#
            );
            rows(&TABLE, "arm.sentinel", &text)
        };
        let row = "rule_id=/w/providers/microsoft.securityinsights/alertrules/r, workspace_id=/w, kind=scheduled";
        assert_eq!(
            rule(r#"{"enabled": true, "query": "DataverseActivity | take 1"}"#),
            [format!("{row}, enabled=true, is_power_platform=true")]
        );
        assert_eq!(
            rule(r#"{"enabled": true, "query": "Heartbeat"}"#),
            [format!("{row}, enabled=true, is_power_platform=false")]
        );
        assert_eq!(rule(r#"{"enabled": "on", "query": ["x"]}"#), [row]);
    }
}
